"""How findings write times, gaps and distances in their sentences."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from claims.dates import ClaimedDate

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_GAPS = (
    (timedelta(days=730), timedelta(days=365), "years"),
    (timedelta(days=2), timedelta(days=1), "days"),
    (timedelta(hours=2), timedelta(hours=1), "hours"),
    (timedelta(minutes=2), timedelta(minutes=1), "minutes"),
)


def say_day(moment: datetime) -> str:
    """The day: "4 October 2022"."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def say_moment(moment: datetime) -> str:
    """Time and day, without any zone: "14:07 on 4 October 2022"."""
    return f"{moment:%H:%M} on {say_day(moment)}"


def say_hour(moment: datetime, *, now: datetime) -> str:
    """An hour in UTC, with its day where that is not today's: "14:07 UTC", "00:07 UTC on 4 October 2022"."""
    at = moment.astimezone(UTC)
    hour = f"{at:%H:%M} UTC"
    return hour if at.date() == now.astimezone(UTC).date() else f"{hour} on {say_day(at)}"


def say_recorded(at: str) -> str:
    """A reading of `clocks.read_clock`, as precise as that: "14:07 on 4 October 2022", "May 2014"."""
    if "T" in at:
        return say_moment(datetime.fromisoformat(at))
    parts = [int(part) for part in at.split("-")]
    if len(parts) == 1:
        return at
    month = f"{_MONTHS[parts[1] - 1]} {parts[0]}"
    return f"{parts[2]} {month}" if len(parts) == 3 else month


def say_gap(gap: timedelta) -> str:
    """A length of time, rounded down: "3 days", "5 hours", "40 seconds"."""
    for least, unit, word in _GAPS:
        if gap >= least:
            return f"{gap // unit:,} {word}"
    seconds = int(gap.total_seconds())
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def say_distance(metres: float) -> str:
    """A distance: "80 m", "1.2 km", "486 km"."""
    if metres < 995:
        return f"{round(metres / 10) * 10 if metres >= 100 else round(metres)} m"
    kilometres = metres / 1000
    return f"{kilometres:.1f} km" if kilometres < 9.95 else f"{kilometres:,.0f} km"


def say_claimed_interval(claimed: ClaimedDate) -> str:
    """The claimed date in general words: "the claimed day", "the claimed time", "the claimed period"."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}[?~%]?", claimed.edtf, re.ASCII):
        return "the claimed day"
    if "T" in claimed.edtf and "/" not in claimed.edtf:
        return "the claimed time"
    return "the claimed period"


def say_zone_city(timezone: str) -> str:
    """An IANA zone by its city: "Kyiv" of "Europe/Kyiv"; "UTC" stays."""
    return timezone.rpartition("/")[2].replace("_", " ")
