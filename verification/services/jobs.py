"""Jobs: what must be done, claimed by one worker at a time and finished once with effect.

A worker claims by a conditional UPDATE that raises the job's token and sets a lease on the database's clock;
effect, state and audit entry go in one transaction that repeats the token.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from claims.errors import IllegalState
from claims.models import Claim, Desk, MediaItem
from claims.vocabulary import JobKind, JobState
from verification import dispatch
from verification.domain.errors import StaleJob
from verification.models import Job, JobEvent, Message
from verification.services import audit

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 3
RETRY_DELAYS_SECONDS = (2, 8)
GIVEN_UP = (JobState.FAILED, JobState.QUARANTINED)


class NotYet(Exception):
    """What the job needs is not free; it is worth coming again in `seconds`. Says nothing against the job."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"in {seconds:g} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Outcome:
    """What a handler wants done: `effect` runs in the finishing transaction, `state` is where the job goes.

    `action` and `data` are what the claim's audit entry will say; without an action there is none, for nothing of the
    claim has changed, or the job is of no claim. A job that is queued again waits for `wait_seconds`, or where
    that is None for as long as its attempts say.
    """

    claim: Claim | None
    effect: Callable[[], None]
    action: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    state: JobState = JobState.DONE
    error: dict[str, Any] | None = None
    wait_seconds: float | None = None


@dataclass(frozen=True)
class Handler:
    """How a kind of job is done, and what it means to give up on one that took its workers down."""

    work: Callable[[Job], Outcome]
    give_up: Callable[[Job], Outcome]
    attempts: int = MAX_ATTEMPTS


def after(seconds: float) -> ExpressionWrapper[Any]:
    """So many seconds from now on the database's clock."""
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())


def enqueue(kind: JobKind, subject_id: uuid.UUID) -> Job:
    """The open job on a subject, made if there is none; rung when the transaction commits.

    One that is under way starts anew: what it has read so far may be what the caller has just changed.
    """
    with transaction.atomic():
        open_jobs = Job.objects.filter(kind=kind.value, subject_id=subject_id)
        open_jobs.filter(state=JobState.RUNNING).update(
            state=JobState.QUEUED, token=F("token") + 1, attempts=0, lease_until=None, due_at=Now()
        )
        job = open_jobs.filter(state=JobState.QUEUED).first()
        if job is None:
            # Due by the clock that says what is due: the database's, which on SQLite counts whole milliseconds.
            job = Job.objects.create(
                kind=kind.value, subject_id=subject_id, due_at=Now(), rung_at=timezone.now()
            )
            _event(job, JobState.QUEUED)
        dispatch.ring(job.pk)
    return job


def _claimable() -> Q:
    return Q(state=JobState.QUEUED, due_at__lte=Now()) | Q(state=JobState.RUNNING, lease_until__lte=Now())


def due() -> QuerySet[Job]:
    """Jobs that want a worker now, the longest due first."""
    return Job.objects.filter(_claimable()).order_by("due_at", "id")


def claim_job(job_id: uuid.UUID) -> Job | None:
    """Takes a job that is due or whose worker is gone; None when somebody else has it, or nothing is left to do."""
    with transaction.atomic():
        taken = Job.objects.filter(_claimable(), pk=job_id).update(
            state=JobState.RUNNING,
            token=F("token") + 1,
            attempts=F("attempts") + 1,
            lease_until=after(settings.JOB_LEASE_SECONDS),
            rung_at=None,  # this ring was heard: should the worker die, the next one need not wait
        )
        if not taken:
            return None
        job = Job.objects.get(pk=job_id)
        _event(job, JobState.RUNNING)
    log.info("job.claimed", job_id=str(job.pk), kind=job.kind, attempt=job.attempts)
    return job


