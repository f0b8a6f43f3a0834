"""Reads positions as files write them: EXIF's and XMP's degrees with hemisphere letters, and ISO 6709 text. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from verification.domain.decoded import FoundGps

METRES_PER_DEGREE = 111_320.0
_UNSET_WITHIN = 1e-7
"""Degrees: a position this close to 0, 0 is a receiver that had none (a centimetre of open sea)."""

Ratio = tuple[int, int]

_ISO_6709 = re.compile(
    r"(?P<lat>[+-]\d+(?:\.\d+)?)(?P<lon>[+-]\d+(?:\.\d+)?)(?:[+-]\d+(?:\.\d+)?)?(?:CRS\w*)?/?", re.ASCII
)
_XMP = re.compile(
    r"(?P<sign>[+-])?(?P<parts>\d{1,3}(?:\.\d{1,20})?(?:,\d{1,2}(?:\.\d{1,20})?){0,2})\s?(?P<hemisphere>[NSEWnsew])?",
    re.ASCII,
)


def from_exif(
    latitude: Sequence[Ratio],
    latitude_ref: str,
    longitude: Sequence[Ratio],
    longitude_ref: str,
    *,
    field: str,
    reader: str,
) -> FoundGps:
    """A position out of EXIF's degrees, minutes and seconds, each a ratio, with its hemisphere letters."""
    value = f"{_written(latitude)} {latitude_ref}, {_written(longitude)} {longitude_ref}".strip()
    found = FoundGps(value=value, field=field, reader=reader)
    if not (1 <= len(latitude) <= 3 and 1 <= len(longitude) <= 3):
        return _with_problem(found, "unreadable")
    if any(low == 0 for _, low in (*latitude, *longitude)):
        return _with_problem(found, "zero_denominator")
    lat, lon = _degrees(latitude), _degrees(longitude)
    if abs(lat) < _UNSET_WITHIN and abs(lon) < _UNSET_WITHIN:
        return _with_problem(found, "unset")
    north_south, east_west = latitude_ref[:1].upper(), longitude_ref[:1].upper()
    if north_south not in ("N", "S") or east_west not in ("E", "W"):
        return _with_problem(found, "no_hemisphere")
    return _placed(
        found,
        -lat if north_south == "S" else lat,
        -lon if east_west == "W" else lon,
        min(_resolution(latitude), _resolution(longitude)),
    )


def from_iso_6709(text: str, *, field: str, reader: str, uncertainty_m: float | None = None) -> FoundGps:
    """A position out of ISO 6709 text ("+50.4501+030.5234+100.0/"), in degrees, DDMM or DDMMSS."""
    found = FoundGps(value=text, field=field, reader=reader, uncertainty_m=uncertainty_m)
    match = _ISO_6709.fullmatch(text.strip(" \x00"))
    if match is None:
        return _with_problem(found, "unreadable")
    lat, lat_step = _iso_degrees(match["lat"], 2)
    lon, lon_step = _iso_degrees(match["lon"], 3)
    if abs(lat) < _UNSET_WITHIN and abs(lon) < _UNSET_WITHIN:
        return _with_problem(found, "unset")
    return _placed(found, lat, lon, max(lat_step, lon_step))


def from_xmp(latitude: str, longitude: str, *, field: str, reader: str) -> FoundGps:
    """A position out of XMP's texts ("50,27.006N", "50,27,0N"), or of signed degrees, as some programs write them."""
    found = FoundGps(value=f"{latitude}, {longitude}"[:200], field=field, reader=reader)
    read = _XMP.fullmatch(latitude.strip()), _XMP.fullmatch(longitude.strip())
    if read[0] is None or read[1] is None:
        return _with_problem(found, "unreadable")
    (lat, lat_step), (lon, lon_step) = (_xmp_degrees(one) for one in read if one)
    if abs(lat) < _UNSET_WITHIN and abs(lon) < _UNSET_WITHIN:
        return _with_problem(found, "unset")
    north_south, east_west = (one["sign"] or one["hemisphere"] or "" for one in read if one)
    if north_south.upper() not in {"+", "-", "N", "S"} or east_west.upper() not in {"+", "-", "E", "W"}:
        return _with_problem(found, "no_hemisphere")
    return _placed(found, lat, lon, max(lat_step, lon_step))


def _xmp_degrees(match: re.Match[str]) -> tuple[float, float]:
    """Signed degrees, and what the last digit is worth."""
    parts = match["parts"].split(",")
    degrees = sum(float(part) / 60.0**power for power, part in enumerate(parts))
    step = 10.0 ** -len(parts[-1].partition(".")[2]) / 60.0 ** (len(parts) - 1)
    return (
        -degrees if (match["sign"] or match["hemisphere"] or "").upper() in {"-", "S", "W"} else degrees
    ), step


def _placed(found: FoundGps, latitude: float, longitude: float, step_degrees: float) -> FoundGps:
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return _with_problem(found, "out_of_range")
    return FoundGps(
        value=found.value,
        field=found.field,
        reader=found.reader,
        latitude=latitude,
        longitude=longitude,
        uncertainty_m=found.uncertainty_m,
        resolution_m=round(step_degrees * METRES_PER_DEGREE, 2),
    )


def _with_problem(found: FoundGps, problem: str) -> FoundGps:
    return FoundGps(value=found.value, field=found.field, reader=found.reader, problem=problem)


def _degrees(parts: Sequence[Ratio]) -> float:
    return sum(high / low / 60.0**power for power, (high, low) in enumerate(parts))


def _resolution(parts: Sequence[Ratio]) -> float:
    """Degrees that the last part in use tells apart: zero seconds after whole minutes say nothing finer."""
    used = [(power, low) for power, (high, low) in enumerate(parts) if high or abs(low) > 1]
    power, low = used[-1] if used else (0, 1)
    return 1 / abs(low) / 60.0**power


def _iso_degrees(text: str, degree_digits: int) -> tuple[float, float]:
    """Signed degrees, and what the last digit is worth. Minutes and seconds follow without a separator."""
    sign = -1.0 if text[0] == "-" else 1.0
    whole, _, fraction = text[1:].partition(".")
    last_digit = 10.0 ** -len(fraction)
    number = float(text[1:])
    if len(whole) <= degree_digits:
        return sign * number, last_digit
    if len(whole) <= degree_digits + 2:
        degrees, minutes = divmod(number, 100)
        return sign * (degrees + minutes / 60), last_digit / 60
    degrees, rest = divmod(number, 10_000)
    minutes, seconds = divmod(rest, 100)
    return sign * (degrees + minutes / 60 + seconds / 3600), last_digit / 3600


def _written(parts: Sequence[Ratio]) -> str:
    return " ".join(f"{high}/{low}" for high, low in parts)
