"""Reminding people of what is due: reviews shortly before and once they are overdue, uploaders to be asked again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models.functions import Now

from claims.models import Person
from claims.vocabulary import Notice
from verification.models import Contact, QueueEntry
from verification.services.jobs import after
from verification.services.telling import editors_of, tell

SOON = timedelta(minutes=30)
BATCH = 200


def remind(at: datetime) -> int:
    """Tells of what is due soon and of what is overdue, each once; how many reviews and contacts there were.

    Who holds a review, else whom it is assigned to, is told of both. The desk's editors are told of what is overdue
    only where one of them asked for it by an hour: a goal that is missed is on the board, not in everybody's inbox.
    That an uploader is to be asked again is told to who asked them first.
    """
    due = QueueEntry.objects.open().select_related("claim__desk", "holder", "assignee")
    soon = due.filter(wanted_by__gt=Now(), wanted_by__lte=after(SOON.total_seconds()), reminded_at=None)
    late = due.overdue().filter(overdue_told_at=None)
    again = Contact.objects.filter(call_again_at__lte=Now(), reminded_at=None)
    again = again.select_related("claim__desk", "opened_by")
    told = 0
    for entry in soon.order_by("wanted_by")[:BATCH]:
        tell_them = partial(tell, _at_work_on(entry), occasion=Notice.DUE_SOON)
        told += _once(entry, "wanted_by", "reminded_at", at, tell_them)
    for entry in late.order_by("wanted_by")[:BATCH]:
        people = _at_work_on(entry)
        if entry.due_at is not None:
            people += list(editors_of(entry.claim.desk))
        tell_them = partial(tell, people, occasion=Notice.OVERDUE)
        told += _once(entry, "wanted_by", "overdue_told_at", at, tell_them)
    for contact in again.order_by("call_again_at")[:BATCH]:
        about = {"media": str(contact.media_id)}
        tell_them = partial(tell, [contact.opened_by], occasion=Notice.CALL_AGAIN, about=about)
        told += _once(contact, "call_again_at", "reminded_at", at, tell_them)
    return told


def _once(
    row: QueueEntry | Contact, hour: str, mark: str, at: datetime, tell_them: Callable[..., None]
) -> int:
    """Tells them, unless the row's hour is another by now or somebody told them already."""
    with transaction.atomic():
        same = type(row)._default_manager.filter(pk=row.pk, **{hour: getattr(row, hour), mark: None})
        marked = same.update(**{mark: at})
        if marked:
            tell_them(claim=row.claim, by=None, at=at)
    return marked


def _at_work_on(entry: QueueEntry) -> list[Person]:
    worker = entry.holder or entry.assignee
    return [worker] if worker else []
