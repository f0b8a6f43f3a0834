"""Leases: who holds a review until when, and how it is kept, given back, given on or taken away.

Every change is one conditional UPDATE checked by row count, and every write under a lease repeats its fence.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from claims.errors import FieldError, IllegalState, InvalidInput, LeaseLost
from claims.models import Claim, Desk, Person
from claims.vocabulary import Notice, Stage
from verification.domain.transitions import Action
from verification.domain.wording import say_hour
from verification.models import AuditEntry, QueueEntry, Review, Skip
from verification.models.queue import LEASED, WAITING
from verification.services.audit import chain_of
from verification.services.entries import note_lease
from verification.services.jobs import after
from verification.services.telling import editors_of, tell

SKIPS_TO_FLAG = 3


@dataclass(frozen=True)
class Lease:
    """What the holder is told."""

    entry: QueueEntry

    @property
    def claim(self) -> Claim:
        return self.entry.claim

    @property
    def token(self) -> str:
        return self.entry.token


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


def fenced(token: str, person: Person, *, claim: Claim | None = None, colleagues: bool = False) -> QueueEntry:
    """The entry that a token holds, renewed; to be called within the transaction of the write that it guards.

    With `colleagues` it is good for those too whom the holder asked in. Raises LeaseLost where the lease is
    another's, has run out or was given up.
    """
    entry_id, fence = parse_token(token)
    # Held from here on: what is read of it is so until the transaction ends.
    entries = QueueEntry.objects.visible_to(person).select_for_update(of=("self",)).filter(pk=entry_id)
    entries = entries.select_related("desk__policy") if claim is None else entries.filter(claim=claim)
    entry = next(iter(entries), None)
    if entry is None or fence > entry.fence:
        raise LeaseLost(
            "This lease is of no review here. Lease the claim and use the token that you are given."
        )
    if claim is not None:
        entry.desk = claim.desk
    whose = Q(holder=person)
    if colleagues and entry.holder_id != person.pk and is_invited(entry, person):
        whose |= Q(holder_id=entry.holder_id)
    renewed = (
        QueueEntry.objects.held()
        .filter(whose, pk=entry_id, fence=fence)
        .update(lease_until=after(entry.desk.policy.lease_seconds))
    )
    if renewed != 1:
        raise _lost(entry, person, fence)
    entry.refresh_from_db(fields=["lease_until"])
    return entry


def refuse_if_others_hold(claim: Claim, person: Person) -> None:
    """Raises LeaseLost (`lease_held`) where somebody else holds a review of the claim; within an act's transaction.

    Until that ends nobody takes the review.
    """
    list(claim.queue_entries.open().select_for_update())
    entry = claim.queue_entries.held().exclude(holder=person).select_related("holder").first()
    if entry is not None and entry.holder is not None and entry.lease_until is not None:
        raise LeaseLost(
            f"{entry.holder.display_name} holds a review of this claim until {hour(entry.lease_until)}. Act on it once "
            "they are done, or by itself.",
            code="lease_held",
            holder=entry.holder.display_name,
            expires_at=said(entry.lease_until),
        )


def is_invited(entry: QueueEntry, person: Person) -> bool:
    """Whether who holds the entry asked the person in."""
    if entry.holder_id is None:
        return False
    return Review.objects.filter(
        entry=entry, reviewer_id=entry.holder_id, state=Review.OPEN, invitations__person=person
    ).exists()


def renew(token: str, person: Person) -> Lease:
    """Keeps a lease for its full time from now, for its holder or whom they asked in."""
    with transaction.atomic():
        entry = fenced(token, person, colleagues=True)
        note_lease(entry, "renewed", person, timezone.now())
    return Lease(entry)


def release(token: str, person: Person) -> QueueEntry:
    """Gives a review back; the draft stays."""
    with _ending(token, person, "released") as entry:
        return entry


def release_all(person: Person, *, desks: Iterable[Desk]) -> list[uuid.UUID]:
    """Gives back every review that the person holds on these desks, as at a shift's end; the claims they were of."""
    released = []
    for entry in QueueEntry.objects.held().filter(holder=person, desk__in=desks):
        try:
            release(entry.token, person)
        except LeaseLost:  # run out meanwhile: given back anyhow
            continue
        released.append(entry.claim_id)
    return released


