"""Reminding people of what is due: whoever works on it shortly before, and the desk once it is overdue."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from claims.models import Person
from claims.vocabulary import Notice
from verification.models import QueueEntry
from verification.services.jobs import after
from verification.services.telling import editors_of, tell

SOON = timedelta(minutes=30)
BATCH = 200


def remind(at: datetime) -> int:
    """Tells of what is due soon and of what is overdue, each once; how many entries there were.

    Who holds a review, else whom it is assigned to, is told of both. The desk's editors are told of what is overdue
    only where one of them asked for it by an hour: a goal that is missed is on the board, not in everybody's inbox.
    """
    due = QueueEntry.objects.open().select_related("claim__desk", "holder", "assignee")
    soon = due.filter(wanted_by__gt=Now(), wanted_by__lte=after(SOON.total_seconds()), reminded_at=None)
    late = due.overdue().filter(overdue_told_at=None)
    told = 0
    for entry in soon.order_by("wanted_by")[:BATCH]:
        told += _once(entry, "reminded_at", Notice.DUE_SOON, at, _at_work_on(entry))
    for entry in late.order_by("wanted_by")[:BATCH]:
        people = _at_work_on(entry)
        if entry.due_at is not None:
            people += list(editors_of(entry.claim.desk))
        told += _once(entry, "overdue_told_at", Notice.OVERDUE, at, people)
    return told


def _once(entry: QueueEntry, mark: str, occasion: Notice, at: datetime, people: list[Person]) -> int:
    with transaction.atomic():
        marked = QueueEntry.objects.filter(pk=entry.pk, wanted_by=entry.wanted_by, **{mark: None}).update(
            **{mark: at}
        )
        if marked:
            tell(people, occasion=occasion, claim=entry.claim, by=None, at=at)
    return marked


def _at_work_on(entry: QueueEntry) -> list[Person]:
    worker = entry.holder or entry.assignee
    return [worker] if worker else []
