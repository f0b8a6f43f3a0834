"""Light at the place, for a person to set beside what the media shows: when it was dark, and where the sun stood."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from claims.dates import ClaimedDate, parse_date
from claims.errors import FieldError, InvalidInput
from claims.places import timezone_at
from verification.domain.claimed_times import claimed_day, claimed_moment
from verification.domain.clocks import offset_hours
from verification.domain.darkness import MOST, Spell, spells
from verification.domain.sun import METRES_PER_DEGREE, Sun, say_spread, say_sun, sun_at
from verification.domain.wording import say_moment
from verification.inference.locations import KnownPlace, LocationSuggestion, Stands

_LEAST = timedelta(hours=24)
"""A claimed hour is shown within its day: alone it would be one colour."""

_MINUTES_PER_DEGREE = 4
"""The earth turns by 15° of longitude an hour."""
_HALF_A_DAY = 720

_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?P<seconds>:\d{2})?(?P<offset>Z|[+-]\d{2}:\d{2})?", re.ASCII
)
_HOW = (
    "Write a moment such as 2022-10-04T14:00 by the clocks of the place, or with its offset: 2022-10-04T11:00Z or "
    "2022-10-04T14:00%2B03:00 (in an address a plus sign is written %2B)."
)


@dataclass(frozen=True)
class Standpoint:
    """From where the sun is reckoned: a camera's position where one is known, else the place that is shown.

    WGS 84 degrees; `timezone` is the IANA zone kept there, UTC where this machine knows none.
    """

    stands: Stands
    latitude: float
    longitude: float
    uncertainty_m: float
    reason: str

    @property
    def timezone(self) -> str:
        return timezone_at(self.latitude, self.longitude) or "UTC"

    @property
    def named(self) -> str:
        """In a sentence, after "the sun"."""
        return "at the camera's position" if self.stands is Stands.CAMERA else f"in {self.reason}"

    def as_json(self) -> dict[str, Any]:
        """The API's form."""
        return {
            "stands": self.stands.value,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "uncertainty_m": self.uncertainty_m,
            "reason": self.reason,
            "timezone": self.timezone,
        }


@dataclass(frozen=True)
class Darkness:
    """The spells of light and darkness at a standpoint, along the time axis or, where that is long, what is claimed.

    Where both are too long there are no spells, and `left_out` says why. UTC.
    """

    at: Standpoint
    starts_at: datetime
    ends_at: datetime
    along_axis: bool
    spells: tuple[Spell, ...]
    left_out: str | None = None

    @property
    def spread_minutes(self) -> int:
        """By how much the sun is earlier in the east of the place, or later in its west, than in its middle."""
        degrees = (
            self.at.uncertainty_m / METRES_PER_DEGREE / max(math.cos(math.radians(self.at.latitude)), 0.01)
        )
        return min(round(degrees * _MINUTES_PER_DEGREE), _HALF_A_DAY)

    def as_json(self) -> dict[str, Any]:
        """The API's form; instants are RFC 3339 with Z."""
        return {
            "at": self.at.as_json(),
            "spread_minutes": self.spread_minutes,
            "starts_at": _written(self.starts_at),
            "ends_at": _written(self.ends_at),
            "along": "axis" if self.along_axis else "claimed",
            "spells": [one.as_json() for one in self.spells],
            "left_out": self.left_out,
        }


@dataclass(frozen=True)
class ChosenSun:
    """The sun at a standpoint at a time that somebody chose."""

    at: Standpoint
    sun: Sun

    @property
    def local(self) -> datetime:
        """The moment by clocks there, aware."""
        return self.sun.at.astimezone(ZoneInfo(self.at.timezone))

    @property
    def clocks(self) -> str:
        """The moment by clocks there and in UTC: "14:00 on 4 October 2022 by clocks there (UTC+3), 11:00 on … UTC"."""
        offset = offset_hours(self.local.utcoffset() or timedelta())
        utc = say_moment(self.sun.at) if self.local.date() != self.sun.at.date() else f"{self.sun.at:%H:%M}"
        return f"{say_moment(self.local)} by clocks there ({offset}), {utc} UTC"

    @property
    def sentence(self) -> str:
        spread = say_spread(self.at.uncertainty_m)
        return f"At {self.clocks}, the sun {self.at.named} {say_sun(self.sun)}{spread}."

    def as_json(self) -> dict[str, Any]:
        """The API's form."""
        return {
            "place": self.at.as_json(),
            "at": _written(self.sun.at),
            "local": self.local.isoformat(timespec="seconds"),
            "sentence": self.sentence,
            "sun": self.sun.as_json(),
        }


