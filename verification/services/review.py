"""Reviews: verdicts recorded under a lease, submitted as a whole, and the notes beside them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from claims.dates import ClaimedDate, relate
from claims.errors import FieldError, IllegalState, InvalidInput, NotAllowed
from claims.intake import in_zone_of
from claims.models import Body, Claim, MediaItem, Person
from claims.places import Place, relate_places
from claims.vocabulary import Dimension, Notice, Relation, ReviewKind, Role, Stage, Status
from verification.domain import rollup
from verification.domain.exhibits import flaws_of
from verification.domain.rollup import applies_to
from verification.domain.transitions import Action
from verification.models import FindingRow, Note, NoteStrike, QueueEntry, Review, Verdict
from verification.models.queue import LEASED
from verification.models.review import reviews_with
from verification.services import drafts, offers, reliance, telling
from verification.services.acting import Act, acting, roles_of
from verification.services.entries import finish_entry, open_queue_entry
from verification.services.examination import claimed_date_of, claimed_place_of
from verification.services.following import following, open_adjudication, open_second_review
from verification.services.standing import Standing, disputes_of, refresh, standing
from verification.services.veil import is_veiled

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
        review = _review_of(act.entry)
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
        review = _review_of(act.entry)
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


def submit_review(claim: Claim, *, actor: Person, lease_token: str) -> Claim:
    """Ends the actor's review: its verdicts count from now on.

    A second review follows where the policy asks for one, an adjudication where two reviews disagree.
    """
    with acting(claim, actor=actor, action=Action.SUBMIT, lease_token=lease_token) as act:
        review = _review_of(act.entry)
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


def add_note(
    claim: Claim,
    *,
    actor: Person,
    body: str,
    dimension: Dimension | None = None,
    media: uuid.UUID | None = None,
) -> Note:
    """Leaves a remark on a claim, one of its media items or a dimension."""
    with acting(claim, actor=actor, action=Action.NOTE) as act:
        note = Note.objects.create(
            claim=act.claim,
            media=_item(act.claim, media),
            dimension=dimension.value if dimension else "",
            body=Body.objects.keep(body),
            by=actor,
            at=act.at,
        )
        act.data |= {"note": note.pk, "content": note.body}
        _tell_of_note(act, note, body)
    return note


def strike_note(note: Note, *, actor: Person) -> Note:
    """Strikes a note out, for its author or an editor; it stays readable."""
    with acting(note.claim, actor=actor, action=Action.NOTE) as act:
        if note.by_id != actor.pk and not roles_of(actor, act.claim) & {Role.EDITOR, Role.ADMIN}:
            raise NotAllowed("Only its author or an editor may strike a note.")
        if NoteStrike.objects.filter(note=note).exists():
            raise IllegalState("This note is struck already.", code="already_struck")
        NoteStrike.objects.create(note=note, by=actor, at=act.at)
        act.data["struck"] = note.pk
    return Note.objects.select_related("strike", "by", "body").get(pk=note.pk)


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


def _tell_of_note(act: Act, note: Note, body: str) -> None:
    mentioned = list(telling.mentioned_in(act.claim, body))
    followers = telling.followers_of(act.claim).exclude(pk__in=[person.pk for person in mentioned])
    for occasion, people in ((Notice.MENTIONED, mentioned), (Notice.NOTED, followers)):
        telling.tell(
            people, occasion=occasion, claim=act.claim, by=note.by, at=act.at, about={"note": str(note.pk)}
        )
    telling.keep_following(act.claim, [note.by, *mentioned], at=act.at)


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


def _value_of(dimension: Dimension, value: dict[str, Any] | None) -> Place | ClaimedDate | None:
    if value is None:
        return None
    return Place.from_json(value) if dimension == Dimension.LOCATION else ClaimedDate.from_json(value)


def _check_settled(claim: Claim, review: Review) -> None:
    """Raises IllegalState `disagreement` where an adjudication leaves open what it is there to settle."""
    own: dict[rollup.Subject, str] = {}
    for verdict in review.verdicts.order_by("seq"):
        own[verdict.media_id, Dimension(verdict.dimension)] = verdict.status
    left = {
        dispute.first.dimension
        for dispute in disputes_of(claim)
        if own.get(dispute.subject, Status.NOT_CHECKED) == Status.NOT_CHECKED
    }
    if left:
        named = ", ".join(dimension for dimension in Dimension if dimension in left)
        raise IllegalState(
            f"The reviews still disagree on: {named}. Settle it before you submit, or hand the review back.",
            code="disagreement",
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


def _review_of(entry: QueueEntry | None) -> Review:
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


def _item(claim: Claim, media: uuid.UUID | None) -> MediaItem | None:
    if media is None:
        return None
    item = claim.media.filter(pk=media).first()
    if item is None:
        raise InvalidInput(FieldError("/media", "This claim has no media item of this id.", "unknown"))
    return item


def _targets(claim: Claim, new: NewVerdict) -> list[MediaItem | None]:
    if new.media is not None:
        return [_item(claim, new.media)]
    items: list[MediaItem | None] = [*sorted(claim.media.order_by(), key=lambda item: item.position)]
    return items if applies_to(new.dimension, bool(items)) == "media" else [None]


def _in_place(
    value: Place | ClaimedDate | None, claim: Claim, item: MediaItem | None
) -> Place | ClaimedDate | None:
    if isinstance(value, ClaimedDate):
        return in_zone_of(value, claimed_place_of(item or MediaItem(claim=claim)))
    return value


def _relation(
    new: NewVerdict, value: Place | ClaimedDate | None, claim: Claim, item: MediaItem | None
) -> Relation | None:
    """How the established value stands to the claimed one; None where neither a value nor a status speaks of it.

    Where both are drawn or dated we reckon it ourselves; of places known by name the person's word stands.
    Raises InvalidInput where `verified` would go with a value that differs.
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
    return relation
