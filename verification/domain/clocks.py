"""Reads the dates that cameras and programs write, and knows those that only say "never set"."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

WIDEST_OFFSET = timedelta(hours=14)
"""No clock on earth is set further than this from UTC."""

_MINUS = "\N{MINUS SIGN}"
_WRITTEN = re.compile(
    r"""(?P<year>\d{4})
    (?:[-:/.](?P<month>\d{1,2})
      (?:[-:/.](?P<day>\d{1,2})
        (?:[T\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?
          \s*(?P<offset>Z|UTC|[+-]\d{2}:?\d{2})?
        )?
      )?
    )?""",
    re.VERBOSE | re.ASCII,
)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})", re.ASCII)

_FIRST_PHOTOGRAPH, _BEYOND = 1826, 9000
_EPOCHS = {
    1904: "the first day of QuickTime's clock",
    1970: "the first day of Unix's clock",
    1980: "the first day of the DOS clock",
    2000: "the day many cameras start from",
}


@dataclass(frozen=True)
class ClockReading:
    """One date as read. `at` is ISO 8601 with what precision there is, aware only with an `offset`.

    `unset` says why it is no date; `at` is None where it is unset in a way that names no day, or unreadable.
    """

    at: str | None = None
    offset: str | None = None
    unset: str | None = None


@dataclass(frozen=True)
class Span:
    """The first and last instant that a recorded time may mean, both inclusive, in UTC."""

    not_before: datetime
    not_after: datetime


def read_clock(text: str, offset: str | None = None) -> ClockReading:
    """Reads a date as EXIF, QuickTime, ID3 or ISO 8601 write it; `offset` is one recorded on its own."""
    bare = text.strip(" \x00")
    if not bare.strip(":-/. T"):
        return ClockReading(unset="blank")
    found = _WRITTEN.fullmatch(bare)
    if found is None:
        return ClockReading()
    year, month, day = (int(found[name] or 1) for name in ("year", "month", "day"))
    if 0 in (year, month, day):
        return ClockReading(unset="zeros")
    try:
        hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
        # A camera's seconds can reach 60; the last one before is close enough.
        moment = datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 - as cameras write
    except ValueError:
        return ClockReading()
    zone = _normal_offset(found["offset"] or offset)
    if found["hour"]:
        at = moment.isoformat() + (zone or "")
    else:
        at, zone = "-".join(part for part in _date_parts(found) if part), None
    return ClockReading(
        at=at, offset=zone, unset=unset_because(moment) if found["day"] else _unset_year(year)
    )


def unset_because(moment: datetime) -> str | None:
    """Why a time on a camera's clock means that the clock was never set; None where it may be a real one.

    A day either side of an epoch counts too: zones shift it. So does midnight of any 1 January.
    """
    if not _FIRST_PHOTOGRAPH <= moment.year < _BEYOND:
        return "a year in which nothing was filmed"
    for year, why in _EPOCHS.items():
        if abs((moment.date() - date(year, 1, 1)).days) <= (0 if year == 2000 else 1):
            return why
    if moment.year == 1904:
        return _EPOCHS[1904]
    if (moment.month, moment.day, moment.hour, moment.minute, moment.second) == (1, 1, 0, 0, 0):
        return "midnight of 1 January"
    return None


def span_of(at: str, *, trust_offset: bool = True) -> Span:
    """The instants that a reading's `at` may mean: 14 hours either side where no offset is known or trusted.

    Raises ValueError for anything that `read_clock` did not write.
    """
    if "T" not in at:
        first, last = _whole_days(at)
    else:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is not None and trust_offset:
            exact = moment.astimezone(UTC)
            return Span(exact, exact)
        first = last = moment.replace(tzinfo=None)
    return Span(_shift(first, -WIDEST_OFFSET), _shift(last, WIDEST_OFFSET))


def _whole_days(at: str) -> tuple[datetime, datetime]:
    year, month, day = ([int(part) for part in at.split("-")] + [0, 0])[:3]
    first = datetime(year, month or 1, day or 1)  # noqa: DTZ001
    last_month = month or 12
    last_day = day or monthrange(year, last_month)[1]
    return first, datetime(year, last_month, last_day, 23, 59, 59, 999_999)  # noqa: DTZ001


def _shift(moment: datetime, by: timedelta) -> datetime:
    # Years 1 and 9999 end where Python's calendar does.
    try:
        return (moment + by).replace(tzinfo=UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


def _date_parts(found: re.Match[str]) -> tuple[str, str, str]:
    month, day = found["month"], found["day"]
    return found["year"], f"{int(month):02}" if month else "", f"{int(day):02}" if day else ""


def _unset_year(year: int) -> str | None:
    if not _FIRST_PHOTOGRAPH <= year < _BEYOND:
        return "a year in which nothing was filmed"
    return _EPOCHS[year] if year in (1904, 1970) else None


def _normal_offset(text: str | None) -> str | None:
    """ "+03:00" from "+0300", "Z" and their like; None for blanks and for what no clock on earth shows."""
    if text is None:
        return None
    bare = text.strip(" \x00")
    if bare in {"Z", "UTC"}:
        return "+00:00"
    found = _OFFSET.fullmatch(bare)
    if found is None or int(found["minutes"]) > 59:
        return None
    size = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
    return f"{found['sign']}{found['hours']}:{found['minutes']}" if size <= WIDEST_OFFSET else None


def offset_hours(offset: timedelta) -> str:
    """An offset as people write it: "UTC", "UTC+3", "UTC+5:30", with a true minus sign west of it."""
    minutes = int(offset / timedelta(minutes=1))
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'+' if minutes > 0 else _MINUS}{hours}" + (f":{rest:02}" if rest else "")


def zone_of(offset: str) -> timezone:
    """The fixed zone of an offset such as "+03:00"."""
    size = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
    return timezone(-size if offset[0] == "-" else size)
