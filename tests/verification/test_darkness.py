"""Spells of light and darkness: against what almanacs print, at the poles, across the date line, and without gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.domain.darkness import MOST, Sky, spells
from verification.domain.sun import sun_at

DAY, TWILIGHT, DARK = Sky.DAY, Sky.TWILIGHT, Sky.DARK
HALF_A_MINUTE = timedelta(seconds=30)
latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
lengths = st.timedeltas(timedelta(seconds=1), MOST)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_greenwich_at_midsummer_as_its_almanacs_print_it() -> None:
    found = spells(51.4779, 0.0, at("2022-06-21T00:00"), at("2022-06-22T00:00"))
    assert [one.sky for one in found] == [DARK, TWILIGHT, DAY, TWILIGHT, DARK]
    # Civil dawn, sunrise, sunset, civil dusk; the almanac prints minutes.
    printed = [at(f"2022-06-21T{clock}") for clock in ("02:56", "03:43", "20:21", "21:09")]
    for one, expected in zip(found, printed, strict=False):
        assert abs(one.ends_at - expected) < timedelta(minutes=2)


def test_at_the_equator_an_equinox_has_a_little_more_day_than_half() -> None:
    found = spells(0.0, 0.0, at("2022-03-20T00:00"), at("2022-03-21T00:00"))
    (day,) = [one.ends_at - one.starts_at for one in found if one.sky is DAY]
    assert abs(day - timedelta(hours=12, minutes=7)) < timedelta(minutes=1)
    twilights = [one.ends_at - one.starts_at for one in found if one.sky is TWILIGHT]
    # From 0.833° to 6° below, straight down at 15° an hour.
    assert all(abs(one - timedelta(minutes=20, seconds=40)) < timedelta(minutes=1) for one in twilights)


@pytest.mark.parametrize(
    ("latitude", "longitude", "day", "skies"),
    [
        (78.22, 15.65, "2022-06-21", [DAY]),
        (78.22, 15.65, "2022-12-21", [DARK]),
        (69.65, 18.96, "2022-12-21", [DARK, TWILIGHT, DARK]),  # the sun stays below, its light does not
        (61.5, 23.77, "2022-06-21", [TWILIGHT, DAY, TWILIGHT]),  # a white night
        (90.0, 0.0, "2022-06-21", [DAY]),
        (-90.0, 0.0, "2022-06-21", [DARK]),
    ],
)
def test_where_days_or_nights_do_not_end(
    latitude: float, longitude: float, day: str, skies: list[Sky]
) -> None:
    start = at(f"{day}T00:00")
    assert [one.sky for one in spells(latitude, longitude, start, start + timedelta(days=1))] == skies


def test_both_sides_of_the_date_line_have_the_same_night() -> None:
    span = at("2022-10-04T00:00"), at("2022-10-06T00:00")
    assert spells(-16.8, 180.0, *span) == spells(-16.8, -180.0, *span)
    west, east = spells(-16.8, 179.99, *span), spells(-16.8, -179.99, *span)
    for one, other in zip(west, east, strict=True):
        assert abs(one.starts_at - other.starts_at) < timedelta(minutes=1)


@given(latitudes, longitudes, moments, lengths)
def test_spells_fill_the_time_without_gaps_and_change_each_time(
    latitude: float, longitude: float, start: datetime, length: timedelta
) -> None:
    end = start + length
    found = spells(latitude, longitude, start, end)
    assert (found[0].starts_at, found[-1].ends_at) == (start, end)
    for one, following in pairwise(found):
        assert one.ends_at == following.starts_at
        assert one.sky is not following.sky
        assert {one.sky, following.sky} != {DAY, DARK}
    assert all(one.starts_at < one.ends_at for one in found)
    assert len(found) <= 4 * MOST.days + 3


@given(latitudes, longitudes, moments)
def test_a_spell_of_day_is_where_the_sun_is_up(latitude: float, longitude: float, start: datetime) -> None:
    for one in spells(latitude, longitude, start, start + timedelta(days=1)):
        if one.ends_at - one.starts_at < timedelta(hours=2):
            continue
        light = sun_at(latitude, longitude, one.starts_at + HALF_A_MINUTE).light
        assert (one.sky is DAY) == (light == "day")


@pytest.mark.parametrize("length", [timedelta(0), timedelta(seconds=-1), MOST + timedelta(seconds=1)])
def test_no_time_and_too_long_a_time_are_refused(length: timedelta) -> None:
    start = at("2022-10-04T00:00")
    with pytest.raises(ValueError, match="up to 10 days"):
        spells(50.0, 30.0, start, start + length)
