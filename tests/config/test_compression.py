"""What is sent compressed, and what is not."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from config.compression import TextCompression


@pytest.mark.parametrize(
    ("path", "media_type", "status", "compressed"),
    [
        ("/queue/", "text/html; charset=utf-8", 200, True),
        ("/static/desk/desk.css", 'text/css; charset="utf-8"', 200, True),
        ("/static/vendor/land.json", "application/json", 200, True),
        ("/api/v1/claims/", "application/json", 200, False),
        ("/api/v1/media/1/file/", "video/mp4", 206, False),
        ("/api/v1/media/1/file/", "text/plain", 206, False),
        ("/queue/", "image/png", 200, False),
        ("/nowhere/", "text/html", 404, False),
    ],
)
def test_texts_are_compressed_and_the_api_and_media_are_not(
    path: str, media_type: str, status: int, compressed: bool
) -> None:
    answer = HttpResponse(b"stet " * 200, content_type=media_type, status=status)
    request = RequestFactory().get(path, headers={"Accept-Encoding": "gzip"})
    sent = TextCompression(lambda _: answer)(request)
    assert sent.has_header("Content-Encoding") is compressed


@pytest.mark.parametrize(("path", "lengths"), [("/static/desk/desk.css", 1), ("/queue/", 2)])
def test_what_may_hold_a_secret_is_padded_and_files_of_ours_are_not(path: str, lengths: int) -> None:
    request = RequestFactory().get(path, headers={"Accept-Encoding": "gzip"})
    send = TextCompression(lambda _: HttpResponse(b"stet " * 200, content_type="text/html"))
    assert len({len(send(request).content) for _ in range(60)}) >= lengths
    assert (len({len(send(request).content) for _ in range(60)}) == 1) is (lengths == 1)
