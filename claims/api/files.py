"""Delivering originals: in ranges of bounded size, and never as something a browser would run."""

from __future__ import annotations

import re

from django.http import HttpResponse
from rest_framework.request import Request

from claims.errors import Missing
from claims.media import archive
from claims.media.sniff import SAFE_INLINE
from claims.models import Asset

MAX_ANSWER_BYTES = 4 * 1024 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def ranged(request: Request, asset: Asset) -> HttpResponse:
    """The bytes that a Range header asks for, at most 4 MiB at once; without one, the file from its beginning.

    A file larger than that is answered with 206 and its first part, and the caller asks on.
    """
    size = asset.size_bytes
    start, end = 0, size - 1
    asked = request.headers.get("Range")
    wants_part = False
    if asked and request.headers.get("If-Range", _tag(asset)) == _tag(asset):
        match = _RANGE.fullmatch(asked.strip())
        if match and (match[1] or match[2]):
            wants_part = True
            if match[1]:
                start, end = int(match[1]), min(int(match[2]) if match[2] else size - 1, size - 1)
            else:
                start = max(0, size - int(match[2]))
            if start > end:
                return _headed(HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"}), asset)
    end = min(end, start + MAX_ANSWER_BYTES - 1)
    try:
        with archive.path_of(asset.sha256).open("rb") as file:
            file.seek(start)
            body = file.read(end - start + 1)
    except FileNotFoundError as error:
        raise Missing(
            "The archive does not hold this original. Tell an admin: it may have to be restored."
        ) from error
    response = HttpResponse(body, status=200)
    if wants_part or len(body) < size:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{start + len(body) - 1}/{size}"
    return _headed(response, asset)


def _tag(asset: Asset) -> str:
    return f'"{asset.sha256}"'


def _headed(response: HttpResponse, asset: Asset) -> HttpResponse:
    inline = asset.media_type in SAFE_INLINE
    response["Content-Type"] = asset.media_type if inline else "application/octet-stream"
    response["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{asset.sha256}"'
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = _tag(asset)
    response["Cache-Control"] = "private, max-age=3600, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
