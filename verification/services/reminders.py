"""Reminding people of what is due: reviews shortly before and once they are overdue, uploaders to be asked again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from claims.models import Person
from claims.vocabulary import Notice
from verification.models import Ask, Contact, HandOver, QueueEntry
from verification.models.queue import AskQuerySet
from verification.services.jobs import after
from verification.services.telling import editors_of, staff_for, tell

SOON = timedelta(minutes=30)
BATCH = 200


def remind(at: datetime) -> int:
    """Tells of what is due soon and of what is overdue, each once; how many reviews and contacts there were.

    Who holds a review, else whom it is assigned to, is told of both. The desk's editors are told of what is overdue
    only where one of them asked for it by an hour: a goal that is missed is on the board, not in everybody's inbox.
    Of several hours that were asked for, each is told of; the later ones by their dimensions. That an uploader is to be
    asked again is told to who asked them first, to the desk's editors where they are gone; that somebody is to be called
    back, as was said at a hand-over, to who works on the review now, to the desk's editors where nobody does.
    """
    due = QueueEntry.objects.open().select_related("claim__desk", "holder", "assignee")
    soon = due.filter(wanted_by__gt=Now(), wanted_by__lte=after(SOON.total_seconds()), reminded_at=None)
    late = due.overdue().filter(overdue_told_at=None)
    again = Contact.objects.filter(call_again_at__lte=Now(), reminded_at=None)
    again = again.select_related("claim__desk")
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
    asks = Ask.objects.standing().filter(entry__in=QueueEntry.objects.open())
    nearing = asks.filter(due_at__gt=Now(), due_at__lte=after(SOON.total_seconds()))
    for entry, about in _untold(nearing, "reminded_at", SOON):
        tell_them = partial(tell, _at_work_on(entry), occasion=Notice.DUE_SOON, about=about)
        told += _once(entry, "due_at", "reminded_at", at, tell_them)
    for entry, about in _untold(asks.filter(due_at__lte=Now()), "overdue_told_at", timedelta(0)):
        people = [*_at_work_on(entry), *editors_of(entry.claim.desk)]
        tell_them = partial(tell, people, occasion=Notice.OVERDUE, about=about)
        told += _once(entry, "due_at", "overdue_told_at", at, tell_them)
    for contact in again.order_by("call_again_at")[:BATCH]:
        about = {"media": str(contact.media_id)}
        tell_them = partial(tell, _seeing_through(contact), occasion=Notice.CALL_AGAIN, about=about)
        told += _once(contact, "call_again_at", "reminded_at", at, tell_them)
    for handed in _to_call_back():
        people = _at_work_on(handed.entry) or list(editors_of(handed.claim.desk))
        tell_them = partial(tell, people, occasion=Notice.CALL_BACK)
        told += _once(handed, "call_back_at", "reminded_at", at, tell_them)
    return told


def _to_call_back() -> QuerySet[HandOver]:
    """Hand-overs whose hour has come, where they are the last of a review that is still open."""
    due = HandOver.objects.filter(
        call_back_at__lte=Now(), reminded_at=None, entry__in=QueueEntry.objects.open()
    )
    newer = HandOver.objects.filter(entry=OuterRef("entry"), at__gt=OuterRef("at"))
    of_entry = ("entry__claim__desk", "entry__holder", "entry__assignee")
    return due.exclude(Exists(newer)).select_related(*of_entry).order_by("call_back_at")[:BATCH]


def _once(
    row: QueueEntry | Contact | HandOver, hour: str, mark: str, at: datetime, tell_them: Callable[..., None]
) -> int:
    """Tells them, unless the row's hour is another by now or somebody told them meanwhile."""
    with transaction.atomic():
        same = type(row)._default_manager.filter(
            pk=row.pk, **{name: getattr(row, name) for name in (hour, mark)}
        )
        marked = same.update(**{mark: at})
        if marked:
            tell_them(claim=row.claim, by=None, at=at)
    return marked


def _untold(asks: AskQuerySet, mark: str, lead: timedelta) -> list[tuple[QueueEntry, dict[str, str]]]:
    """The entries of those asks of which nobody was told since `lead` before their hour, or since they were made; each
    with their dimensions.
    """
    told, told_before = f"entry__{mark}", f"entry__{mark}__lt"
    untold = asks.filter(Q((told, None)) | Q((told_before, F("due_at") - lead)) | Q((told_before, F("at"))))
    rows = untold.select_related("entry__claim__desk", "entry__holder", "entry__assignee")
    return [
        (entry, {"dimensions": ",".join(ask.dimension for ask in of_entry)})
        for entry, of_entry in groupby(rows.order_by("entry_id", "due_at")[:BATCH], key=attrgetter("entry"))
    ]


def _seeing_through(contact: Contact) -> list[Person]:
    """Who opened the contact; the desk's editors where they don't work there any more."""
    opener = staff_for(contact.claim).filter(pk=contact.opened_by_id)
    return list(opener) or list(editors_of(contact.claim.desk))


def _at_work_on(entry: QueueEntry) -> list[Person]:
    worker = entry.holder or entry.assignee
    return [worker] if worker else []
