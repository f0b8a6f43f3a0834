"""Which review follows a submitted one, and who may not do it."""

from __future__ import annotations

import uuid

from django.db.models import Max

from claims.models import Claim, Membership, Person
from claims.models.desks import STAFF
from claims.vocabulary import ReviewKind, Stage
from verification.domain.transitions import REVIEWED
from verification.models import Invitation, QueueEntry, Review, Verdict
from verification.models.queue import CANCELLED
from verification.services.acting import Act
from verification.services.entries import open_queue_entry
from verification.services.second_looks import second_look_of
from verification.services.standing import disagreements


def following(claim: Claim, submitted: Review) -> ReviewKind | None:
    """The review that a submitted one calls for: a second one by policy, an adjudication of what is disputed."""
    kinds = set(
        claim.reviews.filter(round=submitted.round, state=Review.SUBMITTED).values_list("kind", flat=True)
    )
    if ReviewKind.SECOND not in kinds and second_look_of(claim).reasons:
        return ReviewKind.SECOND
    if ReviewKind.ADJUDICATION not in kinds and disagreements(claim):
        return ReviewKind.ADJUDICATION
    return None


def open_second_review(claim: Claim, *, review_round: int, asked_by: Person | None = None) -> QueueEntry:
    """Has somebody look again who recorded nothing in this round; called within the act that wants it."""
    return open_queue_entry(
        claim,
        kind=ReviewKind.SECOND,
        review_round=review_round,
        barred=tuple(deciders(claim, review_round)),
        asked_by=asked_by,
    )


def open_recheck(act: Act) -> QueueEntry:
    """Puts another pass into the queue that the actor wants, within their act."""
    entry = open_queue_entry(
        act.claim, kind=ReviewKind.RECHECK, review_round=next_round(act.claim), asked_by=act.actor
    )
    if act.claim.stage == Stage.AWAITING_SIGNOFF:
        act.move_to(Stage.QUEUED)
    return entry


def look_at_what_was_added(act: Act) -> None:
    """Has media that were added after the review looked at, within the act that added them, unless a review is open."""
    if act.claim.stage in REVIEWED and not act.claim.queue_entries.open().exists():
        open_recheck(act)


def next_round(claim: Claim) -> int:
    """The round that a new pass belongs to: after every round that anything was submitted in."""
    latest: int | None = claim.reviews.filter(state=Review.SUBMITTED).aggregate(latest=Max("round"))["latest"]
    return (latest or 0) + 1


def open_adjudication(claim: Claim, *, review_round: int) -> QueueEntry:
    """Has the dispute settled by a person who took no side; called within the act that wants it.

    Where nobody else works on the desk, a party to it may: better settled so, under a name, than never.
    """
    parties = deciders(claim, review_round)
    others = Membership.objects.filter(
        desk_id=claim.desk_id, role__in=STAFF, person__is_active=True, person__is_service=False
    ).exclude(person__in=parties)
    return open_queue_entry(
        claim,
        kind=ReviewKind.ADJUDICATION,
        review_round=review_round,
        barred=tuple(parties) if others.exists() else (),
    )


def deciders(claim: Claim, review_round: int) -> set[uuid.UUID]:
    """Whose work a round is: who submitted a review, recorded anything, or was asked in; not in one that was cancelled."""
    reviews = claim.reviews.filter(round=review_round).exclude(entry__state=CANCELLED)
    return {
        *reviews.filter(state=Review.SUBMITTED).values_list("reviewer_id", flat=True),
        *Verdict.objects.filter(review__in=reviews).values_list("by_id", flat=True),
        *Invitation.objects.filter(review__in=reviews).values_list("person_id", flat=True),
    }
