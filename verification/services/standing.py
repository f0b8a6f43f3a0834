"""What stands of a claim: verdicts resolved, rolled up, and handed over for its public face and its line."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from claims.errors import Blocker
from claims.models import Body, Claim, MediaItem, Person
from claims.models.base import all_but
from claims.projection import Assessed, Assessment, PublicFace, PublicTarget, public_face
from claims.vocabulary import Dimension, ReviewKind, Stage, Status
from verification.domain import rollup
from verification.domain.status_line import Decision, Form, LineItem, LineRefused, compile_line
from verification.models import DimensionStatus, QueueEntry, Review, Verdict
from verification.models.queue import LEASED, WAITING
from verification.models.review import reviews_with
from verification.services.veil import is_veiled

_NOT_OF_VERDICTS = (
    *all_but(Review, "review", "kind", "round", "state"),
    *all_but(Body, "body", "content"),
    *all_but(Person, "by", *Person.NAMED_BY),
)
_NOT_OF_REVIEWS = all_but(QueueEntry, "entry", "state", "holder")


@dataclass(frozen=True)
class Standing:
    """The verdict that speaks, by target (media id, None = claim) and dimension, and the roll-up of each."""

    verdicts: Mapping[tuple[uuid.UUID | None, Dimension], Verdict]
    targets: Mapping[Dimension, Sequence[uuid.UUID | None]]

    def status_of(self, target: uuid.UUID | None, dimension: Dimension) -> Status:
        verdict = self.verdicts.get((target, dimension))
        return Status(verdict.status) if verdict else Status.NOT_CHECKED

    def status(self, dimension: Dimension) -> Status:
        return rollup.roll_up([self.status_of(target, dimension) for target in self.targets[dimension]])

    def counts(self, dimension: Dimension) -> dict[Status, int]:
        return rollup.counts([self.status_of(target, dimension) for target in self.targets[dimension]])

    def of(self, dimension: Dimension) -> list[Verdict]:
        """The verdicts that speak for a dimension, in the order of its targets."""
        found = (self.verdicts.get((target, dimension)) for target in self.targets[dimension])
        return [verdict for verdict in found if verdict is not None]

    @property
    def decided(self) -> bool:
        return any(verdict.status != Status.NOT_CHECKED for verdict in self.verdicts.values())


@dataclass(frozen=True)
class Record:
    """Every review of a claim and every verdict in the order of recording, as read at one moment.

    What reads several things of one claim reads this once and hands it on; an act reads anew what it goes by.
    """

    verdicts: Sequence[Verdict]
    reviews: Sequence[Review]

    @property
    def submitted(self) -> list[rollup.GivenVerdict]:
        return [_given(verdict) for verdict in self.verdicts if verdict.review.state == Review.SUBMITTED]

    @property
    def reviewers(self) -> set[uuid.UUID]:
        """Who submitted a review, or recorded a verdict in one that was."""
        by = {verdict.by_id for verdict in self.verdicts if verdict.review.state == Review.SUBMITTED}
        return by | {review.reviewer_id for review in self.reviews if review.state == Review.SUBMITTED}

    @property
    def under_way(self) -> Review | None:
        """The open review: the holder's, else the one that was worked on last."""
        is_open = [
            one for one in self.reviews if one.state == Review.OPEN and one.entry.state in {WAITING, LEASED}
        ]
        holders = [one for one in is_open if one.reviewer_id == one.entry.holder_id]
        return max(holders or is_open, key=lambda one: one.opened_at, default=None)


def record_of(claim: Claim, reviews: Iterable[Review] | None = None) -> Record:
    """`reviews` are the claim's, where they have been read already with their entries."""
    verdicts = claim.verdicts.select_related("review", "body", "by").defer(*_NOT_OF_VERDICTS).order_by()
    if reviews is None:
        reviews = claim.reviews.select_related("entry").defer(*_NOT_OF_REVIEWS)
    return Record(sorted(verdicts, key=lambda verdict: verdict.seq), list(reviews))


