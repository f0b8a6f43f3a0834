"""What `manage.py doctor` looks at: whether this machine can run Stet, and what to do where it can't."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from claims.media import stores
from config import broker
from verification.models import Heartbeat

_LOW_BYTES = 5 * 1024**3
_TOO_LOW_BYTES = 500 * 1024**2
_CLOCK_SECONDS = 2.0
# Module → the distribution that brings it.
_DECODERS = {"av": "av", "PIL": "Pillow", "pillow_heif": "pillow-heif", "exifread": "ExifRead"}


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Line:
    """What one check found. `remedy` is empty where nothing is to be done."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def python() -> Line:
    """An older one doesn't get as far as this line; make says so."""
    return Line("python", State.OK, ".".join(str(part) for part in sys.version_info[:3]))


def _writable(folder: Path) -> str:
    """Empty if a file can be written in the folder, else why not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"stet")
    except OSError as error:
        return error.strerror or str(error)
    return ""


def data() -> Line:
    folder = settings.DATA_DIR
    problem = _writable(folder)
    if problem:
        return Line("data", State.FAIL, f"{folder}: {problem}", "Set STET_DATA to a folder you may write to.")
    free = shutil.disk_usage(folder).free
    detail = f"{folder}, {free / 1024**3:.1f} GiB free"
    if free < _LOW_BYTES:
        state = State.FAIL if free < _TOO_LOW_BYTES else State.WARN
        return Line("data", state, detail, "Free some space: originals are kept for good.")
    return Line("data", State.OK, detail)


def database() -> Line:
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        reason = str(error).strip().partition("\n")[0]
        return Line("database", State.FAIL, reason, "Check DATABASE_URL, and that the server is up.")
    if waiting:
        return Line(
            "database",
            State.FAIL,
            f"{connection.vendor}, {len(waiting)} migrations not applied",
            "Run manage.py migrate (make run does it by itself).",
        )
    return Line("database", State.OK, f"{connection.vendor}, migrations applied")


def message_broker() -> Line:
    if not settings.REDIS_URL:
        return Line(
            "broker",
            State.WARN,
            "none configured; the reconcile loop does the work itself",
            "Set REDIS_URL for a server of your own. The one that make run brings is not looked at here.",
        )
    if broker.answers(settings.REDIS_URL):
        return Line("broker", State.OK, "answers")
    return Line(
        "broker",
        State.WARN,
        "does not answer; the reconcile loop does the work meanwhile",
        "Check REDIS_URL, and that Valkey or Redis is up.",
    )


def archive() -> Line:
    try:
        place = stores.place_of(str(settings.ARCHIVE_URL))
    except ValueError as error:
        return Line(
            "archive", State.FAIL, str(error), "manage.py check says how STET_ARCHIVE_URL is to look."
        )
    if place.bucket:
        return _bucket(place)
    folder = Path(place.folder)
    problem = _writable(folder)
    if problem:
        remedy = "Set STET_ARCHIVE_URL to a folder that this user may write to."
        return Line("archive", State.FAIL, f"{folder}: {problem}", remedy)
    return Line("archive", State.OK, str(folder))


def _bucket(place: stores.Place) -> Line:
    """Writes, reads and erases a little object, for a bucket may allow one and not the other."""
    where, name = f"s3://{place.bucket}/{place.prefix}", f"probe/{uuid.uuid4()}"
    try:
        store = stores.store_at(place)
        store.replace(name, b"stet")
        read = b"".join(store.chunks(name))
        store.erase(name)
        held = store.holds(name)
    except OSError as error:
        remedy = (
            "Look at bucket, endpoint_url and credentials. Stet has to be allowed GetObject, PutObject, DeleteObject, "
            "DeleteObjectVersion, ListBucket and ListBucketVersions."
        )
        return Line("archive", State.FAIL, f"{where}: {error.strerror}", remedy)
    if read != b"stet" or held:
        return Line("archive", State.FAIL, f"{where}: does not give back or erase what it was given")
    return Line("archive", State.OK, where)


def reconcile() -> Line:
    try:
        beat = Heartbeat.objects.order_by("at").last()
    except DatabaseError:
        return Line("reconcile", State.WARN, "not known without the database", "See database.")
    remedy = "Start manage.py reconcile --loop (make run does it by itself)."
    if beat is None:
        return Line("reconcile", State.WARN, "never seen", remedy)
    age = datetime.now(UTC) - beat.at
    detail = f"seen {max(age.total_seconds(), 0):.0f} s ago"
    if age > timedelta(seconds=max(30.0, 5 * settings.RECONCILE_SECONDS)):
        return Line("reconcile", State.FAIL, detail, remedy)
    return Line("reconcile", State.OK, detail)


def decoders() -> Line:
    found, missing = [], []
    for module, distribution in _DECODERS.items():
        try:
            importlib.import_module(module)
            found.append(f"{distribution} {metadata.version(distribution)}")
        except (ImportError, OSError) as error:
            missing.append(f"{distribution} ({error})")
    if missing:
        return Line("decoders", State.FAIL, ", ".join(missing), "Run make run again: it installs them.")
    return Line("decoders", State.OK, ", ".join(found))


def exiftool() -> Line:
    """It may be missing: then the makers' own tags are not read."""
    program = settings.EXIFTOOL
    if program is None:
        return Line("exiftool", State.OK, "none: serial numbers in maker notes are not read")
    remedy = "Install it, or set STET_EXIFTOOL to its path, or to off."
    try:
        said = subprocess.run(  # noqa: S603 - the operator's program
            [program, "-config", "", "-ver"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Line("exiftool", State.FAIL, f"{program}: {error}", remedy)
    return Line("exiftool", State.OK, f"{said.stdout.strip()[:40]}, {program}")


def clock() -> Line:
    """A wrong clock breaks leases, embargoes and every date that an examination compares with now."""
    remedy = "Set the clock, and keep it by NTP."
    now = time.time()
    installed = Path(__file__).stat().st_mtime
    if now < installed - 86400:
        return Line("clock", State.FAIL, "earlier than the day Stet was installed", remedy)
    if not zoneinfo.available_timezones():
        return Line("clock", State.FAIL, "no time zones on this machine", "Install tzdata.")
    if connection.vendor == "postgresql":
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
                apart = abs(float(cursor.fetchone()[0]) - time.time())
        except DatabaseError:
            return Line("clock", State.WARN, "not compared with the database's", "See database.")
        if apart > _CLOCK_SECONDS:
            return Line("clock", State.WARN, f"{apart:.1f} s apart from the database's", remedy)
    return Line("clock", State.OK, datetime.now(UTC).isoformat(timespec="seconds"))


CHECKS: tuple[Callable[[], Line], ...] = (
    python,
    data,
    database,
    message_broker,
    archive,
    reconcile,
    decoders,
    exiftool,
    clock,
)


def examine() -> list[Line]:
    """Every check's line, in the order in which things depend on each other."""
    return [check() for check in CHECKS]
