"""Working copies: stills of films and JPEG copies of photos, made from originals, kept apart and never as evidence.

They lie in the archive's folder under `working/<sha256 of the original>/`, can be made again at any time, and go
with the original when that is erased.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

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

    @property
    def path(self) -> Path:
        return _folder(self.sha256) / self.name


def keep(copy: WorkingCopy, body: bytes) -> None:
    """Stores a copy, in place of an earlier one of the same name; nobody ever sees half of one."""
    folder = _folder(copy.sha256)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        unnamed = Path(file.name)
        try:
            file.write(body)
            file.flush()
            unnamed.rename(copy.path)
        except OSError:
            unnamed.unlink(missing_ok=True)
            raise


def listed(sha256: str) -> list[WorkingCopy]:
    """The copies there are of an original, a film's stills in their order."""
    folder = _folder(sha256)
    if not folder.is_dir():
        return []
    copies = [copy for path in folder.iterdir() if (copy := _of(sha256, path.name))]
    return sorted(copies, key=lambda copy: copy.at_ms or 0)


def holds(sha256: str) -> bool:
    return _folder(sha256).exists()


def erase(sha256: str) -> None:
    """Removes every copy of an original."""
    if holds(sha256):
        shutil.rmtree(_folder(sha256))


def _of(sha256: str, name: str) -> WorkingCopy | None:
    match = _NAME.fullmatch(name)
    return WorkingCopy(sha256, int(match[1]) if match[1] else None) if match else None


def _folder(sha256: str) -> Path:
    return archive.root() / "working" / sha256
