"""Verdicts: recorded under a lease, one for every target, taken over from a dispute, undone until the review is submitted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from claims.dates import ClaimedDate, relate
from claims.errors import FieldError, IllegalState, InvalidInput
from claims.intake import in_zone_of
from claims.models import Body, Claim, MediaItem, Person
from claims.places import Place, relate_places
from claims.plain_text import NOT_PLAIN, is_plain
from claims.vocabulary import Dimension, Relation, ReviewKind, Status
from verification.domain.exhibits import flaws_of
from verification.domain.rollup import applies_to
from verification.domain.transitions import Action
from verification.models import FindingRow, QueueEntry, Review, Verdict
from verification.models.queue import LEASED
from verification.models.review import reviews_with
from verification.services import drafts, offers, reliance
from verification.services.acting import acting
from verification.services.examination import claimed_date_of, claimed_place_of
from verification.services.standing import disputes_of

NEEDS_BASIS = frozenset({Status.VERIFIED, Status.CONTRADICTED})


@dataclass(frozen=True)
class NewVerdict:
    """A decision as it is given. `media` None = every item that the dimension applies to, or the claim."""

    dimension: Dimension
    status: Status
    reason: str = ""
    media: uuid.UUID | None = None
    interim: bool = False
    basis: Sequence[Mapping[str, Any]] = ()
    value: Place | ClaimedDate | None = None
    relation: Relation | None = None
    credibility: int | None = None


def record_verdict(claim: Claim, *, actor: Person, lease_token: str, new: NewVerdict) -> list[Verdict]:
    """Records a decision in the actor's open review, written out one by one for every target.

    Raises InvalidInput for what a verdict lacks, LeaseLost where the lease is not the actor's any more.
    """
    _check_form(new)
    with acting(claim, actor=actor, action=Action.RECORD_VERDICT, lease_token=lease_token) as act:
        _check_findings(act.claim, new)
        _check_exhibits(act.claim, new)
        offers.check_named(act.claim, new.dimension, new.basis)
        review = open_review_of(act.entry)
        seq = act.claim.verdicts.aggregate(last=Max("seq"))["last"] or 0
        recorded = []
        for target in _targets(act.claim, new):
            seq += 1
            value = _in_place(new.value, act.claim, target)
            content = {
                "reason": new.reason,
                "basis": list(new.basis),
                "value": value.as_json() if value else None,
                "relied_on": reliance.relied_on(act.claim, target, new.dimension, new.basis),
            }
            recorded.append(
                Verdict.objects.create(
                    claim=act.claim,
                    review=review,
                    media=target,
                    dimension=new.dimension.value,
                    status=new.status.value,
                    interim=new.interim,
                    relation=_relation(new, value, act.claim, target) or "",
                    credibility=new.credibility,
                    body=Body.objects.keep_json(content),
                    by=actor,
                    at=act.at,
                    seq=seq,
                )
            )
        act.data["verdicts"] = [_said_of(one) for one in recorded]
        drafts.forget(act.claim, actor, new.dimension)
    return recorded


def take_over(
    claim: Claim, *, actor: Person, lease_token: str, verdict: Verdict, reason: str
) -> list[Verdict]:
    """Settles a dispute by one side's verdict: what it says is recorded in the actor's adjudication, for their reason.

    Raises IllegalState `not_adjudicating` in any other review, where a verdict is the reviewer's own work, and
    `not_disputed` for a verdict that is no side of what is to be settled.
    """
    settling = reviews_with(actor).filter(claim=claim, kind=ReviewKind.ADJUDICATION, state=Review.OPEN)
    if not settling.filter(entry__state=LEASED).exists():
        raise IllegalState(
            "Only who settles a disagreement takes a verdict over. Record your own.", code="not_adjudicating"
        )
    if not any(verdict.pk in {dispute.first.id, dispute.second.id} for dispute in disputes_of(claim)):
        raise IllegalState(
            "This verdict is no side of a disagreement. Record your own, or take over one of the two that differ.",
            code="not_disputed",
        )
    dimension, content = Dimension(verdict.dimension), verdict.content
    return record_verdict(
        claim,
        actor=actor,
        lease_token=lease_token,
        new=NewVerdict(
            dimension=dimension,
            status=Status(verdict.status),
            reason=reason,
            media=verdict.media_id,
            interim=verdict.interim,
            basis=content["basis"],
            value=_value_of(dimension, content["value"]),
            relation=Relation(verdict.relation) if verdict.relation else None,
            credibility=verdict.credibility,
        ),
    )


def undo_verdict(claim: Claim, *, actor: Person, lease_token: str) -> list[Verdict]:
    """Takes back what was decided last in the actor's open review; what else was said in it speaks again. Whoever was
    asked into it takes back what they decided themselves.

    Nothing is overwritten: the verdicts returned are new ones that name those they undo. Called again, it goes
    back one more. Raises IllegalState `nothing_to_undo` where the review holds no decision any more.
    """
    with acting(claim, actor=actor, action=Action.RECORD_VERDICT, lease_token=lease_token) as act:
        review = open_review_of(act.entry)
        given = list(review.verdicts.select_related("body").order_by("seq"))
        undone = {verdict.undoes_id for verdict in given}
        live = [verdict for verdict in given if verdict.undoes_id is None and verdict.pk not in undone]
        own = [verdict for verdict in live if actor.pk in {review.reviewer_id, verdict.by_id}]
        if not own:
            raise IllegalState("There is nothing to undo in this review.", code="nothing_to_undo")
        last = [verdict for verdict in own if verdict.at == own[-1].at]
        # Whoever said it, and before it or after.
        left = {(verdict.media_id, verdict.dimension): verdict for verdict in live if verdict not in last}
        recorded = []
        for seq, verdict in enumerate(last, start=act.claim.verdicts.aggregate(last=Max("seq"))["last"] + 1):
            speaks = left.get((verdict.media_id, verdict.dimension))
            content = speaks.content if speaks else Verdict.EMPTY
            recorded.append(
                Verdict.objects.create(
                    claim=act.claim,
                    review=review,
                    media_id=verdict.media_id,
                    dimension=verdict.dimension,
                    status=speaks.status if speaks else Status.NOT_CHECKED.value,
                    interim=bool(speaks and speaks.interim),
                    relation=speaks.relation if speaks else "",
                    credibility=speaks.credibility if speaks else None,
                    body=Body.objects.keep_json(content),
                    by=actor,
                    at=act.at,
                    seq=seq,
                    undoes=verdict,
                )
            )
        act.data["verdicts"] = [_said_of(one) | {"undoes": one.undoes_id} for one in recorded]
    return recorded


def _said_of(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": verdict.pk,
        "review": verdict.review_id,
        "media": verdict.media_id,
        "dimension": verdict.dimension,
        "status": verdict.status,
        "interim": verdict.interim,
        "relation": verdict.relation,
        "content": verdict.body,
    }


def _check_form(new: NewVerdict) -> None:
    errors = []
    if new.status != Status.NOT_CHECKED and not new.reason.strip():
        errors.append(
            FieldError("/reason", "Say why: a verdict is published with its reason behind it.", "required")
        )
    if new.status in NEEDS_BASIS and not new.basis:
        errors.append(
            FieldError(
                "/basis",
                f"'{new.status}' rests on something: give a basis (what matches, or against what), or say 'unverified'.",
                "required",
            )
        )
    errors += [
        FieldError(f"/basis/{index}/phrase", NOT_PLAIN, "invalid")
        for index, part in enumerate(new.basis)
        if not is_plain(part.get("phrase") or "")
    ]
    if new.interim and new.status != Status.UNVERIFIED:
        errors.append(FieldError("/interim", "Only 'unverified' can be interim.", "interim"))
    if new.status == Status.VERIFIED and new.relation == Relation.DIFFERS:
        errors.append(
            FieldError(
                "/relation", "'verified' never goes with a value that differs. Say 'contradicted'.", "differs"
            )
        )
    if new.media is not None and new.dimension == Dimension.MOTIVATION:
        errors.append(FieldError("/media", "The motivation is of the claim, not of a media item.", "target"))
    if errors:
        raise InvalidInput(errors)


def _check_findings(claim: Claim, new: NewVerdict) -> None:
    for index, part in enumerate(new.basis):
        finding = part.get("finding")
        if finding and not FindingRow.objects.filter(pk=finding, run__media__claim=claim).exists():
            raise InvalidInput(
                FieldError(
                    f"/basis/{index}/finding", "This claim's media have no finding of this id.", "unknown"
                )
            )


def _check_exhibits(claim: Claim, new: NewVerdict) -> None:
    exhibits = [(index, part["exhibit"]) for index, part in enumerate(new.basis) if part.get("exhibit")]
    if not exhibits:
        return
    kinds = {str(pk): kind for pk, kind in claim.media.values_list("pk", "kind")}
    errors = [
        FieldError(f"/basis/{index}/exhibit{one.pointer}", one.detail, one.code)
        for index, exhibit in exhibits
        for one in flaws_of(exhibit, kinds)
    ]
    if errors:
        raise InvalidInput(errors)


def _value_of(dimension: Dimension, value: dict[str, Any] | None) -> Place | ClaimedDate | None:
    if value is None:
        return None
    return Place.from_json(value) if dimension == Dimension.LOCATION else ClaimedDate.from_json(value)


def open_review_of(entry: QueueEntry | None) -> Review:
    """The open review of who holds the entry."""
    holders = (
        Review.objects.filter(entry=entry, reviewer_id=entry.holder_id, state=Review.OPEN) if entry else ()
    )
    review = next(iter(holders), None)
    if review is None:
        raise IllegalState(
            "This review is closed. Lease the claim again to go on with it.", code="review_closed"
        )
    return review


def item_of(claim: Claim, media: uuid.UUID | None) -> MediaItem | None:
    """The claim's media item of this id; None is the claim itself. Raises InvalidInput at /media."""
    if media is None:
        return None
    item = claim.media.filter(pk=media).first()
    if item is None:
        raise InvalidInput(FieldError("/media", "This claim has no media item of this id.", "unknown"))
    return item


