"""Which kinds of job there are, and the loop that sees to it that none is forgotten."""

from __future__ import annotations

import math
import uuid
from datetime import timedelta

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from claims.errors import Missing, StetError, StorageFailed
from claims.media import archive
from claims.models import IdempotencyKey, MediaItem, Person
from claims.vocabulary import CaptureState, Examination, JobKind
from verification import dispatch
from verification.domain.transitions import Action
from verification.models import Heartbeat, Job
from verification.services import (
    bulk_runs,
    capture,
    checkpoints,
    deliveries,
    entries,
    erasure,
    examination,
    fixity,
    jobs,
    leases,
    logins,
    matches,
    playable,
    politeness,
    publication,
    reexamination,
    reminders,
    stamps,
)
from verification.services.acting import acting
from verification.services.bundles import asking, keeping

log = structlog.get_logger(__name__)

HANDLERS = {
    JobKind.CAPTURE: jobs.Handler(capture.work, capture.give_up),
    JobKind.EXAMINE: jobs.Handler(examination.work, examination.give_up),
    JobKind.BUNDLE: jobs.Handler(asking.work, asking.give_up),
    JobKind.COPY: jobs.Handler(playable.work, playable.give_up),
    JobKind.TELL: jobs.Handler(deliveries.work, deliveries.give_up, deliveries.ATTEMPTS),
}
LOOP, WORKER = "reconcile", "worker"
"""Whose heartbeats are kept."""

RING_AGAIN_SECONDS = 10
"""How long a ring may go unheard before it is repeated."""

EXAMINE_AGAIN_SECONDS = 5
"""How often the loop looks for media that were examined by earlier checks."""

KEEP_ANSWERS = timedelta(hours=24)
WATCH_SECONDS = 60
"""How often the loop looks whether an original is due to be hashed again, or a stamp to be asked for."""

SWEEP_SECONDS = 3600
JUST_ERASED = timedelta(minutes=10)
"""How long what was erased is looked after in every round; after that once in `SWEEP_SECONDS`."""


def run_job(job_id: uuid.UUID) -> bool:
    """Does a job if it is there to be done; what workers and the loop call."""
    return jobs.run(job_id, HANDLERS)


def retry(job: Job, *, actor: Person) -> None:
    """Has a job that was given up tried again from its first attempt.

    The same act as having its media item fetched or examined again, and as free to the staff; a message is the
    admin's. Raises IllegalState where the job is not given up (any more).
    """
    if job.kind == JobKind.TELL:
        deliveries.retry(job, actor=actor)
        return
    item = MediaItem.objects.visible_to(actor).select_related("claim").filter(pk=job.subject_id).first()
    if item is None:
        raise Missing("There is no such job, or it is not yours to see.")
    capturing = job.kind == JobKind.CAPTURE
    with acting(
        item.claim, actor=actor, action=Action.RECAPTURE if capturing else Action.RECHECK_MEDIA
    ) as act:
        jobs.requeue(job)
        if job.kind == JobKind.EXAMINE:
            item.examination = Examination.WAITING.value
        elif capturing and not item.asset_id:
            item.state = CaptureState.PENDING.value
        item.failure = None if capturing else item.failure
        item.save(update_fields=["state", "failure", "examination"])
        act.data |= {"media": item.pk, "job": job.pk}


def reconcile() -> int:
    """One round: rings for what is due, gives back expired leases, ends embargoes.

    Where no broker answers it does one job itself, so that the rest of the round is never late for long.
    Returns how many it did: if any, there may be more to do at once.
    """
    beat(LOOP)
    leases.expire_leases()
    entries.raise_overdue(timezone.now())
    reminders.remind(timezone.now())
    for scheduled in publication.due_embargoes():
        try:
            publication.publish_scheduled(scheduled)
        except StetError as error:
            log.warning("embargo.not_ended", scheduled=str(scheduled.pk), code=error.code)
    _watch_over_archive()
    _watch_over_records()
    politeness.forget_old_turns()
    if _is_time("reexamination", EXAMINE_AGAIN_SECONDS):
        reexamination.examine_some_stale()
    logins.forget_old_counts()
    bulk_runs.forget_old()
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEEP_ANSWERS).delete()
    matches.tell_what_turned_up()
    deliveries.gather_what_is_due()
    waiting = list(jobs.due()[:500])
    if not dispatch.broker_answers():
        return int(bool(waiting) and run_job(waiting[0].pk))
    if (seconds_since_beat(WORKER) or math.inf) > RING_AGAIN_SECONDS:
        dispatch.ask_for_beat()
    unheard = timezone.now() - timedelta(seconds=RING_AGAIN_SECONDS)
    for job in waiting:
        if (job.rung_at is None or job.rung_at < unheard) and dispatch.ring_now(job.pk):
            Job.objects.filter(pk=job.pk).update(rung_at=timezone.now())
    return 0


def _watch_over_archive() -> None:
    """Removes what is to be gone. An archive that is elsewhere is not asked in every round for all that ever went."""
    erasure.finish_erasures(since=timezone.now() - JUST_ERASED)
    if _is_time("sweep", SWEEP_SECONDS):
        erasure.finish_erasures()
        try:
            archive.sweep()
        except (OSError, StorageFailed) as error:
            log.warning("archive.not_swept", reason=str(error))


def _watch_over_records() -> None:
    """Signs a checkpoint, hashes some originals again, clears bundles away and asks for time-stamps, each in its time."""
    try:
        if _is_time("checkpoints", settings.CHECKPOINT_SECONDS):
            checkpoints.sign_what_is_new()
        if _is_time("fixity", WATCH_SECONDS):
            fixity.check_due()
        if _is_time("bundles", WATCH_SECONDS):
            keeping.erase_stale()
        if _is_time("stamps", WATCH_SECONDS):
            stamps.stamp_what_is_due()
    except ImproperlyConfigured as error:
        # A key or certificate that can't be read must not stop jobs and embargoes; `check` says it too.
        log.error("records.not_watched", error=type(error).__name__)  # noqa: TRY400  the message may quote a key


def _is_time(name: str, every_seconds: float) -> bool:
    """Whether something was last done so long ago; if so it counts as done now, for every loop there is."""
    age = seconds_since_beat(name)
    if age is not None and age < every_seconds:
        return False
    beat(name)
    return True


def beat(name: str) -> None:
    """Says that a process is alive and reaches the database."""
    with transaction.atomic():
        Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def seconds_since_beat(name: str) -> float | None:
    """How long ago a process was last known to be alive; None if it never was."""
    at = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    return None if at is None else (timezone.now() - at).total_seconds()