def standing(
    claim: Claim, *, draft: bool = False, viewer: Person | None = None, record: Record | None = None
) -> Standing:
    """What stands of a claim; `draft` counts the open review's verdicts too.

    `viewer` is whom it is shown to; None is the house itself, which acts by it. To who stands behind the veil of
    a blind second review it is as if nobody but they themselves, in that review, had decided anything.
    """
    record = record or record_of(claim)
    behind = viewer if viewer is not None and is_veiled(claim, viewer) else None
    under_way = record.under_way if draft else None
    if under_way and behind and not reviews_with(behind).filter(pk=under_way.pk).exists():
        under_way = None
    verdicts = {
        verdict.pk: verdict
        for verdict in record.verdicts
        if (behind is None and verdict.review.state == Review.SUBMITTED)
        or (under_way is not None and verdict.review_id == under_way.pk)
    }
    given = [_given(verdict) for verdict in verdicts.values()]
    spoken = {subject: verdicts[one.id] for subject, one in rollup.effective(given, draft=draft).items()}  # type: ignore[index]
    media = [item.pk for item in claim.media.all()]
    return Standing(spoken, {dimension: _targets(dimension, media, spoken) for dimension in Dimension})  # type: ignore[arg-type]


def disagreements(claim: Claim, *, record: Record | None = None) -> list[Dimension]:
    """Dimensions on which a second review differs from the first and nobody has settled it."""
    subjects = rollup.disagreements((record or record_of(claim)).submitted)
    return _in_order(subject for subject in subjects if not _is_moot(subject, claim))


def disputes_of(
    claim: Claim, *, viewer: Person | None = None, record: Record | None = None
) -> list[rollup.Dispute]:
    """Where the reviews of a claim differed, settled or not; `viewer` as in `standing`."""
    if viewer is not None and is_veiled(claim, viewer):
        return []
    found = rollup.disputes((record or record_of(claim)).submitted)
    return [one for one in found if one.settled_by is not None or not _is_moot(one.subject, claim)]


def all_disagreements(claims: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Dimension]]:
    """The dimensions in dispute of many claims, in one query or two; claims without any are absent."""
    found = {claim: rollup.disagreements(verdicts) for claim, verdicts in given_verdicts(claims).items()}
    of_claims = [claim for claim, subjects in found.items() if any(_may_be_moot(one) for one in subjects)]
    media = MediaItem.objects.filter(claim__in=of_claims).values_list("claim_id", flat=True)
    with_media = set(media) if of_claims else set()
    return {
        claim: disputed
        for claim, subjects in found.items()
        if (
            disputed := _in_order(one for one in subjects if claim not in with_media or not _may_be_moot(one))
        )
    }


def _may_be_moot(subject: rollup.Subject) -> bool:
    target, dimension = subject
    return target is None and rollup.applies_to(dimension, has_media=True) == "media"


def _is_moot(subject: rollup.Subject, claim: Claim) -> bool:
    """Whether it is asked of each media item by now and of the claim no more: media came after the reviews."""
    return _may_be_moot(subject) and bool(claim.media.all())


def _in_order(subjects: Iterable[rollup.Subject]) -> list[Dimension]:
    disputed = {dimension for _, dimension in subjects}
    return [dimension for dimension in Dimension if dimension in disputed]


def given_verdicts(claims: Collection[uuid.UUID]) -> dict[uuid.UUID, list[rollup.GivenVerdict]]:
    """What submitted reviews say of many claims, in one query; claims of which they say nothing are absent."""
    given: dict[uuid.UUID, list[rollup.GivenVerdict]] = {}
    if not claims:
        return given
    rows = Verdict.objects.filter(claim__in=claims, review__state=Review.SUBMITTED)
    for verdict in rows.select_related("review"):
        given.setdefault(verdict.claim_id, []).append(_given(verdict))
    return given


def _given(verdict: Verdict) -> rollup.GivenVerdict:
    return rollup.GivenVerdict(
        target=verdict.media_id,
        dimension=Dimension(verdict.dimension),
        review_kind=ReviewKind(verdict.review.kind),
        round=verdict.review.round,
        submitted=verdict.review.state == Review.SUBMITTED,
        recorded_seq=verdict.seq,
        status=Status(verdict.status),
        id=verdict.pk,
    )