@contextmanager
def renewing(name: str, renew: Callable[[], object]) -> Iterator[None]:
    """Renews a lease, three times in its length, from a thread of its own for as long as the body takes."""
    finished = threading.Event()

    def go_on() -> None:
        try:
            while not finished.wait(settings.JOB_LEASE_SECONDS / 3):
                renew()
        finally:
            connection.close()

    thread = threading.Thread(target=go_on, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def keeping_lease(job: Job) -> AbstractContextManager[None]:
    """Renews the job's lease for as long as the work takes."""
    held = Job.objects.filter(pk=job.pk, token=job.token, state=JobState.RUNNING)
    return renewing(f"lease-{job.pk}", lambda: held.update(lease_until=after(settings.JOB_LEASE_SECONDS)))


def run(job_id: uuid.UUID, handlers: Mapping[JobKind, Handler]) -> bool:
    """Claims a job and does it. False when there was nothing to claim, it has to wait, or it was lost on the way.

    A job that was begun as often as its handler allows, and whose worker died then too, is quarantined instead of
    being tried again.
    """
    job = claim_job(job_id)
    if job is None:
        return False
    handler = handlers[JobKind(job.kind)]
    if job.attempts > handler.attempts:
        outcome = handler.give_up(job)
    else:
        try:
            with keeping_lease(job):
                outcome = handler.work(job)
        except NotYet as wait:
            put_back(job, seconds=wait.seconds)
            return False
    try:
        finish(job, outcome)
    except StaleJob:
        log.warning("job.lost", job_id=str(job.pk), token=job.token)
        return False
    return True


def put_back(job: Job, *, seconds: float) -> None:
    """Has a job wait that could not be begun; that costs it no attempt. Nothing if it is another worker's by now."""
    with transaction.atomic():
        held = Job.objects.filter(pk=job.pk, token=job.token, state=JobState.RUNNING)
        if held.update(
            state=JobState.QUEUED,
            attempts=F("attempts") - 1,
            lease_until=None,
            due_at=after(seconds),
            rung_at=None,
        ):
            _event(job, JobState.QUEUED)
    log.info("job.put_back", job_id=str(job.pk), kind=job.kind, seconds=round(seconds, 3))


def finish(job: Job, outcome: Outcome) -> None:
    """Applies an outcome, once: raises StaleJob, and changes nothing, when the job is another worker's by now."""
    retry = outcome.state == JobState.QUEUED
    wait = outcome.wait_seconds
    if wait is None:
        wait = RETRY_DELAYS_SECONDS[min(job.attempts, 2) - 1]
    with transaction.atomic():
        chain = audit.hold(audit.chain_of(outcome.claim)) if outcome.claim else None
        held = Job.objects.filter(pk=job.pk, token=job.token, state=JobState.RUNNING)
        changed = held.update(
            state=outcome.state,
            error=outcome.error,
            lease_until=None,
            due_at=after(wait) if retry else F("due_at"),
            rung_at=None,
        )
        if changed != 1:
            raise StaleJob("The job is held by another worker by now.")
        outcome.effect()
        _event(job, outcome.state, outcome.error)
        if outcome.action and chain is not None:
            said = {"job": job.pk, **outcome.data}
            audit.record(chain, action=outcome.action, actor=None, data=said, at=timezone.now())
        log.info("job.committing", job_id=str(job.pk), kind=job.kind)
    log.info("job.finished", job_id=str(job.pk), kind=job.kind, state=outcome.state.value)


def jobs_of(desk: Desk) -> QuerySet[Job]:
    """The jobs on a desk's media and on messages to its people, each with when its state changed last.

    Not those that a newer one did over.
    """
    newer = Job.objects.filter(
        kind=OuterRef("kind"), subject_id=OuterRef("subject_id"), pk__gt=OuterRef("pk")
    )
    events = JobEvent.objects.filter(job=OuterRef("pk")).order_by("-id")
    items = MediaItem.objects.filter(claim__desk=desk).values("pk")
    sent = Message.objects.filter(person__memberships__desk=desk).values("pk")
    return Job.objects.filter(
        ~Exists(newer), Q(subject_id__in=items) | Q(kind=JobKind.TELL, subject_id__in=sent)
    ).annotate(changed_at=Subquery(events.values("at")[:1]))


def requeue(job: Job) -> None:
    """Puts a job that was given up back to its start; called within the act that wants it.

    Raises IllegalState where it is not given up (any more), or another one is seeing to the same.
    """
    others = Job.objects.filter(kind=job.kind, subject_id=job.subject_id).exclude(pk=job.pk)
    if others.filter(Q(state__in=[JobState.QUEUED, JobState.RUNNING]) | Q(pk__gt=job.pk)).exists():
        raise IllegalState("A newer job has taken this over.", code="taken_over")
    moved = Job.objects.filter(pk=job.pk, state__in=GIVEN_UP).update(
        state=JobState.QUEUED,
        token=F("token") + 1,
        attempts=0,
        due_at=Now(),
        lease_until=None,
        rung_at=timezone.now(),
        error=None,
    )
    if moved != 1:
        raise IllegalState(
            "This job is not given up, or somebody has it tried again already.", code="not_given_up"
        )
    job.refresh_from_db()
    _event(job, JobState.QUEUED)
    dispatch.ring(job.pk)


def queue_running_again() -> int:
    """Queues every running job from its first attempt, and has every queued one rung again.

    For a desk whose workers are all gone and whose broker knows nothing. Gives how many were running.
    """
    with transaction.atomic():
        running = list(Job.objects.filter(state=JobState.RUNNING).values_list("pk", flat=True))
        for pk in running:
            Job.objects.filter(pk=pk).update(
                state=JobState.QUEUED, token=F("token") + 1, attempts=0, lease_until=None, due_at=Now()
            )
            _event(Job.objects.get(pk=pk), JobState.QUEUED)
        Job.objects.filter(state=JobState.QUEUED).update(rung_at=None)
    return len(running)


def failed_state(job: Job, *, retriable: bool) -> JobState:
    """Where a job goes that could not be done: again, or to its end."""
    return JobState.QUEUED if retriable and job.attempts < MAX_ATTEMPTS else JobState.FAILED


def _event(job: Job, state: JobState, error: dict[str, Any] | None = None) -> None:
    JobEvent.objects.create(job=job, state=state, token=job.token, error=error, at=timezone.now())
