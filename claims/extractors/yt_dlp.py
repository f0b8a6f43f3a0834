"""yt-dlp, where the operator has installed it and switched it on. Stet does not bring it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from claims.extractors import Extracted, ExtractorFailed, run
from claims.pages import Candidate
from claims.vocabulary import MediaKind

PROGRAM = "yt-dlp"
MOST_URLS = 5
_URL_CHARACTERS = 4000
_OPTIONS = (
    "--ignore-config", "--no-cache-dir", "--no-playlist", "--playlist-items", "1", "--skip-download",
    "--socket-timeout", "10", "--retries", "1", "--dump-single-json",
)  # fmt: skip


class YtDlp:
    """Asks it for one page, without downloads, playlists or a configuration of its own."""

    def __init__(self, *, proxy: str) -> None:
        self._proxy = proxy

    def is_installed(self) -> bool:
        return self._program() is not None

    def extract(self, url: str) -> Extracted:
        program = self._program()
        if program is None:
            raise ExtractorFailed(f"{PROGRAM} is switched on and not installed.")
        proxy = ("--proxy", self._proxy) if self._proxy else ()
        said = _understood(run([program, *_OPTIONS, *proxy, "--", url]))
        version = said.get("_version")
        number = version.get("version") if isinstance(version, dict) else None
        by = f"{PROGRAM} {number}" if isinstance(number, str) and len(number) < 40 else PROGRAM
        way = "by the operator's proxy" if self._proxy else "by itself, past the guarded opener"
        return Extracted(
            by=f"{_plain(by)}, which fetched {way}",
            candidates=tuple(_candidates(said)),
            posted_at=_instant(said.get("timestamp")),
        )

    @staticmethod
    def _program() -> str | None:
        """On PATH, or beside the Python that runs us."""
        return shutil.which(PROGRAM) or shutil.which(PROGRAM, path=str(Path(sys.executable).parent))


def _understood(answer: bytes) -> dict[str, Any]:
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        raise ExtractorFailed("The extractor said what is no answer.") from None
    entries = said.get("entries") if isinstance(said, dict) else None
    if isinstance(entries, list) and entries:
        said = entries[0]
    if not isinstance(said, dict):
        raise ExtractorFailed("The extractor said what is no answer.")
    return said


def _candidates(said: dict[str, Any]) -> Iterator[Candidate]:
    """Files that have picture and sound in one, the tallest first: parts would have to be put together by us."""
    formats = said.get("formats")
    listed = [one for one in formats if isinstance(one, dict)] if isinstance(formats, list) else []
    whole = sorted((one for one in listed if _is_whole(one)), key=_height, reverse=True)
    seen: set[str] = set()
    for one in [*whole, said]:
        url = one.get("url")
        if not isinstance(url, str) or len(url) > _URL_CHARACTERS or url in seen:
            continue
        if not url.startswith(("http://", "https://")) or not _is_fetched_at_once(one):
            continue
        seen.add(url)
        yield Candidate(url, MediaKind.VIDEO, PROGRAM)
        if len(seen) == MOST_URLS:
            return


def _is_whole(one: dict[str, Any]) -> bool:
    return all(one.get(kind) not in (None, "none") for kind in ("vcodec", "acodec"))


def _is_fetched_at_once(one: dict[str, Any]) -> bool:
    """Whether its address is that of a file, not of a list of pieces."""
    return one.get("protocol") in (None, "http", "https")


def _height(one: dict[str, Any]) -> float:
    height = one.get("height")
    return float(height) if isinstance(height, int) and 0 < height < 100_000 else 0.0


def _instant(said: Any) -> datetime | None:
    if type(said) not in {int, float}:
        return None
    try:
        return datetime.fromtimestamp(said, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isprintable())