def unsaid(verdicts: Collection[str]) -> set[str]:
    """Which of these verdicts, by id, do not stand any more: something else is said of the same by now, nothing is, or
    the claim was withdrawn. Said again in a later review with the same status and value, it stands.
    """
    asked = {str(one.pk): one for one in _with_claims(verdicts)}
    given = given_verdicts({one.claim_id for one in asked.values()})
    now = {claim: rollup.effective(of_claim) for claim, of_claim in given.items()}
    spoken = {
        name: now.get(one.claim_id, {}).get((one.media_id, Dimension(one.dimension)))
        for name, one in asked.items()
    }
    current = {one.pk: one for one in _with_claims(given.id for given in spoken.values() if given)}

    def stands(name: str, one: Verdict) -> bool:
        given = spoken[name]
        if given is None or one.claim.stage == Stage.WITHDRAWN:
            return False
        says = current[given.id]  # type: ignore[index]
        return (says.status, says.content["value"]) == (one.status, one.content["value"])

    return {name for name in verdicts if name not in asked or not stands(name, asked[name])}


def _with_claims(verdicts: Iterable[Any]) -> QuerySet[Verdict]:
    return Verdict.objects.filter(pk__in=list(verdicts)).select_related("claim", "body")


def refresh(claim: Claim) -> None:
    """Keeps the submitted statuses beside the claim, to filter and list by."""
    now = standing(claim)
    DimensionStatus.objects.bulk_create(
        (
            DimensionStatus(
                claim=claim,
                dimension=dimension.value,
                status=now.status(dimension).value,
                counts={status.value: number for status, number in now.counts(dimension).items()},
            )
            for dimension in Dimension
        ),
        update_conflicts=True,
        unique_fields=["claim", "dimension"],
        update_fields=["status", "counts"],
    )


def face_of(claim: Claim, *, draft: bool = False, viewer: Person | None = None) -> PublicFace:
    """The public face that a claim has now, or would have with its open review submitted; as `viewer` may know it."""
    now = standing(claim, draft=draft, viewer=viewer)
    items = {item.pk: item for item in claim.media.all()}
    decisions: dict[tuple[Dimension, MediaItem | None], Assessed] = {}
    for dimension, targets in now.targets.items():
        for target in targets:
            verdict = now.verdicts.get((target, dimension))
            content: dict[str, Any] = verdict.content if verdict else {"basis": (), "value": None}
            decisions[dimension, items[target] if target else None] = Assessed(
                status=now.status_of(target, dimension),
                interim=bool(verdict and verdict.interim),
                value=content["value"],
                basis=content["basis"],
            )
    return public_face(
        claim,
        Assessment(
            statuses={dimension: now.status(dimension) for dimension in Dimension},
            counts={dimension: now.counts(dimension) for dimension in Dimension},
            decisions=decisions,
            required=frozenset(claim.desk.policy.required),
            public_radius_m=claim.public_radius_m,
        ),
    )


@dataclass(frozen=True)
class Line:
    """The status line of a face, or what stands in its way."""

    text: str | None
    blockers: tuple[Blocker, ...] = ()


def line_of(face: PublicFace, *, form: Form = "short", language: str = "en") -> Line:
    """Compiles the line from public values only."""
    try:
        text = compile_line(
            house=face.house,
            items=[_line_item(target) for target in face.items],
            claim=_line_item(face.itself),
            required=set(face.required),
            form=form,
            language=language,
        )
    except LineRefused as refused:
        return Line(None, tuple(refused.blockers))
    return Line(text)


def _line_item(target: PublicTarget) -> LineItem:
    return LineItem(
        kind=target.kind,
        number=target.media.position if target.media else 0,
        claimed_place=target.claimed_place,
        claimed_date=target.claimed_date,
        decisions={
            dimension: Decision(
                decided.status, decided.interim, decided.place or decided.date, decided.phrases
            )
            for dimension, decided in target.decisions.items()
        },
    )


def _targets(
    dimension: Dimension,
    media: Sequence[uuid.UUID],
    spoken: Mapping[tuple[uuid.UUID | None, Dimension], Verdict],
) -> list[uuid.UUID | None]:
    if rollup.applies_to(dimension, bool(media)) == "media":
        return list(media)
    if dimension == Dimension.STATEMENT:
        of_media = [item for item in media if (item, dimension) in spoken]
        if of_media and (None, dimension) not in spoken:
            return list(of_media)
        return [None, *of_media]
    return [None]
