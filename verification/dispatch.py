"""Rings the broker after commit. A lost ring costs seconds, never work: the reconcile loop rings again."""

from __future__ import annotations

import uuid

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

TASK = "verification.tasks.run_job"


def ring(job_id: uuid.UUID) -> None:
    """Tells the workers of a job once the surrounding transaction is committed."""
    transaction.on_commit(lambda: ring_now(job_id))


def ring_now(job_id: uuid.UUID) -> bool:
    """Tells the workers of a job; False where no broker answers."""
    if not settings.REDIS_URL:
        return False
    try:
        current_app.signature(TASK, args=[str(job_id)]).apply_async(ignore_result=True)
    except (OperationalError, OSError) as error:
        log.warning("broker.unreachable", job_id=str(job_id), error=str(error))
        return False
    return True


def broker_answers() -> bool:
    """Whether the broker can be reached now."""
    if not settings.REDIS_URL:
        return False
    try:
        with current_app.connection_for_write(connect_timeout=1) as connection:
            connection.ensure_connection(max_retries=0, timeout=1)
    except (OperationalError, OSError):
        return False
    return True
