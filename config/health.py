"""Is the process alive, and can it do its work?"""

from __future__ import annotations

import os

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from claims.media import archive
from verification import dispatch
from verification.services.work import seconds_since_beat

BEAT_TOO_OLD_SECONDS = 60


@never_cache
@require_safe
def process_lives(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  the framework's signature
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def is_ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  the framework's signature
    """503 names what is missing: database, migrations, archive or reconcile. A lost broker only degrades."""
    failing = _database() or ([] if archive_writable() else ["archive"]) + (_reconcile())
    degraded = [] if dispatch.broker_answers() else ["broker"]
    return JsonResponse(
        {"status": "unavailable" if failing else "ok", "failing": failing, "degraded": degraded},
        status=503 if failing else 200,
    )


def archive_writable() -> bool:
    """Whether originals could be put into the archive now."""
    root = archive.root()
    parent = root if root.exists() else root.parent
    return os.access(parent, os.W_OK | os.X_OK)


def _database() -> list[str]:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return ["database"]
    return ["migrations"] if pending else []


def _reconcile() -> list[str]:
    age = seconds_since_beat()
    return ["reconcile"] if age is None or age > BEAT_TOO_OLD_SECONDS else []