def standpoint_of(suggestion: LocationSuggestion) -> Standpoint | None:
    """The first that is known of: a found camera position, a claimed one, an established place, a claimed one."""
    if suggestion.points:
        point = suggestion.points[0].point
        return Standpoint(Stands.CAMERA, point.latitude, point.longitude, point.uncertainty_m, point.reason)
    known = sorted(suggestion.places, key=lambda one: one.stands is not Stands.CAMERA)
    return _at_place(known[0]) if known else None


def _at_place(known: KnownPlace) -> Standpoint | None:
    place = known.place
    if place.latitude is None or place.longitude is None:
        return None
    return Standpoint(known.stands, place.latitude, place.longitude, known.radius_m, place.name)


def darkness_of(
    at: Standpoint | None, *, axis: tuple[datetime, datetime] | None, claimed: ClaimedDate | None
) -> Darkness | None:
    """Light and darkness along the axis, else within what is claimed; None without a place or any time."""
    if at is None:
        return None
    if axis and axis[1] - axis[0] <= MOST:
        return _within(at, axis, along_axis=True)
    around = _around(claimed)
    if around and around[1] - around[0] <= MOST:
        return _within(at, around, along_axis=False)
    asked = axis or around
    if asked is None:
        return None
    why = f"Light and darkness are told of up to {MOST.days} days; what is claimed is longer or open."
    return Darkness(at, *asked, along_axis=bool(axis), spells=(), left_out=why)


def read_moment(text: str, at: Standpoint) -> datetime:
    """A chosen time in UTC: with its offset as that says, else by the clocks of the place; of two the first.

    InvalidInput at `at` for anything else, an hour that clocks there skipped, and years beyond the calendar.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise InvalidInput(FieldError("at", _HOW, "malformed"))
    whole = text if match["seconds"] else f"{text[:16]}:00{text[16:]}"
    try:
        moment = parse_date(whole, None if match["offset"] else at.timezone).not_before
    except InvalidInput as error:
        raise InvalidInput(FieldError("at", f"{error.errors[0].detail} {_HOW}", "malformed")) from error
    if moment is None:
        raise InvalidInput(FieldError("at", _HOW, "malformed"))
    return moment


def sun_from(at: Standpoint, moment: datetime) -> ChosenSun:
    """The sun at a standpoint at a moment (aware)."""
    return ChosenSun(at, sun_at(at.latitude, at.longitude, moment))


def usual_moment(at: Standpoint, claimed: ClaimedDate | None) -> datetime | None:
    """The time to look at first: the claimed one, or noon of the claimed day by clocks there; None without either."""
    if claimed is None:
        return None
    moment = claimed_moment(claimed)
    day = claimed_day(claimed, at.timezone)
    if moment is None and day is not None:
        moment = datetime.combine(day, time(12), ZoneInfo(at.timezone))
    return moment.astimezone(UTC) if moment else None


def _within(at: Standpoint, span: tuple[datetime, datetime], *, along_axis: bool) -> Darkness:
    found = spells(at.latitude, at.longitude, *span)
    return Darkness(at, *span, along_axis=along_axis, spells=found)


def _around(claimed: ClaimedDate | None) -> tuple[datetime, datetime] | None:
    """What is claimed, of a day at least; None where it is open, and at the calendar's own ends."""
    if claimed is None or claimed.not_before is None or claimed.not_after is None:
        return None
    missing = max(_LEAST - (claimed.not_after - claimed.not_before), timedelta())
    try:
        return claimed.not_before - missing / 2, claimed.not_after + missing / 2
    except OverflowError:
        return None


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
