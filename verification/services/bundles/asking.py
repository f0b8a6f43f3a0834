"""Asking for a bundle: it is there, or a job makes it; and what the job does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.db.models import Max
from django.utils import timezone

from claims.errors import IllegalState, StorageFailed
from claims.models import Claim, Person
from claims.vocabulary import JobKind, JobState
from verification.models import Job
from verification.services import jobs
from verification.services.bundles import keeping, making
from verification.services.veil import check_unveiled

TRY_AGAIN_AFTER = timedelta(minutes=1)
"""How long a failure is told of before the bundle is tried again for whoever asks."""

STORAGE_WAIT_SECONDS = 60.0


def ask_for(claim: Claim, viewer: Person) -> Path | None:
    """The claim's bundle as it stands now; None where it is being made, by a job that this puts down if need be.

    Raises IllegalState with the reason where that was tried just now and failed, and `blind` where what the bundle
    holds is kept from the viewer.
    """
    check_unveiled(claim, viewer)
    ready = keeping.path_of(claim.pk, keeping.state_of(claim.pk))
    if ready.is_file():
        return ready
    mine = Job.objects.filter(kind=JobKind.BUNDLE, subject_id=claim.pk)
    # Not enqueued again while one is open: that would have it begin anew at every question.
    if mine.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).exists():
        return None
    last = mine.annotate(ended_at=Max("events__at")).order_by("-ended_at").first()
    if last is not None and last.error and last.ended_at > timezone.now() - TRY_AGAIN_AFTER:
        raise IllegalState(last.error["detail"], code=last.error["code"])
    jobs.enqueue(JobKind.BUNDLE, claim.pk)
    return None


def work(job: Job) -> jobs.Outcome:
    """Makes the bundle of the job's claim. What can't be packed is an outcome, not an error."""
    claim = Claim.objects.get(pk=job.subject_id)
    try:
        with keeping.arriving() as file:
            made = making.make(claim, file)
            path = Path(file.name)
    except (IllegalState, StorageFailed) as error:
        failure = {"code": error.code, "detail": error.detail}
        retriable = isinstance(error, StorageFailed)
        return _failed(claim, failure, jobs.failed_state(job, retriable=retriable))

    def effect() -> None:
        # In the transaction that holds the claim's chain: what was erased meanwhile must not be kept.
        if keeping.state_of(claim.pk) == made.state:
            path.rename(keeping.path_of(claim.pk, made.state))
        else:
            path.unlink(missing_ok=True)

    return jobs.Outcome(claim=claim, effect=effect)


def give_up(job: Job) -> jobs.Outcome:
    """Quarantines a bundle whose workers died of it."""
    claim = Claim.objects.get(pk=job.subject_id)
    detail = "The workers that packed the bundle died each time. Tell whoever runs this desk."
    return _failed(claim, {"code": "quarantined", "detail": detail}, JobState.QUARANTINED)


def _failed(claim: Claim, failure: dict[str, str], state: JobState) -> jobs.Outcome:
    wait = STORAGE_WAIT_SECONDS if failure["code"] == StorageFailed.code else None
    return jobs.Outcome(claim=claim, effect=lambda: None, state=state, error=failure, wait_seconds=wait)
