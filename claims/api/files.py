"""Delivering originals: in ranges of bounded size, and never as something a browser would run."""

from __future__ import annotations

import re
from pathlib import Path

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from claims.errors import Missing
from claims.media import archive, working
from claims.media.sniff import SAFE_INLINE
from claims.models import Asset

MAX_ANSWER_BYTES = 4 * 1024 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def ranged(request: Request, asset: Asset) -> HttpResponseBase:
    """The bytes that a Range header asks for, at most 4 MiB at once; without one, the whole file as a stream."""
    path = archive.path_of(asset.sha256)
    if not path.is_file():
        raise Missing("The archive does not hold this original. Tell an admin: it may have to be restored.")
    size = asset.size_bytes
    part = _asked(request, asset)
    if part is None:
        return _headed(FileResponse(path.open("rb"), headers={"Content-Length": str(size)}), asset)
    start, end = part
    if start > end:
        return _headed(HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"}), asset)
    end = min(end, start + MAX_ANSWER_BYTES - 1)
    with path.open("rb") as file:
        file.seek(start)
        response = HttpResponse(file.read(end - start + 1), status=206)
    response["Content-Range"] = f"bytes {start}-{end}/{size}"
    return _headed(response, asset)


def working_copy(copy: working.WorkingCopy) -> HttpResponseBase:
    """A working copy's bytes, as guarded as an original's, under a name that says what it is."""
    response = FileResponse(copy.path.open("rb"))
    response["Content-Type"] = working.MEDIA_TYPE
    response["Content-Disposition"] = f'inline; filename="working-copy-of-{copy.sha256}-{copy.name}"'
    return _guarded(response, f'"{copy.sha256}-{copy.name}"')


def _asked(request: Request, asset: Asset) -> tuple[int, int] | None:
    """First and last byte of the one range asked for; None for all of it. An empty range starts after its end."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if (
        match is None
        or not (match[1] or match[2])
        or request.headers.get("If-Range", _tag(asset)) != _tag(asset)
    ):
        return None
    last = asset.size_bytes - 1
    if not match[1]:
        return max(0, asset.size_bytes - int(match[2])), last
    return int(match[1]), min(int(match[2]), last) if match[2] else last


def _tag(asset: Asset) -> str:
    return f'"{asset.sha256}"'


def _headed(response: HttpResponseBase, asset: Asset) -> HttpResponseBase:
    inline = asset.media_type in SAFE_INLINE
    response["Content-Type"] = asset.media_type if inline else "application/octet-stream"
    response["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{asset.sha256}"'
    response["Accept-Ranges"] = "bytes"
    return _guarded(response, _tag(asset))


def _guarded(response: HttpResponseBase, tag: str) -> HttpResponseBase:
    response["ETag"] = tag
    response["Cache-Control"] = "private, max-age=3600, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def download(path: Path, name: str) -> FileResponse:
    """A zip of ours to be saved under a name, never shown in place, and kept by nobody on the way."""
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=name, content_type="application/zip"
    )
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
