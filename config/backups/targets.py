"""Where a backup is put back: the database that the settings name, which nobody may be using meanwhile."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection

from claims.models import ChangeHead
from config.backups import manifest as form
from config.backups.manifest import DATABASE_FILES, POSTGRESQL, SQLITE, Manifest
from config.places import RefusedError
from verification.services.restoring import KnownErasure, known_erasures

_PATIENCE_SECONDS = 5.0


def aside(path: Path) -> Path:
    """Renames a file that something else takes the place of; gives its new path."""
    return path.rename(f"{path}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")


class SqliteTarget:
    """A file: the backup's copy is made ready beside it and renamed over it last."""

    def __init__(self, folder: Path, manifest: Manifest, *, replace: bool) -> None:
        self.source = folder / DATABASE_FILES[SQLITE]
        self.kept = manifest.files[DATABASE_FILES[SQLITE]]
        self.folder = folder
        self.replace = replace
        self.path = Path(str(connection.settings_dict["NAME"]))
        self.put_aside: list[Path] = []
        self.notes: list[str] = []

    def make_sure(self) -> list[KnownErasure] | None:
        """Raises RefusedError unless the backup may be put here.

        Gives what the database that is to be replaced has erased; None where there is none, or it can't say.
        """
        if not self.path.exists() or not self.path.stat().st_size:
            return None
        if not self.replace:
            raise RefusedError(
                f"{self.path} is there already. With --replace it is put aside, not deleted; "
                "or set STET_DATA to a new folder."
            )
        with closing(sqlite3.connect(self.path, timeout=_PATIENCE_SECONDS)) as database:
            try:
                # Possible only while nobody else has it open; it also takes the log beside it in.
                database.execute("PRAGMA journal_mode=DELETE").fetchall()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                    raise RefusedError(
                        f"{self.path} is in use. Stop web, worker and reconcile first."
                    ) from error
                self._can_not_say(error)
                return None
            except sqlite3.DatabaseError as error:
                self._can_not_say(error)  # damaged, which may be why it is replaced
                return None
        try:
            return known_erasures()
        except (DatabaseError, ObjectDoesNotExist, KeyError, ValueError) as error:
            self._can_not_say(error)
            return None
        finally:
            connection.close()

    def _can_not_say(self, error: Exception) -> None:
        self.notes.append(f"The database that was replaced could not be read for erasures ({error}).")

    @contextmanager
    def opened(self) -> Iterator[None]:
        """The restored database as Django's own; in place only after the block, and only if that came to its end."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(prefix=".restoring-", dir=self.path.parent)  # 0600
        os.close(descriptor)
        staged = Path(name)
        try:
            shutil.copyfile(self.source, staged)
            form.check_file(staged.parent, staged.name, self.kept)
            connection.close()
            connection.settings_dict["NAME"] = name
            try:
                yield
            finally:
                connection.close()
                connection.settings_dict["NAME"] = str(self.path)
            with closing(sqlite3.connect(staged)) as database:
                database.execute("PRAGMA journal_mode=DELETE")
            self._put_in_place(staged)
        finally:
            for end in ("", "-wal", "-shm", "-journal"):
                Path(name + end).unlink(missing_ok=True)

    def _put_in_place(self, staged: Path) -> None:
        with staged.open("rb") as file:
            os.fsync(file.fileno())
        # What a damaged one has beside it must not be taken for part of the new one.
        for end in ("", "-wal", "-shm"):
            old = Path(f"{self.path}{end}")
            if old.exists():
                self.put_aside.append(aside(old))
        staged.rename(self.path)


class PostgresTarget:
    """A database into which the operator has restored the backup's dump with PostgreSQL's own tools."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.put_aside: list[Path] = []
        self.notes: list[str] = []

    def make_sure(self) -> list[KnownErasure] | None:
        """Raises RefusedError unless it is that database and nobody else is in it. None: what was there before is gone."""
        try:
            self._make_sure_of_the_dump()
            self._make_sure_of_being_alone()
        except (DatabaseError, psycopg.Error) as error:
            raise RefusedError(
                f"The database does not answer: {str(error).strip()}. Check DATABASE_URL.", code=1
            ) from error
        return None

    def _make_sure_of_the_dump(self) -> None:
        dump = self.folder / DATABASE_FILES[POSTGRESQL]
        if ChangeHead._meta.db_table not in connection.introspection.table_names():
            raise RefusedError(
                "The database is empty. Put the backup's dump into it first, then repeat this: "
                f"pg_restore --exit-on-error --dbname=… {dump}"
            )
        head = ChangeHead.objects.get(pk=1)
        if str(head.log) != self.manifest.log:
            raise RefusedError(
                "The database is not the one of this backup, or it was taken up already. Make a new, empty "
                f"database, put the backup's dump into it, then repeat this: pg_restore --exit-on-error --dbname=… {dump}"
            )

    def _make_sure_of_being_alone(self) -> None:
        # Django's pool would count as somebody else.
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
        until = time.monotonic() + _PATIENCE_SECONDS
        with psycopg.connect(**connection.get_connection_params()) as alone:
            while others := self._others(alone):
                if time.monotonic() > until:
                    raise RefusedError(
                        f"{others} other connections to the database are open. "
                        "Stop web, worker and reconcile first."
                    )
                time.sleep(0.1)  # one that has just ended is shown for a moment

    def _others(self, alone: psycopg.Connection[Any]) -> int:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        ((number,),) = alone.execute(query).fetchall()
        alone.rollback()  # what is shown stays the same within a transaction
        return int(number)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """The restored database as Django's own."""
        yield


def target_for(folder: Path, manifest: Manifest, *, replace: bool) -> SqliteTarget | PostgresTarget:
    """The target that the settings name. Raises RefusedError where the backup is of another kind of database."""
    if manifest.vendor != connection.vendor:
        raise RefusedError(
            f"The backup is of {manifest.vendor}, the settings name {connection.vendor}. Set DATABASE_URL "
            f"{'to an address on PostgreSQL' if manifest.vendor == POSTGRESQL else 'to nothing, or a file of SQLite'}."
        )
    if manifest.vendor == SQLITE:
        return SqliteTarget(folder, manifest, replace=replace)
    return PostgresTarget(folder, manifest)
