"""An act on several claims in words: what is asked for, and what became, or would become, of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claims.models import Claim, Person
from verification.desk.words import label
from verification.domain.bulk import BulkAction, BulkPhase
from verification.models import BulkRun
from verification.services import bulk_runs
from verification.services.bulk import UNDO_FOR

PAGE_SIZE = 50

BUTTON: dict[BulkAction, str] = {
    BulkAction.ASSIGN: "Assign",
    BulkAction.PRIORITISE: "Set priority",
    BulkAction.TAG: "Tag",
    BulkAction.DROP: "Drop",
    BulkAction.DUPLICATE: "Mark as duplicates",
}


@dataclass(frozen=True)
class Line:
    """One claim with its result: `text` where it goes, or went, `error` why not."""

    claim: Claim | None
    text: str
    error: str
    is_undone: bool


@dataclass(frozen=True)
class Progress:
    """How far a run has come, in the words of its phase; `page` counts from 1. `as_before` are those of `done` that are so
    already, so that nothing changes.
    """

    run: BulkRun
    lines: Sequence[Line]
    page: int
    pages: int
    done: int
    as_before: int
    refused: int
    total: int
    may_confirm: bool
    may_take_back: bool

    @property
    def title(self) -> str:
        what = BUTTON[BulkAction(self.run.act)]
        return {
            BulkPhase.PREVIEW: f"{what}: what would happen",
            BulkPhase.ACT: f"{what}: what happened",
            BulkPhase.UNDO: f"{what}: taken back",
        }[BulkPhase(self.run.phase)]

    @property
    def take_back_until(self) -> datetime | None:
        return self.run.acted_at + UNDO_FOR if self.run.acted_at else None

    @property
    def left(self) -> int:
        return len(self.run.waiting)

    @property
    def tried(self) -> int:
        return self.total - self.left


def progress_of(run: BulkRun, *, viewer: Person, page: int) -> Progress:
    """Refusals first; so many a page that it stays light."""
    is_undo = run.phase == BulkPhase.UNDO
    results = run.results
    if is_undo:  # what was refused at first had nothing to take back
        results = [one for one in results if "undone" in one or one.get("back")]
    came = [one for one in results if not (is_undo and one.get("back"))]
    ordered = sorted(came, key=lambda one: one["error"] is None)
    pages = max(1, -(-len(ordered) // PAGE_SIZE))
    page = min(max(page, 1), pages)
    shown = ordered[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    ids = [one["claim"] for one in shown]
    claims = {
        str(claim.pk): claim
        for claim in Claim.objects.visible_to(viewer).filter(pk__in=ids).select_related("statement")
    }
    refused = sum(one["error"] is not None for one in came)
    return Progress(
        run=run,
        lines=[_line(one, claims.get(one["claim"])) for one in shown],
        page=page,
        pages=pages,
        done=len(came) - refused,
        as_before=sum(one["error"] is None and one["was"] == one["now"] for one in came),
        refused=refused,
        total=len(came) + len(run.waiting),
        may_confirm=run.phase == BulkPhase.PREVIEW and not run.waiting and refused < len(came),
        may_take_back=bulk_runs.may_take_back(run),
    )


def _line(one: Mapping[str, Any], claim: Claim | None) -> Line:
    text = "" if one["error"] else _change(one["was"], one["now"])
    return Line(claim, text, one["error"] or "", one.get("undone", False))


def _change(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Each thing that changes, as it was and as it is now."""
    changed = [
        f"{label(name)}: {_value(name, was[name])} \u2192 {_value(name, now[name])}"
        for name in now
        if was[name] != now[name]
    ]
    return "; ".join(changed) or "Nothing changes: it is so already."


def _value(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if value is None:
        return "nobody" if name == "assignee" else "none"
    return label(value) if name in {"stage", "priority"} else str(value)
