"""Queue entries: made, moved and ended within the acts that want it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models.functions import Now
from django.utils import timezone

from claims.errors import FieldError, InvalidInput
from claims.models import Claim, Membership, Person
from claims.models.bodies import canonical
from claims.models.desks import STAFF
from claims.vocabulary import Dimension, Notice, ReviewKind
from verification.models import Ask, Invitation, LeaseEvent, Need, QueueEntry, Review, Skip
from verification.models.queue import CANCELLED, DONE, LEASED, WAITING
from verification.services import telling

BATCH = 500


def open_queue_entry(
    claim: Claim,
    *,
    kind: ReviewKind,
    review_round: int,
    barred: Collection[uuid.UUID] = (),
    asked_by: Person | None = None,
) -> QueueEntry:
    """Makes the entry for a review that wants doing; `asked_by` is whose wish it is, where it is one."""
    now = timezone.now()
    entry = QueueEntry(
        claim=claim,
        desk=claim.desk,
        need=need_of(claim),
        review_kind=kind.value,
        round=review_round,
        priority=claim.priority,
        created_at=now,
        assignee=_still_theirs(claim, barred),
        barred="".join(f"|{person}|" for person in barred),
        asked_by=asked_by,
    )
    entry.put_in_place(now)
    entry.save(force_insert=True)
    if entry.assignee is not None:
        telling.tell([entry.assignee], occasion=Notice.ASSIGNED, claim=claim, by=None, at=now)
    return entry


def _still_theirs(claim: Claim, barred: Collection[uuid.UUID]) -> Person | None:
    """Whose the claim is, where they may do this review and are still there to do it."""
    person = claim.assignee
    if person is None or person.pk in barred or not may_be_given(claim, person):
        return None
    return person


def may_be_given(claim: Claim, person: Person) -> bool:
    """Whether the person works on the claim's desk."""
    return person.is_active and Membership.objects.of_staff(person).filter(desk_id=claim.desk_id).exists()


def anybody_for(entry: QueueEntry) -> bool:
    """Whether anybody works on the desk who is not barred from the review."""
    staff = Membership.objects.filter(
        desk_id=entry.desk_id, role__in=STAFF, person__is_active=True, person__is_service=False
    )
    return any(f"|{person}|" not in entry.barred for person in staff.values_list("person_id", flat=True))


def at_work_on(entry: QueueEntry) -> list[Person]:
    """Who holds the review now, and whom they asked in."""
    if entry.holder is None or not entry.is_held:
        return []
    asked = Invitation.objects.filter(
        review__entry=entry, review__reviewer=entry.holder, review__state=Review.OPEN
    )
    return [entry.holder, *(one.person for one in asked.select_related("person"))]


def took_part_in(entry: QueueEntry) -> set[uuid.UUID]:
    """Who recorded something in the open reviews of an entry, or was asked into one."""
    rows = entry.reviews.filter(state=Review.OPEN).values_list("verdicts__by_id", "invitations__person_id")
    return {person for row in rows for person in row if person is not None}


def open_entry(claim: Claim) -> QueueEntry | None:
    """The claim's review that waits or is held."""
    return next((entry for entry in claim.queue_entries.all() if entry.state in {WAITING, LEASED}), None)


def need_of(claim: Claim) -> Need:
    """What a review of the claim needs somebody for."""
    what = [claim.language, claim.skills, claim.topics]
    need, _ = Need.objects.get_or_create(
        desk_id=claim.desk_id,
        key=hashlib.sha256(canonical(what).encode()).hexdigest(),
        defaults={"language": claim.language, "skills": claim.skills, "topics": claim.topics},
    )
    return need


def follow_claim(claim: Claim) -> None:
    """Moves what is open to where the claim's priority, language, skills and topics now put it."""
    for entry in _open(claim):
        entry.need = need_of(claim)
        entry.priority = claim.priority
        _save_in_place(entry, timezone.now(), "need", "priority")


def ask_for(claim: Claim, *, dimension: Dimension, due_at: datetime, by: Person, at: datetime) -> Ask:
    """Has the open entry stand by the hours that editors asked for.

    Of each dimension the newest ask counts, and of these the earliest hour, even where it has passed: what is overdue
    stays so until it is decided or put off. Each hour is reminded of by itself, so what was told is left as it is.
    """
    entry = _open(claim)[0]
    ask = Ask.objects.create(entry=entry, dimension=dimension.value, due_at=due_at, by=by, at=at)
    _stand_by_asks(entry, at)
    return ask


