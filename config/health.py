"""Is the process alive, and can it do its work?"""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from claims.errors import StorageFailed
from claims.media import archive
from verification import dispatch
from verification.services import work

BEAT_TOO_OLD_SECONDS = 60


@never_cache
@require_safe
def process_lives(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  the framework's signature
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def is_ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  the framework's signature
    """503 names what is missing: database, migrations, archive or reconcile. A lost broker only degrades."""
    failing = _database()
    ages = {} if failing else {name: work.seconds_since_beat(name) for name in (work.LOOP, work.WORKER)}
    if not archive_writable():
        failing.append("archive")
    if ages and _is_late(ages[work.LOOP]):
        failing.append("reconcile")
    degraded = []
    if not dispatch.broker_answers():
        degraded.append("broker")
    elif ages and _is_late(ages[work.WORKER]):
        degraded.append("worker")
    return JsonResponse(
        {
            "status": "unavailable" if failing else "ok",
            "failing": failing,
            "degraded": degraded,
            "seconds_since_beat": ages,
        },
        status=503 if failing else 200,
    )


def _is_late(age_seconds: float | None) -> bool:
    return age_seconds is None or age_seconds > BEAT_TOO_OLD_SECONDS


def archive_writable() -> bool:
    """Whether originals could be put into the archive now."""
    try:
        return archive.store().answers()
    except StorageFailed:
        return False


def _database() -> list[str]:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return ["database"]
    return ["migrations"] if pending else []
