"""Delivering originals: in ranges of bounded size, and never as something a browser would run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
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


@dataclass(frozen=True)
class _Body:
    """What is delivered: how long it is, how it is read, and the tag that names it."""

    size_bytes: int
    tag: str
    chunks: Callable[[int, int | None], Iterator[bytes]]


def ranged(request: Request, asset: Asset) -> HttpResponseBase:
    """The bytes that a Range header asks for, at most 4 MiB at once; without one, the whole file as a stream.

    Raises Missing, and StorageFailed where the archive is away.
    """
    body = _Body(asset.size_bytes, f'"{asset.sha256}"', partial(archive.chunks, asset.sha256))
    response = _part(request, body)
    inline = asset.media_type in SAFE_INLINE
    response["Content-Type"] = asset.media_type if inline else "application/octet-stream"
    response["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{asset.sha256}"'
    return response


def working_copy(request: Request, copy: working.WorkingCopy) -> HttpResponseBase:
    """A working copy's bytes, as guarded as an original's and in the same parts, under a name that says what it is."""
    with _held():
        size = working.size_of(copy)
    response = _part(request, _Body(size, f'"{copy.sha256}-{copy.name}"', partial(working.chunks, copy)))
    response["Content-Type"] = copy.media_type
    response["Content-Disposition"] = f'inline; filename="working-copy-of-{copy.sha256}-{copy.name}"'
    return response


def _part(request: Request, body: _Body) -> HttpResponseBase:
    part = _asked(request, body)
    if part is None:
        begun = _begun(body.chunks(0, None))
        return _guarded(StreamingHttpResponse(begun, headers={"Content-Length": str(body.size_bytes)}), body)
    start, end = part
    if start > end:
        _read(body.chunks(0, 1))  # that there is such a file comes before what it is asked for
        return _guarded(
            HttpResponse(status=416, headers={"Content-Range": f"bytes */{body.size_bytes}"}), body
        )
    end = min(end, start + MAX_ANSWER_BYTES - 1)
    response = HttpResponse(_read(body.chunks(start, end - start + 1)), status=206)
    response["Content-Range"] = f"bytes {start}-{end}/{body.size_bytes}"
    return _guarded(response, body)


@contextmanager
def _held() -> Iterator[None]:
    try:
        with archive.storing():
            yield
    except StorageFailed as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise Missing(_NOT_HELD) from error
        raise


def _read(chunks: Iterator[bytes]) -> bytes:
    with _held():
        return b"".join(chunks)


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same, of which the first is read now: once an answer has begun it can't be refused any more."""
    first = _read(islice(chunks, 1))

    def go_on() -> Iterator[bytes]:
        yield first
        yield from chunks

    return go_on()


def _asked(request: Request, body: _Body) -> tuple[int, int] | None:
    """First and last byte of the one range asked for; None for all of it. An empty range starts after its end."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if match is None or not (match[1] or match[2]) or request.headers.get("If-Range", body.tag) != body.tag:
        return None
    last = body.size_bytes - 1
    if not match[1]:
        return max(0, body.size_bytes - int(match[2])), last
    return int(match[1]), min(int(match[2]), last) if match[2] else last


def _guarded(response: HttpResponseBase, body: _Body) -> HttpResponseBase:
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = body.tag
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
