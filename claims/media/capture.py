"""Capture: the bytes behind a URL or of an upload, sniffed, hashed and put into the archive with their log.

A URL may lead to a page that is no media itself. Then the page is kept, and what it names as its media is fetched:
video before audio before photo, at most MAX_CANDIDATES addresses. Where a page shows a video, its preview picture
is never taken for it.

`CaptureFailed.code`, besides those of `claims.outbound`, and whether trying again later can help (`retriable`):

| code | | meaning |
|---|---|---|
| `not_media` | no | the bytes are no media, nor a page that names any |
| `empty_file` | no | there are no bytes |
| `page_unreadable` | no | the page is too large, or could not be read within the limits |
| `page_player_only` | no | the page shows a video in a player, and names no file of it |
| `storage` | yes | the archive could not be written: the disk is full, or the storage is away |
| `page_media_failed` | no* | what the page names could not be had. *Yes where one of them may come later |
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata
from typing import Any

from django.conf import settings
from django.utils import timezone

from claims import extractors
from claims.addresses import AllowList
from claims.errors import StetError, StorageFailed
from claims.extractors import Extracted
from claims.media import archive
from claims.media.found import (
    MAX_OEMBED_BYTES,
    Posted,
    candidates_of,
    candidates_of_oembed,
    oembed_urls,
    posted_at,
    posted_by_extractor,
    usable,
)
from claims.media.names import tidy_name
from claims.media.sniff import Sniffed, sniff
from claims.media.warc import Asked, Exchange
from claims.outbound import Fetched, FetchLimits, OutboundError, fetch
from claims.pages import MAX_PAGE_BYTES, Candidate, PageSays, PageUnreadable, charset_of, is_page, read_page
from claims.vocabulary import MediaKind

USER_AGENT = f"Stet/{settings.VERSION} (verification desk)"
MAX_CANDIDATES = 5
NOT_MODIFIED = 304
ACCEPT = "video/*, image/*, audio/*, application/pdf, */*;q=0.1"


@dataclass(frozen=True)
class KeptPage:
    """A web page in the archive, as it was sent and as text; `text` is None where it could not be read."""

    url: str
    original: archive.Stored
    text: archive.Stored | None = None
    posted: Posted | None = None


@dataclass(frozen=True)
class Trail:
    """What a capture leaves behind, whether it succeeds or not. `extracted_by` says which extractor was asked, if any. `found_url` is as asked for, `found_by` where the
    page names it; both empty where the address itself is media."""

    hops: tuple[dict[str, Any], ...] = ()
    final_url: str = ""
    found_url: str = ""
    found_by: str = ""
    page: KeptPage | None = None
    warc: archive.Stored | None = None
    extracted_by: str = ""


NO_TRAIL = Trail()


class CaptureFailed(StetError):
    """No media came of it; the module says which codes there are."""

    code = "not_media"
    title = "Not media"

    def __init__(
        self, detail: str, *, code: str | None = None, retriable: bool = False, trail: Trail = NO_TRAIL
    ) -> None:
        super().__init__(detail, code=code)
        self.retriable = retriable
        self.trail = trail


@dataclass(frozen=True)
class Captured:
    """An original that came in, and how. Times are aware UTC; an upload has no URL and no hops.

    `file_name` is what an upload was called by whoever sent it, made tidy.
    """

    stored: archive.Stored
    sniffed: Sniffed
    started_at: datetime
    finished_at: datetime
    trail: Trail = NO_TRAIL
    file_name: str = ""


@dataclass(frozen=True)
class Before:
    """What a server said of the bytes that it gave last: at which address (as asked), by which marks."""

    url: str
    etag: str = ""
    last_modified: str = ""

    def as_headers(self) -> dict[str, str]:
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        # A mark that could not be sent back as it came is of no use.
        return {name: mark for name, mark in asked.items() if mark and mark.isascii() and mark.isprintable()}


@dataclass(frozen=True)
class Unchanged:
    """A server's word that what it gave before is what it would give now. Times are aware UTC."""

    started_at: datetime
    finished_at: datetime
    trail: Trail


Turn = Callable[[str], AbstractContextManager[None]]
"""What a fetch of a URL is done in; may wait, or raise what passes through as it is."""


def at_once(url: str) -> AbstractContextManager[None]:  # noqa: ARG001  a Turn
    """The turn of whoever need not wait."""
    return nullcontext()


def fetch_original(url: str, *, turn: Turn = at_once, before: Before | None = None) -> Captured | Unchanged:
    """Fetches what a URL leads to into the archive through the guarded opener.

    With `before` the server is asked for what is not that; without, it is never Unchanged. Raises CaptureFailed.
    """
    try:
        with archive.arriving() as exchange:
            return _Capture(url, turn, before, Exchange(exchange, software=USER_AGENT)).run()
    except StorageFailed as error:
        raise CaptureFailed(error.detail, code=error.code, retriable=True) from error


