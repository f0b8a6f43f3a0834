"""Capture: the bytes behind a URL or of an upload, sniffed, hashed and put into the archive with their log."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import Any

from django.conf import settings
from django.utils import timezone

from claims.addresses import AllowList
from claims.errors import StetError
from claims.media import archive
from claims.media.sniff import Sniffed, sniff
from claims.outbound import FetchLimits, fetch

USER_AGENT = f"Stet/{settings.VERSION} (verification desk)"


class CaptureFailed(StetError):
    """The bytes are here, but they are not media. Trying again gives the same."""

    code = "not_media"
    title = "Not media"
    retriable = False


@dataclass(frozen=True)
class Captured:
    """Bytes that are in the archive now, what they are, and the road they came by."""

    stored: archive.Stored
    sniffed: Sniffed
    started_at: datetime
    finished_at: datetime
    final_url: str = ""
    hops: tuple[dict[str, Any], ...] = ()


def fetch_original(url: str) -> Captured:
    """Fetches a URL into the archive through the guarded opener. Raises OutboundError or CaptureFailed."""
    started_at = timezone.now()
    with archive.arriving() as arriving:
        fetched = fetch(
            url,
            write=arriving.write,
            allow=AllowList.parse(settings.FETCH_ALLOW),
            limits=FetchLimits(max_bytes=settings.UPLOAD_MAX_BYTES),
            headers={
                "User-Agent": USER_AGENT,
                "Accept": "video/*, image/*, audio/*, application/pdf, */*;q=0.1",
            },
        )
        sniffed = _media_in(arriving, said=dict(fetched.headers).get("content-type", ""))
        stored = arriving.keep()
    return Captured(
        stored,
        sniffed,
        started_at,
        timezone.now(),
        fetched.url,
        tuple(hop_as_json(hop) for hop in fetched.hops),
    )


def take_upload(chunks: Iterable[bytes]) -> Captured:
    """Puts uploaded bytes into the archive. Raises CaptureFailed."""
    started_at = timezone.now()
    with archive.arriving() as arriving:
        for chunk in chunks:
            arriving.write(chunk)
        sniffed = _media_in(arriving, said="")
        stored = arriving.keep()
    return Captured(stored, sniffed, started_at, timezone.now())


def versions() -> dict[str, str]:
    """What took the bytes in, for the capture log."""
    return {
        "stet": settings.VERSION,
        "httpcore2": metadata.version("httpcore2"),
        "python": platform.python_version(),
    }


def hop_as_json(hop: Any) -> dict[str, Any]:
    """A hop as the capture log keeps it."""
    return {
        "url": hop.url,
        "address": hop.address,
        "status": hop.status,
        "headers": [list(pair) for pair in hop.headers],
        "at": hop.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _media_in(arriving: archive.Arriving, *, said: str) -> Sniffed:
    if arriving.size_bytes == 0:
        raise CaptureFailed("There is nothing in it: the file is empty.", code="empty_file")
    sniffed = sniff(arriving.head)
    if sniffed is None:
        what = f" It calls itself {said.split(';', maxsplit=1)[0].strip()[:80]}." if said else ""
        raise CaptureFailed(
            f"It is not a video, photo, recording or PDF by its own bytes.{what} "
            "Give the address of the media file itself, or upload the file."
        )
    return sniffed
