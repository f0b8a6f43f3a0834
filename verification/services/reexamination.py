"""Examining again what was examined by earlier checks: in the background, a few at a time, after all else."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from claims.models import MediaItem
from claims.vocabulary import CaptureState, Examination, JobKind, JobState
from verification.checks import registry
from verification.models import Job
from verification.services import jobs

BATCH = 20
"""How many items wait at once: what somebody files meanwhile stands behind no more than these."""


def stale() -> QuerySet[MediaItem]:
    """Examined items whose checks, or what the decoders read for them, are others by now; the newest first."""
    return (
        MediaItem.objects.filter(
            state=CaptureState.CAPTURED, examination=Examination.DONE, asset__redacted_at=None
        )
        .exclude(examined_with=registry.fingerprint())
        .order_by("-id")
    )


def examine_some_stale() -> int:
    """Has a batch of stale items examined again, and none while other work waits. Gives how many."""
    if jobs.due().exists():
        return 0
    return examine_again(stale()[:BATCH])


def examine_again(items: Iterable[MediaItem]) -> int:
    """Queues the examination of items that have none open. Gives how many were queued."""
    queued = 0
    for item in items:
        with transaction.atomic():
            open_jobs = Job.objects.filter(
                kind=JobKind.EXAMINE, subject_id=OuterRef("pk"), state__in=[JobState.QUEUED, JobState.RUNNING]
            )
            # One that is open already will run the checks there are now; one under way is not to be begun anew.
            changed = (
                MediaItem.objects.filter(~Exists(open_jobs), pk=item.pk)
                .exclude(asset=None)
                .update(examination=Examination.WAITING)
            )
            if changed:
                jobs.enqueue(JobKind.EXAMINE, item.pk)
                queued += 1
    return queued
