"""Days of a zone as instants: short ones, long ones, ones without a midnight, and one that never was."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.dates import known_zones
from verification.domain.days import Days

SOME = st.dates(date(1970, 1, 2), date(2037, 12, 1))


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("UTC", "2024-02-29", "2024-02-29T00:00Z", 24),
        ("Europe/Kyiv", "2024-03-30", "2024-03-29T22:00Z", 24),
        ("Europe/Kyiv", "2024-03-31", "2024-03-30T22:00Z", 23),
        ("Europe/Kyiv", "2024-10-27", "2024-10-26T21:00Z", 25),
        ("Asia/Kathmandu", "2024-05-05", "2024-05-04T18:15Z", 24),
        ("Australia/Lord_Howe", "2024-10-06", "2024-10-05T13:30Z", 23.5),
        # The clocks leap from 0:00 to 1:00: the day begins with the leap.
        ("America/Santiago", "2024-09-08", "2024-09-08T04:00Z", 23),
        # They go back from 1:00 to 0:00: the first midnight counts.
        ("America/Havana", "2024-11-03", "2024-11-03T04:00Z", 25),
        # The Friday that Samoa left out when it crossed the date line.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z", 0),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00Z", 24),
    ],
)
def test_where_a_day_begins_and_how_long_it_is(zone, day, begins, hours):
    days = Days(date.fromisoformat(day), date.fromisoformat(day), zone)
    assert days.start == datetime.fromisoformat(begins)
    assert days.end - days.start == timedelta(hours=hours)


def test_an_instant_falls_on_the_day_that_it_begins():
    days = Days(date(2024, 3, 30), date(2024, 4, 1), "Europe/Kyiv")
    assert [str(day) for day in days] == ["2024-03-30", "2024-03-31", "2024-04-01"]
    an_instant = timedelta(microseconds=1)
    for place, midnight in enumerate(days.midnights[:-1]):
        assert days.place_of(midnight) == place
        assert place == 0 or days.place_of(midnight - an_instant) == place - 1
    for outside in (days.start - an_instant, days.end):
        with pytest.raises(ValueError, match="none of the days"):
            days.place_of(outside)


def test_nothing_falls_on_a_day_that_was_left_out():
    days = Days(date(2011, 12, 29), date(2011, 12, 31), "Pacific/Apia")
    assert days.place_of(datetime(2011, 12, 30, 10, tzinfo=UTC)) == 2


@given(SOME, st.integers(0, 400), st.sampled_from(sorted(known_zones())), st.floats(0, 1, exclude_max=True))
def test_days_follow_one_another_without_a_gap(first, more, zone, part):
    days = Days(first, min(first + timedelta(days=more), date(2037, 12, 31)), zone)
    assert list(days.midnights) == sorted(days.midnights)
    assert len(days.midnights) == len(days) + 1 == len(list(days)) + 1
    instant = days.start + (days.end - days.start) * part
    if days.start <= instant < days.end:
        place = days.place_of(instant)
        assert days.midnights[place] <= instant < days.midnights[place + 1]
