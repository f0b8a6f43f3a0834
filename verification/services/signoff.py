"""What an editor weighs before signing a claim off: the gate rule by rule, and every decision with what stands beside it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claims.errors import Blocker
from claims.models import Claim, MediaItem, Person, Publication
from claims.projection import PublicFace
from claims.publishing import lowered_or_altered, next_version, render_face, standing_publication
from claims.vocabulary import IN_ORDER_OF_WORK, ChangeKind, Dimension, ReviewKind, Stage, Stance, Status
from verification.models import FindingRow, Review, Verdict
from verification.services.entries import open_entry
from verification.services.publication import gate
from verification.services.reliance import reasons_of, say_reasons
from verification.services.second_looks import second_look_of
from verification.services.standing import (
    Line,
    Standing,
    disputes_of,
    face_of,
    line_of,
    standing,
)
from verification.services.veil import is_veiled

_BESIDE = {ReviewKind.FIRST: 0, ReviewKind.RECHECK: 0, ReviewKind.SECOND: 1, ReviewKind.ADJUDICATION: 2}


@dataclass(frozen=True)
class Rule:
    """One rule of the gate for one person: kept, broken (`blocker` says how), or not asked for in its time."""

    code: str
    title: str
    blocker: Blocker | None = None
    dimension: str | None = None
    remark: str = ""


@dataclass(frozen=True)
class OfItem:
    """What was decided of one dimension of a media item, or of the claim (`media` None)."""

    media: MediaItem | None
    speaks: Verdict | None
    beside: Sequence[Verdict]
    """What each review of the latest round says, first before second before adjudication."""
    earlier: Sequence[Verdict]
    against: Sequence[FindingRow]
    """Findings that contradict what is claimed."""

    @property
    def is_verified_against(self) -> bool:
        """Whether somebody verified it although something was found against it."""
        return bool(self.against) and any(each.status == Status.VERIFIED for each in self.beside)


@dataclass(frozen=True)
class OfDimension:
    """What was decided of one dimension."""

    dimension: Dimension
    status: Status
    counts: dict[Status, int]
    required: bool
    disagree: bool
    settled: bool
    """Whether the reviews differed and an adjudication settled it."""
    recheck: str
    """Why it needs a re-check, if it does."""
    items: Sequence[OfItem]


@dataclass(frozen=True)
class Outlook:
    """What would be published now, beside what is."""

    face: PublicFace
    rendered: dict[str, Any]
    short: Line
    long: Line
    published: Publication | None
    takes_back: Sequence[str]
    """Why a change could not be called an amendment."""


def rules_for(claim: Claim, approver: Person) -> list[Rule]:
    """The gate as a checklist; what blocks comes from the gate itself, whatever this list forgets."""
    policy = claim.desk.policy
    blockers = gate(claim, approver)
    left = list(blockers)

    def rule(title: str, *codes: str, dimension: Dimension | None = None, remark: str = "") -> list[Rule]:
        said = dimension.value if dimension else None
        broken = [b for b in left if b.code in codes and (dimension is None or b.dimension == said)]
        for blocker in broken:
            left.remove(blocker)
        if not broken:
            return [Rule(codes[0], title, dimension=said, remark=remark)]
        return [Rule(b.code, title, b, b.dimension) for b in broken]

    entry = open_entry(claim)
    waits = ReviewKind(entry.review_kind) if entry else None
    # A second review that waits has a rule of its own, further down.
    rules = (
        []
        if waits == ReviewKind.SECOND
        else rule("Every review that was asked for is submitted", "review_open", "recheck_needed")
    )
    veiled = is_veiled(claim, approver)
    if not veiled:
        rules += rule("Something is decided", "nothing_decided")
        for dimension in IN_ORDER_OF_WORK:
            if dimension in policy.required:
                rules += rule(f"The {dimension} is decided", "dimension_undecided", dimension=dimension)
    asks = second_look_of(claim, is_veiled=veiled).reasons
    if asks or any(b.code == "second_review_missing" for b in blockers):
        begins = waits in {ReviewKind.FIRST, ReviewKind.RECHECK}
        remark = "It follows the review that is asked for." if begins else ""
        rules += rule("A second person has reviewed it", "second_review_missing", remark=remark)
    if not veiled:
        rules += rule("The reviews agree", "disagreement", remark=_settled(claim))
    if policy.distinct_approver:
        rules += rule("Whoever signs off has not reviewed it", "same_person")
    rules += rule("It is not held", "held")
    if any(b.code == "erased" for b in blockers):
        rules += rule("What it says is still there", "erased")
    return rules + [Rule(b.code, b.detail, b, b.dimension) for b in left]


def decisions_of(claim: Claim, viewer: Person) -> list[OfDimension]:
    """Who decided what and why, of every dimension that anybody decided or the policy requires; nothing behind a veil."""
    if is_veiled(claim, viewer):
        return []
    now = standing(claim)
    given = list(
        claim.verdicts.filter(review__state=Review.SUBMITTED)
        .select_related("review", "body", "by")
        .order_by("seq")
    )
    items = {item.pk: item for item in claim.media.all()}
    against = _contradictions(claim)
    disputes = disputes_of(claim)
    quarrels = {each.first.dimension for each in disputes if each.settled_by is None}
    settled = {each.first.dimension for each in disputes} - quarrels
    reasons = reasons_of(claim)
    return [
        OfDimension(
            dimension=dimension,
            status=now.status(dimension),
            counts=now.counts(dimension),
            required=dimension in claim.desk.policy.required,
            disagree=dimension in quarrels,
            settled=dimension in settled,
            recheck=say_reasons(reasons.get(dimension, ())),
            items=[
                _of_item(items.get(target) if target else None, target, dimension, now, given, against)
                for target in _targets(now, dimension, given)
            ],
        )
        for dimension in IN_ORDER_OF_WORK
        if dimension in claim.desk.policy.required or any(each.dimension == dimension for each in given)
    ]


def outlook_of(claim: Claim, *, viewer: Person, at: datetime) -> Outlook:
    """What outsiders would see if the claim were published at this moment, by the function that publishes.

    To who stands behind a veil it is as if nothing were decided; the gate is closed to them meanwhile.
    """
    published = standing_publication(claim)
    face = face_of(claim, viewer=viewer)
    short, long = line_of(face), line_of(face, form="long")
    # What was withdrawn and comes back is published anew, whatever stood before.
    goes_on = claim.stage in {Stage.PUBLISHED, Stage.HELD}
    rendered = render_face(
        face,
        kind=ChangeKind.AMENDED if published and goes_on else ChangeKind.PUBLISHED,
        version=next_version(claim),
        before=published.rendered if published else None,
        line=short.text,
        line_long=long.text,
        at=at,
    )
    takes_back = lowered_or_altered(face, published) if published and goes_on else ()
    return Outlook(face, rendered, short, long, published, takes_back)


def _settled(claim: Claim) -> str:
    """Of which dimensions the reviews differed, and who settled it; nothing where they never did."""
    settled = [str(dispute.settled_by.id) for dispute in disputes_of(claim) if dispute.settled_by]
    said = {
        f"They disagreed on the {verdict.dimension}; {verdict.by.display_name} settled it: {verdict.status}."
        + (f" “{verdict.content['reason']}”" if verdict.content["reason"] else "")
        for verdict in claim.verdicts.filter(pk__in=settled).select_related("by", "body")
    }
    return " ".join(sorted(said))


def _targets(now: Standing, dimension: Dimension, given: Sequence[Verdict]) -> list[uuid.UUID | None]:
    """Whatever the dimension applies to, and whatever else somebody decided it of."""
    targets = list(now.targets[dimension])
    others = (each.media_id for each in given if each.dimension == dimension)
    return targets + [target for target in dict.fromkeys(others) if target not in targets]


def _of_item(  # noqa: PLR0917  its one caller names them in this order
    media: MediaItem | None,
    target: uuid.UUID | None,
    dimension: Dimension,
    now: Standing,
    given: Sequence[Verdict],
    against: dict[tuple[uuid.UUID, str], list[FindingRow]],
) -> OfItem:
    mine = [each for each in given if each.media_id == target and each.dimension == dimension]
    speaks = now.verdicts.get((target, dimension))
    newest: dict[str, Verdict] = {}
    if speaks is not None:
        # Of one review the newest speaks; `given` is in the order of recording.
        newest = {each.review.kind: each for each in mine if each.review.round == speaks.review.round}
    beside = [each for each in newest.values() if each.status != Status.NOT_CHECKED]
    beside.sort(key=lambda each: _BESIDE[ReviewKind(each.review.kind)])
    shown = {each.pk for each in beside}
    if target is not None:
        found = against.get((target, dimension.value), [])
    else:
        found = [row for (_, word), rows in against.items() if word == dimension.value for row in rows]
    return OfItem(media, speaks, beside, [each for each in mine[::-1] if each.pk not in shown], found)


def _contradictions(claim: Claim) -> dict[tuple[uuid.UUID, str], list[FindingRow]]:
    found: dict[tuple[uuid.UUID, str], list[FindingRow]] = {}
    rows = (
        FindingRow.objects.current()
        .filter(run__media__claim=claim, stance=Stance.CONTRADICTS)
        .select_related("run")
    )
    for row in rows.order_by("run__media__position", "run__check_slug", "position"):
        found.setdefault((row.run.media_id, row.dimension), []).append(row)
    return found
