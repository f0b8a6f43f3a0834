"""Where the sun stood at the claimed time and place, for a person to set beside light and shadows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from claims.dates import ClaimedDate
from claims.places import Place, timezone_at
from claims.vocabulary import Dimension, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.domain.areas import radius_of
from verification.domain.claimed_times import claimed_day, claimed_moment
from verification.domain.clocks import offset_hours
from verification.domain.decoded import FoundGps
from verification.domain.findings import Finding
from verification.domain.own_dates import offset_of, own_date
from verification.domain.sun import Sun, SunDay, say_spread, say_sun, sun_at, sun_over_day
from verification.domain.wording import say_day, say_moment

_PERSON = "light and shadows are for a person to read, and tell nothing indoors"


@dataclass(frozen=True)
class _Spot:
    """The place to reckon for. `where` names it in a sentence; `zone` is the IANA zone of its clocks."""

    latitude: float
    longitude: float
    radius_m: float
    where: str
    zone: str


class SunPosition:
    slug = "sun_position"
    title = "The sun"
    version = "1"
    dimensions = (Dimension.DATE,)
    media_types = ("image/*", "video/*")
    help = (
        "Reckons where the sun stood at the claimed time and place: day, twilight or night, which way a shadow fell "
        "and how long it was; for a claimed day its rising and setting, and a row for each hour. A person sets that "
        "beside what the media shows. Hills, houses and clouds are not considered, and indoors it tells nothing."
    )
    reads = "The claimed date and place; nothing of the file."
    stances = {
        Stance.NEUTRAL: "Where the sun stood, for a person to set beside what the media shows.",
    }
    cannot_know = "What the media shows: its light, its shadows, hills, houses and clouds."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.decoded
        spot = _spot(context.claimed_location, facts.gps if facts else None)
        if spot is None:
            raise NotApplicable("Neither a claimed point nor one in the file says where to look for the sun.")
        found = _at_claimed(spot, context.claimed_date)
        taken = own_date(facts) if facts else None
        if taken and taken.at and offset_of(taken) is not None:
            moment = datetime.fromisoformat(taken.at)
            found.append(
                _at_time(spot, moment, "By the camera's clock", {"of": "camera", "value": taken.value})
            )
        if not found:
            raise NotApplicable(
                "The claimed date is no single day: the sun needs the time, or at least the day."
            )
        return found


def _spot(claimed: Place | None, gps: FoundGps | None) -> _Spot | None:
    if claimed and claimed.latitude is not None and claimed.longitude is not None:
        return _Spot(
            claimed.latitude,
            claimed.longitude,
            radius_of(claimed),
            f"in {claimed.name}",
            timezone_at(claimed.latitude, claimed.longitude) or "UTC",
        )
    if gps and gps.problem is None and gps.latitude is not None and gps.longitude is not None:
        zone = timezone_at(gps.latitude, gps.longitude) or "UTC"
        return _Spot(
            gps.latitude, gps.longitude, gps.uncertainty_m or 0.0, "at the file's own position", zone
        )
    return None


def _at_claimed(spot: _Spot, claimed: ClaimedDate | None) -> list[Finding]:
    if claimed is None:
        return []
    moment = claimed_moment(claimed)
    if moment:
        return [_at_time(spot, moment, "At the claimed time", {"of": "claim"})]
    day = claimed_day(claimed, spot.zone)
    return [_over_day(spot, day)] if day else []


def _at_time(spot: _Spot, moment: datetime, when: str, data: dict[str, Any]) -> Finding:
    sun = sun_at(spot.latitude, spot.longitude, moment)
    local = moment.astimezone(ZoneInfo(spot.zone))
    clock = f"{say_moment(local)} by clocks there"
    sentence = f"{when} ({clock}) the sun {spot.where} {say_sun(sun)}{say_spread(spot.radius_m)}; {_PERSON}."
    data = {**data, "zone": spot.zone, **_where(spot), "sun": sun.as_json()}
    return Finding(Dimension.DATE, Stance.NEUTRAL, sentence, data)


def _over_day(spot: _Spot, day: date) -> Finding:
    sun = sun_over_day(spot.latitude, spot.longitude, day, spot.zone)
    named = say_day(datetime(day.year, day.month, day.day, tzinfo=UTC))
    sentence = (
        f"On {named} {spot.where} the sun {_course(sun, spot.zone)}{say_spread(spot.radius_m)}; {_PERSON}."
    )
    data = {
        "of": "claim",
        "day": day.isoformat(),
        "zone": spot.zone,
        **_where(spot),
        "rises": [one.as_json() for one in sun.rises],
        "sets": [one.as_json() for one in sun.sets],
        "highest": sun.highest.as_json(),
        "hourly": [one.as_json() for one in sun.hourly],
    }
    return Finding(Dimension.DATE, Stance.NEUTRAL, sentence, data)


def _course(day: SunDay, zone: str) -> str:
    highest = f"at {_clock(day.highest, zone)}"
    if day.never_up:
        return f"did not rise: at its highest, {highest}, it {say_sun(day.highest)}"
    peak = f"stood highest, {round(day.highest.height_deg)}°, {highest}"
    if day.always_up:
        return f"did not set, and {peak}"
    events = sorted(
        [(one.at, f"rose at {_clock(one, zone)}{_towards(one)}") for one in day.rises]
        + [(one.at, f"set at {_clock(one, zone)}{_towards(one)}") for one in day.sets]
    )
    return (
        ", ".join([*(words for _, words in events), f"and {peak}"])
        + f", by clocks there ({_zone(day, zone)})"
    )


def _clock(sun: Sun, zone: str) -> str:
    return f"{sun.at.astimezone(ZoneInfo(zone)):%H:%M}"


def _towards(sun: Sun) -> str:
    return "" if sun.bearing_deg is None else f" ({round(sun.bearing_deg) % 360}°)"


def _zone(day: SunDay, zone: str) -> str:
    return offset_hours(day.highest.at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta())


def _where(spot: _Spot) -> dict[str, float]:
    return {"latitude": spot.latitude, "longitude": spot.longitude}
