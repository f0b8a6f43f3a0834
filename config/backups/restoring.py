"""Putting a backup back: every hash first, then the database made fit to be worked on, in place last of all."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError
from django.db.migrations.loader import MigrationLoader
from django.db.models import Max

from claims.media import archive, stores
from claims.models import Asset
from config.backups import manifest as form
from config.backups.making import Watch
from config.backups.manifest import DamagedError, Manifest
from config.backups.targets import PostgresTarget, SqliteTarget, aside, target_for
from config.places import RefusedError, lock
from verification.models import Checkpoint
from verification.services import erasure
from verification.services.restoring import KnownErasure, TakenUp, repeat_erasure, take_up_restored


@dataclass
class Restored:
    """What a restore came to.

    `erasures_known_until` is the time (RFC 3339, UTC) up to which erasures were repeated: later ones are nowhere
    recorded. `lost` are originals that the backup had not. `breaks` is what `manage.py verify` found.
    """

    manifest: Manifest
    originals: int
    erasures_repeated: int
    erasures_known_until: str
    taken_up: TakenUp
    lost: list[str]
    breaks: list[dict[str, str]]
    put_aside: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.lost and not self.breaks


def restore(folder: Path, *, replace: bool, watch: Watch) -> Restored:
    """Restores a backup into the data folder, archive and database of the settings.

    With `replace`, a SQLite database that is there is put aside. Raises RefusedError, or DamagedError where a file
    of the backup is not what was written; in neither case is anything put in place but intact originals.
    """
    manifest = form.read(folder)
    _refuse_newer(manifest)
    target = target_for(folder, manifest, replace=replace)
    held = lock(settings.DATA_DIR)
    try:
        return _restored(folder, manifest, target, watch)
    except (OSError, DatabaseError) as error:
        raise RefusedError(f"The restore could not be finished: {error}. Repeat it.", code=1) from error
    finally:
        os.close(held)


def _restored(
    folder: Path, manifest: Manifest, target: SqliteTarget | PostgresTarget, watch: Watch
) -> Restored:
    replaced = target.make_sure()
    notes = target.notes
    known = _Erasures(folder, manifest, replaced, notes)
    for name, kept in manifest.files.items():
        if not name.startswith("archive/"):
            form.check_file(folder, name, kept)
    # What is known to be erased is not even written; whether it is of this desk, the database says below.
    erased = known.originals()
    for sha256 in watch(sorted(manifest.originals()), "Checking and restoring originals"):
        _put_back(folder, manifest, sha256, only_check=sha256 in erased)
    with target.opened():
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        repeated = sum(repeat_erasure(one) for one in known.all)
        erasure.finish_erasures()
        _settle_erased(folder, manifest, erased)
        taken_up = take_up_restored(backup=manifest.id, made_at=manifest.made_at, erasures_repeated=repeated)
        checkpoints = _checkpoints(folder, manifest, notes)
        breaks = _verify(checkpoints)
        unredacted = set(Asset.objects.filter(redacted_at=None).values_list("sha256", flat=True))
    lost = [sha256 for sha256 in unredacted if not archive.holds(sha256)]
    told = {f"original {sha256}" for sha256 in lost}
    breaks = [one for one in breaks if one["where"] not in told]
    _put_secrets(folder, manifest, put_aside=target.put_aside)
    _put_checkpoints(checkpoints, put_aside=target.put_aside)
    return Restored(
        manifest=manifest,
        originals=len(unredacted) - len(lost),
        erasures_repeated=repeated,
        erasures_known_until=known.until,
        taken_up=taken_up,
        lost=sorted(lost),
        breaks=breaks,
        put_aside=target.put_aside,
        notes=notes,
    )


class _Erasures:
    """What is known to have been erased: by the backup itself, by others beside it, by the replaced database."""

    def __init__(
        self, folder: Path, manifest: Manifest, replaced: list[KnownErasure] | None, notes: list[str]
    ) -> None:
        found = {one.redaction: one for one in (*form.read_erasures(folder, manifest), *(replaced or ()))}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.until = manifest.made_at if replaced is None else now
        for other in sorted(folder.resolve().parent.glob(f"*/{form.MANIFEST}")):
            if other.parent == folder.resolve():
                continue
            try:
                its = form.read(other.parent)
                found |= {one.redaction: one for one in form.read_erasures(other.parent, its)}
            except DamagedError as error:
                notes.append(f"Not read for erasures: {error}")
            else:
                self.until = max(self.until, its.made_at)
        self.all = sorted(found.values(), key=lambda one: str(one.said.get("at")))

    def originals(self) -> set[str]:
        return {one.sha256 for one in self.all if one.sha256}


def _refuse_newer(manifest: Manifest) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        raise RefusedError(
            f"The backup was made by a newer Stet ({manifest.stet}; here is {settings.VERSION}), whose tables this "
            f"one does not know ({unknown[0]}). Install {manifest.stet} or newer, then restore."
        )


def _put_back(folder: Path, manifest: Manifest, sha256: str, *, only_check: bool = False) -> None:
    """Puts an original into the archive, unless it is there. Raises DamagedError where the backup's is damaged."""
    name = form.path_of_original(sha256)
    if only_check or archive.is_intact(sha256):
        form.check_file(folder, name, manifest.files[name])
        return
    with archive.arriving() as arriving:
        for chunk in _chunks(folder / name):
            arriving.write(chunk)
        if arriving.sha256 != sha256:
            form.check_file(folder, name, manifest.files[name])
            raise DamagedError(f"{folder / name} could not be read twice alike: look at the disk it is on.")
        archive.erase(sha256)  # one that is there is damaged
        arriving.keep()


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(stores.CHUNK):
                yield chunk
    except FileNotFoundError:
        raise DamagedError(
            f"{path} is missing. Restore from another backup, or copy this one file from any backup in which it is "
            "whole: it lies at the same path in each. Nothing was put in place."
        ) from None


