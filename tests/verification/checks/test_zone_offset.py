from datetime import UTC, datetime

import pytest

from claims.places import Place
from claims.vocabulary import Dimension, MediaKind, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.checks.zone_offset import ZoneOffset
from verification.domain.clocks import read_clock
from verification.domain.decoded import Decoded, FoundDate, FoundGps

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KYIV, KATHMANDU, DELHI = (
    Place("Kyiv", 50.45, 30.5234),
    Place("Kathmandu", 27.7, 85.3),
    Place("Delhi", 28.6, 77.2),
)
IN_KYIV = FoundGps("50.45, 30.52", "GPS", "exifread", latitude=50.45, longitude=30.5234)
APPLE = "com.apple.quicktime.creationdate"


def taken(text, offset=None, field="DateTimeOriginal", zone="written"):
    read = read_clock(text, offset)
    return FoundDate(
        text, field, "exifread", at=read.at, offset=read.offset, zone=zone if read.offset else None
    )


def run(*dates, place=None, camera=None, gps=None):
    facts = Decoded("image/jpeg", gps=gps, dates=dates, readers={"exifread": "3.5.1"})
    context = Context(now=NOW, claimed_location=place, claimed_camera=camera)
    return ZoneOffset().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), context)


def only(*dates, **more):
    (finding,) = run(*dates, **more)
    return finding


SUMMER, WINTER = "2022:10:04 14:07:00", "2022:12:04 14:07:00"


def test_the_offset_kept_at_the_claimed_place_supports_it():
    finding = only(taken(SUMMER, "+03:00"), place=KYIV)
    assert (finding.dimension, finding.stance) == (Dimension.LOCATION, Stance.SUPPORTS)
    assert finding.sentence == "The camera's clock was at UTC+3, as clocks in Kyiv were that day."
    assert (finding.bounds, finding.points) == ((), ())


def test_another_offset_contradicts_nothing_because_phones_are_not_re_zoned():
    finding = only(taken(SUMMER, "-07:00"), place=KYIV)
    assert finding.stance is Stance.INCONCLUSIVE
    assert "not always set to the zone they are in" in finding.sentence


@pytest.mark.parametrize(
    ("text", "offset", "stance"),
    [
        (SUMMER, "+03:00", Stance.SUPPORTS),
        (WINTER, "+02:00", Stance.SUPPORTS),
        (SUMMER, "+02:00", Stance.INCONCLUSIVE),
        (WINTER, "+03:00", Stance.INCONCLUSIVE),
    ],
)
def test_daylight_saving_is_that_of_the_day(text, offset, stance):
    finding = only(taken(text, offset), place=KYIV)
    assert finding.stance is stance
    assert ("other half of the year" in finding.sentence) is (stance is Stance.INCONCLUSIVE)


def test_offsets_of_part_hours_are_known():
    assert only(taken(SUMMER, "+05:45"), place=KATHMANDU).stance is Stance.SUPPORTS
    assert only(taken(SUMMER, "+05:30"), place=DELHI).stance is Stance.SUPPORTS


def test_utc_may_be_a_programs_and_not_the_places():
    assert "programs often write UTC" in only(taken(SUMMER, "+00:00"), place=DELHI).sentence


def test_the_files_own_position_and_the_claimed_place_are_set_beside_it_apart():
    at_gps, at_place = run(taken(SUMMER, "+03:00"), gps=IN_KYIV, place=DELHI)
    assert (at_gps.dimension, at_gps.stance) == (Dimension.DATE, Stance.NEUTRAL)
    assert (at_place.dimension, at_place.stance) == (Dimension.LOCATION, Stance.INCONCLUSIVE)


def test_the_camera_position_counts_before_the_place_shown():
    assert only(taken(SUMMER, "+03:00"), place=DELHI, camera=KYIV).stance is Stance.SUPPORTS


def test_a_films_own_date_counts_and_a_zone_that_only_the_format_implies_does_not():
    assert only(taken("2022-10-04T14:07:00+0300", field=APPLE), place=KYIV).stance is Stance.SUPPORTS
    with pytest.raises(NotApplicable):
        run(taken("2022-10-04T11:07:00Z", field="creation_time", zone="format"), place=KYIV)


@pytest.mark.parametrize(
    "place",
    [
        Place("the pole", 90, 0),
        Place("the other", -90, 180),
        Place("the line", 0, 180),
        Place("the line", 0, -180),
    ],
)
def test_poles_and_the_date_line_have_clocks_or_none_but_never_break_it(place):
    assert run(taken(SUMMER, "+12:00"), place=place)


def test_a_place_known_by_name_only_has_no_clock():
    finding = only(taken(SUMMER, "+03:00"), place=Place("Kyiv"))
    assert (finding.dimension, finding.stance) == (Dimension.DATE, Stance.NEUTRAL)


@pytest.mark.parametrize(
    "date", [taken(SUMMER), taken("0000:00:00 00:00:00", "+03:00"), taken(SUMMER, "+99:00")]
)
def test_without_a_recorded_zone_it_does_not_apply(date):
    with pytest.raises(NotApplicable):
        run(date, place=KYIV)
