"""Examples in the OpenAPI document: the two videos that the project was made for."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

FILE_CLAIM = OpenApiExample(
    "Two videos of raised flags",
    request_only=True,
    value={
        "statement": "Ukrainian soldiers raised flags in two retaken villages on Tuesday.",
        "language": "en",
        "source": {"name": "A regional military administration", "kind": "official"},
        "claimed_date": {"edtf": "2022-10-04", "timezone": "Europe/Kyiv"},
        "media": [
            {
                "url": "https://media.example.org/borivska-andriivka.mp4",
                "kind": "video",
                "claimed_location": {
                    "name": "Borivska Andriivka",
                    "latitude": 49.42,
                    "longitude": 37.64,
                    "radius_m": 3000,
                },
            },
            {
                "url": "https://media.example.org/kherson-region.mp4",
                "kind": "video",
                "claimed_location": {
                    "name": "Kherson region",
                    "latitude": 46.8,
                    "longitude": 33.2,
                    "radius_m": 120000,
                },
            },
        ],
    },
)
RECORD_VERDICT = OpenApiExample(
    "The locations are verified",
    request_only=True,
    value={
        "lease_token": "0199a1b2-0000-7000-8000-000000000000.1",
        "dimension": "location",
        "status": "verified",
        "reason": "The church and the road layout match satellite imagery.",
        "basis": [
            {
                "method": "geolocation",
                "feature": "church with a green dome beside a T-junction",
                "reference": "satellite imagery",
                "public": False,
            }
        ],
    },
)
THE_LINE = OpenApiExample(
    "The sentence that may be printed",
    response_only=True,
    value={
        "text": "Reuters has verified the locations in the videos, but could not independently verify the date.",
        "version": 1,
        "language": "en",
        "form": "short",
    },
)
