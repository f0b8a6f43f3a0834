"""The dates that a video's or recording's container carries, beside the claimed date."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from claims.dates import ClaimedDate
from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.domain.clocks import WIDEST_OFFSET, Span, offset_hours, span_of
from verification.domain.decoded import Decoded, FoundDate
from verification.domain.findings import Finding, Side, TimeBound
from verification.domain.wording import say_claimed_interval, say_gap, say_recorded, say_zone_city

_APPLE = "com.apple.quicktime.creationdate"
_HEADER = "creation_time"
_NAMES = {_APPLE: "Apple creation date", _HEADER: "creation time", "date": "date tag"}
_HOUR = timedelta(hours=1)
_HAS_OFFSET = re.compile(r"T[\d:]+(Z|[+-]\d{2}(:\d{2})?)", re.ASCII)
_WESTMOST, _EASTMOST = -12, 14
# Players and phones write the header when a recording begins or when it ends, and take their time.
_LEAST_TOLERANCE = timedelta(minutes=2)
_UTC_CONFIRMED = ", in UTC as the camera's own date confirms"
_NOT_UTC_AFTER_ALL = "; the format means that as UTC, but many cameras write local time there"


@dataclass(frozen=True)
class _Reading:
    """What a date may mean: `exact` where its zone is known, `ends_only` where it may be a later saving's."""

    date: FoundDate
    at: str
    span: Span
    exact: bool
    ends_only: bool

    @property
    def is_instant(self) -> bool:
        return "T" in self.at

    @property
    def local(self) -> datetime:
        return datetime.fromisoformat(self.at).replace(tzinfo=None)


class ContainerDates:
    slug = "container_dates"
    title = "Dates in the container"
    version = "1"
    dimensions = (Dimension.DATE,)
    media_types = ("video/*", "audio/*")
    help = (
        "Reads the creation dates that cameras and programs write into video and sound files, and sets "
        "them beside the claimed date. A clock can be wrong and a file can be saved again, so all that "
        "follows is soft."
    )
    reads = (
        "Apple's creation date, the header's creation time and the date tag of video and sound containers."
    )
    stances = {
        Stance.SUPPORTS: "The recorded time lies within the claimed date, whatever zone it may be in.",
        Stance.CONTRADICTS: "It lies outside of the claimed date in every zone there is.",
        Stance.NEUTRAL: "There is a date, and nothing is claimed to set it beside.",
        Stance.INCONCLUSIVE: "There is no date, it was never set, or its zone leaves both open.",
    }
    cannot_know = "Whether the clock was right, and whether the date is the filming's or a later saving's."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        failure = facts.failed("metadata")
        if failure and not facts.dates:
            raise CheckFailed(f"The container's tags could not be read: {failure.detail}")
        if not facts.dates:
            sentence = "The file carries no date; many platforms remove it, so nothing follows from that."
            return [Finding(Dimension.DATE, Stance.INCONCLUSIVE, sentence, {"absent": True})]
        findings = [self._judge(date, facts, context) for date in facts.dates]
        return findings + _disagreements(facts)

    def _judge(self, date: FoundDate, facts: Decoded, context: Context) -> Finding:
        data = _data(date, facts)
        if date.unset or date.at is None:
            return Finding(Dimension.DATE, Stance.INCONCLUSIVE, _no_date(date), data)
        reading = _read(date, date.at, facts)
        data["not_before"], data["not_after"] = (
            reading.span.not_before.isoformat(),
            reading.span.not_after.isoformat(),
        )
        name = _NAMES.get(date.field, date.field)
        said = f"The file's {name} says {_said(reading)}"
        latest = context.captured_at or context.now
        if reading.span.not_before > latest + _LEAST_TOLERANCE:
            sentence = f"{said}; that is after the file reached us, so the clock was wrong and tells nothing."
            return Finding(Dimension.DATE, Stance.INCONCLUSIVE, sentence, {**data, "impossible": True})
        bounds = _bounds(reading, f"{name}: {say_recorded(reading.at)}, read by {data['reader']}")
        claimed = context.claimed_date
        if claimed is None or (claimed.not_before is None and claimed.not_after is None):
            return Finding(Dimension.DATE, Stance.NEUTRAL, f"{said}.", data, bounds)
        stance, why = _compare(reading, claimed)
        return Finding(Dimension.DATE, stance, f"{said}; {why}.", data, bounds)


