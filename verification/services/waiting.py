"""What waits: for whom, in which order, how much of it, and why some of it is not somebody's to take.

Whatever is asked of all that waits is answered from a stretch of an index that ends, however much waits: each reason
for which something is not a person's is looked for by itself, and nothing is counted to its end.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.db.models.functions import Now
from django.utils import timezone

from claims.models import Desk, MediaItem, Membership, Person
from claims.vocabulary import MediaKind, ReviewKind
from verification.models import Need, QueueEntry, Skip
from verification.models.queue import QueueEntryQuerySet, Reach, reach_of
from verification.services.jobs import after
from verification.services.leases import hour

COUNTED_TO = 1000
"""Further than this, nothing is counted."""


@dataclass(frozen=True)
class Narrowing:
    """What the person wants offered, of all that they may take."""

    desk_id: uuid.UUID | None = None
    language: str | None = None
    kind: MediaKind | None = None

    def of(self, entries: QueueEntryQuerySet) -> QueueEntryQuerySet:
        if self.desk_id:
            entries = entries.filter(desk_id=self.desk_id)
        if self.language:
            entries = entries.filter(need__language=self.language)
        if self.kind:
            entries = entries.filter(
                claim_id__in=MediaItem.objects.filter(kind=self.kind.value).values("claim_id")
            )
        return entries

    def of_needs(self, needs: Iterable[uuid.UUID]) -> list[uuid.UUID]:
        """Those of the needs that entries of this desk and language have."""
        if not (self.desk_id or self.language):
            return list(needs)
        narrowed = Need.objects.filter(pk__in=needs)
        if self.desk_id:
            narrowed = narrowed.filter(desk_id=self.desk_id)
        if self.language:
            narrowed = narrowed.filter(language=self.language)
        return list(narrowed.values_list("pk", flat=True))


ALL = Narrowing()


@dataclass(frozen=True)
class Summary:
    """How much of what the person may take is offered to them, is held, is offered and wanted within the hour, or overdue."""

    waiting: int
    leased: int
    due_soon: int
    overdue: int


@dataclass(frozen=True)
class NotForYou:
    """How much waits on the person's desks that they may not take, by the reason; each counted to `COUNTED_TO`."""

    own_work: int
    assigned_to_others: int
    needs_others: int
    skipped: int


def offered(person: Person, narrowing: Narrowing = ALL, *, reach: Reach | None = None) -> QueueEntryQuerySet:
    """What the person would be handed, in no order."""
    return narrowing.of(QueueEntry.objects.free().takeable_by(person, reach).not_skipped_by(person))


def first_offered(person: Person, narrowing: Narrowing, number: int, *, reach: Reach) -> list[uuid.UUID]:
    """The first of what the person would be handed, in that order: their own assignments, then by place."""
    entries = offered(person, narrowing, reach=reach).order_by("place", "id").values_list("pk", flat=True)
    own = list(entries.filter(assignee=person)[:number])
    return own + list(entries.filter(assignee=None)[: number - len(own)])


def first_not_offered(person: Person, number: int, *, desk: Desk, reach: Reach) -> list[uuid.UUID]:
    """The first of what waits on the desk and is not offered to the person, by place."""
    firsts = [
        rows.order_by("place", "id").values_list("pk", flat=True)[:number]
        for rows in _not_offered(person, reach, desk).values()
    ]
    found = QueueEntry.objects.filter(pk__in=list(chain.from_iterable(firsts))).order_by("place", "id")
    return list(found.values_list("pk", flat=True)[:number])


def why_next(entry: QueueEntry, person: Person) -> list[str]:
    """Why the entry stands where it does for the person, the strongest reason first."""
    assigned = ["It is assigned to you."] if entry.assignee_id == person.pk else []
    return assigned + entry.standing.why(timezone.now())


def why_not(entry: QueueEntry, person: Person) -> str:
    """Why an open entry that the person sees is not theirs to take, to be said after a colon."""
    return next(why_none([entry], person, reach=reach_of(person)))


def why_none(entries: Sequence[QueueEntry], person: Person, *, reach: Reach) -> Iterator[str]:
    """As `why_not`, of each of several."""
    skips = Skip.objects.in_force(person).filter(entry__in=entries)
    until = dict(skips.order_by("until").values_list("entry", "until"))
    for entry in entries:
        yield _why_not(entry, person, reach.members.get(entry.desk_id), until.get(entry.pk))


def summary(person: Person, *, desk: Desk | None = None, reach: Reach) -> Summary:
    """What the person's queue comes to; what they skipped waits for others meanwhile, see `not_for`."""
    entries = QueueEntry.objects.open().takeable_by(person, reach)
    if desk is not None:
        entries = entries.filter(desk=desk)
    waiting = entries.free().not_skipped_by(person)
    return Summary(
        waiting=_counted(waiting),
        leased=_counted(entries.held()),
        due_soon=_counted(waiting.filter(wanted_by__gt=Now(), wanted_by__lte=after(3600))),
        overdue=_counted(waiting.overdue()),
    )


def not_for(person: Person, *, desk: Desk | None = None, reach: Reach) -> NotForYou:
    """What else waits on the person's desks, so that nobody takes "none for you" for "none"."""
    return NotForYou(**{reason: _counted(rows) for reason, rows in _not_offered(person, reach, desk).items()})


def _not_offered(person: Person, reach: Reach, desk: Desk | None) -> dict[str, QueueEntryQuerySet]:
    """What waits on the person's desks, or on this one of them, and is not offered to them, by the reason."""
    free = QueueEntry.objects.free().within(reach)
    if desk is not None:
        free = free.filter(desk=desk)
    not_own = free.not_barred_to(person)
    return {
        "own_work": free.barred_to(person),
        "assigned_to_others": not_own.exclude(assignee=None).exclude(assignee=person),
        "needs_others": not_own.filter(assignee=None, need__in=reach.unmet),
        "skipped": free.takeable_by(person, reach).skipped_by(person),
    }


def _why_not(
    entry: QueueEntry, person: Person, member: Membership | None, skipped_until: datetime | None
) -> str:
    if f"|{person.pk}|" in entry.barred:
        if entry.review_kind == ReviewKind.ADJUDICATION:
            return "it settles a disagreement that you are a party to"
        return "it would be a second look at your own work"
    if entry.assignee is not None and entry.assignee_id != person.pk:
        return f"it is assigned to {entry.assignee.display_name}"
    missing = entry.need.missing(member) if member else []
    if missing:
        return f"it needs somebody for {', '.join(missing)}"
    if skipped_until is not None:
        return f"you skipped it; it is offered again from {hour(skipped_until)}"
    return "it is not offered to you"


def _counted(entries: QueueEntryQuerySet) -> int:
    return entries.values("pk")[:COUNTED_TO].count()
