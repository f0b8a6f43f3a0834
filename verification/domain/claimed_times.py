"""Which moment or which single day a claimed date means, where it means one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from claims.dates import ClaimedDate
from verification.domain.clocks import WIDEST_OFFSET

_A_TIME = timedelta(hours=1)
_A_DAY = timedelta(hours=25)
_A_DAY_ANYWHERE = timedelta(hours=50)
"""A day lasts 50 hours from where it begins first to where it ends last."""


def claimed_moment(claimed: ClaimedDate) -> datetime | None:
    """The middle of a claimed time of at most an hour, in UTC; None of anything wider or open."""
    if claimed.not_before is None or claimed.not_after is None:
        return None
    width = claimed.not_after - claimed.not_before
    return claimed.not_before + width / 2 if width <= _A_TIME else None


def claimed_day(claimed: ClaimedDate, zone: str) -> date | None:
    """The one day that is claimed, by the clocks of an IANA zone; None of anything wider or open."""
    if claimed.not_before is None or claimed.not_after is None:
        return None
    width = claimed.not_after - claimed.not_before
    if width > (_A_DAY if claimed.timezone else _A_DAY_ANYWHERE):
        return None
    if width > _A_DAY:
        # Bounds as wide as all zones begin where the day does first, 14 hours before it does in UTC.
        return (claimed.not_before + WIDEST_OFFSET).date()
    return (claimed.not_before + width / 2).astimezone(ZoneInfo(zone)).date()
