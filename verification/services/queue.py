"""The queue: who gets which review next, and who holds it until when.

Leasing is one conditional UPDATE checked by row count; locks only make it faster. Every write under a lease
repeats its fence.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from claims.errors import FieldError, IllegalState, InvalidInput, LeaseLost, Missing
from claims.models import Claim, Desk, MediaItem, Membership, Person
from claims.models.desks import STAFF
from claims.vocabulary import MediaKind, Priority, ReviewKind, Stage
from verification.models import LeaseEvent, Policy, QueueEntry, Review, Skip
from verification.models.queue import CANCELLED, DONE, LEASED, RANK, WAITING, QueueEntryQuerySet, place_of
from verification.services.jobs import after


@dataclass(frozen=True)
class Lease:
    """What the holder is told."""

    entry: QueueEntry
    claim: Claim

    @property
    def token(self) -> str:
        return self.entry.token


@dataclass(frozen=True)
class Narrowing:
    """What the person wants offered, of all that they may take."""

    desk_id: uuid.UUID | None = None
    language: str | None = None
    kind: MediaKind | None = None


@dataclass(frozen=True)
class Summary:
    waiting: int
    leased: int
    due_soon: int
    overdue: int


def open_queue_entry(
    claim: Claim, *, kind: ReviewKind, review_round: int, barred: tuple[uuid.UUID, ...] = ()
) -> QueueEntry:
    """Makes the entry for a review that wants doing; called within the act that wants it."""
    now = timezone.now()
    return QueueEntry.objects.create(
        claim=claim,
        desk_id=claim.desk_id,
        review_kind=kind.value,
        round=review_round,
        place=place_of(rank=RANK[Priority(claim.priority)], due_at=None, created_at=now),
        created_at=now,
        language=claim.language,
        assignee=claim.assignee,
        barred="".join(f"|{person}|" for person in barred),
    )


def cancel_queue_entry(claim: Claim, *, at: datetime) -> None:
    """Ends what waits for a claim that is decided otherwise; the holder of a lease loses it."""
    for entry in claim.queue_entries.open():
        entry.fence += 1
        QueueEntry.objects.filter(pk=entry.pk).update(
            state=CANCELLED, holder=None, lease_until=None, fence=entry.fence
        )
        entry.reviews.filter(state=Review.OPEN).update(state=Review.CLOSED)
        _event(entry, "cancelled", None, at)


def prioritise(claim: Claim, priority: Priority) -> None:
    """Moves what waits for a claim to the place that its new priority gives it."""
    for entry in claim.queue_entries.open():
        place = place_of(rank=RANK[priority], due_at=entry.due_at, created_at=entry.created_at)
        QueueEntry.objects.filter(pk=entry.pk).update(place=place)


def lease_next(person: Person, narrowing: Narrowing = Narrowing()) -> Lease | None:
    """Leases the best entry for the person; None only when nothing waits that they may take.

    Raises IllegalState `lease_limit` where they hold as many as their desk allows.
    """
    entries = offered(person, narrowing)
    while entries.exists():
        with transaction.atomic():
            _one_call_at_a_time(person)
            # What others are just taking is passed over; only where nothing else is left is it waited for.
            entry_id = _unlocked(entries).first() or entries.values_list("pk", flat=True).first()
            lease = _take(entry_id, person) if entry_id else None
        if lease is not None:
            return lease
    return None


def lease_entry(entry: QueueEntry, person: Person) -> Lease:
    """Leases this very entry. Raises LeaseLost naming holder and time where another holds it."""
    if entry.state not in {WAITING, LEASED}:
        raise IllegalState("This review is not waiting any more.", code="not_waiting")
    if not QueueEntry.objects.takeable_by(person).filter(pk=entry.pk).exists():
        raise IllegalState(
            "This review is not for you: it is assigned to somebody else, or would be a second look at your own work.",
            code="not_for_you",
        )
    # Who may take no more is still told who holds it, and that may be they.
    lease = None
    if not QueueEntry.objects.held().filter(pk=entry.pk).exists():
        with transaction.atomic():
            _one_call_at_a_time(person)
            lease = _take(entry.pk, person)
    if lease is not None:
        return lease
    entry.refresh_from_db()
    if entry.holder is None or entry.lease_until is None:
        raise IllegalState("This review is not waiting any more.", code="not_waiting")
    if entry.holder_id == person.pk:
        return Lease(entry, entry.claim)
    raise LeaseLost(
        f"{entry.holder.display_name} holds this review until {entry.lease_until:%H:%M} UTC.",
        code="lease_held",
        holder=entry.holder.display_name,
        expires_at=_said(entry.lease_until),
    )


def offered(person: Person, narrowing: Narrowing = Narrowing()) -> QueueEntryQuerySet:
    """What the person would be handed, in that order."""
    entries = QueueEntry.objects.free().takeable_by(person).not_skipped_by(person)
    if narrowing.desk_id:
        entries = entries.filter(desk_id=narrowing.desk_id)
    if narrowing.language:
        entries = entries.filter(language=narrowing.language)
    if narrowing.kind:
        entries = entries.filter(
            claim_id__in=MediaItem.objects.filter(kind=narrowing.kind.value).values("claim_id")
        )
    return entries.in_order_for(person)


def _unlocked(entries: QueueEntryQuerySet) -> QuerySet[QueueEntry, uuid.UUID]:
    if connection.features.has_select_for_update_skip_locked:
        entries = entries.select_for_update(skip_locked=True, of=("self",))
    return entries.values_list("pk", flat=True)


def _take(entry_id: uuid.UUID, person: Person) -> Lease | None:
    """Within a transaction that holds `_one_call_at_a_time`."""
    seen = QueueEntry.objects.select_related("desk__policy").get(pk=entry_id)
    policy = seen.desk.policy
    _within_limit(person, policy)
    taken = (
        QueueEntry.objects.free()
        .filter(pk=entry_id, fence=seen.fence)
        .update(state=LEASED, holder=person, lease_until=after(policy.lease_seconds), fence=seen.fence + 1)
    )
    if taken != 1:
        return None
    now = timezone.now()
    if seen.holder_id is not None:
        _event(seen, "expired", seen.holder, now)
    entry = QueueEntry.objects.select_related("holder").get(pk=entry_id)
    _event(entry, "leased", person, now)
    Review.objects.get_or_create(
        entry=entry,
        reviewer=person,
        defaults={
            "claim_id": entry.claim_id,
            "kind": entry.review_kind,
            "round": entry.round,
            "opened_at": now,
        },
    )
    Claim.objects.filter(pk=entry.claim_id, stage=Stage.QUEUED).update(stage=Stage.IN_REVIEW, updated_at=now)
    return Lease(entry, Claim.objects.get(pk=entry.claim_id))


def _one_call_at_a_time(person: Person) -> None:
    # The memberships are the one place where all of a person's calls meet, and are locked before any entry;
    # SQLite's IMMEDIATE does the same.
    if connection.features.has_select_for_update:
        list(Membership.objects.filter(person=person, role__in=STAFF).order_by("pk").select_for_update())


def _within_limit(person: Person, policy: Policy) -> None:
    held = QueueEntry.objects.held().filter(holder=person, desk_id=policy.desk_id).count()
    if held >= policy.lease_limit:
        raise IllegalState(
            f"You hold {held} reviews, which is as many as your desk allows. Submit, release or skip one first.",
            code="lease_limit",
        )


def parse_token(token: str) -> tuple[uuid.UUID, int]:
    """Entry and fence of a lease token. Raises InvalidInput."""
    entry, dot, fence = token.partition(".")
    try:
        if not dot or not fence.isdecimal() or len(fence) > 9:
            raise ValueError(token)
        return uuid.UUID(entry), int(fence)
    except ValueError as error:
        raise InvalidInput(
            FieldError(
                "/lease_token", "This is not a lease token. Use the one that the lease gave.", "lease_token"
            )
        ) from error


def fenced(token: str, person: Person, *, claim: Claim | None = None) -> QueueEntry:
    """The entry that a token holds, renewed; to be called within the transaction of the write that it guards.

    Raises LeaseLost where the lease is another's, has run out or was given up.
    """
    entry_id, fence = parse_token(token)
    seen = QueueEntry.objects.select_related("desk__policy", "holder").visible_to(person).filter(pk=entry_id)
    if claim is not None:
        seen = seen.filter(claim=claim)
    entry = seen.first()
    if entry is None:
        raise LeaseLost(
            "This lease is of no review here. Lease the claim and use the token that you are given."
        )
    renewed = (
        QueueEntry.objects.held()
        .filter(pk=entry_id, fence=fence, holder=person)
        .update(lease_until=after(entry.desk.policy.lease_seconds))
    )
    if renewed != 1:
        raise _lost(entry, person)
    entry.refresh_from_db()
    return entry


def _lost(entry: QueueEntry, person: Person) -> LeaseLost:
    holder = entry.holder
    if holder is not None and entry.lease_until is not None and entry.lease_until > timezone.now():
        whose = "you under a newer lease" if holder.pk == person.pk else holder.display_name
        return LeaseLost(
            f"This review is held by {whose} until {entry.lease_until:%H:%M} UTC. What you recorded before is kept.",
            code="lease_held",
            holder=holder.display_name,
            expires_at=_said(entry.lease_until),
        )
    return LeaseLost(
        "Your time for this review ran out, or it was given up. Take the claim again; what you recorded is kept."
    )


def renew(token: str, person: Person) -> Lease:
    """Keeps a lease for its full time from now."""
    with transaction.atomic():
        entry = fenced(token, person)
        _event(entry, "renewed", person, timezone.now())
    return Lease(entry, entry.claim)


def release(token: str, person: Person) -> QueueEntry:
    """Gives a review back; the draft stays."""
    with _ending(token, person, "released") as entry:
        return entry


def skip(token: str, person: Person, *, reason: str) -> QueueEntry:
    """Passes a review over with a reason; it is not offered to the same person for a while."""
    with _ending(token, person, "skipped") as entry:
        now = timezone.now()
        Skip.objects.create(
            entry=entry,
            person=person,
            reason=reason,
            at=now,
            until=now + timedelta(seconds=entry.desk.policy.skip_seconds),
        )
        return entry


@contextmanager
def _ending(token: str, person: Person, kind: str) -> Iterator[QueueEntry]:
    with transaction.atomic():
        entry = fenced(token, person)
        QueueEntry.objects.filter(pk=entry.pk, fence=entry.fence).update(
            state=WAITING, holder=None, lease_until=None
        )
        _event(entry, kind, person, timezone.now())
        _back_to_queue(entry)
        yield entry
        entry.refresh_from_db()


def finish_entry(entry: QueueEntry, person: Person, *, at: datetime) -> None:
    """Ends an entry whose review is submitted; called within that act."""
    QueueEntry.objects.filter(pk=entry.pk, fence=entry.fence).update(
        state=DONE, holder=None, lease_until=None
    )
    entry.reviews.filter(state=Review.OPEN).exclude(reviewer=person).update(state=Review.CLOSED)
    _event(entry, "submitted", person, at)


def expire_leases() -> int:
    """Gives back what nobody holds any more, so that pages and lists say so; leasing does not depend on it."""
    given_back = 0
    for entry in QueueEntry.objects.filter(state=LEASED, lease_until__lte=Now())[:200]:
        with transaction.atomic():
            freed = QueueEntry.objects.filter(
                pk=entry.pk, fence=entry.fence, state=LEASED, lease_until__lte=Now()
            ).update(state=WAITING, holder=None, lease_until=None)
            if freed:
                _event(entry, "expired", entry.holder, timezone.now())
                _back_to_queue(entry)
                given_back += 1
    return given_back


def end_leases() -> int:
    """Ends every lease, as if it had run out; for a desk that nobody is at work on. Gives how many there were."""
    QueueEntry.objects.filter(state=LEASED).update(lease_until=Now())
    ended = 0
    while given_back := expire_leases():
        ended += given_back
    return ended


def entry_of(person: Person, entry_id: uuid.UUID) -> QueueEntry:
    entry = (
        QueueEntry.objects.visible_to(person).select_related("claim", "holder").filter(pk=entry_id).first()
    )
    if entry is None:
        raise Missing("There is no such queue entry.")
    return entry


def summary(person: Person, *, desk: Desk | None = None) -> Summary:
    """How much waits, is held, is due within the hour, is overdue, among what the person may take."""
    entries = QueueEntry.objects.open().takeable_by(person)
    if desk is not None:
        entries = entries.filter(desk=desk)
    waiting = entries.free()
    soon = after(3600)
    return Summary(
        waiting=waiting.count(),
        leased=entries.held().count(),
        due_soon=waiting.filter(due_at__gt=Now(), due_at__lte=soon).count(),
        overdue=waiting.filter(due_at__lte=Now()).count(),
    )


def _back_to_queue(entry: QueueEntry) -> None:
    Claim.objects.filter(pk=entry.claim_id, stage=Stage.IN_REVIEW).update(
        stage=Stage.QUEUED, updated_at=timezone.now()
    )


def _event(entry: QueueEntry, kind: str, person: Person | None, at: datetime) -> None:
    LeaseEvent.objects.create(
        entry=entry, fence=entry.fence, kind=kind, person=person, until=entry.lease_until, at=at
    )


def _said(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
