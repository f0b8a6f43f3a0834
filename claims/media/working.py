"""Working copies: stills of films and JPEG copies of photos, made from originals, kept apart and never as evidence.

They lie in the archive under `working/<sha256 of the original>/`, can be made again at any time, and go with the
original when that is erased. Whatever reads or writes them raises OSError where the archive is full or away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from claims.media import archive

_NAME = re.compile(r"copy\.jpg|still-(\d{1,9})\.jpg", re.ASCII)
MEDIA_TYPE = "image/jpeg"


@dataclass(frozen=True)
class WorkingCopy:
    """One copy. `at_ms` is the still's place in its film, in milliseconds; None for a whole photo's copy."""

    sha256: str
    at_ms: int | None

    @property
    def name(self) -> str:
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
    """The copies there are of an original, a film's stills in their order."""
    folder = _folder(sha256)
    names = (name.removeprefix(folder) for name in archive.store().names(folder))
    copies = [copy for name in names if (copy := _of(sha256, name))]
    return sorted(copies, key=lambda copy: copy.at_ms or 0)


def holds(sha256: str) -> bool:
    """Whether anything is left of an original's copies."""
    return any(True for _ in archive.store().names(_folder(sha256)))


def erase(sha256: str) -> None:
    """Removes every copy of an original."""
    archive.store().erase_all(_folder(sha256))


def _of(sha256: str, name: str) -> WorkingCopy | None:
    match = _NAME.fullmatch(name)
    return WorkingCopy(sha256, int(match[1]) if match[1] else None) if match else None


def _folder(sha256: str) -> str:
    return f"working/{sha256}/"