def _settle_erased(folder: Path, manifest: Manifest, erased: Collection[str]) -> None:
    """Originals with the hash of an erased one: kept where this desk has not erased it, else gone."""
    kept = set(Asset.objects.filter(sha256__in=erased, redacted_at=None).values_list("sha256", flat=True))
    for sha256 in erased:
        if sha256 not in kept:
            archive.erase(sha256)
        elif form.path_of_original(sha256) in manifest.files:
            _put_back(folder, manifest, sha256)


def _checkpoints(folder: Path, manifest: Manifest, notes: list[str]) -> Path:
    """The backup's journal of checkpoints and list of keys, ready beside the data folder's own.

    A dump is made before the journal is copied: what was signed in between is not in the database and is left out.
    """
    ready = settings.DATA_DIR / ".restoring-checkpoints"
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir(mode=0o700)
    newest = Checkpoint.objects.aggregate(newest=Max("number"))["newest"] or 0
    for name in (form.KEYS, form.JOURNAL):
        if name not in manifest.files:
            continue
        lines = (folder / name).read_bytes().splitlines(keepends=True)
        if name == form.JOURNAL:
            kept = [line for line in lines if json.loads(line)["number"] <= newest]
            if len(kept) < len(lines):
                notes.append(
                    f"{len(lines) - len(kept)} checkpoints were signed after the dump began: left out."
                )
            lines = kept
        path = ready / Path(name).name
        path.write_bytes(b"".join(lines))
        path.chmod(0o600)
    return ready


def _put_checkpoints(ready: Path, *, put_aside: list[Path]) -> None:
    """Puts them in place; a journal that is there is of another course of events, and goes aside."""
    there = settings.DATA_DIR / "checkpoints"
    if there.exists():
        put_aside.append(aside(there))
    ready.rename(there)


def _verify(checkpoints: Path) -> list[dict[str, str]]:
    """What `manage.py verify` finds, by that very command: there is one list of what has to hold.

    The restored database is held against the backup's own journal.
    """
    said = io.StringIO()
    own = settings.CHECKPOINT_DIR
    settings.CHECKPOINT_DIR = checkpoints
    try:
        with contextlib.suppress(SystemExit):  # its way of saying that there are breaks
            call_command("verify", json=True, stdout=said)
    finally:
        settings.CHECKPOINT_DIR = own
    breaks: list[dict[str, str]] = json.loads(said.getvalue())["breaks"]
    return breaks


def _put_secrets(folder: Path, manifest: Manifest, *, put_aside: list[Path]) -> None:
    """Puts the secrets back. Those of a desk that was put aside go with it; a new data folder's are worth nothing."""
    replacing = bool(put_aside)
    for name in form.SECRETS:
        if name not in manifest.files:
            continue
        path = settings.DATA_DIR / name
        if replacing and path.exists() and form.digest_of(path) != manifest.files[name]:
            put_aside.append(aside(path))
        fresh = path.with_name(f".restoring-{name}")
        shutil.copyfile(folder / name, fresh)
        fresh.chmod(0o600)
        fresh.rename(path)


def summary(restored: Restored) -> dict[str, Any]:
    """The report of a restore as JSON."""
    taken_up = restored.taken_up
    return {
        "ok": restored.is_whole,
        "backup": restored.manifest.id,
        "made_at": restored.manifest.made_at,
        "originals": restored.originals,
        "lost": restored.lost,
        "breaks": restored.breaks,
        "log": taken_up.log,
        "log_before": taken_up.log_before,
        "position": taken_up.position,
        "leases_ended": taken_up.leases_ended,
        "jobs_queued": taken_up.jobs_queued,
        "sessions_ended": taken_up.sessions_ended,
        "embargoes": taken_up.embargoes,
        "erasures_repeated": restored.erasures_repeated,
        "erasures_known_until": restored.erasures_known_until,
        "put_aside": [str(path) for path in restored.put_aside],
        "notes": restored.notes,
    }
