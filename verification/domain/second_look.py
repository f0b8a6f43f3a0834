"""When a desk's policy asks for a second look at a claim, and why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from claims.vocabulary import Dimension, Priority, Stance, Status

_PRIORITY_SAID = {
    Priority.BREAKING: "breaking news",
    Priority.HIGH: "claims of high priority",
    Priority.NORMAL: "claims of normal priority",
    Priority.LOW: "claims of low priority",
}
_DECIDED = frozenset({Status.VERIFIED, Status.UNVERIFIED, Status.CONTRADICTED})
_AGAINST = {Status.VERIFIED: Stance.CONTRADICTS, Status.CONTRADICTED: Stance.SUPPORTS}


@dataclass(frozen=True)
class Conditions:
    """On what a policy asks for a second look; each condition asks on its own, whatever the others say."""

    always: bool = False
    topics: Collection[str] = ()
    priorities: Collection[Priority] = ()
    dimensions: Collection[Dimension] = ()
    on_contradiction: bool = False

    @property
    def depends_on_verdicts(self) -> bool:
        return bool(self.dimensions) or self.on_contradiction


@dataclass(frozen=True)
class Case:
    """What the rule needs to know of a claim. `against` are the decided dimensions where a verdict stands
    against a finding.
    """

    topics: Collection[str] = ()
    priority: Priority = Priority.NORMAL
    decided: Collection[Dimension] = ()
    against: Collection[Dimension] = ()


def is_decision(status: Status) -> bool:
    """Whether a verdict of this status decides anything that a second person could see otherwise."""
    return status in _DECIDED


def stands_against(status: Status, stances: Collection[Stance]) -> bool:
    """Whether a verdict stands against what was found: `verified` against a finding that contradicts what is
    claimed, `contradicted` against one that supports it. `unverified` says nothing that a finding could deny.
    """
    return _AGAINST.get(status) in stances


def reasons(conditions: Conditions, case: Case) -> list[str]:
    """Why the policy asks for a second look, a sentence each; none where it does not ask."""
    asked = ["every claim"] if conditions.always else []
    asked += [f"claims about “{topic}”" for topic in sorted({*conditions.topics} & {*case.topics})]
    if case.priority in conditions.priorities:
        asked.append(_PRIORITY_SAID[case.priority])
    asked += [
        f"every claim whose {dimension} is decided"
        for dimension in Dimension
        if dimension in conditions.dimensions and dimension in case.decided
    ]
    if conditions.on_contradiction:
        asked += [
            f"every verdict that stands against a finding, as the one on the {dimension} does"
            for dimension in Dimension
            if dimension in case.against
        ]
    return [f"The policy asks for a second look at {what}." for what in asked]
