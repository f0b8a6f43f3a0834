"""What may be done to many claims at once: each claim by the rule of the table that a single one goes by."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from claims.vocabulary import Role
from verification.domain.transitions import TABLE, Action


class BulkAction(StrEnum):
    """What is done to each of many claims; the values are the API's words."""

    ASSIGN = "assign"
    PRIORITISE = "prioritise"
    TAG = "tag"
    DROP = "drop"
    DUPLICATE = "duplicate"


class BulkPhase(StrEnum):
    """How far an act that is done in parts has come: each phase goes over the claims once."""

    PREVIEW = "preview"
    ACT = "act"
    UNDO = "undo"


ACTION: dict[BulkAction, Action] = {
    BulkAction.ASSIGN: Action.ASSIGN,
    BulkAction.PRIORITISE: Action.EDIT,
    BulkAction.TAG: Action.EDIT,
    BulkAction.DROP: Action.DROP,
    BulkAction.DUPLICATE: Action.DUPLICATE,
}
"""The row of the table that decides on each claim."""


def acts_of(role: Role) -> list[BulkAction]:
    """What the role may do to many claims, as far as the role decides."""
    return [act for act, action in ACTION.items() if role in TABLE[action].roles]


def with_tags(tags: Collection[str], *, add: Collection[str], remove: Collection[str]) -> list[str]:
    """A claim's tags with some added and some removed, each once, in their order; what is both is added."""
    return list(dict.fromkeys([*(tag for tag in tags if tag not in set(remove) - set(add)), *add]))
