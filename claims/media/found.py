"""From what a page says to what may be fetched of it, and to when it says it was posted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from claims.addresses import AllowList, OutboundError, ParsedUrl, follow_reference, parse_url
from claims.extractors import Extracted
from claims.pages import Candidate, PageSays, Statement
from claims.vocabulary import MediaKind

MAX_OEMBED_BYTES = 256 * 1024

# Nothing was posted on the web before there was one; what says so is a clock or field that was never set.
_EARLIEST = datetime(1991, 8, 6, tzinfo=UTC)
_CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True)
class Posted:
    """When a page says it was posted: an instant (aware UTC), in the words of the page, and where it says so."""

    at: datetime
    text: str
    found_by: str

    def as_json(self) -> dict[str, str]:
        return {
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "text": self.text,
            "found_by": self.found_by,
        }


def candidates_of(says: PageSays, page_url: str, *, allow: AllowList) -> list[Candidate]:
    """What the page names, in its order, as addresses that the guarded opener would take."""
    page = parse_url(page_url, allow=allow)
    base = _base_of(says, page, allow)
    found: dict[str, Candidate] = {}
    for candidate in says.candidates:
        url = _resolved(base, candidate.url, allow)
        if url and url != page.url:
            found.setdefault(url, Candidate(url, candidate.kind, candidate.found_by, candidate.url))
    return list(found.values())


def usable(candidates: Sequence[Candidate], *, allow: AllowList) -> list[Candidate]:
    """Those whose address the guarded opener would take, written as it writes them."""
    found = []
    for candidate in candidates:
        with suppress(OutboundError):
            url = parse_url(candidate.url, allow=allow).url
            found.append(Candidate(url, candidate.kind, candidate.found_by, candidate.url))
    return found


def posted_by_extractor(extracted: Extracted | None) -> Posted | None:
    """When an extractor says that the page was posted, where that can be."""
    at = extracted.posted_at if extracted else None
    if at is None or not _EARLIEST <= at <= timezone.now() + _CLOCKS_DIFFER:
        return None
    return Posted(at, at.isoformat(), "an extractor's timestamp")


def oembed_urls(says: PageSays, page_url: str, *, allow: AllowList) -> list[str]:
    """Where the page's oEmbed descriptions are to be had."""
    base = _base_of(says, parse_url(page_url, allow=allow), allow)
    return [url for written in says.oembed if (url := _resolved(base, written, allow))]


def candidates_of_oembed(answer: bytes, url: str, *, allow: AllowList) -> list[Candidate]:
    """What an oEmbed answer names: a photo itself. Of a video it has only a player and a preview, which is none."""
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        return []
    if not isinstance(said, dict) or said.get("type") != "photo":
        return []
    base = parse_url(url, allow=allow)
    named = [("url", said.get("url")), ("thumbnail_url", said.get("thumbnail_url"))]
    return [
        Candidate(found, MediaKind.PHOTO, f"oembed {key}")
        for key, written in named
        if isinstance(written, str) and (found := _resolved(base, written, allow))
    ]


def posted_at(says: PageSays, taken: Candidate | None) -> Posted | None:
    """When the page says that what was taken of it was posted; else when it says that the page was.

    Only what names an instant counts: a day, or a time of no zone, is none.
    """
    for statement in _statements(says, taken):
        with suppress(ValueError, OverflowError):
            at = datetime.fromisoformat(statement.text)
            if at.tzinfo is not None and _EARLIEST <= at <= timezone.now() + _CLOCKS_DIFFER:
                return Posted(at.astimezone(UTC), statement.text, statement.found_by)
    return None


def _statements(says: PageSays, taken: Candidate | None) -> Iterator[Statement]:
    if taken is not None and taken.written in says.stated_of:
        yield says.stated_of[taken.written]
    yield from says.stated


def _base_of(says: PageSays, page: ParsedUrl, allow: AllowList) -> ParsedUrl:
    if says.base:
        # A base that may not be fetched from is no reason to drop absolute addresses.
        with suppress(OutboundError):
            return follow_reference(page, says.base, allow=allow)
    return page


def _resolved(base: ParsedUrl, written: str, allow: AllowList) -> str:
    try:
        return follow_reference(base, written, allow=allow).url
    except OutboundError:
        return ""
