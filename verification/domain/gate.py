"""The gate's rule: from what is known of a claim to what stands between it and its publication."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from claims.errors import Blocker
from claims.vocabulary import Dimension, ReviewKind, Stage, Status

DECIDED = frozenset({Status.VERIFIED, Status.UNVERIFIED, Status.CONTRADICTED, Status.PARTLY_VERIFIED})


@dataclass(frozen=True)
class OpenEntry:
    """A review that waits or is under way."""

    kind: ReviewKind
    begun: bool


@dataclass(frozen=True)
class Facts:
    """What the rule needs to know. `statuses` are those of submitted reviews; what is absent is not checked, of which
    `partly` are decided of some media items.
    """

    stage: Stage
    statuses: Mapping[Dimension, Status]
    required: Collection[Dimension]
    partly: Collection[Dimension] = ()
    disagreements: Collection[Dimension] = ()
    open_entry: OpenEntry | None = None
    second_look: Sequence[str] = ()
    """Why the policy asks for a second review that the latest pass has not had."""
    reviewers: Collection[Hashable] = ()
    distinct_approver: bool = True
    recheck: Mapping[Dimension, str] = field(default_factory=dict)
    """Why dimensions should be looked at again, in sentences; it blocks while a re-check is open."""
    is_erased: bool = False
    """Whether what the claim says was erased: nothing is left that could be published."""
    is_veiled: bool = False
    """Whether what was decided is kept from who asks. The open second review stands in their way by itself."""


def is_partly_decided(occurring: Collection[str]) -> bool:
    """Whether something of a dimension is decided and something is not, by the statuses that occur."""
    return Status.NOT_CHECKED in occurring and any(status in occurring for status in DECIDED)


def blockers(facts: Facts, approver: Hashable | None) -> list[Blocker]:
    """What stands in the way of this approver; None is one who reviewed nothing. Nothing = it may be published."""
    found = []
    if facts.is_erased:
        found.append(
            Blocker(
                "erased", "What the claim says was erased. There is nothing left that could be published."
            )
        )
    if facts.stage == Stage.HELD:
        found.append(Blocker("held", "The claim is held. Release it first."))
    if facts.open_entry is not None:
        found += _waiting_for(facts.open_entry, facts.second_look, facts.recheck)
    elif facts.second_look:
        found.append(
            Blocker(
                "second_review_missing",
                " ".join([*facts.second_look, "None is submitted and none is waiting: ask for one."]),
            )
        )
    if facts.is_veiled:
        return found
    if not any(status in DECIDED for status in facts.statuses.values()):
        found.append(Blocker("nothing_decided", "No dimension has been decided in a submitted review."))
    found += [
        Blocker(
            "dimension_undecided",
            f"The policy requires the {dimension}, which is not decided"
            + (" of every media item." if dimension in facts.partly else "."),
            dimension.value,
        )
        for dimension in Dimension
        if dimension in facts.required
        and facts.statuses.get(dimension, Status.NOT_CHECKED) == Status.NOT_CHECKED
    ]
    found += [
        Blocker("disagreement", f"The reviews disagree on the {dimension}.", dimension.value)
        for dimension in Dimension
        if dimension in facts.disagreements
    ]
    if facts.distinct_approver and approver is not None and approver in facts.reviewers:
        found.append(
            Blocker("same_person", "You reviewed this claim yourself. Another editor must sign it off.")
        )
    return found


def _waiting_for(
    entry: OpenEntry, second_look: Sequence[str], recheck: Mapping[Dimension, str]
) -> list[Blocker]:
    if entry.kind == ReviewKind.SECOND:
        said = " ".join(["A second review is asked for and not submitted.", *second_look])
        return [Blocker("second_review_missing", said)]
    under_way = Blocker("review_open", "A review is waiting or under way. It has to be submitted first.")
    if entry.kind != ReviewKind.RECHECK:
        return [under_way]
    asked = [
        Blocker("recheck_needed", f"The {dimension} needs a re-check. {recheck[dimension]}", dimension.value)
        for dimension in Dimension
        if dimension in recheck
    ]
    if entry.begun:
        return [under_way, *asked]
    return asked or [Blocker("recheck_needed", "A re-check is asked for and not begun.")]
