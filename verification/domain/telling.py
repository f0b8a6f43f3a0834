"""When somebody is told outside the desk's pages: at once or once a day, and not in their quiet hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from claims.vocabulary import Pace

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """The clock that somebody lives by, when their digest is due, and when they want quiet.

    Quiet hours that end before they begin go over midnight; without both ends, or with both the same, there are none.
    """

    zone: ZoneInfo
    digest_hour: int
    quiet_from: time | None = None
    quiet_to: time | None = None

    def at(self, day: date, hour: time) -> datetime:
        """The moment (UTC) at which their clock shows this: of an hour that comes twice the first; of one that the
        clocks leave out, the moment it would have been."""
        return datetime.combine(day, hour, tzinfo=self.zone).astimezone(UTC)

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()


def due_at(now: datetime, pace: Pace, hours: Hours) -> datetime | None:
    """When (UTC) what happens `now` may go out; None where the channel is off. A digest waits for its hour only,
    which may lie in the quiet hours: whoever sets both means the digest."""
    match pace:
        case Pace.OFF:
            return None
        case Pace.DIGEST:
            return _next(now, time(hours.digest_hour), hours)
        case Pace.AT_ONCE:
            return _quiet_until(now, hours) or now


def _next(now: datetime, hour: time, hours: Hours) -> datetime:
    """The first moment after `now` at which their clock shows the hour."""
    today = hours.today(now)
    return next(
        moment for moment in (hours.at(today + days * DAY, hour) for days in range(3)) if moment > now
    )


def _quiet_until(now: datetime, hours: Hours) -> datetime | None:
    """The end of the quiet hours that `now` lies in; None where it lies in none."""
    begin, end = hours.quiet_from, hours.quiet_to
    if begin is None or end is None or begin == end:
        return None
    today = hours.today(now)
    for day in (today - DAY, today):
        start = hours.at(day, begin)
        until = hours.at(day if begin < end else day + DAY, end)
        if start <= now < until:
            return until
    return None
