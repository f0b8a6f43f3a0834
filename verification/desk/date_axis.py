"""Where the claimed interval, every bound and the nights lie on one time axis, for a small drawing of a fixed width."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from claims.dates import ClaimedDate
from verification.domain.darkness import Spell
from verification.domain.findings import Side
from verification.inference.dates import DateSuggestion, axis_of
from verification.inference.daylight import Darkness

WIDTH = 1000
"""The axis in units of the drawing; the page scales it."""


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


@dataclass(frozen=True)
class SkyBand:
    """A spell of light or darkness as it lies on its strip; its ends once more by the clocks of the place."""

    band: Band
    spell: Spell
    from_local: datetime
    to_local: datetime


def draw_dates(claimed: ClaimedDate | None, suggestion: DateSuggestion) -> DateAxis | None:
    """Lays out claimed interval, bounds and what they leave of it; None where there is nothing to draw."""
    span = axis_of(claimed, suggestion)
    if span is None:
        return None
    start, end = span
    ends = (claimed.not_before, claimed.not_after) if claimed else (None, None)
    bounds = [one.bound for one in suggestion.bounds]

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


def draw_sky(darkness: Darkness) -> tuple[SkyBand, ...]:
    """Lays out the spells on a strip as long as the time that they fill: that of the axis, or one of their own."""
    start, length = darkness.starts_at, darkness.ends_at - darkness.starts_at
    zone = ZoneInfo(darkness.at.timezone)

    def x_of(instant: datetime) -> int:
        return round((instant - start) / length * WIDTH)

    return tuple(
        SkyBand(
            Band(x_of(one.starts_at), x_of(one.ends_at) - x_of(one.starts_at)),
            one,
            one.starts_at.astimezone(zone),
            one.ends_at.astimezone(zone),
        )
        for one in darkness.spells
    )