def skip(token: str, person: Person, *, reason: str) -> QueueEntry:
    """Passes a review over with a reason; it is not offered to the same person for a while.

    Who passes over what was meant for them gives it to all, and whoever gave it to them is told: else nobody could take
    it meanwhile. What three people passed over is flagged for an editor to look at.
    """
    with _ending(token, person, "skipped") as entry:
        now = timezone.now()
        skipped = Skip.objects.create(
            entry=entry,
            person=person,
            reason=reason,
            at=now,
            until=now + timedelta(seconds=entry.desk.policy.skip_seconds),
        )
        about = {"skip": str(skipped.pk)}
        if QueueEntry.objects.filter(pk=entry.pk, assignee=person).update(assignee=None):
            Claim.objects.filter(pk=entry.claim_id, assignee=person).update(assignee=None)
            tell(
                _gave_it_to(person, entry),
                occasion=Notice.SKIPPED,
                claim=entry.claim,
                by=person,
                at=now,
                about=about,
            )
        skipped_by = entry.skips.values("person").distinct().count()
        if skipped_by >= SKIPS_TO_FLAG and QueueEntry.objects.filter(pk=entry.pk, flagged_at=None).update(
            flagged_at=now
        ):
            tell(
                editors_of(entry.desk),
                occasion=Notice.FLAGGED,
                claim=entry.claim,
                by=person,
                at=now,
                about=about,
            )
        return entry


def _gave_it_to(person: Person, entry: QueueEntry) -> list[Person]:
    """Who assigned or handed the claim to the person last."""
    given = (
        AuditEntry.objects.filter(
            chain_id=chain_of(entry.claim), action__in=[Action.ASSIGN, Action.HAND_OVER]
        )
        .select_related("actor")
        .order_by("-seq")
        .first()
    )
    return [given.actor] if given and given.actor and given.data.get("to") == str(person.pk) else []


def give_up(entry: QueueEntry, *, kind: str, by: Person | None, at: datetime) -> None:
    """Ends the very lease that `entry` was read with; what was recorded and typed stays.

    The fence rises, so that whatever its holder still sends is refused. Raises IllegalState where the review has
    changed hands since it was read.
    """
    ended = QueueEntry.objects.filter(pk=entry.pk, state=LEASED, fence=entry.fence).update(
        state=WAITING, holder=None, lease_until=None, fence=entry.fence + 1
    )
    if ended != 1:
        raise IllegalState(
            "This review changed hands at the same moment. Look who holds it now.", code="changed_hands"
        )
    entry.fence += 1
    note_lease(entry, kind, by, at)
    back_to_queue(entry)


def expire_leases() -> int:
    """Gives back what nobody holds any more, so that pages and lists say so; leasing does not depend on it."""
    given_back = 0
    for entry in QueueEntry.objects.filter(state=LEASED, lease_until__lte=Now())[:200]:
        with transaction.atomic():
            freed = QueueEntry.objects.filter(
                pk=entry.pk, fence=entry.fence, state=LEASED, lease_until__lte=Now()
            ).update(state=WAITING, holder=None, lease_until=None)
            if freed:
                note_lease(entry, "expired", entry.holder, timezone.now())
                back_to_queue(entry)
                given_back += 1
    return given_back


def end_leases() -> int:
    """Ends every lease, as if it had run out; for a desk that nobody is at work on. Gives how many there were."""
    QueueEntry.objects.filter(state=LEASED).update(lease_until=Now())
    ended = 0
    while given_back := expire_leases():
        ended += given_back
    return ended


def back_to_queue(entry: QueueEntry) -> None:
    """Says of the claim that nobody works on it any more."""
    Claim.objects.filter(pk=entry.claim_id, stage=Stage.IN_REVIEW).update(
        stage=Stage.QUEUED, updated_at=timezone.now()
    )


@contextmanager
def _ending(token: str, person: Person, kind: str) -> Iterator[QueueEntry]:
    with transaction.atomic():
        entry = fenced(token, person)
        QueueEntry.objects.filter(pk=entry.pk, fence=entry.fence).update(
            state=WAITING, holder=None, lease_until=None
        )
        note_lease(entry, kind, person, timezone.now())
        back_to_queue(entry)
        yield entry
        entry.refresh_from_db()


def _lost(entry: QueueEntry, person: Person, fence: int) -> LeaseLost:
    holder = entry.holder
    if holder is not None and entry.lease_until is not None and entry.lease_until > timezone.now():
        whose = "you under a newer lease" if holder.pk == person.pk else holder.display_name
        return LeaseLost(
            f"This review is held by {whose} until {hour(entry.lease_until)}. What you recorded before is kept.",
            code="lease_held",
            holder=holder.display_name,
            expires_at=said(entry.lease_until),
        )
    if entry.state not in {WAITING, LEASED}:
        stage = entry.claim.stage.replace("_", " ")
        return LeaseLost(f"This review has ended: the claim is {stage} now. What you recorded is kept.")
    # The fence rises as a lease is taken away.
    broken = entry.events.filter(kind="broken", fence=fence + 1).select_related("person").first()
    if broken is not None and broken.person is not None:
        return LeaseLost(
            f"{broken.person.display_name} took this review away; why is in the inbox. What you recorded is kept."
        )
    return LeaseLost(
        "Your time for this review ran out, or it was given back. Take the claim again; what you recorded is kept."
    )


def said(moment: datetime) -> str:
    """A moment as the API writes it."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def hour(moment: datetime) -> str:
    """An hour that is soon in a sentence, with its day where that is not today."""
    return say_hour(moment, now=timezone.now())
