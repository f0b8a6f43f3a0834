"""The sun itself, against what is known of it without any library."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.domain.sun import Light, say_bearing, sun_at, sun_over_day

TILT = 23.44
SOLSTICE, MIDWINTER = date(2022, 6, 21), date(2022, 12, 21)
latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def test_greenwich_at_midsummer_as_its_almanacs_print_it():
    day = sun_over_day(51.4779, 0.0, SOLSTICE, "Europe/London")
    (rise,), (sets,) = day.rises, day.sets
    assert abs(rise.at - datetime(2022, 6, 21, 3, 43, tzinfo=UTC)) < timedelta(minutes=2)
    assert abs(sets.at - datetime(2022, 6, 21, 20, 21, tzinfo=UTC)) < timedelta(minutes=2)
    assert len(day.hourly) == 24


@pytest.mark.parametrize("latitude", [60.0, 45.0, 30.0])
def test_the_noon_height_is_what_the_earths_tilt_makes_it(latitude):
    assert sun_over_day(latitude, 0, SOLSTICE, "UTC").highest.height_deg == pytest.approx(
        90 - latitude + TILT, abs=0.05
    )
    lowest = sun_over_day(latitude, 0, MIDWINTER, "UTC").highest
    assert lowest.height_deg == pytest.approx(90 - latitude - TILT, abs=0.2)  # the air lifts a low sun


def test_the_noon_sun_is_south_in_the_north_and_north_in_the_south():
    north, south = (sun_over_day(latitude, 0, MIDWINTER, "UTC").highest for latitude in (45.0, -45.0))
    assert north.bearing_deg == pytest.approx(180, abs=1)
    assert min(south.bearing_deg, 360 - south.bearing_deg) < 1
    assert north.shadow_bearing_deg == pytest.approx(0, abs=1) or north.shadow_bearing_deg > 359


def test_a_shadow_is_as_long_as_its_caster_at_45_degrees():
    day = sun_over_day(45.0, 0, date(2022, 3, 20), "UTC")
    assert day.highest.shadow_ratio == pytest.approx(1, abs=0.02)


@given(latitudes, longitudes, moments)
def test_shadows_fall_away_from_the_sun_and_only_by_day(latitude, longitude, at):
    sun = sun_at(latitude, longitude, at)
    assert -90 <= sun.height_deg <= 90.1
    if sun.bearing_deg is not None:
        assert 0 <= sun.bearing_deg < 360
    if sun.shadow_bearing_deg is not None:
        assert abs((sun.shadow_bearing_deg - sun.bearing_deg) % 360 - 180) < 1e-6
        assert sun.light is Light.DAY
    if sun.shadow_ratio is not None:
        assert math.degrees(math.atan2(1, sun.shadow_ratio)) == pytest.approx(sun.height_deg, abs=0.11)


def test_the_kinds_of_twilight_follow_one_another_down_to_night():
    day = sun_over_day(50.45, 30.5234, date(2022, 10, 4), "Europe/Kyiv")
    (sets,) = day.sets
    seen = []
    for minutes in range(0, 150, 5):
        light = sun_at(50.45, 30.5234, sets.at + timedelta(minutes=minutes)).light
        if light not in seen:
            seen.append(light)
    assert seen[-4:] == [Light.CIVIL, Light.NAUTICAL, Light.ASTRONOMICAL, Light.NIGHT]


def test_beyond_the_polar_circles_it_does_not_rise_or_does_not_set():
    summer = sun_over_day(78.22, 15.65, SOLSTICE, "Arctic/Longyearbyen")
    assert (summer.always_up, summer.rises, summer.sets) == (True, (), ())
    winter = sun_over_day(78.22, 15.65, MIDWINTER, "Arctic/Longyearbyen")
    assert (winter.never_up, winter.highest.light) == (True, Light.NAUTICAL)
    assert sun_over_day(69.65, 18.96, MIDWINTER, "Europe/Oslo").highest.light is Light.CIVIL


@pytest.mark.parametrize(("latitude", "day"), [(90, SOLSTICE), (-90, MIDWINTER)])
def test_at_the_poles_there_is_no_bearing(latitude, day):
    sun = sun_over_day(latitude, 0, day, "UTC")
    assert sun.always_up
    assert {one.bearing_deg for one in sun.hourly} == {None}
    assert all(one.shadow_ratio and one.shadow_bearing_deg is None for one in sun.hourly)


def test_both_sides_of_the_date_line_are_one_meridian():
    at = datetime(2022, 6, 21, 0, 30, tzinfo=UTC)
    assert sun_at(10, 180, at).height_deg == pytest.approx(sun_at(10, -180, at).height_deg)


def test_days_of_23_and_25_hours_have_as_many_rows():
    rows = [
        len(sun_over_day(50.45, 30.5, day, "Europe/Kyiv").hourly)
        for day in (date(2022, 3, 27), date(2022, 10, 30))
    ]
    assert rows == [23, 25]


def test_bearings_are_named_by_the_eight_winds():
    assert [say_bearing(degrees) for degrees in (0, 44, 180, 200, 225, 350)] == [
        "north", "north-east", "south", "south", "south-west", "north",
    ]  # fmt: skip