def no_longer_ask_for(claim: Claim, *, dimension: Dimension, at: datetime) -> list[Ask]:
    """Takes back what is asked for of a dimension: what counted of it, none where nothing did."""
    taken: list[Ask] = []
    for entry in _open(claim):
        taken += entry.asks.standing().filter(dimension=dimension.value).select_related("by", "entry")
        # Those before it too: they would count again.
        entry.asks.filter(dimension=dimension.value, taken_back_at=None).update(taken_back_at=at)
        _stand_by_asks(entry, at)
        if entry.wanted_by > at:
            # Of this hour nobody was told yet, whatever was told of the one that was taken back.
            entry.reminded_at = entry.overdue_told_at = None
            entry.save(update_fields=["reminded_at", "overdue_told_at"])
    return taken


def _stand_by_asks(entry: QueueEntry, at: datetime) -> None:
    entry.due_at = min(entry.asks.standing().values_list("due_at", flat=True), default=None)
    _save_in_place(entry, at, "due_at")


def raise_overdue(at: datetime) -> int:
    """Puts entries that rise a class to their new place; how many there were."""
    rising = QueueEntry.objects.open().filter(rises_at__lte=Now()).select_related("desk__policy")
    risen = 0
    for entry in rising.order_by("rises_at")[:BATCH]:
        seen = entry.rises_at
        entry.put_in_place(at)
        risen += QueueEntry.objects.filter(pk=entry.pk, rises_at=seen).update(
            place=entry.place, rises_at=entry.rises_at
        )
    return risen


def give_to(claim: Claim, person: Person | None, *, at: datetime) -> None:
    """Says whose the claim and its open review are; None gives them to everybody.

    Who is given what they had passed over is offered it again: nobody else may take it; and the flag of what many passed
    over ends. Raises InvalidInput at /to where it would be a second look at their own work.
    """
    entries = list(claim.queue_entries.open())
    if person is not None:
        refuse_own_work(entries, person, pointer="/to")
        Skip.objects.filter(entry__in=entries, person=person, until__gt=at).update(until=at)
    ended = {"flagged_at": None} if person is not None else {}
    QueueEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(assignee=person, **ended)
    Claim.objects.filter(pk=claim.pk).update(assignee=person)


def refuse_own_work(entries: Iterable[QueueEntry], person: Person, *, pointer: str) -> None:
    """Raises InvalidInput where one of the reviews would be a second look at the person's own work."""
    if any(f"|{person.pk}|" in entry.barred for entry in entries):
        raise InvalidInput(
            FieldError(
                pointer, "It would be a second look at their own work. Name somebody else.", "own_work"
            )
        )


def cancel_queue_entry(claim: Claim, *, at: datetime, entries: Iterable[QueueEntry] | None = None) -> None:
    """Ends what is open of a claim that is decided otherwise; the holder of a lease loses it. `entries` are the open
    ones, where they have been read already.
    """
    for entry in claim.queue_entries.open() if entries is None else entries:
        entry.fence += 1
        QueueEntry.objects.filter(pk=entry.pk).update(
            state=CANCELLED, holder=None, lease_until=None, fence=entry.fence
        )
        entry.reviews.filter(state=Review.OPEN).update(state=Review.CLOSED)
        note_lease(entry, "cancelled", None, at)


def restore_queue_entry(claim: Claim, *, at: datetime) -> QueueEntry:
    """Undoes `cancel_queue_entry`: the review that was cancelled last waits again, with what was recorded in it."""
    cancelled = claim.queue_entries.filter(state=CANCELLED).select_related("desk__policy", "assignee")
    entry = cancelled.latest("created_at", "pk")
    entry.state = WAITING
    entry.priority, entry.need = claim.priority, need_of(claim)
    if entry.assignee is not None and not may_be_given(claim, entry.assignee):
        entry.assignee = None
    _save_in_place(entry, at, "state", "priority", "need", "assignee")
    entry.reviews.filter(state=Review.CLOSED).update(state=Review.OPEN)
    note_lease(entry, "restored", None, at)
    return entry


def finish_entry(entry: QueueEntry, person: Person, *, at: datetime) -> None:
    """Ends an entry whose review is submitted."""
    QueueEntry.objects.filter(pk=entry.pk, fence=entry.fence).update(
        state=DONE, holder=None, lease_until=None
    )
    entry.reviews.filter(state=Review.OPEN).exclude(reviewer=person).update(state=Review.CLOSED)
    note_lease(entry, "submitted", person, at)


def note_lease(entry: QueueEntry, kind: str, person: Person | None, at: datetime) -> None:
    """Writes down what happened to a lease."""
    LeaseEvent.objects.create(
        entry=entry, fence=entry.fence, kind=kind, person=person, until=entry.lease_until, at=at
    )


def _open(claim: Claim) -> list[QueueEntry]:
    return list(claim.queue_entries.open().select_related("desk__policy"))


def _save_in_place(entry: QueueEntry, at: datetime, *changed: str) -> None:
    entry.put_in_place(at)
    entry.save(update_fields=[*changed, *QueueEntry.PLACED])
