"""A date that a device recorded, beside the claimed date: the stance, and the words for it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from claims.dates import ClaimedDate
from claims.vocabulary import Stance
from verification.domain.clocks import WIDEST_OFFSET, Span, offset_hours
from verification.domain.findings import Side, TimeBound
from verification.domain.wording import say_claimed_interval, say_gap, say_zone_city

_HOUR = timedelta(hours=1)
_HAS_OFFSET = re.compile(r"T[\d:]+(Z|[+-]\d{2}(:\d{2})?)", re.ASCII)
_WESTMOST, _EASTMOST = -12, 14


@dataclass(frozen=True)
class Reading:
    """What a recorded date may mean. `at` is as `clocks.read_clock` gives it, `span` what that may mean.

    `exact` where its zone is known; `ends_only` where a later saving or scanning may have written it, so that
    it bounds the end alone; `likely_utc` where UTC is a likely zone of a clock that names none. `what` is the word for the file: film, picture.
    """

    at: str
    span: Span
    exact: bool
    ends_only: bool = False
    likely_utc: bool = False
    what: str = "film"

    @property
    def is_instant(self) -> bool:
        return "T" in self.at

    @property
    def local(self) -> datetime:
        return datetime.fromisoformat(self.at).replace(tzinfo=None)

    def bounds(self, reason: str) -> tuple[TimeBound, ...]:
        """Its bounds, soft: clocks are wrong at times."""
        last = TimeBound(Side.NOT_AFTER, self.span.not_after, hard=False, reason=reason)
        if self.ends_only:
            return (last,)
        return (TimeBound(Side.NOT_BEFORE, self.span.not_before, hard=False, reason=reason), last)


def compare(reading: Reading, claimed: ClaimedDate) -> tuple[Stance, str]:
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


def _compare_outside(reading: Reading, claimed: ClaimedDate, interval: str) -> tuple[Stance, str] | None:
    """The stance of a date that lies before or after all that is claimed; None for any other."""
    if claimed.not_before and reading.span.not_after < claimed.not_before:
        gap = say_gap(claimed.not_before - reading.span.not_after)
        return Stance.CONTRADICTS, f"that is at least {gap} before {interval} begins"
    if claimed.not_after and reading.span.not_before > claimed.not_after:
        later = (
            f"that is at least {say_gap(reading.span.not_before - claimed.not_after)} after {interval} ends"
        )
        if reading.ends_only:
            return (
                Stance.INCONCLUSIVE,
                f"{later}, as it also is where an older {reading.what} was saved again then",
            )
        return Stance.CONTRADICTS, later
    return None


def _is_without_zone(claimed: ClaimedDate) -> bool:
    """Whether the claimed bounds are wide for want of a zone: no IANA name, no offset in the expression."""
    return claimed.timezone is None and not _HAS_OFFSET.search(claimed.edtf)


def _on_claimed_days(reading: Reading, claimed: ClaimedDate) -> bool:
    """Whether the reading's own clock shows a claimed day: the bounds less their width for zones."""
    local = reading.local.replace(tzinfo=UTC)
    return (claimed.not_before is None or local - _EASTMOST * _HOUR >= claimed.not_before) and (
        claimed.not_after is None or local - _WESTMOST * _HOUR <= claimed.not_after
    )


def _compare_days(reading: Reading, claimed: ClaimedDate, interval: str) -> tuple[Stance, str]:
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


def _compare_unzoned(reading: Reading, claimed: ClaimedDate, interval: str) -> tuple[Stance, str]:
    """A clock of unknown zone: in which zones would the time it shows lie within the claimed date?"""
    local = reading.local.replace(tzinfo=UTC)
    least: float = (local - claimed.not_after) / _HOUR if claimed.not_after else _WESTMOST
    most: float = (local - claimed.not_before) / _HOUR if claimed.not_before else _EASTMOST
    if least <= _WESTMOST and most >= _EASTMOST:
        return Stance.SUPPORTS, f"that is within {interval} whatever zone the clock was set to"
    likely = [0.0] if reading.likely_utc else []
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
