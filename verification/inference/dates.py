"""From findings to a suggested date: all bounds beside the claimed interval. A person decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from claims.dates import ClaimedDate
from verification.domain.findings import Finding, Side, TimeBound
from verification.inference.outcome import Outcome

_MARGIN = 0.08
_LEAST_MARGIN = timedelta(hours=6)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class BitingBound:
    """A bound in its turn: `bites` says that it took something from what those before it had left."""

    bound: TimeBound
    bites: bool


@dataclass(frozen=True)
class DateSuggestion:
    """What all bounds leave of the claimed interval, in UTC, both ends inclusive; None is an open end.

    Where `not_before` is later than `not_after`, nothing is left. The outcome is contradicted when the hard
    bounds alone leave nothing of what is claimed; undetermined when nothing is claimed or no bound is known,
    or when only soft bounds speak against it; else consistent.
    """

    outcome: Outcome
    not_before: datetime | None
    not_after: datetime | None
    bounds: tuple[BitingBound, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the bounds leave no time at all."""
        return (self.not_before or _EARLIEST) > (self.not_after or _LATEST)

    def as_json(self) -> dict[str, Any]:
        """The API's form; instants are RFC 3339 with Z."""
        return {
            "outcome": self.outcome.value,
            "not_before": _written(self.not_before),
            "not_after": _written(self.not_after),
            "bounds": [
                {
                    "side": one.bound.side.value,
                    "at": _written(one.bound.at),
                    "hard": one.bound.hard,
                    "reason": one.bound.reason,
                    "by": one.bound.by,
                    "bites": one.bites,
                }
                for one in self.bounds
            ],
        }


def suggest_date(*, claimed: ClaimedDate | None, findings: Sequence[Finding]) -> DateSuggestion:
    """What the bounds of all findings leave of the claimed date. The findings' order never matters.

    The bounds come hard ones first, and among those the one that takes most first.
    """
    start = (claimed.not_before, claimed.not_after) if claimed else (None, None)
    bounds = _in_order({bound for finding in findings for bound in finding.bounds}, start)
    not_before, not_after = start
    shown = []
    for bound in bounds:
        narrowed = _narrow((not_before, not_after), [bound])
        shown.append(BitingBound(bound, bites=narrowed != (not_before, not_after)))
        not_before, not_after = narrowed
    return DateSuggestion(_outcome(start, bounds), not_before, not_after, tuple(shown))


def axis_of(claimed: ClaimedDate | None, suggestion: DateSuggestion) -> tuple[datetime, datetime] | None:
    """From when to when a time axis reaches that shows claimed interval and bounds, in UTC.

    None without a bound, where there is nothing to set beside one another, and at the calendar's own ends.
    """
    ends = (claimed.not_before, claimed.not_after) if claimed else (None, None)
    bounds = [one.bound.at for one in suggestion.bounds]
    if not bounds:
        return None
    instants = [instant for instant in (*ends, *bounds) if instant is not None]
    first, last = min(instants), max(instants)
    margin = max((last - first) * _MARGIN, _LEAST_MARGIN)
    try:
        return first - margin, last + margin
    except OverflowError:
        return None


def _outcome(start: tuple[datetime | None, datetime | None], bounds: Sequence[TimeBound]) -> Outcome:
    if start == (None, None) or not bounds:
        return Outcome.UNDETERMINED
    if _is_empty(_narrow(start, [bound for bound in bounds if bound.hard])):
        return Outcome.CONTRADICTED
    return Outcome.UNDETERMINED if _is_empty(_narrow(start, bounds)) else Outcome.CONSISTENT


def _narrow(
    interval: tuple[datetime | None, datetime | None], bounds: Iterable[TimeBound]
) -> tuple[datetime | None, datetime | None]:
    not_before, not_after = interval
    for bound in bounds:
        if bound.side is Side.NOT_BEFORE:
            not_before = max(not_before or _EARLIEST, bound.at)
        else:
            not_after = min(not_after or _LATEST, bound.at)
    return not_before, not_after


def _is_empty(interval: tuple[datetime | None, datetime | None]) -> bool:
    return (interval[0] or _EARLIEST) > (interval[1] or _LATEST)


def _in_order(bounds: set[TimeBound], start: tuple[datetime | None, datetime | None]) -> list[TimeBound]:
    def key(bound: TimeBound) -> tuple[bool, timedelta, str, datetime, str, str]:
        # An open end of what is claimed lies infinitely far off, where the tightest bound still takes most.
        if bound.side is Side.NOT_BEFORE:
            taken = bound.at - (start[0] or _EARLIEST)
        else:
            taken = (start[1] or _LATEST) - bound.at
        return (not bound.hard, -taken, bound.side.value, bound.at, bound.reason, bound.by or "")

    return sorted(bounds, key=key)


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
