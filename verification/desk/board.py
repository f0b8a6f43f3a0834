"""Claims at a glance: one word for how each stands, why it stands still, and who has it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.utils import timezone

from claims.errors import Blocker
from claims.models import Claim, MediaItem, Person
from claims.vocabulary import IN_ORDER_OF_WORK, CaptureState, Dimension, Stage, Stance, Status
from verification.desk.words import label
from verification.models import DimensionStatus, FindingRow, QueueEntry, ScheduledPublication
from verification.models.veil import veiled_from
from verification.services.publication import gates
from verification.services.reliance import say_reasons


@dataclass(frozen=True)
class Chip:
    """A dimension that is decided or needed."""

    dimension: Dimension
    status: str
    counts: Mapping[str, int]
    needed: bool
    recheck: str = ""
    """Why it needs a re-check, if it does."""


@dataclass(frozen=True)
class Row:
    """A claim as it stands. `tone` is one of the few ways a row looks, `state` says it in words."""

    claim: Claim
    tone: str
    state: str
    why: list[str]
    chips: list[Chip]
    is_veiled: bool
    """Whether what was decided is kept from the viewer by a blind second review."""
    entry: QueueEntry | None
    media: int
    failures: int
    contradicted: bool
    version: int | None
    goes_out_at: datetime | None

    @property
    def is_leased(self) -> bool:
        until = self.entry.lease_until if self.entry and self.entry.holder_id else None
        return until is not None and until > timezone.now()


def rows_of(ids: Sequence[uuid.UUID], *, viewer: Person, approver: Person | None) -> list[Row]:
    """The claims in the order of their ids, in a fixed number of queries.

    What blocks is told for the approver; None is somebody who reviewed none of them.
    """
    found = {
        claim.pk: claim
        for claim in Claim.objects.filter(pk__in=ids)
        .select_related("desk__policy", "statement", "source", "assignee", "public__latest")
        .annotate(is_veiled=veiled_from(viewer))
        .prefetch_related(
            Prefetch("dimension_statuses", DimensionStatus.objects.visible_to(viewer)),
            Prefetch(
                "queue_entries", QueueEntry.objects.open().select_related("holder"), to_attr="open_entries"
            ),
            Prefetch(
                "schedules",
                ScheduledPublication.objects.filter(state=ScheduledPublication.WAITING),
                to_attr="embargoes",
            ),
        )
    }
    media = {
        claim: (number, failed)
        for claim, number, failed in MediaItem.objects.filter(claim__in=ids)
        .order_by()
        .values("claim_id")
        .annotate(number=Count("id"), failed=Count("id", filter=Q(state=CaptureState.FAILED.value)))
        .values_list("claim_id", "number", "failed")
    }
    against = set(
        FindingRow.objects.current()
        .filter(run__media__claim__in=ids, stance=Stance.CONTRADICTS.value)
        .values_list("run__media__claim_id", flat=True)
    )
    claims = [found[pk] for pk in ids if pk in found]
    blocked = gates(claims, approver, viewer=viewer)
    return [
        _row(claim, blocked[claim.pk], media.get(claim.pk, (0, 0)), contradicted=claim.pk in against)
        for claim in claims
    ]


def _row(claim: Any, blockers: Sequence[Blocker], media: tuple[int, int], *, contradicted: bool) -> Row:
    tone, state, told = _state(Stage(claim.stage), is_blocked=bool(blockers))
    public = getattr(claim, "public", None)
    return Row(
        claim=claim,
        tone=tone,
        state=state,
        why=say_blockers(blocker for blocker in blockers if blocker.code in told),
        chips=[] if claim.is_veiled else _chips(claim),
        is_veiled=claim.is_veiled,
        entry=claim.open_entries[0] if claim.open_entries else None,
        media=media[0],
        failures=media[1],
        contradicted=contradicted,
        version=public.latest.version if public is not None else None,
        goes_out_at=claim.embargoes[0].due_at if claim.embargoes else None,
    )


_WORDS = {
    "held": "It is held.",
    "erased": "What it says was erased.",
    "review_open": "A review is waiting or under way.",
    "second_review_missing": "A second review is missing.",
    "recheck_needed": "A re-check is asked for.",
    "nothing_decided": "Nothing is decided yet.",
    "same_person": "You reviewed it yourself: another editor must sign it off.",
}
_OF_DIMENSIONS = frozenset({"dimension_undecided", "disagreement"})
_OF_REVIEWS = frozenset({"second_review_missing", "recheck_needed", "disagreement"})
_ALL = frozenset(_WORDS) | _OF_DIMENSIONS

# What a review is there to bring about is no news while it waits or is under way.
_STATES: dict[Stage, tuple[str, str, frozenset[str]]] = {
    Stage.IN_REVIEW: ("underway", "Under way", _OF_REVIEWS),
    Stage.QUEUED: ("waiting", "Waits for review", _OF_REVIEWS),
    Stage.HELD: ("held", "Held", _ALL - {"held"}),
    Stage.PUBLISHED: ("published", "Published", _OF_REVIEWS | {"review_open", "erased"}),
}


def _state(stage: Stage, *, is_blocked: bool) -> tuple[str, str, frozenset[str]]:
    """Tone and word for how a claim stands, and which of its blockers are worth telling."""
    if stage == Stage.AWAITING_SIGNOFF:
        return ("blocked", "Blocked", _ALL) if is_blocked else ("ready", "Ready for sign-off", _ALL)
    if stage == Stage.SCHEDULED:
        return ("blocked", "Will not go out", _ALL) if is_blocked else ("scheduled", "Scheduled", _ALL)
    return _STATES.get(stage) or ("aside", label(stage), frozenset())


def _chips(claim: Any) -> list[Chip]:
    required = claim.desk.policy.required
    kept: dict[str, DimensionStatus] = {row.dimension: row for row in claim.dimension_statuses.all()}
    chips = []
    for dimension in IN_ORDER_OF_WORK:
        row = kept.get(dimension.value)
        status = row.status if row else Status.NOT_CHECKED.value
        if dimension in required or status != Status.NOT_CHECKED:
            counts, reasons = (row.counts, row.recheck_needed) if row else ({}, [])
            chips.append(Chip(dimension, status, counts, dimension in required, say_reasons(reasons)))
    return chips


def say_blockers(blockers: Iterable[Blocker]) -> list[str]:
    """Blockers in as few words as say it; one that stands for several dimensions is one sentence."""
    by_code: dict[str, list[str]] = {}
    for blocker in blockers:
        by_code.setdefault(blocker.code, []).append(blocker.dimension or "")
    if "dimension_undecided" in by_code:
        by_code.pop("nothing_decided", None)
    said = []
    for code, dimensions in by_code.items():
        if code == "dimension_undecided":
            verb = "is" if len(dimensions) == 1 else "are"
            said.append(f"{_listed(dimensions).capitalize()} {verb} not decided.")
        elif code == "disagreement":
            said.append(f"The reviews disagree on the {_listed(dimensions)}.")
        elif code == "recheck_needed" and any(dimensions):
            said.append(f"A re-check of the {_listed(dimensions)} is asked for.")
        else:
            said.append(_WORDS[code])
    return said


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
