"""The manifest: what is in a backup, and whether it still is what was put there."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from claims.models.bodies import canonical
from verification.services.restoring import KnownErasure

FORMAT = 1
MANIFEST = "manifest.json"
ERASURES = "erasures.json"
SQLITE, POSTGRESQL = "sqlite", "postgresql"
DATABASE_FILES = {SQLITE: "database.sqlite3", POSTGRESQL: "database.dump"}
SECRETS = ("secret_key", "stet_signing_key", "up.json")
"""What Stet keeps in the data folder beside database and archive and can't make again."""

KEYS, JOURNAL = "checkpoints/keys.json", "checkpoints/journal.jsonl"
"""What is kept of the signed checkpoints outside the database."""

_ORIGINAL = re.compile(r"archive/([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})")
_HASH = re.compile(r"[0-9a-f]{64}")


class DamagedError(Exception):
    """The backup is not what was written; the words say what is wrong and what may help."""


@dataclass(frozen=True)
class Kept:
    """A file of the backup as it was written."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    `made_at` is RFC 3339, UTC: nothing acknowledged before is missing (with PostgreSQL: before its dump began).
    `position` is the change log's last then or shortly after. `lost` names originals that the archive had lost already. `files` are by their path in the backup.
    """

    id: str
    stet: str
    made_at: str
    vendor: str
    migrations: tuple[str, ...]
    log: str
    position: int
    counts: Mapping[str, int]
    lost: tuple[str, ...]
    files: Mapping[str, Kept]

    def originals(self) -> Iterable[str]:
        """The hashes of the originals in the backup."""
        return (kept.sha256 for path, kept in self.files.items() if _ORIGINAL.fullmatch(path))


def path_of_original(sha256: str) -> str:
    """Where an original lies in a backup."""
    return f"archive/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def digest_of(path: Path) -> Kept:
    """SHA-256 and size of a file as it is now."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Kept(digest, file.tell())


def write(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest with its seal."""
    content = {"format": FORMAT, **asdict(manifest)}
    text = json.dumps({**content, "seal": _seal(content)}, indent=1, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """The manifest of a backup. Raises DamagedError where there is none that holds."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DamagedError(
            f"{folder} is no backup: it has no {MANIFEST}. Name the folder that 'manage.py backup' printed."
        ) from None
    except (OSError, ValueError) as error:
        raise _damaged(folder, "can't be read") from error
    if not isinstance(content, dict):
        raise _damaged(folder, "is no manifest")
    seal = content.pop("seal", None)
    if content.get("format") != FORMAT:
        raise DamagedError(
            f"{folder / MANIFEST} is of a form that this release does not read. Restore with the release of Stet "
            "that made the backup, or a newer one."
        )
    if seal != _seal(content):
        raise _damaged(folder, "is not what was written")
    try:
        return _parsed(content)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, "is not in the form of a manifest") from error


def check_file(folder: Path, name: str, kept: Kept) -> None:
    """Raises DamagedError unless the file of the backup is what was written."""
    try:
        found = digest_of(folder / name)
    except FileNotFoundError:
        raise _not_whole(folder, name, "is missing") from None
    except OSError as error:
        raise _not_whole(folder, name, f"can't be read ({error.strerror})") from error
    if found != kept:
        raise _not_whole(folder, name, "is not what was written")


def write_erasures(folder: Path, erasures: Iterable[KnownErasure]) -> None:
    """Writes what the desk had erased when the backup was finished."""
    rows = [asdict(known) for known in erasures]
    (folder / ERASURES).write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_erasures(folder: Path, manifest: Manifest) -> list[KnownErasure]:
    """What the desk had erased when the backup was finished. Raises DamagedError."""
    check_file(folder, ERASURES, manifest.files[ERASURES])
    rows = json.loads((folder / ERASURES).read_text(encoding="utf-8"))
    return [KnownErasure(**row) for row in rows]


def _parsed(content: Mapping[str, Any]) -> Manifest:
    parts = {name: value for name, value in content.items() if name not in {"format", "files"}}
    files = {name: Kept(**kept) for name, kept in content["files"].items()}
    parts |= {name: tuple(parts[name]) for name in ("migrations", "lost")}
    manifest = Manifest(**parts, files=files)
    known = {DATABASE_FILES[manifest.vendor], ERASURES, KEYS, JOURNAL, *SECRETS}
    for name, kept in files.items():
        original = _ORIGINAL.fullmatch(name)
        # Nothing else may be named: a path that leads out of the backup least of all.
        if (name not in known and original is None) or not _HASH.fullmatch(kept.sha256):
            raise ValueError(name)
        if original is not None and original[3] != kept.sha256:
            raise ValueError(name)
    if not {DATABASE_FILES[manifest.vendor], ERASURES} <= set(files):
        raise ValueError("database")
    return manifest


def _seal(content: Mapping[str, Any]) -> str:
    """Shows damage and carelessness. Against forgery stand the audit chains, which are read after restoring."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _damaged(folder: Path, how: str) -> DamagedError:
    return DamagedError(f"{folder / MANIFEST} {how}. Restore from another backup.")


def _not_whole(folder: Path, name: str, how: str) -> DamagedError:
    help_ = "Restore from another backup"
    if _ORIGINAL.fullmatch(name):
        help_ += (
            ", or copy this one file from any backup in which it is whole: it lies at the same path in each"
        )
    return DamagedError(f"{folder / name} {how}. {help_}. Nothing was put in place.")
