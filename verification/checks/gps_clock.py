"""The satellites' time beside the camera's: which zone its clock was set to, and when that makes the picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.domain.clocks import WIDEST_OFFSET, offset_hours
from verification.domain.decoded import Decoded, FoundDate, FoundGps
from verification.domain.findings import Finding, Side, TimeBound
from verification.domain.own_dates import local_of, offset_of, own_date
from verification.domain.wording import say_gap
from verification.domain.zones import ClocksThere, clocks_at_gps, clocks_at_place

_DAY = timedelta(days=1)
_QUARTER = timedelta(minutes=15)
_FRESH_FOR = timedelta(minutes=5)
"""Zones differ by quarters of an hour: a fix this old still tells one from the next."""


@dataclass(frozen=True)
class _Clocks:
    """The clock's offset from satellite time, or its two possible ones, and how far it is off such a zone."""

    local: datetime
    offsets: tuple[timedelta, ...]
    off_by: timedelta


class GpsClock:
    slug = "gps_clock"
    title = "Satellite time and camera time"
    version = "1"
    dimensions = (Dimension.DATE, Dimension.LOCATION)
    media_types = ("image/*",)
    help = (
        "Reckons from the satellites' time of day which zone the camera's clock was set to, beside the zone kept at "
        "the picture's position or the claimed place. Days are left out: receivers often write a wrong one. Cameras "
        "and phones are not always set to the zone they are in, so a difference contradicts nothing. The satellites' "
        "time is that of the last fix, and can be older than the picture."
    )
    reads = "The satellites' time of day in EXIF, the camera's own time, and the zone kept at the position or the claimed place."
    stances = {
        Stance.SUPPORTS: "The offset between the two clocks is that of the claimed place on that day.",
        Stance.NEUTRAL: "The offset fits or does not fit the file's own position, or there is no place to set it beside.",
        Stance.INCONCLUSIVE: "The clocks are no whole zone apart, or the offset is not that of the claimed place.",
    }
    cannot_know = "Whether the clock was set to where it was, and how old the last fix was."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        gps, taken = facts.gps, own_date(facts)
        if gps is None or gps.fix_time is None:
            raise NotApplicable("The file has no satellite time.")
        if taken is None:
            raise NotApplicable("The file has no time by its camera's clock to set beside the satellites'.")
        clocks = _clocks(taken, gps.fix_time)
        data = _data(gps, taken, facts, clocks)
        if gps.interrupted:
            why = "the receiver had lost its signal, so its time may be an older one and nothing follows"
            return [_found(Dimension.DATE, Stance.INCONCLUSIVE, f"{_apart(clocks)}; but {why}", data)]
        written = offset_of(taken)
        if written is not None and written not in clocks.offsets:
            return [_against_its_own(clocks, written, data)]
        if clocks.off_by > _FRESH_FOR:
            why = "that is no zone's, so the clock was off or the position older than the picture"
            return [_found(Dimension.DATE, Stance.INCONCLUSIVE, f"{_apart(clocks)}; {why}", data)]
        bounds = _bounds(clocks, facts.read_by(gps.reader))
        there = clocks_at_gps(gps) or clocks_at_place(context.claimed_camera or context.claimed_location)
        if there is None:
            return [_found(Dimension.DATE, Stance.NEUTRAL, _apart(clocks), data, bounds)]
        return [_beside(clocks, there, data, bounds)]


def _clocks(taken: FoundDate, fix_time: str) -> _Clocks:
    local = local_of(taken)
    hour, minute, second = (int(part) for part in fix_time.split(":"))
    satellites = timedelta(hours=hour, minutes=minute, seconds=second)
    shown = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    ahead = (shown - satellites) % _DAY
    nearest = round(ahead / _QUARTER) * _QUARTER
    # Clocks run from UTC-12 to UTC+14: thirteen hours ahead may as well be eleven behind.
    offsets = tuple(
        offset for offset in (nearest - _DAY, nearest) if -timedelta(hours=12) <= offset <= WIDEST_OFFSET
    )
    return _Clocks(local, offsets, abs(ahead - nearest))


def _against_its_own(clocks: _Clocks, written: timedelta, data: dict[str, Any]) -> Finding:
    gap = min(abs(offset - written) for offset in clocks.offsets)
    sentence = (
        f"{_apart(clocks)}, yet it says {offset_hours(written)}: {say_gap(gap)} apart, so the position is older than "
        "the picture, or the clock was set wrong"
    )
    return _found(Dimension.DATE, Stance.INCONCLUSIVE, sentence, {**data, "written": offset_hours(written)})


def _beside(
    clocks: _Clocks, there: ClocksThere, data: dict[str, Any], bounds: tuple[TimeBound, ...]
) -> Finding:
    kept = there.offset_at(clocks.local)
    data = {**data, "zone_there": there.zone, "offset_there": offset_hours(kept)}
    dimension = Dimension.DATE if there.by_gps else Dimension.LOCATION
    if kept in clocks.offsets:
        stance = Stance.NEUTRAL if there.by_gps else Stance.SUPPORTS
        sentence = f"{_apart(clocks)}, as clocks {there.where} were that day"
        return _found(dimension, stance, sentence, data, bounds)
    sentence = (
        f"{_apart(clocks)}, where clocks {there.where} showed {offset_hours(kept)} that day; cameras and phones are "
        "not always set to the zone they are in, so nothing follows"
    )
    stance = Stance.NEUTRAL if there.by_gps else Stance.INCONCLUSIVE
    return _found(dimension, stance, sentence, data, bounds)


def _apart(clocks: _Clocks) -> str:
    zones = " or ".join(offset_hours(offset) for offset in clocks.offsets)
    off = f" and {say_gap(clocks.off_by)}" if clocks.off_by > _FRESH_FOR else ""
    return f"Beside the satellites' time of day, the camera's clock was at {zones}{off}"


def _bounds(clocks: _Clocks, reader: str) -> tuple[TimeBound, ...]:
    """The instants that the picture's day and the satellites' time of day leave, soft: the day is the camera's."""
    instants = [clocks.local.replace(tzinfo=UTC) - offset for offset in clocks.offsets]
    reason = f"the camera's day with the satellites' time of day, read by {reader}"
    return (
        TimeBound(Side.NOT_BEFORE, min(instants) - _FRESH_FOR, hard=False, reason=reason),
        TimeBound(Side.NOT_AFTER, max(instants) + _FRESH_FOR, hard=False, reason=reason),
    )


def _found(
    dimension: Dimension,
    stance: Stance,
    sentence: str,
    data: dict[str, Any],
    bounds: tuple[TimeBound, ...] = (),
) -> Finding:
    return Finding(dimension, stance, f"{sentence}.", data, bounds)


def _data(gps: FoundGps, taken: FoundDate, facts: Decoded, clocks: _Clocks) -> dict[str, Any]:
    return {
        "satellite_time": gps.fix_time,
        "satellite_day": gps.fix_date,
        "camera_time": taken.value,
        "implied_offsets": [offset_hours(offset) for offset in clocks.offsets],
        "reader": facts.read_by(gps.reader),
    }
