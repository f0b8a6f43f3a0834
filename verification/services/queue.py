"""The queue: who gets which review next.

Leasing is one conditional UPDATE checked by row count; locks only make it faster.
"""

from __future__ import annotations

import uuid

from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from claims.errors import IllegalState, LeaseLost, Missing
from claims.models import Claim, Membership, Person
from claims.vocabulary import Stage
from verification.models import Need, Policy, QueueEntry, Review
from verification.models.queue import LEASED, WAITING, QueueEntryQuerySet, Reach, reach_of
from verification.services.entries import note_lease
from verification.services.jobs import after
from verification.services.leases import Lease, hour, said
from verification.services.next_lease import lease_head
from verification.services.waiting import ALL, Narrowing, offered, why_not


def lease_next(person: Person, narrowing: Narrowing = ALL) -> Lease | None:
    """Leases the best entry for the person; None only when nothing waits that they may take.

    Raises IllegalState `lease_limit` where they hold as many as their desk allows.
    """
    while True:
        with transaction.atomic():
            reach = reach_of(person, _one_call_at_a_time(person))
            leased = _at_once(person, reach, narrowing)
            if leased is None:
                entry_id = _best(person, reach, narrowing)
                leased = entry_id if entry_id and _take(entry_id, person) else None
            # Read while nobody can take it away.
            lease = _lease(leased) if leased else None
        if lease is not None:
            return lease
        if not offered(person, narrowing).exists():
            return None


def lease_entry(entry: QueueEntry, person: Person) -> Lease:
    """Leases this very entry. Raises LeaseLost naming holder and time where another holds it."""
    if entry.state not in {WAITING, LEASED}:
        raise IllegalState("This review is not waiting any more.", code="not_waiting")
    if not QueueEntry.objects.takeable_by(person).filter(pk=entry.pk).exists():
        raise IllegalState(f"This review is not for you: {why_not(entry, person)}.", code="not_for_you")
    # Who may take no more is still told who holds it, and that may be they.
    if not QueueEntry.objects.held().filter(pk=entry.pk).exists():
        with transaction.atomic():
            _one_call_at_a_time(person)
            if _take(entry.pk, person):
                return _lease(entry.pk)
    entry.refresh_from_db()
    if entry.holder is None or entry.lease_until is None:
        raise IllegalState("This review is not waiting any more.", code="not_waiting")
    if entry.holder_id == person.pk:
        return Lease(entry)
    raise LeaseLost(
        f"{entry.holder.display_name} holds this review until {hour(entry.lease_until)}.",
        code="lease_held",
        holder=entry.holder.display_name,
        expires_at=said(entry.lease_until),
    )


def entry_of(person: Person, entry_id: uuid.UUID) -> QueueEntry:
    entry = QueueEntry.objects.visible_to(person).with_all_shown().filter(pk=entry_id).first()
    if entry is None:
        raise Missing("There is no such queue entry.")
    return entry


def _at_once(person: Person, reach: Reach, narrowing: Narrowing) -> uuid.UUID | None:
    if narrowing.kind or connection.vendor != "postgresql":
        return None
    return lease_head(person, narrowing.of_needs(reach.met))


def _best(person: Person, reach: Reach, narrowing: Narrowing) -> uuid.UUID | None:
    """The entry that the person is to have next: of theirs, of run-out leases, and of the needs that they meet.

    Each is the head of an index, however many wait; the need whose head stands first is then read without the
    rows that others are just taking.
    """
    free = narrowing.of(QueueEntry.objects.not_skipped_by(person))
    by_place = ("place", "id")
    ran_out = (
        free.filter(state=LEASED, lease_until__lte=Now())
        .takeable_by(person, reach)
        .in_order_for(person)
        .values_list("place", "pk", "assignee_id")
        .first()
    )
    mine = free.filter(state=WAITING, assignee=person).takeable_by(person, reach).order_by(*by_place)
    own = ran_out if ran_out is not None and ran_out[2] == person.pk else None
    if own is not None:
        mine = mine.filter(place__lt=own[0])
    if (entry_id := _unlocked(mine).first()) is not None:
        return entry_id
    if own is not None:
        return own[1]
    waiting = free.filter(state=WAITING, assignee=None).not_barred_to(person).order_by(*by_place)
    heads = (
        Need.objects.filter(pk__in=reach.met)
        .annotate(head=Subquery(waiting.filter(need=OuterRef("pk")).values("place")[:1]))
        .exclude(head=None)
        .order_by("head", "pk")
        .values_list("pk", "head")
    )
    needed = list(heads)
    for need, head in needed:
        if ran_out is not None and ran_out[0] < head:
            break
        if (entry_id := _unlocked(waiting.filter(need=need)).first()) is not None:
            return entry_id
    if ran_out is not None:
        return ran_out[1]
    # What others are just taking is waited for only where nothing else is left.
    return waiting.filter(need__in=[need for need, _ in needed]).values_list("pk", flat=True).first()


def _unlocked(entries: QueueEntryQuerySet) -> QuerySet[QueueEntry, uuid.UUID]:
    if connection.features.has_select_for_update_skip_locked:
        entries = entries.select_for_update(skip_locked=True, of=("self",))
    return entries.values_list("pk", flat=True)


def _take(entry_id: uuid.UUID, person: Person) -> bool:
    """Leases the entry, where nobody was faster; within a transaction that holds `_one_call_at_a_time`."""
    # Held from here on, so that whoever gives run-out leases back does not write its end down as well.
    rows = QueueEntry.objects.select_related("desk__policy", "holder").select_for_update(of=("self",))
    seen = rows.get(pk=entry_id)
    policy = seen.desk.policy
    _within_limit(person, policy)
    taken = (
        QueueEntry.objects.free()
        .filter(pk=entry_id, fence=seen.fence)
        .update(state=LEASED, holder=person, lease_until=after(policy.lease_seconds), fence=seen.fence + 1)
    )
    if taken != 1:
        return False
    now = timezone.now()
    if seen.holder_id is not None:
        note_lease(seen, "expired", seen.holder, now)
    entry = QueueEntry.objects.select_related("holder").get(pk=entry_id)
    note_lease(entry, "leased", person, now)
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
    return True


def _lease(entry_id: uuid.UUID) -> Lease:
    """What was just given, as it is within the same transaction."""
    return Lease(QueueEntry.objects.only("claim", "fence", "lease_until").get(pk=entry_id))


def _one_call_at_a_time(person: Person) -> list[Membership]:
    """The person's memberships of staff."""
    # They are the one place where all of a person's calls meet, and are locked before any entry; SQLite's
    # IMMEDIATE does the same.
    return list(Membership.objects.of_staff(person).order_by("pk").select_for_update())


def _within_limit(person: Person, policy: Policy) -> None:
    held = QueueEntry.objects.held().filter(holder=person, desk_id=policy.desk_id).count()
    if held >= policy.lease_limit:
        raise IllegalState(
            f"You hold {held} reviews, which is as many as your desk allows. Submit, release or skip one first.",
            code="lease_limit",
        )