def _read(date: FoundDate, at: str, facts: Decoded) -> _Reading:
    tolerance = _tolerance(facts)
    exact = "T" in at and (date.zone == "written" or (date.zone == "format" and _confirmed(at, facts)))
    span = span_of(at, trust_offset=exact)
    if exact:
        span = Span(span.not_before - tolerance, span.not_after + tolerance)
    return _Reading(
        date, at, span, exact, ends_only=date.field != _APPLE and not _straight_from_camera(facts)
    )


def _tolerance(facts: Decoded) -> timedelta:
    return max(timedelta(seconds=facts.duration_seconds or 0), _LEAST_TOLERANCE)


def _confirmed(at: str, facts: Decoded) -> bool:
    """Whether a date that says its own zone agrees that the header's is indeed UTC."""
    moment = datetime.fromisoformat(at)
    return any(abs(datetime.fromisoformat(other) - moment) <= _tolerance(facts) for other in _zoned(facts))


def _zoned(facts: Decoded) -> list[str]:
    return [date.at for date in facts.dates if date.at and not date.unset and date.zone == "written"]


def _straight_from_camera(facts: Decoded) -> bool:
    """Whether a camera wrote this container: it names itself, and no re-encoder does."""
    named = facts.device.make or facts.device.model or (facts.device.software or "").startswith("Android")
    resaved = (facts.encoder or "").startswith(("Lavf", "HandBrake"))
    return bool(named) and not resaved


def _said(reading: _Reading) -> str:
    said = say_recorded(reading.at)
    if not reading.is_instant:
        return said
    if reading.exact and reading.date.zone == "written":
        offset = datetime.fromisoformat(reading.at).utcoffset() or timedelta()
        return f"{said} at {offset_hours(offset)}"
    if reading.date.zone == "format":
        return said + (_UTC_CONFIRMED if reading.exact else _NOT_UTC_AFTER_ALL)
    return f"{said}, without a time zone"


def _no_date(date: FoundDate) -> str:
    name = _NAMES.get(date.field, date.field)
    if date.unset is None:
        return f"The file's {name} can't be read as a date: “{date.value[:60]}”."
    return f"The file's {name} was never set ({date.unset}): it is no date at all."


def _bounds(reading: _Reading, reason: str) -> tuple[TimeBound, ...]:
    last = TimeBound(Side.NOT_AFTER, reading.span.not_after, hard=False, reason=reason)
    if reading.ends_only:
        return (last,)
    return (TimeBound(Side.NOT_BEFORE, reading.span.not_before, hard=False, reason=reason), last)


def _compare(reading: _Reading, claimed: ClaimedDate) -> tuple[Stance, str]:
    """The stance towards the claimed date, and the words for it."""
    interval = say_claimed_interval(claimed)
    outside = _compare_outside(reading, claimed, interval)
    if outside:
        return outside
    if not reading.is_instant:
        return _compare_days(reading, claimed, interval)
    if not reading.exact:
        return _compare_unzoned(reading, claimed, interval)
    if _is_without_zone(claimed) and not _on_claimed_days(reading, claimed):
        words = f"that is within {interval} only in some time zones, and the claim names none"
        return Stance.INCONCLUSIVE, words
    return Stance.SUPPORTS, f"that is within {interval}{_in_city(claimed)}"


def _compare_outside(reading: _Reading, claimed: ClaimedDate, interval: str) -> tuple[Stance, str] | None:
    """The stance of a date that lies before or after all that is claimed; None for any other."""
    if claimed.not_before and reading.span.not_after < claimed.not_before:
        gap = say_gap(claimed.not_before - reading.span.not_after)
        return Stance.CONTRADICTS, f"that is at least {gap} before {interval} begins"
    if claimed.not_after and reading.span.not_before > claimed.not_after:
        later = (
            f"that is at least {say_gap(reading.span.not_before - claimed.not_after)} after {interval} ends"
        )
        if reading.ends_only:
            return Stance.INCONCLUSIVE, f"{later}, as it also is where an older film was saved again then"
        return Stance.CONTRADICTS, later
    return None


def _is_without_zone(claimed: ClaimedDate) -> bool:
    """Whether the claimed bounds are wide for want of a zone: no IANA name, no offset in the expression."""
    return claimed.timezone is None and not _HAS_OFFSET.search(claimed.edtf)


def _on_claimed_days(reading: _Reading, claimed: ClaimedDate) -> bool:
    """Whether the reading's own clock shows a claimed day: the bounds less their width for zones."""
    local = reading.local.replace(tzinfo=UTC)
    return (claimed.not_before is None or local - _EASTMOST * _HOUR >= claimed.not_before) and (
        claimed.not_after is None or local - _WESTMOST * _HOUR <= claimed.not_after
    )