def _targets(claim: Claim, new: NewVerdict) -> list[MediaItem | None]:
    if new.media is not None:
        return [item_of(claim, new.media)]
    items: list[MediaItem | None] = [*sorted(claim.media.order_by(), key=lambda item: item.position)]
    return items if applies_to(new.dimension, bool(items)) == "media" else [None]


def _in_place(
    value: Place | ClaimedDate | None, claim: Claim, item: MediaItem | None
) -> Place | ClaimedDate | None:
    if isinstance(value, ClaimedDate):
        return in_zone_of(value, claimed_place_of(item or MediaItem(claim=claim)))
    return value


_BEARS_OUT = {
    Relation.MATCHES: "is the same",
    Relation.NARROWER: "lies within it",
    Relation.BROADER: "holds it within",
}
"""What a value that speaks for the claimed one, or leaves it open, is to it."""


def _relation(
    new: NewVerdict, value: Place | ClaimedDate | None, claim: Claim, item: MediaItem | None
) -> Relation | None:
    """How the established value stands to the claimed one; None where neither a value nor a status speaks of it.

    Where both are drawn or dated we reckon it ourselves; of places known by name the person's word stands.
    Raises InvalidInput where `verified` would go with a value that differs, or `contradicted` with one that does not.
    """
    # An item that is not stored stands for the claim itself, so that one reading serves both.
    subject = item or MediaItem(claim=claim)
    place, date = claimed_place_of(subject), claimed_date_of(subject)
    relation = new.relation
    if isinstance(value, Place):
        firm = value.has_point and place is not None and place.has_point
        if firm or relation is None:
            relation = relate_places(value, place)
    elif value is not None:
        relation = relate(value, date)
    elif relation is None:
        claimed = place if new.dimension == Dimension.LOCATION else date
        if claimed is not None and new.dimension in {Dimension.LOCATION, Dimension.DATE}:
            relation = {Status.VERIFIED: Relation.MATCHES, Status.CONTRADICTED: Relation.DIFFERS}.get(
                new.status
            )
    if new.status == Status.VERIFIED and relation == Relation.DIFFERS:
        raise InvalidInput(
            FieldError(
                "/value",
                "'verified' never goes with a value that differs from what is claimed. Say 'contradicted', give a "
                "value within the claimed one, or say by 'relation' how a place known by name stands to it.",
                "differs",
            )
        )
    if new.status == Status.CONTRADICTED and relation in _BEARS_OUT:
        raise InvalidInput(
            FieldError(
                "/relation" if value is None else "/value",
                f"'contradicted' goes with something else than what is claimed, and this {_BEARS_OUT[relation]}. Say "
                "'verified' or 'unverified', or give what lies apart from it.",
                "bears_out",
            )
        )
    return relation
