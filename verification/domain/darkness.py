"""When it was day, civil twilight or dark at a place, spell after spell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from verification.domain.sun import RISEN_DEG, true_height

MOST = timedelta(days=10)
"""Over a longer time spells are too many to be drawn, and too narrow."""

_CIVIL_DEG = -6.0
_STEP = timedelta(minutes=15)
"""At most 3.75° of the sun's way: less than twilight is wide, so that no step goes from day to dark."""
_PRECISE_TO = timedelta(seconds=30)


class Sky(StrEnum):
    """What one sees outdoors by: the sun, the sky after it, or neither (the sun more than 6° below the horizon)."""

    DAY = "day"
    TWILIGHT = "civil twilight"
    DARK = "dark"


@dataclass(frozen=True)
class Spell:
    """A stretch of time under one sky. Aware, UTC; it ends where the next begins."""

    sky: Sky
    starts_at: datetime
    ends_at: datetime

    def as_json(self) -> dict[str, Any]:
        """The API's form; instants are RFC 3339 with Z."""
        return {
            "sky": self.sky.value,
            "starts_at": self.starts_at.isoformat().replace("+00:00", "Z"),
            "ends_at": self.ends_at.isoformat().replace("+00:00", "Z"),
        }


# A claim page asks again every few seconds, and always for the same.
@lru_cache(maxsize=512)
def spells(latitude: float, longitude: float, starts_at: datetime, ends_at: datetime) -> tuple[Spell, ...]:
    """The spells that fill a time at a place (WGS 84 degrees), good to half a minute, refraction as it mostly is.

    One shorter than a quarter of an hour, as where the sun only grazes the horizon, may be missed. The instants are
    aware, UTC. ValueError for a time that is empty or longer than `MOST`.
    """
    if not timedelta(0) < ends_at - starts_at <= MOST:
        raise ValueError(f"Spells are told of up to {MOST.days} days, not of {ends_at - starts_at}.")
    found: list[Spell] = []
    begun, sky, at = starts_at, _sky(latitude, longitude, starts_at), starts_at
    while at < ends_at:
        later = min(at + _STEP, ends_at)
        then = _sky(latitude, longitude, later)
        if then is not sky:
            change = _change(latitude, longitude, at, later)
            found.append(Spell(sky, begun, change))
            begun, sky = change, then
        at = later
    if begun < ends_at:
        found.append(Spell(sky, begun, ends_at))
    return tuple(found)


def _sky(latitude: float, longitude: float, at: datetime) -> Sky:
    height = true_height(latitude, longitude, at)
    if height >= RISEN_DEG:
        return Sky.DAY
    return Sky.TWILIGHT if height >= _CIVIL_DEG else Sky.DARK


def _change(latitude: float, longitude: float, before: datetime, after: datetime) -> datetime:
    """When the sky stops being what it was, by halving."""
    was = _sky(latitude, longitude, before)
    while after - before > _PRECISE_TO:
        middle = before + (after - before) / 2
        if _sky(latitude, longitude, middle) is was:
            before = middle
        else:
            after = middle
    return after
