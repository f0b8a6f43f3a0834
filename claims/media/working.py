"""Working copies: stills of films, copies of films that browsers play, JPEG copies of photos and the thumbnails within them, made from originals, kept apart and never as evidence.

They lie in the archive under `working/<sha256 of the original>/`, can be made again at any time, and go with the
original when that is erased. Whatever reads or writes them raises OSError where the archive is full or away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from claims.media import archive

_NAME = re.compile(
    r"copy\.jpg|(?P<thumbnail>thumbnail)\.jpg|still-(?P<at>\d{1,9})\.jpg|(?P<film>playable)(-first-(?P<first>\d{1,5})-s)?\.webm",
    re.ASCII,
)
MEDIA_TYPE = "image/jpeg"
FILM_TYPE = "video/webm"


@dataclass(frozen=True)
class WorkingCopy:
    """One copy. `at_ms` is the still's place in its film, in milliseconds; None for a whole photo's copy.

    One that `is_playable` is a film for browsers; `first_seconds` says how much of the beginning it shows, None all.
    One that `is_thumbnail` is the small picture that the photo holds within itself, and may show something else.
    """

    sha256: str
    at_ms: int | None
    is_playable: bool = False
    first_seconds: int | None = None
    is_thumbnail: bool = False

    @property
    def media_type(self) -> str:
        return FILM_TYPE if self.is_playable else MEDIA_TYPE

    @property
    def name(self) -> str:
        if self.is_playable:
            part = "" if self.first_seconds is None else f"-first-{self.first_seconds}-s"
            return f"playable{part}.webm"
        if self.is_thumbnail:
            return "thumbnail.jpg"
        return "copy.jpg" if self.at_ms is None else f"still-{self.at_ms}.jpg"


def keep(copy: WorkingCopy, body: bytes) -> None:
    """Stores a copy, in place of an earlier one of the same name; nobody ever sees half of one."""
    archive.store().replace(_folder(copy.sha256) + copy.name, body)


def chunks(copy: WorkingCopy, start: int = 0, count: int | None = None) -> Iterator[bytes]:
    """A copy's bytes piece by piece, `count` of them from `start` on."""
    return archive.store().chunks(_folder(copy.sha256) + copy.name, start, count)


def size_of(copy: WorkingCopy) -> int:
    """How many bytes a copy has."""
    return archive.store().size_of(_folder(copy.sha256) + copy.name)


def listed(sha256: str) -> list[WorkingCopy]:
    """The copies there are of an original, a film's stills in their order, then what plays."""
    folder = _folder(sha256)
    names = (name.removeprefix(folder) for name in archive.store().names(folder))
    copies = [copy for name in names if (copy := _of(sha256, name))]
    return sorted(copies, key=lambda copy: (copy.is_playable, copy.at_ms or 0))


def holds(sha256: str) -> bool:
    """Whether anything is left of an original's copies."""
    return any(True for _ in archive.store().names(_folder(sha256)))


def erase(sha256: str) -> None:
    """Removes every copy of an original."""
    archive.store().erase_all(_folder(sha256))


def _of(sha256: str, name: str) -> WorkingCopy | None:
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    at, first = match["at"], match["first"]
    return WorkingCopy(
        sha256,
        int(at) if at else None,
        is_playable=bool(match["film"]),
        first_seconds=int(first) if first else None,
        is_thumbnail=bool(match["thumbnail"]),
    )


def _folder(sha256: str) -> str:
    return f"working/{sha256}/"
