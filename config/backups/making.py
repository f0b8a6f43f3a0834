"""Making a backup of a desk that may be at work.

First the database, as it is at one moment; then the originals. Originals are in the archive before a row speaks of
them and never change, so what is copied afterwards holds all that the database names, less what was erased meanwhile.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from claims.media import archive
from claims.models import Asset
from config.backups import manifest as form
from config.backups.manifest import DATABASE_FILES, POSTGRESQL, SQLITE, Kept, Manifest
from config.places import RefusedError
from verification.services.restoring import known_erasures

Watch = Callable[[Sequence[str], str], Iterable[str]]
"""Walks a sequence and shows how far it is; the text says what is being done."""

_DUMP_MAGIC = b"PGDMP"
_COUNTED = {
    "claims": "claims_claim",
    "originals": "claims_asset",
    "publications": "claims_publication",
    "audit_entries": "verification_auditentry",
}


@dataclass
class Made:
    """A backup that is whole. `copied` and `linked` count originals; `notes` is what the operator should know."""

    folder: Path
    manifest: Manifest
    copied: int
    linked: int
    notes: list[str] = field(default_factory=list)


def make(destination: Path, *, dump: Path | None, watch: Watch) -> Made:
    """Makes a backup in a new folder in `destination`, under a temporary name until it is whole.

    `dump` is a dump of the PostgreSQL database in the custom form, made just before. Originals that the newest
    backup in `destination` holds are linked to it instead of being copied. Raises RefusedError.
    """
    database = _refuse_what_is_no_use(destination, dump)
    made_at = datetime.now(UTC)
    folder = destination / f"stet-{made_at:%Y%m%dT%H%M%SZ}"
    try:
        destination.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.exists():
            raise RefusedError(f"{folder} is there already. Try again in a second.")
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=destination))  # 0700
    except OSError as error:
        raise RefusedError(
            f"{destination} can't be written to ({error.strerror}). Name another folder."
        ) from error
    earlier = max(destination.glob(f"stet-*/{form.MANIFEST}"), default=None)
    making = _Making(partial, earlier.parent if earlier else None, watch)
    try:
        made = making.run(database, dump, made_at)
        _sync(partial)
        made.folder = partial.rename(folder)
        _sync_one(destination)
    except (OSError, DatabaseError) as error:
        raise RefusedError(
            f"The backup could not be finished: {error}. What was written of it is removed.", code=1
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return made


def _sync(folder: Path) -> None:
    """On disk, each file and each folder, before the name says that all is there."""
    for path in folder.rglob("*"):
        _sync_one(path)
    _sync_one(folder)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_what_is_no_use(destination: Path, dump: Path | None) -> str:
    """Where the database is (a path; empty for PostgreSQL), if it can be backed up in this way."""
    place = destination.resolve()
    kept_in = archive.root()
    for folder in (settings.DATA_DIR, *([kept_in.resolve()] if kept_in else [])):
        if place == folder or folder in place.parents:
            raise RefusedError(
                f"{destination} lies in {folder} and would be lost with it. Name a folder on another disk."
            )
    if connection.vendor == SQLITE:
        if dump is not None:
            raise RefusedError("--dump is for PostgreSQL. This desk's database is SQLite: leave it out.")
        name = str(connection.settings_dict["NAME"])
        if not Path(name).is_file():
            raise RefusedError(f"There is no database at {name}. STET_DATA names the data folder.")
        return name
    if dump is None:
        raise RefusedError(
            "The desk's database is PostgreSQL: dump it first, and name the dump. "
            "pg_dump -Fc --dbname=… --file=stet.dump && manage.py backup FOLDER --dump stet.dump"
        )
    try:
        with dump.open("rb") as file:
            magic = file.read(len(_DUMP_MAGIC))
    except OSError as error:
        raise RefusedError(f"{dump} can't be read ({error.strerror}).") from error
    if magic != _DUMP_MAGIC:
        raise RefusedError(f"{dump} is not a dump in PostgreSQL's custom form. Make it with pg_dump -Fc.")
    return ""


class _Making:
    """One backup under way, in its temporary folder."""

    def __init__(self, folder: Path, earlier: Path | None, watch: Watch) -> None:
        self.folder = folder
        self.earlier = earlier
        self.watch = watch
        self.files: dict[str, Kept] = {}
        self.copied = 0
        self.linked = 0
        self.notes: list[str] = []

    def run(self, database: str, dump: Path | None, made_at: datetime) -> Made:
        # Before the database, so that no checkpoint is in the journal and not in it.
        for name in (*form.SECRETS, form.KEYS, form.JOURNAL):
            if (settings.DATA_DIR / name).is_file():
                self._keep(settings.DATA_DIR / name, name)
        if dump is None:
            facts, named = self._snapshot(database)
        else:
            self._keep(dump, DATABASE_FILES[POSTGRESQL])
            facts, named = _facts(_django_rows)
        lost = self._originals(named)
        # Last, so that it tells of every original that went while the others were copied.
        form.write_erasures(self.folder, known_erasures())
        self.files[form.ERASURES] = form.digest_of(self.folder / form.ERASURES)
        manifest = Manifest(
            id=str(uuid.uuid4()),
            stet=settings.VERSION,
            made_at=made_at.isoformat(timespec="seconds"),
            vendor=SQLITE if database else POSTGRESQL,
            lost=tuple(lost),
            files=self.files,
            **facts,
        )
        form.write(self.folder, manifest)
        for path in (self.folder / form.MANIFEST, self.folder / form.ERASURES):
            path.chmod(0o600)
        return Made(self.folder, manifest, self.copied, self.linked, self.notes)

    def _snapshot(self, database: str) -> tuple[dict[str, Any], set[str]]:
        """Copies the SQLite database as it is at one moment, while others write to it."""
        name = DATABASE_FILES[SQLITE]
        target = self.folder / name
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(target)) as copy:
            try:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
                ((found,),) = copy.execute("PRAGMA integrity_check(1)").fetchall()
            except sqlite3.DatabaseError as error:
                raise RefusedError(f"The database could not be copied: {error}.", code=1) from error
            if found != "ok":
                raise RefusedError(
                    f"The database is damaged ({found}). Keep the backups that you have, and restore the newest.",
                    code=1,
                )
            facts, named = _facts(lambda query: copy.execute(query).fetchall())
        target.chmod(0o600)
        self.files[name] = form.digest_of(target)
        return facts, named

    def _originals(self, named: set[str]) -> list[str]:
        """Copies or links every original; gives those of the named that the archive has lost."""
        missing = set()
        for sha256 in self.watch(sorted({*named, *archive.originals()}), "Copying originals"):
            if not self._original(sha256):
                missing.add(sha256)
        erased = set(
            Asset.objects.exclude(redacted_at=None).values_list("sha256", flat=True)
        )  # some of them only just now
        for sha256 in erased:
            if self.files.pop(form.path_of_original(sha256), None):
                (self.folder / form.path_of_original(sha256)).unlink()
        return sorted(missing & named - erased)

    def _original(self, sha256: str) -> bool:
        name = form.path_of_original(sha256)
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.earlier is not None and (self.earlier / name).is_file():
            found = form.digest_of(self.earlier / name)
            if found.sha256 == sha256:
                try:
                    os.link(self.earlier / name, target)
                except OSError:  # a file system without hard links
                    shutil.copyfile(self.earlier / name, target)
                self.files[name] = found
                self.linked += 1
                return True
            self.notes.append(f"{self.earlier / name} is damaged; this backup takes it from the archive.")
        try:
            with archive.local_copy(sha256) as path:
                shutil.copyfile(path, target)
        except FileNotFoundError:
            return False
        found = form.digest_of(target)
        if found.sha256 != sha256:
            target.unlink()
            return False
        target.chmod(0o440)
        self.files[name] = found
        self.copied += 1
        return True

    def _keep(self, path: Path, name: str) -> None:
        (self.folder / name).parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(path, self.folder / name)
        (self.folder / name).chmod(0o600)
        self.files[name] = form.digest_of(self.folder / name)


def _django_rows(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows: list[Any] = cursor.fetchall()
        return rows


def _facts(rows: Callable[[str], list[Any]]) -> tuple[dict[str, Any], set[str]]:
    """What the manifest says of a database, and the originals that it names. Raises RefusedError."""
    try:
        migrations = [f"{app}.{name}" for app, name in rows("SELECT app, name FROM django_migrations")]
        ((log, position),) = rows("SELECT log, last FROM claims_changehead")
        counts = {
            name: rows(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608  tables of the list above
            for name, table in _COUNTED.items()
        }
        named = {row[0] for row in rows("SELECT sha256 FROM claims_asset WHERE redacted_at IS NULL")}
    except (DatabaseError, sqlite3.DatabaseError, ValueError) as error:
        raise RefusedError(
            f"This is not the database of a desk: {str(error).strip()}. DATABASE_URL or STET_DATA names it."
        ) from error
    facts = {
        "migrations": tuple(sorted(migrations)),
        "log": str(uuid.UUID(str(log))),
        "position": position,
        "counts": counts,
    }
    return facts, named
