"""Where the claimed interval and every bound lie on one time axis, for a small drawing of a fixed width."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from claims.dates import ClaimedDate
from verification.domain.findings import Side
from verification.inference.dates import DateSuggestion

WIDTH = 1000
"""The axis in units of the drawing; the page scales it."""

_MARGIN = 0.08
_LEAST_SPAN = timedelta(hours=6)


@dataclass(frozen=True)
class Band:
    """A stretch of the axis."""

    x: int
    width: int


@dataclass(frozen=True)
class Mark:
    """A bound: where it lies, and the stretch that it leaves open."""

    x: int
    leaves: Band
    hard: bool


@dataclass(frozen=True)
class DateAxis:
    """The drawing. `remaining` is None where nothing is left, or nothing is claimed."""

    starts_at: datetime
    ends_at: datetime
    claimed: Band | None
    remaining: Band | None
    marks: tuple[Mark, ...]


def draw_dates(claimed: ClaimedDate | None, suggestion: DateSuggestion) -> DateAxis | None:
    """Lays out claimed interval, bounds and what they leave of it; None where there is nothing to draw."""
    ends = (claimed.not_before, claimed.not_after) if claimed else (None, None)
    bounds = [one.bound for one in suggestion.bounds]
    instants = [instant for instant in (*ends, *(bound.at for bound in bounds)) if instant is not None]
    if not instants or not bounds:
        return None
    first, last = min(instants), max(instants)
    margin = max((last - first) * _MARGIN, _LEAST_SPAN)
    try:
        start, end = first - margin, last + margin
    except OverflowError:  # a bound at the calendar's own end
        return None

    def x_of(instant: datetime) -> int:
        return round((instant - start) / (end - start) * WIDTH)

    def band(not_before: datetime | None, not_after: datetime | None) -> Band:
        left = x_of(not_before) if not_before else 0
        right = x_of(not_after) if not_after else WIDTH
        return Band(left, max(right - left, 3))

    return DateAxis(
        starts_at=start,
        ends_at=end,
        claimed=band(*ends) if claimed else None,
        remaining=None
        if claimed is None or suggestion.is_empty
        else band(suggestion.not_before, suggestion.not_after),
        marks=tuple(
            Mark(
                x_of(bound.at),
                band(bound.at, None) if bound.side is Side.NOT_BEFORE else band(None, bound.at),
                bound.hard,
            )
            for bound in bounds
        ),
    )
