"""What stands of a claim: verdicts resolved, rolled up, and handed over for its public face and its line."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from claims.errors import Blocker
from claims.models import Claim, MediaItem, Person
from claims.projection import Assessed, Assessment, PublicFace, PublicTarget, public_face
from claims.vocabulary import Dimension, ReviewKind, Stage, Status
from verification.domain import rollup
from verification.domain.status_line import Decision, Form, LineItem, LineRefused, compile_line
from verification.models import DimensionStatus, Review, Verdict
from verification.models.review import reviews_with
from verification.services.veil import is_veiled


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


def open_review(claim: Claim) -> Review | None:
    """The review under way: the holder's, else the one that was worked on last."""
    open_reviews = claim.reviews.filter(state=Review.OPEN, entry__state__in=["waiting", "leased"])
    holders = open_reviews.filter(reviewer_id=F("entry__holder_id")).first()
    return holders or open_reviews.order_by("-opened_at").first()


def standing(claim: Claim, *, draft: bool = False, viewer: Person | None = None) -> Standing:
    """What stands of a claim; `draft` counts the open review's verdicts too.

    `viewer` is whom it is shown to; None is the house itself, which acts by it. To who stands behind the veil of
    a blind second review it is as if nobody but they themselves, in that review, had decided anything.
    """
    behind = viewer if viewer is not None and is_veiled(claim, viewer) else None
    wanted = Q(pk__in=[]) if behind else Q(review__state=Review.SUBMITTED)
    under_way = open_review(claim) if draft else None
    if under_way is not None and (behind is None or reviews_with(behind).filter(pk=under_way.pk).exists()):
        wanted |= Q(review=under_way)
    verdicts = {
        verdict.pk: verdict
        for verdict in claim.verdicts.filter(wanted).select_related("review", "body", "by").order_by("seq")
    }
    given = [
        rollup.GivenVerdict(
            target=verdict.media_id,
            dimension=Dimension(verdict.dimension),
            review_kind=ReviewKind(verdict.review.kind),
            round=verdict.review.round,
            submitted=verdict.review.state == Review.SUBMITTED,
            recorded_seq=verdict.seq,
            status=Status(verdict.status),
            id=verdict.pk,
        )
        for verdict in verdicts.values()
    ]
    spoken = {subject: verdicts[one.id] for subject, one in rollup.effective(given, draft=draft).items()}  # type: ignore[index]
    media = list(claim.media.values_list("pk", flat=True))
    return Standing(spoken, {dimension: _targets(dimension, media, spoken) for dimension in Dimension})  # type: ignore[arg-type]


def disagreements(claim: Claim) -> list[Dimension]:
    """Dimensions on which a second review differs from the first and nobody has settled it."""
    return all_disagreements([claim.pk]).get(claim.pk, [])


def disputes_of(claim: Claim, *, viewer: Person | None = None) -> list[rollup.Dispute]:
    """Where the reviews of a claim differed, settled or not; `viewer` as in `standing`."""
    if viewer is not None and is_veiled(claim, viewer):
        return []
    return rollup.disputes(given_verdicts([claim.pk]).get(claim.pk, ()))


def all_disagreements(claims: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Dimension]]:
    """The dimensions in dispute of many claims, in one query; claims without any are absent."""
    found = {}
    for claim, verdicts in given_verdicts(claims).items():
        disputed = {dimension for _, dimension in rollup.disagreements(verdicts)}
        if disputed:
            found[claim] = [dimension for dimension in Dimension if dimension in disputed]
    return found


def given_verdicts(claims: Collection[uuid.UUID]) -> dict[uuid.UUID, list[rollup.GivenVerdict]]:
    """What submitted reviews say of many claims, in one query; claims of which they say nothing are absent."""
    given: dict[uuid.UUID, list[rollup.GivenVerdict]] = {}
    if not claims:
        return given
    rows = Verdict.objects.filter(claim__in=claims, review__state=Review.SUBMITTED)
    for verdict in rows.select_related("review"):
        given.setdefault(verdict.claim_id, []).append(
            rollup.GivenVerdict(
                target=verdict.media_id,
                dimension=Dimension(verdict.dimension),
                review_kind=ReviewKind(verdict.review.kind),
                round=verdict.review.round,
                submitted=True,
                recorded_seq=verdict.seq,
                status=Status(verdict.status),
                id=verdict.pk,
            )
        )
    return given


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
