"""From verdicts to statuses: which verdict speaks, where reviewers disagree, and what it adds up to."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from claims.vocabulary import Dimension, ReviewKind, Status

# The later of these speaks over the earlier within one round.
_RANK = {ReviewKind.FIRST: 0, ReviewKind.RECHECK: 0, ReviewKind.SECOND: 1, ReviewKind.ADJUDICATION: 2}


@dataclass(frozen=True)
class GivenVerdict:
    """What deciding between verdicts needs to know of one.

    `target` is the media item's id, or None for the claim. A claim goes through rounds: a first review or a
    re-check begins one, second review and adjudication belong to it. `recorded_seq` rises with every verdict.
    `submitted` is False while its review is open. `id` leads back to the record.
    """

    target: Hashable | None
    dimension: Dimension
    review_kind: ReviewKind
    round: int
    submitted: bool
    recorded_seq: int
    status: Status
    id: Hashable | None = None


Subject = tuple[Hashable | None, Dimension]


def applies_to(dimension: Dimension, has_media: bool) -> Literal["claim", "media"]:
    """Whose dimension it is by default. A statement can be decided of a media item besides."""
    if dimension in {Dimension.MOTIVATION, Dimension.STATEMENT} or not has_media:
        return "claim"
    return "media"


def roll_up(statuses: Sequence[Status]) -> Status:
    """The status of a dimension over everything it applies to; of nothing it is `not_applicable`."""
    left = [status for status in statuses if status is not Status.NOT_APPLICABLE]
    for status in (Status.CONTRADICTED, Status.NOT_CHECKED):
        if status in left:
            return status
    if not left:
        return Status.NOT_APPLICABLE
    return left[0] if len(set(left)) == 1 else Status.PARTLY_VERIFIED


def counts(statuses: Iterable[Status]) -> dict[Status, int]:
    """How often each status occurs, in the order of the vocabulary; those that don't occur are left out."""
    given = list(statuses)
    return {status: given.count(status) for status in Status if status in given}


def effective(verdicts: Iterable[GivenVerdict], *, draft: bool = False) -> dict[Subject, GivenVerdict]:
    """The verdict that speaks for each target and dimension; what nobody decided is absent.

    A later round speaks over an earlier, within a round adjudication over second over first or re-check,
    within a review the newest. Taking back (`not_checked`) says nothing of the matter in that review, so that
    what other reviews said stands. `draft` counts the open reviews' verdicts too.
    """
    heard = [verdict for verdict in verdicts if draft or verdict.submitted]
    spoken: dict[Subject, GivenVerdict] = {}
    for verdict in sorted(_said(heard), key=_weight):
        spoken[verdict.target, verdict.dimension] = verdict
    return spoken


@dataclass(frozen=True)
class Dispute:
    """A first and a second review that differ, and the adjudication that settled it, where there is one."""

    first: GivenVerdict
    second: GivenVerdict
    settled_by: GivenVerdict | None

    @property
    def subject(self) -> Subject:
        return self.first.target, self.first.dimension


def disputes(verdicts: Iterable[GivenVerdict]) -> list[Dispute]:
    """Where a submitted second review differs from the first of its round, settled or not.

    Only the latest round that says anything of the matter counts: a re-check leaves old quarrels behind.
    """
    said: dict[Subject, dict[tuple[int, int], GivenVerdict]] = {}
    for verdict in _said(verdict for verdict in verdicts if verdict.submitted):
        by_review = said.setdefault((verdict.target, verdict.dimension), {})
        by_review[verdict.round, _RANK[verdict.review_kind]] = verdict
    found = []
    for by_review in said.values():
        latest = max(round_ for round_, _ in by_review)
        first, second, settled = (by_review.get((latest, rank)) for rank in range(3))
        if first and second and first.status is not second.status:
            found.append(Dispute(first, second, settled))
    return found


def disagreements(verdicts: Iterable[GivenVerdict]) -> list[Subject]:
    """The disputes that no adjudication settles."""
    return [dispute.subject for dispute in disputes(verdicts) if dispute.settled_by is None]


def second_opinions(verdicts: Iterable[GivenVerdict], *, round_: int) -> dict[Dimension, bool]:
    """Whether the second review of a round says the same as its first, by dimension; both of them submitted.

    A dimension is compared where both reviews say something of one of its targets, and they agree where that is the
    same status on every such target. Established values are not compared, and an adjudication changes nothing.
    """
    said: dict[Subject, dict[int, Status]] = {}
    for verdict in _said(verdict for verdict in verdicts if verdict.submitted and verdict.round == round_):
        said.setdefault((verdict.target, verdict.dimension), {})[_RANK[verdict.review_kind]] = verdict.status
    agreed: dict[Dimension, bool] = {}
    for (_, dimension), by_review in said.items():
        first, second = by_review.get(0), by_review.get(1)
        if first and second:
            agreed[dimension] = agreed.get(dimension, True) and first is second
    return agreed


def _said(verdicts: Iterable[GivenVerdict]) -> list[GivenVerdict]:
    """What each review says in the end: its newest verdict of each matter, unless it was taken back."""
    newest: dict[tuple[Subject, int, ReviewKind], GivenVerdict] = {}
    for verdict in sorted(verdicts, key=lambda verdict: verdict.recorded_seq):
        newest[(verdict.target, verdict.dimension), verdict.round, verdict.review_kind] = verdict
    return [verdict for verdict in newest.values() if verdict.status is not Status.NOT_CHECKED]


def _weight(verdict: GivenVerdict) -> tuple[int, int, int]:
    return verdict.round, _RANK[verdict.review_kind], verdict.recorded_seq