def take_upload(chunks: Iterable[bytes], *, name: str = "") -> Captured:
    """Puts uploaded bytes into the archive; `name` is what they were called there. Raises CaptureFailed, StorageFailed."""
    started_at = timezone.now()
    with archive.arriving() as arriving:
        for chunk in chunks:
            arriving.write(chunk)
        sniffed = sniff(arriving.head)
        if sniffed is None:
            raise _no_media(arriving, "")
        stored = arriving.keep()
    return Captured(stored, sniffed, started_at, timezone.now(), file_name=tidy_name(name))


def versions() -> dict[str, str]:
    """What took the bytes in, for the capture log."""
    return {
        "stet": settings.VERSION,
        "httpcore2": metadata.version("httpcore2"),
        "selectolax": metadata.version("selectolax"),
        "warcio": metadata.version("warcio"),
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


class _NotModified(Exception):
    """The answer 304 to a question that allows for it."""

    def __init__(self, url: str, found: Candidate | None) -> None:
        super().__init__(url)
        self.url = url
        self.found = found


class _Capture:
    """One capture under way: what it has asked and kept so far."""

    def __init__(self, url: str, turn: Turn, before: Before | None, exchange: Exchange) -> None:
        self._url = url
        self._exchange = exchange
        self._turn = turn
        self._before = before
        self._allow = AllowList.parse(settings.FETCH_ALLOW)
        self._started_at = timezone.now()
        self._hops: list[dict[str, Any]] = []
        self._page: KeptPage | None = None
        self._asked = Asked({})
        self._extracted: Extracted | None = None

    def run(self) -> Captured | Unchanged:
        try:
            with archive.arriving() as arriving:
                fetched = self._fetch(self._url, arriving)
                if sniffed := sniff(arriving.head):
                    stored = arriving.keep()
                    self._exchange.add(fetched.hops, self._asked, body=stored)
                    return self._captured(stored, sniffed, fetched)
                says = self._keep_page(arriving, fetched)
            return self._follow(says, fetched)
        except _NotModified as same:
            return Unchanged(self._started_at, timezone.now(), self._trail(same.url, same.found))
        except StorageFailed as error:
            # What was kept before is whole, but whether the rest of the trail could be kept is not to be tried out.
            trail = Trail(tuple(self._hops))
            raise CaptureFailed(error.detail, code=error.code, retriable=True, trail=trail) from error
        except (OutboundError, CaptureFailed) as error:
            raise self._failed(error.detail, code=error.code, retriable=error.retriable) from error

    def _fetch(
        self,
        url: str,
        arriving: archive.Arriving,
        *,
        limits: FetchLimits | None = None,
        found: Candidate | None = None,
    ) -> Fetched:
        """Raises OutboundError, and _NotModified where the server has what it had before."""
        marks = self._before.as_headers() if self._before is not None and self._before.url == url else {}
        headers = {"User-Agent": USER_AGENT, "Accept": ACCEPT, **marks}
        via = self._page.url if self._page else ""
        self._asked = Asked(headers, via, found.found_by if found else "")
        try:
            with self._turn(url):
                fetched = fetch(
                    url,
                    write=arriving.write,
                    allow=self._allow,
                    limits=limits or FetchLimits(max_bytes=settings.UPLOAD_MAX_BYTES),
                    headers=headers,
                )
        except OutboundError as error:
            self._hops += [hop_as_json(hop) for hop in error.hops]
            self._exchange.add(error.hops, self._asked, cut_off=error.code)
            if marks and error.hops and error.hops[-1].status == NOT_MODIFIED:
                raise _NotModified(error.hops[-1].url, found) from error
            raise
        self._hops += [hop_as_json(hop) for hop in fetched.hops]
        return fetched

    def _keep_page(self, arriving: archive.Arriving, fetched: Fetched) -> PageSays:
        """What the page says that was fetched, with the page and its text archived. Raises CaptureFailed."""
        said = _content_type(fetched)
        if not arriving.size_bytes or not is_page(arriving.head, said):
            raise _no_media(arriving, said)
        if arriving.size_bytes > MAX_PAGE_BYTES:
            raise CaptureFailed(
                f"It is a web page of {arriving.size_bytes} bytes, more than is read of a page. "
                "Give the address of the media file itself, or upload the file.",
                code="page_unreadable",
            )
        page = KeptPage(fetched.url, arriving.keep())
        self._exchange.add(fetched.hops, self._asked, body=page.original)
        self._page = page
        try:
            with archive.storing(), archive.local_copy(page.original.sha256) as path:
                says = read_page(path, charset=charset_of(said))
        except PageUnreadable as error:
            detail = f"{error.detail} Give the address of the media file itself, or upload the file."
            raise CaptureFailed(detail, code=error.code) from error
        with archive.arriving() as text:
            text.write(f"{says.title}\n\n{says.text}\n".encode("utf-8", "replace"))
            self._page = replace(page, text=text.keep(), posted=posted_at(says, None))
        return says

    def _follow(self, says: PageSays, page: Fetched) -> Captured:
        """Fetches the first of what the page names that is media. Raises CaptureFailed."""
        named = candidates_of(says, page.url, allow=self._allow) or self._by_oembed(says, page)
        moving = [one for one in named if one.kind != MediaKind.PHOTO]
        if not moving and (extracted := self._by_extractor(page.url)):
            named = moving = extracted
        if says.has_player and not moving:
            raise CaptureFailed(
                "It is a web page that shows a video or recording in a player and names no file of it. "
                "Upload the file, or give the address of the file itself.",
                code="page_player_only",
            )
        if not named:
            raise CaptureFailed(
                "It is a web page, and it names no video, photo or recording. "
                "Give the address of the media file itself, or upload the file."
            )
        failures = []
        for candidate in (moving or named)[:MAX_CANDIDATES]:
            try:
                return self._take(candidate, says)
            except (OutboundError, CaptureFailed) as error:
                failures.append(error)
        count = "address" if len(failures) == 1 else f"{len(failures)} addresses"
        raise CaptureFailed(
            f"It is a web page, and its media could not be had from the {count} that it names: "
            f"{failures[0].detail[:1].lower()}{failures[0].detail[1:]}",
            code="page_media_failed",
            retriable=any(error.retriable for error in failures),
        )

    def _take(self, candidate: Candidate, says: PageSays) -> Captured:
        with archive.arriving() as arriving:
            fetched = self._fetch(candidate.url, arriving, found=candidate)
            sniffed = sniff(arriving.head)
            if sniffed is None:
                self._exchange.add(fetched.hops, self._asked)
                raise _no_media(arriving, _content_type(fetched))
            stored = arriving.keep()
            self._exchange.add(fetched.hops, self._asked, body=stored)
        assert self._page is not None  # noqa: S101  for the type checker: candidates come from a page
        posted = posted_at(says, candidate) or posted_by_extractor(self._extracted)
        self._page = replace(self._page, posted=posted)
        return self._captured(stored, sniffed, fetched, candidate)

    def _by_oembed(self, says: PageSays, page: Fetched) -> list[Candidate]:
        """What the page's own oEmbed description names; an answer that is none of that names nothing."""
        for url in oembed_urls(says, page.url, allow=self._allow)[:1]:
            limits = FetchLimits(max_bytes=MAX_OEMBED_BYTES, max_decoded_bytes=MAX_OEMBED_BYTES)
            with suppress(OutboundError), archive.arriving() as arriving:
                fetched = self._fetch(url, arriving, limits=limits)
                self._exchange.add(fetched.hops, self._asked)
                return candidates_of_oembed(arriving.read(), fetched.url, allow=self._allow)
        return []

    def _by_extractor(self, url: str) -> list[Candidate]:
        """What an extractor finds on a page that names no film; nothing where none is switched on, or it fails."""
        for extractor in extractors.switched_on():
            with suppress(extractors.ExtractorFailed):
                self._extracted = extractor.extract(url)
                found = usable(self._extracted.candidates, allow=self._allow)
                if found:
                    return found
        return []

    def _captured(
        self, stored: archive.Stored, sniffed: Sniffed, fetched: Fetched, found: Candidate | None = None
    ) -> Captured:
        trail = self._trail(fetched.url, found)
        return Captured(stored, sniffed, self._started_at, timezone.now(), trail)

    def _trail(self, final_url: str, found: Candidate | None) -> Trail:
        named = (found.url, found.found_by) if found else ("", "")
        return Trail(
            tuple(self._hops), final_url, *named, self._page, self._exchange.keep(), extracted_by=self._by
        )

    @property
    def _by(self) -> str:
        return self._extracted.by if self._extracted else ""

    def _failed(self, detail: str, *, code: str, retriable: bool) -> CaptureFailed:
        # Of an exchange that brought nothing the log says all there is.
        warc = self._exchange.keep() if self._page else None
        trail = Trail(tuple(self._hops), page=self._page, warc=warc, extracted_by=self._by)
        return CaptureFailed(detail, code=code, retriable=retriable, trail=trail)


def _content_type(fetched: Fetched) -> str:
    return next((value for name, value in fetched.headers if name.lower() == "content-type"), "")


def _no_media(arriving: archive.Arriving, said: str) -> CaptureFailed:
    if arriving.size_bytes == 0:
        return CaptureFailed("There is nothing in it: the file is empty.", code="empty_file")
    what = f" It calls itself {said.split(';', maxsplit=1)[0].strip()[:80]}." if said else ""
    return CaptureFailed(
        f"It is not a video, photo, recording or PDF by its own bytes.{what} "
        "Give the address of the media file itself, or upload the file."
    )
