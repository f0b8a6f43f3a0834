"""Where the sun stood: its height and bearing, what light that makes, and how shadows fall.

Heights are in degrees above the level horizon as seen through the air; hills and houses are not considered.
Bearings are degrees clockwise from true north, not from where a compass points. astral is within 0.011° of JPL's
ephemeris; the air bends light near the horizon by more than that from day to day.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import elevation, zenith_and_azimuth

from claims.places import EARTH_RADIUS_M

RISEN_DEG = -0.833
"""The centre's height, air aside, when the upper edge meets the horizon: half a degree of air, a quarter of disc."""

_LOWEST_SHADOW_DEG = 0.5
_NO_BEARING_BEYOND_DEG = 89.8
_STEP = timedelta(minutes=15)
_WIDE_M = 100_000.0
METRES_PER_DEGREE = math.pi * EARTH_RADIUS_M / 180
"""Along a meridian; along a parallel it is less by the cosine of the latitude."""
_PRECISE_TO = timedelta(seconds=5)
_POINTS = (
    "north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west",
)  # fmt: skip


class Light(StrEnum):
    """What light the sun gives, by its height; the twilights end at 6, 12 and 18 degrees below the horizon."""

    DAY = "day"
    CIVIL = "civil twilight"
    NAUTICAL = "nautical twilight"
    ASTRONOMICAL = "astronomical twilight"
    NIGHT = "night"


@dataclass(frozen=True)
class Sun:
    """The sun at one instant. `bearing_deg` is None at the poles, where every way is one.

    A level shadow points to `shadow_bearing_deg` and is `shadow_ratio` times as long as what casts it is high;
    both are None where the sun is too low to tell.
    """

    at: datetime
    height_deg: float
    light: Light
    bearing_deg: float | None
    shadow_bearing_deg: float | None
    shadow_ratio: float | None

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "height_deg": round(self.height_deg, 1),
            "light": self.light.value,
            "bearing_deg": _rounded(self.bearing_deg),
            "shadow_bearing_deg": _rounded(self.shadow_bearing_deg),
            "shadow_ratio": None if self.shadow_ratio is None else round(self.shadow_ratio, 2),
        }


@dataclass(frozen=True)
class SunDay:
    """The sun over one day of a place's clocks. Times are UTC; `rises` and `sets` are in their order.

    Near the poles there may be none of them, and elsewhere hardly ever more than one of each.
    """

    hourly: tuple[Sun, ...]
    rises: tuple[Sun, ...]
    sets: tuple[Sun, ...]
    highest: Sun

    @property
    def always_up(self) -> bool:
        return not self.rises and not self.sets and self.highest.light is Light.DAY

    @property
    def never_up(self) -> bool:
        return not self.rises and not self.sets and self.highest.light is not Light.DAY


def sun_at(latitude: float, longitude: float, at: datetime) -> Sun:
    """The sun at a place (WGS 84 degrees) and an instant (aware)."""
    moment = at.astimezone(UTC)
    observer = Observer(latitude, longitude)
    true_zenith, azimuth = zenith_and_azimuth(observer, moment, with_refraction=False)
    height = elevation(observer, moment, with_refraction=True)
    bearing = azimuth % 360 if abs(latitude) < _NO_BEARING_BEYOND_DEG else None
    casts = height >= _LOWEST_SHADOW_DEG
    return Sun(
        at=moment,
        height_deg=height,
        light=_light(90 - true_zenith),
        bearing_deg=bearing,
        shadow_bearing_deg=(bearing + 180) % 360 if casts and bearing is not None else None,
        shadow_ratio=1 / math.tan(math.radians(height)) if casts else None,
    )


@lru_cache(maxsize=64)
def sun_over_day(latitude: float, longitude: float, day: date, zone: str) -> SunDay:
    """The sun from midnight to midnight by the clocks of an IANA zone; a day of 23 or 25 hours has as many rows."""
    start = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)

    def up(at: datetime) -> float:
        return true_height(latitude, longitude, at) - RISEN_DEG

    times = [start + _STEP * n for n in range((end - start) // _STEP + 1)]
    heights = [up(at) for at in times]
    rises: list[Sun] = []
    sets: list[Sun] = []
    for (at, height), (later, next_height) in zip(
        zip(times, heights, strict=True), zip(times[1:], heights[1:], strict=True), strict=False
    ):
        if (height < 0) == (next_height < 0):
            continue
        crossing = _crossing(latitude, longitude, at, later, rising=height < 0)
        (rises if height < 0 else sets).append(sun_at(latitude, longitude, crossing))
    peak = max(zip(heights, times, strict=True))[1]
    minutes = [peak + timedelta(minutes=n) for n in range(-15, 16)]
    highest = max(minutes, key=up)
    hours = [start + timedelta(hours=n) for n in range((end - start) // timedelta(hours=1))]
    return SunDay(
        hourly=tuple(sun_at(latitude, longitude, at) for at in hours),
        rises=tuple(rises),
        sets=tuple(sets),
        highest=sun_at(latitude, longitude, min(max(highest, start), end)),
    )


def say_sun(sun: Sun) -> str:
    """Where it stood and how shadows fell, after "the sun in Kyiv": "was 12° below the horizon in the west (270°): …"."""
    height = round(sun.height_deg)
    bearing = (
        ""
        if sun.bearing_deg is None
        else f" in the {say_bearing(sun.bearing_deg)} ({round(sun.bearing_deg) % 360}°)"
    )
    if height < 0:
        return f"was {-height}° below the horizon{bearing}: {sun.light}"
    if sun.shadow_ratio is None:
        return f"was at the horizon{bearing}: {sun.light}, with shadows too long to measure"
    way = "" if sun.shadow_bearing_deg is None else f" pointed to {round(sun.shadow_bearing_deg) % 360}° and"
    return (
        f"stood {height}° high{bearing}: {sun.light}. A level shadow{way} was {sun.shadow_ratio:.1f} times as long as "
        "what cast it is high"
    )


def say_spread(radius_m: float) -> str:
    """A caution where a place is so wide that the sun differs within it, with a blank before; else nothing."""
    if radius_m <= _WIDE_M:
        return ""
    return f" (within so wide a place it differs by up to {radius_m / METRES_PER_DEGREE:.0f}°)"


def say_bearing(degrees: float) -> str:
    """A bearing by the eight winds: "south-west"."""
    return _POINTS[round(degrees / 45) % 8]


def _light(true_height_deg: float) -> Light:
    if true_height_deg >= RISEN_DEG:
        return Light.DAY
    for below, light in ((-6, Light.CIVIL), (-12, Light.NAUTICAL), (-18, Light.ASTRONOMICAL)):
        if true_height_deg >= below:
            return light
    return Light.NIGHT


def true_height(latitude: float, longitude: float, at: datetime) -> float:
    """How high the sun's centre is, in degrees, the air aside."""
    return float(elevation(Observer(latitude, longitude), at, with_refraction=False))


def _crossing(
    latitude: float, longitude: float, before: datetime, after: datetime, *, rising: bool
) -> datetime:
    """When the sun's edge meets the horizon between two instants, by halving."""
    while after - before > _PRECISE_TO:
        middle = before + (after - before) / 2
        if (true_height(latitude, longitude, middle) < RISEN_DEG) == rising:
            before = middle
        else:
            after = middle
    return after


def _rounded(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees, 1) % 360
