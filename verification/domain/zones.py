"""What clocks showed at a place: the offset kept there on a day, summer time and all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from claims.places import Place, timezone_at
from verification.domain.decoded import FoundGps
from verification.domain.wording import say_zone_city


@dataclass(frozen=True)
class ClocksThere:
    """The clocks of a place. `where` names it in a sentence; `by_gps` tells the file's own position from a claim."""

    zone: str
    where: str
    by_gps: bool

    def offset_at(self, local: datetime) -> timedelta:
        """The offset from UTC when clocks there showed `local`, which has no zone."""
        return local.replace(tzinfo=ZoneInfo(self.zone)).utcoffset() or timedelta()

    def offsets_of_year(self, year: int) -> frozenset[timedelta]:
        """The offsets kept there in a year: two where there is summer time, more where the law changed."""
        return frozenset(self.offset_at(datetime(year, month, 15)) for month in range(1, 13))  # noqa: DTZ001


def clocks_at_gps(gps: FoundGps | None) -> ClocksThere | None:
    """The clocks where the file's position lies; None where it has no usable one."""
    if gps is None or gps.problem or gps.latitude is None or gps.longitude is None:
        return None
    zone = timezone_at(gps.latitude, gps.longitude)
    return (
        ClocksThere(zone, f"at the file's own position ({say_zone_city(zone)})", by_gps=True)
        if zone
        else None
    )


def clocks_at_place(place: Place | None) -> ClocksThere | None:
    """The clocks at a claimed place; None where it is known by its name alone."""
    if place is None or place.latitude is None or place.longitude is None:
        return None
    zone = timezone_at(place.latitude, place.longitude)
    return ClocksThere(zone, f"in {place.name}", by_gps=False) if zone else None
