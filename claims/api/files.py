"""Delivering originals: in ranges of bounded size, and never as something a browser would run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from claims.errors import Missing, StorageFailed
from claims.media import archive, working
from claims.media.sniff import SAFE_INLINE
from claims.models import Asset

MAX_ANSWER_BYTES = 4 * 1024 * 1024
_NOT_HELD = "The archive does not hold this original. Tell an admin: it may have to be restored."
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def ranged(request: Request, asset: Asset) -> HttpResponseBase:
    """The bytes that a Range header asks for, at most 4 MiB at once; without one, the whole file as a stream.

    Raises Missing, and StorageFailed where the archive is away.
    """
    size = asset.size_bytes
    part = _asked(request, asset)
    if part is None:
        body = _begun(archive.chunks(asset.sha256))
        return _headed(StreamingHttpResponse(body, headers={"Content-Length": str(size)}), asset)
    start, end = part
    if start > end:
        _read(
            archive.chunks(asset.sha256, 0, 1)
        )  # that there is such a file comes before what it is asked for
        return _headed(HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"}), asset)
    end = min(end, start + MAX_ANSWER_BYTES - 1)
    response = HttpResponse(_read(archive.chunks(asset.sha256, start, end - start + 1)), status=206)
    response["Content-Range"] = f"bytes {start}-{end}/{size}"
    return _headed(response, asset)


def working_copy(copy: working.WorkingCopy) -> HttpResponseBase:
    """A working copy's bytes, as guarded as an original's, under a name that says what it is."""
    response = HttpResponse(_read(working.chunks(copy)))
    response["Content-Type"] = working.MEDIA_TYPE
    response["Content-Disposition"] = f'inline; filename="working-copy-of-{copy.sha256}-{copy.name}"'
    return _guarded(response, f'"{copy.sha256}-{copy.name}"')


def _read(chunks: Iterator[bytes]) -> bytes:
    try:
        with archive.storing():
            return b"".join(chunks)
    except StorageFailed as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise Missing(_NOT_HELD) from error
        raise


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same, of which the first is read now: once an answer has begun it can't be refused any more."""
    first = _read(islice(chunks, 1))

    def go_on() -> Iterator[bytes]:
        yield first
        yield from chunks

    return go_on()


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
