"""Politeness to other people's hosts: so many fetches at once, so long between two, and away when asked to be.

Turns are rows, so that all workers of all machines keep them together. A job that has to wait is put back and comes
again at its turn; a worker that dies loses its turn when its lease runs out, as it loses its job.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from claims.addresses import OutboundError, parse_url
from verification.models import Host, HostTurn, Job
from verification.services import jobs

log = structlog.get_logger(__name__)

ASKED_TO_WAIT = frozenset({429, 503})
MAX_RETRY_AFTER_SECONDS = 3600.0
"""A host that wants us away for longer is asked again after this."""

_LOOK_AGAIN_SECONDS = 0.5
_FORGET_AFTER = timedelta(days=1)


@contextmanager
def turn(url: str, *, job: Job, patience_seconds: float = 0.0) -> Iterator[None]:
    """Holds the job's turn at the URL's host while the body fetches from it.

    Waits up to `patience_seconds` in place, then raises jobs.NotYet. A URL that cannot be read needs no turn: the
    opener refuses it. Where the host's answer asks us to wait, nobody gets a turn there before.
    """
    try:
        host = parse_url(url).host
    except OutboundError:
        yield
        return
    patient_until = time.monotonic() + patience_seconds
    while wait := _take(host, job):
        if time.monotonic() + wait > patient_until:
            raise jobs.NotYet(wait)
        time.sleep(wait)
    mine = HostTurn.objects.filter(host=host, job=job, token=job.token)
    try:
        with jobs.renewing(
            f"turn-{job.pk}", lambda: mine.update(until=jobs.after(settings.JOB_LEASE_SECONDS))
        ):
            yield
    except OutboundError as error:
        if error.hops and error.hops[-1].status in ASKED_TO_WAIT:
            seconds = retry_after_seconds(dict(error.hops[-1].headers), now=datetime.now(UTC))
            _close({host, parse_url(error.hops[-1].url).host}, seconds)
        raise
    finally:
        mine.delete()


def retry_after_seconds(headers: Mapping[str, str], *, now: datetime) -> float:
    """How long an answer asks us to stay away, at most MAX_RETRY_AFTER_SECONDS; 0 where it does not say, or oddly."""
    said = next((value.strip() for name, value in headers.items() if name.lower() == "retry-after"), "")
    if said.isascii() and said.isdigit():
        # Not int() of a thousand digits: whoever writes them wants the most.
        seconds = float(said[:10]) if len(said) <= 10 else MAX_RETRY_AFTER_SECONDS
    else:
        try:
            at = parsedate_to_datetime(said)
        except ValueError:
            return 0.0
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def forget_old_turns() -> None:
    """Drops turns that nobody came for."""
    HostTurn.objects.filter(at__lt=jobs.after(-_FORGET_AFTER.total_seconds())).delete()


def _take(host: str, job: Job) -> float:
    """0 when the turn is the job's now; else in how many seconds it is worth asking again."""
    delay = timedelta(seconds=settings.HOST_DELAY_SECONDS)
    with transaction.atomic():
        Host.objects.get_or_create(name=host, defaults={"next_turn_at": Now()})
        # The row is held from here on: what is counted below cannot change before the commit.
        Host.objects.filter(pk=host).update(next_turn_at=F("next_turn_at"))
        row = Host.objects.annotate(now=Now()).get(pk=host)
        now: datetime = row.now
        mine = HostTurn.objects.filter(host=row, job=job).first()
        if mine is None:
            mine = HostTurn.objects.create(host=row, job=job, token=job.token, at=max(row.next_turn_at, now))
            Host.objects.filter(pk=host).update(next_turn_at=mine.at + delay)
        may_start = max(mine.at, row.closed_until or now, row.started_at + delay if row.started_at else now)
        if may_start > now:
            return (may_start - now).total_seconds()
        if mine.until is not None and mine.until > now:
            # The worker that this job was taken from may still be fetching, until it shows no sign of life.
            return (mine.until - now).total_seconds()
        if row.turns.filter(until__gt=now).count() >= settings.HOST_CONCURRENCY:
            return max(settings.HOST_DELAY_SECONDS, _LOOK_AGAIN_SECONDS)
        HostTurn.objects.filter(pk=mine.pk).update(
            token=job.token, until=jobs.after(settings.JOB_LEASE_SECONDS)
        )
        Host.objects.filter(pk=host).update(started_at=now)
    return 0.0


def _close(hosts: set[str], seconds: float) -> None:
    if not seconds:
        return
    with transaction.atomic():
        for host in sorted(hosts):
            Host.objects.get_or_create(name=host, defaults={"next_turn_at": Now()})
            Host.objects.filter(pk=host).update(closed_until=jobs.after(seconds))
    log.info("host.closed", hosts=sorted(hosts), seconds=round(seconds))
