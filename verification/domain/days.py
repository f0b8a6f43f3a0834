"""Calendar days as instants: from one midnight of a zone to the next, be they 23, 24 or 25 hours apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Days:
    """The days from `first` to `last`, both counted, as the clocks of `zone` (an IANA name) have them.

    A midnight that the clocks leap over stands for the instant of the leap, one that they show twice for the first.
    A day that a zone skipped whole has no length, and nothing falls on it.
    """

    first: date
    last: date
    zone: str

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range(len(self)))

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    @cached_property
    def midnights(self) -> tuple[datetime, ...]:
        """Where each day begins and, in the end, where the last is over; UTC, never falling."""
        zone = ZoneInfo(self.zone)
        whole = (*self, self.last + timedelta(days=1))
        return tuple(datetime.combine(day, time(), zone).astimezone(UTC) for day in whole)

    @property
    def start(self) -> datetime:
        """The first instant of the first day."""
        return self.midnights[0]

    @property
    def end(self) -> datetime:
        """The first instant after the last day."""
        return self.midnights[-1]

    def place_of(self, instant: datetime) -> int:
        """Which of the days an instant falls on, from 0. Raises ValueError for one that is on none of them."""
        place = bisect_right(self.midnights, instant) - 1
        if not 0 <= place < len(self.midnights) - 1:
            raise ValueError(f"{instant} is on none of the days")
        return place
