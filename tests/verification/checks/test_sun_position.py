from datetime import UTC, datetime

import pytest

from claims.dates import parse_date
from claims.places import Place
from claims.vocabulary import Dimension, MediaKind, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.checks.sun_position import SunPosition
from verification.domain.clocks import read_clock
from verification.domain.decoded import Decoded, FoundDate, FoundGps

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KYIV = Place("Kyiv", 50.45, 30.5234, 5_000)
TROMSO = Place("Tromsø", 69.65, 18.96, 5_000)
IN_KYIV = FoundGps("50.45, 30.52", "GPS", "exifread", latitude=50.45, longitude=30.5234)


def taken(text, offset=None):
    read = read_clock(text, offset)
    zone = "written" if read.offset else None
    return FoundDate(text, "DateTimeOriginal", "exifread", at=read.at, offset=read.offset, zone=zone)


def run(claimed=None, zone="Europe/Kyiv", place=KYIV, gps=None, dates=()):
    facts = Decoded("image/jpeg", gps=gps, dates=dates)
    context = Context(
        now=NOW, claimed_date=parse_date(claimed, zone) if claimed else None, claimed_location=place
    )
    return SunPosition().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), context)


def only(*args, **more):
    (finding,) = run(*args, **more)
    assert (finding.dimension, finding.stance, finding.bounds) == (Dimension.DATE, Stance.NEUTRAL, ())
    return finding


def test_at_a_claimed_time_the_sun_and_its_shadow_are_told():
    finding = only("2022-10-04T14:07:00")
    assert finding.sentence == (
        "At the claimed time (14:07 on 4 October 2022 by clocks there) the sun in Kyiv stood 32° high in the "
        "south-west (204°): day. A level shadow pointed to 24° and was 1.6 times as long as what cast it is high; "
        "light and shadows are for a person to read, and tell nothing indoors."
    )
    assert finding.data["sun"]["light"] == "day"


@pytest.mark.parametrize(
    ("clock", "light"),
    [
        ("18:45", "civil twilight"),
        ("19:20", "nautical twilight"),
        ("19:55", "astronomical twilight"),
        ("23:30", "night"),
    ],
)
def test_twilights_and_night_are_told_apart_and_have_no_shadows(clock, light):
    finding = only(f"2022-10-04T{clock}:00")
    assert f": {light};" in finding.sentence
    assert "below the horizon" in finding.sentence
    assert finding.data["sun"]["shadow_ratio"] is None


def test_a_claimed_day_gives_rising_setting_and_a_row_for_each_hour():
    finding = only("2022-10-04")
    assert finding.sentence.startswith("On 4 October 2022 in Kyiv the sun rose at 07:0")
    assert ", by clocks there (UTC+3); light and shadows" in finding.sentence
    assert len(finding.data["hourly"]) == 24
    assert [row["at"][-9:] for row in finding.data["hourly"][:2]] == ["21:00:00Z", "22:00:00Z"]


def test_a_day_without_zone_is_the_day_at_the_place():
    assert only("2022-10-04", zone=None).data["day"] == "2022-10-04"
    assert only("2022-10-04", zone=None, place=Place("Kiritimati", 1.87, -157.4)).data["day"] == "2022-10-04"


@pytest.mark.parametrize(
    "claimed", ["2022", "2022-10", "2022-10-04/2022-10-05", "../2022", "2022-10-04/..", None]
)
def test_more_than_a_day_is_no_time_for_the_sun(claimed):
    with pytest.raises(NotApplicable):
        run(claimed)


def test_without_a_point_it_does_not_apply():
    for place in (None, Place("Kyiv")):
        with pytest.raises(NotApplicable):
            run("2022-10-04", place=place)
    with pytest.raises(NotApplicable):
        run("2022-10-04", place=None, gps=FoundGps("0, 0", "GPS", "exifread", problem="unset"))


def test_the_files_own_position_serves_where_no_place_is_claimed():
    assert "at the file's own position" in only("2022-10-04", place=None, gps=IN_KYIV).sentence


def test_polar_day_and_polar_night_are_told():
    assert "did not set, and stood highest" in only("2022-06-21", place=TROMSO, zone="Europe/Oslo").sentence
    night = only("2022-12-21", place=TROMSO, zone="Europe/Oslo").sentence
    assert "did not rise: at its highest, at 11:" in night
    assert "civil twilight" in night


@pytest.mark.parametrize("latitude", [90, -90])
def test_at_a_pole_there_is_height_and_no_bearing(latitude):
    finding = only("2022-06-21T12:00:00", place=Place("the pole", latitude, 0), zone="UTC")
    assert finding.data["sun"]["bearing_deg"] is None


@pytest.mark.parametrize("longitude", [180, -180])
def test_the_date_line_has_its_days(longitude):
    assert only("2022-06-21", zone=None, place=Place("the line", 0, longitude)).data["day"] == "2022-06-21"


def test_a_wide_place_is_cautioned_about():
    assert "differs by up to 5°" in only("2022-10-04", place=Place("Ukraine", 49, 32, 600_000)).sentence


def test_a_camera_clock_with_its_zone_is_looked_at_too_and_one_without_is_not():
    claimed, camera = run("2022-10-04", dates=[taken("2022:10:04 23:30:00", "+03:00")])
    assert camera.sentence.startswith(
        "By the camera's clock (23:30 on 4 October 2022 by clocks there) the sun in Kyiv"
    )
    assert camera.data["sun"]["light"] == "night"
    assert claimed.data["of"] == "claim"
    assert len(run("2022-10-04", dates=[taken("2022:10:04 23:30:00")])) == 1
