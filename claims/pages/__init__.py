"""What a web page says of the media it shows: read in a child process under limits, for pages are outside bytes.

`read_page` is for callers; `claims.pages.reading` is what the child runs. Addresses come back as the page wrote
them: whoever follows one parses it strictly and fetches it through the guarded opener.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claims.errors import StetError
from claims.vocabulary import MediaKind

MAX_PAGE_BYTES = 8 * 1024 * 1024
READING_SECONDS = 10.0
"""How long the child may take, by the clock on the wall."""

_ROOT = Path(__file__).resolve().parents[2]
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "MALLOC_ARENA_MAX": "1"}
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_LOOKS_LIKE_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head)\b", re.IGNORECASE
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_\-:.]{1,40})""")


class PageUnreadable(StetError):
    """The page could not be read within the limits. Trying again gives the same."""

    code = "page_unreadable"
    title = "The page could not be read"


@dataclass(frozen=True)
class Candidate:
    """An address that a page gives for its media: what kind it says it is, and where it says so.

    `written` is the address as the page wrote it, where `url` is no longer that.
    """

    url: str
    kind: MediaKind
    found_by: str
    written: str = ""


@dataclass(frozen=True)
class Statement:
    """A time that a page states, as it wrote it, and where it says so."""

    text: str
    found_by: str


@dataclass(frozen=True)
class PageSays:
    """What was read of a page. Candidates stand in the order in which they are worth trying: video, audio, photo.

    `has_player` says that the page shows a video or recording of which it gives a player only. `stated` are the
    times at which it says it was posted, the most specific first; one that belongs to a candidate is keyed by the
    candidate's address in `stated_of`.
    """

    title: str
    text: str
    base: str
    candidates: tuple[Candidate, ...]
    oembed: tuple[str, ...]
    stated: tuple[Statement, ...]
    stated_of: dict[str, Statement]
    has_player: bool

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> PageSays:
        return cls(
            title=said["title"],
            text=said["text"],
            base=said["base"],
            candidates=tuple(
                Candidate(one["url"], MediaKind(one["kind"]), one["found_by"]) for one in said["candidates"]
            ),
            oembed=tuple(said["oembed"]),
            stated=tuple(Statement(**one) for one in said["stated"]),
            stated_of={url: Statement(**one) for url, one in said["stated_of"].items()},
            has_player=said["has_player"],
        )


def is_page(head: bytes, content_type: str) -> bool:
    """Whether bytes that are no media are a web page, by what they are called or how they begin."""
    named = content_type.split(";", maxsplit=1)[0].strip().lower()
    return named in _HTML_TYPES or _LOOKS_LIKE_HTML.match(head) is not None


def charset_of(content_type: str) -> str:
    """The character set that a Content-Type names; empty where it names none."""
    named = _CHARSET.search(content_type)
    return named[1] if named else ""


def read_page(path: Path, *, charset: str) -> PageSays:
    """Reads an HTML file of at most MAX_PAGE_BYTES. Raises PageUnreadable."""
    with path.open("rb") as page, tempfile.TemporaryFile() as answer:
        try:
            ended = subprocess.run(  # noqa: S603  our own program; of the page only its charset's name
                [sys.executable, "-s", "-B", "-m", "claims.pages", charset],
                cwd=_ROOT,
                env=_ENVIRONMENT,
                stdin=page,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                timeout=READING_SECONDS,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PageUnreadable("Reading the page took longer than it may.") from None
        if ended.returncode != 0:
            raise PageUnreadable("Reading the page took more time or memory than it may.")
        answer.seek(0)
        try:
            return PageSays.from_json(json.load(answer))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise PageUnreadable("The program that reads pages gave no answer.") from None
