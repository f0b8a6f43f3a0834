"""Every Celery task: ids in, one service call."""

from __future__ import annotations

import uuid

from celery import shared_task

from verification.services import work


@shared_task(name="verification.tasks.run_job", ignore_result=True)
def run_job(job_id: str) -> None:
    """Does a job if nobody else has it."""
    work.run_job(uuid.UUID(job_id))


@shared_task(name="verification.tasks.beat", ignore_result=True)
def beat() -> None:
    """Says that a worker is alive."""
    work.beat(work.WORKER)