def _compare_days(reading: _Reading, claimed: ClaimedDate, interval: str) -> tuple[Stance, str]:
    """A date without a time of day supports only where all of it lies within the claimed date."""
    first, last = reading.span.not_before + WIDEST_OFFSET, reading.span.not_after - WIDEST_OFFSET
    if claimed.timezone:
        begins = first.replace(tzinfo=ZoneInfo(claimed.timezone))
        ends = last.replace(tzinfo=ZoneInfo(claimed.timezone))
    else:
        begins, ends = first - _EASTMOST * _HOUR, last - _WESTMOST * _HOUR
    if (claimed.not_before is None or begins >= claimed.not_before) and (
        claimed.not_after is None or ends <= claimed.not_after
    ):
        return Stance.SUPPORTS, f"that is within {interval}"
    return Stance.NEUTRAL, f"that is compatible with {interval}, and too coarse to say more"


def _compare_unzoned(reading: _Reading, claimed: ClaimedDate, interval: str) -> tuple[Stance, str]:
    """A clock of unknown zone: in which zones would the time it shows lie within the claimed date?"""
    local = reading.local.replace(tzinfo=UTC)
    least: float = (local - claimed.not_after) / _HOUR if claimed.not_after else _WESTMOST
    most: float = (local - claimed.not_before) / _HOUR if claimed.not_before else _EASTMOST
    if least <= _WESTMOST and most >= _EASTMOST:
        return Stance.SUPPORTS, f"that is within {interval} whatever zone the clock was set to"
    likely = [0.0] if reading.date.zone == "format" else []
    if claimed.timezone:
        there = reading.local.replace(tzinfo=ZoneInfo(claimed.timezone)).utcoffset() or timedelta()
        likely.append(there / _HOUR)
    if any(least <= hours <= most for hours in likely):
        exceptions = []
        if least > _WESTMOST:
            exceptions.append(f"{_zone(math.ceil(least) - 1)} or further west")
        if most < _EASTMOST:
            exceptions.append(f"{_zone(math.floor(most) + 1)} or further east")
        unless = " or to ".join(exceptions)
        return (
            Stance.SUPPORTS,
            f"that is within {interval}{_in_city(claimed)} unless the clock was set to {unless}",
        )
    west, east = max(math.ceil(least), _WESTMOST), min(math.floor(most), _EASTMOST)
    zones = f"between {_zone(west)} and {_zone(east)}" if west < east else f"to about {_zone(round(most))}"
    return Stance.INCONCLUSIVE, f"that is within {interval} only if the clock was set {zones}"


def _zone(hours: int) -> str:
    return offset_hours(timedelta(hours=hours))


def _in_city(claimed: ClaimedDate) -> str:
    return f" in {say_zone_city(claimed.timezone)}" if claimed.timezone and "/" in claimed.timezone else ""


def _disagreements(facts: Decoded) -> list[Finding]:
    """Header and camera further apart than a recording takes: it was saved again, or one errs."""
    own = next((date for date in facts.dates if date.field == _APPLE and date.at in _zoned(facts)), None)
    header = next((d for d in facts.dates if d.field == _HEADER and d.at and d.offset and not d.unset), None)
    if own is None or header is None or own.at is None or header.at is None:
        return []
    earlier, later = datetime.fromisoformat(own.at), datetime.fromisoformat(header.at)
    apart = later - earlier
    # A header in local time is apart by the zone: whole quarters of an hour, within the widest.
    beside_zone = abs(apart - round(apart / timedelta(minutes=15)) * timedelta(minutes=15))
    if abs(apart) <= _tolerance(facts) or (abs(apart) <= WIDEST_OFFSET and beside_zone <= _tolerance(facts)):
        return []
    gap = say_gap(abs(apart))
    own_date = "the camera's own creation date"
    sentence = (
        f"The container was written {gap} after {own_date}, so the file has been saved again."
        if apart > timedelta()
        else f"The container's creation time is {gap} before {own_date}; one of them is wrong."
    )
    data = {"own": own.value, "header": header.value, "apart_seconds": apart.total_seconds()}
    return [Finding(Dimension.DATE, Stance.NEUTRAL, sentence, data)]


def _data(date: FoundDate, facts: Decoded) -> dict[str, Any]:
    return {
        "field": date.field,
        "value": date.value,
        "at": date.at,
        "offset": date.offset,
        "zone": date.zone,
        "unset": date.unset,
        "reader": facts.read_by(date.reader),
    }
