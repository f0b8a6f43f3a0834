from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from claims.places import Place
from claims.vocabulary import Dimension, MediaKind, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.checks.gps_clock import GpsClock
from verification.domain.clocks import WIDEST_OFFSET, read_clock
from verification.domain.decoded import Decoded, FoundDate, FoundGps

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOWHERE = FoundGps("", "GPS", "exifread", problem="no_hemisphere", fix_time="11:06:30")
IN_KYIV = FoundGps("50.45, 30.52", "GPS", "exifread", latitude=50.45, longitude=30.5234, fix_time="11:06:30")
KYIV, LISBON = Place("Kyiv", 50.45, 30.5234), Place("Lisbon", 38.72, -9.14)


def taken(text, offset=None):
    read = read_clock(text, offset)
    zone = "written" if read.offset else None
    return FoundDate(
        text, "DateTimeOriginal", "exifread", at=read.at, offset=read.offset, zone=zone, unset=read.unset
    )


def run(gps, *dates, place=None):
    facts = Decoded("image/jpeg", gps=gps, dates=dates, readers={"exifread": "3.5.1"})
    context = Context(now=NOW, claimed_location=place)
    (finding,) = GpsClock().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), context)
    return finding


def test_a_clock_set_to_the_zone_at_its_position_fits():
    finding = run(IN_KYIV, taken("2022:10:04 14:07:00"))
    assert (finding.dimension, finding.stance) == (Dimension.DATE, Stance.NEUTRAL)
    assert finding.sentence == (
        "Beside the satellites' time of day, the camera's clock was at UTC+3, as clocks at the file's own position "
        "(Kyiv) were that day."
    )


def test_satellite_time_turns_a_clock_without_zone_into_an_instant_softly():
    first, last = run(IN_KYIV, taken("2022:10:04 14:07:00")).bounds
    assert first.at < datetime(2022, 10, 4, 11, 7, tzinfo=UTC) < last.at
    assert last.at - first.at == timedelta(minutes=10)
    assert not (first.hard or last.hard)


@pytest.mark.parametrize("day", ["1999:12:31", "2022:10:03", "2022:10:05", "0000:00:00", None])
def test_the_satellites_day_stamp_is_left_out(day):
    finding = run(replace(IN_KYIV, fix_date=day), taken("2022:10:04 14:07:00"))
    assert "UTC+3" in finding.sentence
    assert finding.stance is Stance.NEUTRAL


@pytest.mark.parametrize(
    ("camera", "satellites", "offsets"),
    [
        ("2022:10:05 00:10:00", "21:10:00", ["UTC+3"]),  # midnight between
        ("2022:10:04 23:10:00", "06:10:00", ["UTC\N{MINUS SIGN}7"]),
        ("2022:10:04 12:00:00", "06:15:00", ["UTC+5:45"]),
        ("2022:10:04 13:00:00", "00:00:00", ["UTC\N{MINUS SIGN}11", "UTC+13"]),
        ("2022:10:04 11:58:00", "12:00:00", ["UTC"]),
    ],
)
def test_times_of_day_are_compared_around_the_clock(camera, satellites, offsets):
    finding = run(replace(NOWHERE, fix_time=satellites), taken(camera))
    assert finding.data["implied_offsets"] == offsets


@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2025, 1, 1)),
    st.integers(-48, 56).map(lambda quarters: quarters * timedelta(minutes=15)),
    st.timedeltas(timedelta(minutes=-4), timedelta(minutes=4)),
)
def test_the_true_instant_is_always_within_the_bounds(utc, offset, drift):
    utc = utc.replace(microsecond=0)
    local = utc + offset
    camera = taken(f"{local:%Y:%m:%d %H:%M:%S}")
    assume(not camera.unset)
    first, last = run(replace(NOWHERE, fix_time=f"{utc + drift:%H:%M:%S}"), camera).bounds
    assert first.at <= utc.replace(tzinfo=UTC) <= last.at
    assert abs(offset) <= WIDEST_OFFSET


def test_a_camera_that_was_not_set_to_the_zone_contradicts_nothing():
    finding = run(IN_KYIV, taken("2022:10:04 13:07:00"))
    assert finding.stance is Stance.NEUTRAL
    assert "not always set to the zone they are in" in finding.sentence
    elsewhere = run(NOWHERE, taken("2022:10:04 14:07:00"), place=LISBON)
    assert (elsewhere.dimension, elsewhere.stance) == (Dimension.LOCATION, Stance.INCONCLUSIVE)


def test_without_a_position_the_claimed_place_is_set_beside_it():
    finding = run(NOWHERE, taken("2022:10:04 14:07:00"), place=KYIV)
    assert (finding.dimension, finding.stance) == (Dimension.LOCATION, Stance.SUPPORTS)


def test_summer_time_is_considered():
    winter = run(IN_KYIV, taken("2022:12:04 13:07:00"))
    assert "as clocks" in winter.sentence
    assert "where clocks" in run(IN_KYIV, taken("2022:12:04 14:07:00")).sentence


def test_a_fix_between_two_zones_tells_nothing():
    finding = run(replace(IN_KYIV, fix_time="10:59:30"), taken("2022:10:04 14:07:00"))
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert "older than the picture" in finding.sentence


def test_a_receiver_that_lost_its_signal_tells_nothing():
    finding = run(replace(IN_KYIV, interrupted=True), taken("2022:10:04 14:07:00"))
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())


def test_a_recorded_offset_that_the_satellites_gainsay_is_told():
    agreed = run(IN_KYIV, taken("2022:10:04 14:07:00", "+03:00"))
    assert agreed.stance is Stance.NEUTRAL
    apart = run(IN_KYIV, taken("2022:10:04 14:07:00", "-05:00"))
    assert (apart.stance, apart.bounds) == (Stance.INCONCLUSIVE, ())
    assert "8 hours apart" in apart.sentence


@pytest.mark.parametrize(
    ("gps", "dates"),
    [
        (None, [taken("2022:10:04 14:07:00")]),
        (replace(IN_KYIV, fix_time=None), [taken("2022:10:04 14:07:00")]),
        (IN_KYIV, []),
        (IN_KYIV, [taken("0000:00:00 00:00:00")]),
        (IN_KYIV, [taken("2000:01:01 00:00:00")]),
        (IN_KYIV, [taken("2022:10:04")]),
    ],
)
def test_without_both_times_it_does_not_apply(gps, dates):
    with pytest.raises(NotApplicable):
        run(gps, *dates)
