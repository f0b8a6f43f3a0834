"""When somebody is told: at once, once a day, after their quiet hours; over changes of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.vocabulary import Pace
from verification.domain.telling import Hours, due_at

KYIV, NEW_YORK, LORD_HOWE = "Europe/Kyiv", "America/New_York", "Australia/Lord_Howe"
NIGHT = (time(22), time(7))
NOON = (time(12), time(13))


def utc(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


# zone, quiet hours, now in UTC, when it may go out in UTC
AT_ONCE = [
    (KYIV, None, "2026-01-15T23:00", "2026-01-15T23:00"),
    (KYIV, (None, time(7)), "2026-01-15T23:00", "2026-01-15T23:00"),
    (KYIV, (time(7), time(7)), "2026-01-15T23:00", "2026-01-15T23:00"),
    # Winter in Kyiv is UTC+2: quiet from 20:00 to 05:00 UTC.
    (KYIV, NIGHT, "2026-01-15T19:59", "2026-01-15T19:59"),
    (KYIV, NIGHT, "2026-01-15T20:00", "2026-01-16T05:00"),
    (KYIV, NIGHT, "2026-01-15T23:30", "2026-01-16T05:00"),
    (KYIV, NIGHT, "2026-01-16T04:59", "2026-01-16T05:00"),
    (KYIV, NIGHT, "2026-01-16T05:00", "2026-01-16T05:00"),
    (KYIV, NOON, "2026-01-16T10:30", "2026-01-16T11:00"),
    (KYIV, NOON, "2026-01-16T11:00", "2026-01-16T11:00"),
    # The clocks go forward in that night (29 March, 01:00 UTC): it ends at 04:00 UTC, an hour sooner.
    (KYIV, NIGHT, "2026-03-28T20:30", "2026-03-29T04:00"),
    # They go back (25 October, 01:00 UTC): it is an hour longer.
    (KYIV, NIGHT, "2026-10-24T19:00", "2026-10-25T05:00"),
    (KYIV, NIGHT, "2026-10-25T04:30", "2026-10-25T05:00"),
    # An end that no clock shows (02:30 in New York, 8 March) is the moment that it would have been.
    (NEW_YORK, (time(23), time(2, 30)), "2026-03-08T06:00", "2026-03-08T07:30"),
    # An end that clocks show twice (01:30, 1 November): the first.
    (NEW_YORK, (time(23), time(1, 30)), "2026-11-01T05:00", "2026-11-01T05:30"),
    (NEW_YORK, (time(23), time(1, 30)), "2026-11-01T06:15", "2026-11-01T06:15"),
    # Clocks that move by half an hour.
    (LORD_HOWE, NIGHT, "2026-04-04T12:00", "2026-04-04T20:30"),
]  # fmt: skip
# zone, hour, now in UTC, when the digest is due in UTC
DIGEST = [
    (KYIV, 8, "2026-01-15T05:59", "2026-01-15T06:00"),
    (KYIV, 8, "2026-01-15T06:00", "2026-01-16T06:00"),
    (KYIV, 8, "2026-01-15T22:30", "2026-01-16T06:00"),  # past midnight there
    (KYIV, 8, "2026-03-28T07:00", "2026-03-29T05:00"),
    (KYIV, 8, "2026-10-24T06:00", "2026-10-25T06:00"),
    (KYIV, 3, "2026-03-28T12:00", "2026-03-29T01:00"),  # no clock shows three that day
    (NEW_YORK, 1, "2026-10-31T12:00", "2026-11-01T05:00"),  # one comes twice
    (NEW_YORK, 1, "2026-11-01T05:30", "2026-11-02T06:00"),  # and is told of once
    ("Pacific/Kiritimati", 0, "2026-06-01T09:00", "2026-06-01T10:00"),
]


@pytest.mark.parametrize(("zone", "quiet", "now", "due"), AT_ONCE)
def test_at_once_waits_for_the_end_of_quiet_hours(
    zone: str, quiet: tuple[time | None, time | None] | None, now: str, due: str
) -> None:
    hours = Hours(ZoneInfo(zone), 8, *(quiet or (None, None)))
    assert due_at(utc(now), Pace.AT_ONCE, hours) == utc(due)


@pytest.mark.parametrize(("zone", "hour", "now", "due"), DIGEST)
def test_a_digest_waits_for_its_hour(zone: str, hour: int, now: str, due: str) -> None:
    hours = Hours(ZoneInfo(zone), hour, *NIGHT)
    assert due_at(utc(now), Pace.DIGEST, hours) == utc(due)


def test_a_channel_that_is_off_tells_nothing() -> None:
    assert due_at(utc("2026-01-15T05:59"), Pace.OFF, Hours(ZoneInfo(KYIV), 8)) is None


minutes_of_day = st.integers(0, 24 * 60 - 1)


@given(
    minutes=st.integers(0, 35 * 366 * 24 * 60),
    zone=st.sampled_from([KYIV, NEW_YORK, LORD_HOWE, "UTC", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia"]),
    hour=st.integers(0, 23),
    quiet=st.tuples(minutes_of_day, minutes_of_day),
)  # fmt: skip
def test_nothing_goes_out_early_and_nothing_waits_for_long(
    minutes: int, zone: str, hour: int, quiet: tuple[int, int]
) -> None:
    now = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    hours = Hours(ZoneInfo(zone), hour, *(time(*divmod(minute, 60)) for minute in quiet))
    soon = due_at(now, Pace.AT_ONCE, hours)
    assert soon is not None
    assert now <= soon <= now + timedelta(hours=26)
    if (quiet[1] - quiet[0]) % (24 * 60) < 20 * 60:
        # What was put off has come to its end: asked again then, it goes.
        assert due_at(soon, Pace.AT_ONCE, hours) == soon
    digest = due_at(now, Pace.DIGEST, hours)
    assert digest is not None
    assert now < digest <= now + timedelta(hours=50)
