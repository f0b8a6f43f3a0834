"""Rings the broker after commit. A lost ring costs seconds, never work: the reconcile loop rings again."""

from __future__ import annotations

import uuid

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

RUN_JOB = "verification.tasks.run_job"
BEAT = "verification.tasks.beat"


def ring(job_id: uuid.UUID) -> None:
    """Tells the workers of a job once the surrounding transaction is committed."""
    transaction.on_commit(lambda: ring_now(job_id))


def ring_now(job_id: uuid.UUID) -> bool:
    """Tells the workers of a job; False where no broker answers."""
    return _send(RUN_JOB, str(job_id))


def ask_for_beat() -> bool:
    """Asks some worker to say that it is alive."""
    return _send(BEAT)


def _send(task: str, *words: str) -> bool:
    if not settings.REDIS_URL:
        return False
    try:
        current_app.signature(task, args=words).apply_async(ignore_result=True)
    except (OperationalError, OSError) as error:
        log.warning("broker.unreachable", task=task, error=type(error).__name__)
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
