"""Reviews, submitted as a whole: what follows, and who is told what changed."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from claims.errors import IllegalState
from claims.models import Claim, Person
from claims.vocabulary import Dimension, Notice, ReviewKind, Stage, Status
from verification.domain import rollup
from verification.domain.transitions import Action
from verification.models import QueueEntry, Review
from verification.services import offers, reliance, telling
from verification.services.acting import Act, acting
from verification.services.entries import finish_entry, open_queue_entry
from verification.services.following import following, open_adjudication, open_second_review
from verification.services.standing import Standing, disputes_of, refresh, standing
from verification.services.veil import is_veiled
from verification.services.verdicts import open_review_of


def submit_review(claim: Claim, *, actor: Person, lease_token: str) -> Claim:
    """Ends the actor's review: its verdicts count from now on.

    A second review follows where the policy asks for one, an adjudication where two reviews disagree.
    """
    with acting(claim, actor=actor, action=Action.SUBMIT, lease_token=lease_token) as act:
        review = open_review_of(act.entry)
        decided = {
            verdict.dimension
            for verdict in standing(act.claim, draft=True).verdicts.values()
            if verdict.review_id == review.pk
        }
        if not decided:
            raise IllegalState(
                "Nothing is decided in this review. Record a verdict, or skip or release the claim.",
                code="nothing_decided",
            )
        if review.kind == ReviewKind.ADJUDICATION:
            _check_settled(act.claim, review)
        before = standing(act.claim)
        review.state = Review.SUBMITTED
        review.submitted_at = act.at
        review.save(update_fields=["state", "submitted_at"])
        if act.entry is not None:
            _tell_unanswered(act, act.entry, decided)
            finish_entry(act.entry, actor, at=act.at)
        refresh(act.claim)
        act.data["review"] = review.pk
        next_kind = following(act.claim, review)
        if next_kind == ReviewKind.SECOND:
            open_second_review(act.claim, review_round=review.round)
        elif next_kind == ReviewKind.ADJUDICATION:
            open_adjudication(act.claim, review_round=review.round)
        marked = reliance.mark(act.claim, act.claim.media.select_related("asset"), at=act.at)
        if marked and next_kind is None:
            # It changed after it was decided and before it was submitted.
            next_kind = ReviewKind.RECHECK
            open_queue_entry(act.claim, kind=next_kind, review_round=review.round + 1)
        if act.claim.stage == Stage.PUBLISHED:
            reliance.mark_interim(act.claim, at=act.at)
        if marked:
            act.data["recheck_needed"] = {"reasons": marked.as_json()}
        if act.claim.stage in {Stage.QUEUED, Stage.IN_REVIEW}:
            act.move_to(Stage.AWAITING_SIGNOFF if next_kind is None else Stage.QUEUED)
        _tell_what_changed(act, actor, before)
    return act.claim


def _tell_unanswered(act: Act, entry: QueueEntry, decided: Collection[str]) -> None:
    """Who asked for a dimension that the review leaves undecided learns that it came without."""
    unanswered: dict[Person, set[str]] = {}
    for ask in entry.asks.standing().exclude(dimension__in=decided).select_related("by"):
        unanswered.setdefault(ask.by, set()).add(ask.dimension)
    for person, dimensions in unanswered.items():
        telling.tell(
            [person],
            occasion=Notice.UNANSWERED,
            claim=act.claim,
            by=act.actor,
            at=act.at,
            about={"dimensions": ",".join(sorted(dimensions))},
        )


def _tell_what_changed(act: Act, actor: Person, before: Standing) -> None:
    """Followers are told which verdicts speak differently by this review; under a line, the desk's editors too. What
    rests on them in other claims is looked at again.
    """
    telling.keep_following(act.claim, [actor], at=act.at)
    now = standing(act.claim)
    changed = {
        dimension
        for target, dimension in before.verdicts.keys() | now.verdicts.keys()
        if _spoken(before, target, dimension) != _spoken(now, target, dimension)
    }
    if not changed:
        return
    offers.look_again_elsewhere(act.claim)
    people = list(telling.followers_of(act.claim))
    if act.claim.publications.exists():
        people += telling.editors_of(act.claim.desk)
    # Which verdicts changed is part of what a blind second review keeps back.
    people = [each for each in people if not is_veiled(act.claim, each)]
    said = ",".join(dimension.value for dimension in Dimension if dimension in changed)
    telling.tell(
        people,
        occasion=Notice.VERDICT_CHANGED,
        claim=act.claim,
        by=actor,
        at=act.at,
        about={"dimensions": said},
    )


def _spoken(now: Standing, target: uuid.UUID | None, dimension: Dimension) -> tuple[Status, Any]:
    verdict = now.verdicts.get((target, dimension))
    return now.status_of(target, dimension), verdict and verdict.content["value"]


def _check_settled(claim: Claim, review: Review) -> None:
    """Raises IllegalState `disagreement` where an adjudication leaves open what it is there to settle."""
    own: dict[rollup.Subject, str] = {}
    for verdict in review.verdicts.order_by("seq"):
        own[verdict.media_id, Dimension(verdict.dimension)] = verdict.status
    left = {
        dispute.first.dimension
        for dispute in disputes_of(claim)
        if dispute.settled_by is None and own.get(dispute.subject, Status.NOT_CHECKED) == Status.NOT_CHECKED
    }
    if left:
        named = ", ".join(dimension for dimension in Dimension if dimension in left)
        raise IllegalState(
            f"The reviews still disagree on: {named}. Settle it before you submit, or hand the review back.",
            code="disagreement",
        )
