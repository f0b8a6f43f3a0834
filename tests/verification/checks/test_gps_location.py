from dataclasses import replace
from datetime import UTC, datetime

import pytest

from claims.places import Place
from claims.vocabulary import Dimension, MediaKind, Stance
from tests.media import make
from verification.checks.base import CheckFailed, Context, Media
from verification.checks.gps_location import GpsLocation
from verification.domain.decoded import Decoded, FoundDate, FoundGps, ReaderError
from verification.sandbox import decode

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
IN_KYIV = FoundGps(
    "50.46, 30.52",
    "GPSLatitude, GPSLongitude",
    "exifread",
    latitude=50.46,
    longitude=30.5234,
    resolution_m=0.3,
)
KYIV = Place("Kyiv", 50.45, 30.5234, 5_000)
KHERSON = Place("Kherson", 46.6354, 32.6169, 10_000)


def run(gps, *, shown=None, camera=None, dates=(), errors=()):
    facts = Decoded("image/jpeg", gps=gps, dates=dates, errors=errors, readers={"exifread": "3.5.1"})
    media = Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts)
    return GpsLocation().run(media, Context(now=NOW, claimed_location=shown, claimed_camera=camera))


def only(gps, **more):
    (finding,) = run(gps, **more)
    assert finding.dimension is Dimension.LOCATION
    return finding


def from_file(tmp_path, **tags):
    path = make.exif_jpeg(tmp_path / "x.jpg", gps=make.gps_tags(*make.KYIV, **tags))
    return decode(path, media_type="image/jpeg").gps


def test_a_point_in_the_claimed_area_supports_the_place_shown():
    finding = only(IN_KYIV, shown=KYIV)
    assert finding.stance is Stance.SUPPORTS
    assert finding.sentence == (
        "The file's GPS puts the camera 1.1 km from Kyiv, within the claimed area: "
        "the place is taken as 5.0 km around its point, and the GPS as good to 100 m."
    )
    assert finding.points[0].latitude == 50.46


def test_a_point_far_off_never_contradicts_the_place_shown():
    finding = only(IN_KYIV, shown=KHERSON)
    assert finding.stance is Stance.INCONCLUSIVE
    assert finding.sentence == (
        "The file's GPS puts the camera 452 km from Kherson, outside the claimed area;"
        " a camera need not stand where what it shows lies, so this settles nothing."
    )


def test_a_point_far_off_contradicts_a_claimed_camera_position():
    finding = only(IN_KYIV, camera=KHERSON)
    assert finding.stance is Stance.CONTRADICTS
    assert finding.sentence.startswith(
        "The file's GPS puts the camera 452 km from Kherson, where it is claimed to have stood"
    )
    assert only(IN_KYIV, camera=KYIV).stance is Stance.SUPPORTS


def test_both_claims_are_judged_apart():
    camera, shown = run(IN_KYIV, camera=KYIV, shown=KHERSON)
    assert (camera.stance, shown.stance) == (Stance.SUPPORTS, Stance.INCONCLUSIVE)


def test_both_uncertainties_count():
    just_outside = replace(IN_KYIV, latitude=50.45 + 5_050 / 111_195)
    far_outside = replace(IN_KYIV, latitude=50.45 + 5_200 / 111_195)
    assert only(just_outside, camera=KYIV).stance is Stance.SUPPORTS
    assert only(far_outside, camera=KYIV).stance is Stance.CONTRADICTS
    assert only(replace(far_outside, uncertainty_m=300.0), camera=KYIV).stance is Stance.SUPPORTS
    assert only(replace(just_outside, uncertainty_m=5.0), camera=KYIV).stance is Stance.CONTRADICTS
    assert only(replace(far_outside, resolution_m=1855.0), camera=KYIV).stance is Stance.SUPPORTS


def test_where_nothing_is_claimed_a_point_is_neutral():
    finding = only(IN_KYIV)
    assert finding.stance is Stance.NEUTRAL
    assert finding.sentence == "The file's GPS puts the camera at 50.46000, 30.52340, give or take 100 m."


def test_a_place_known_by_name_only_measures_nothing():
    assert only(IN_KYIV, shown=Place("Kyiv"), camera=Place("Kyiv")).stance is Stance.NEUTRAL


def test_no_position_is_no_evidence():
    finding = only(None, shown=KYIV, camera=KYIV)
    assert (finding.stance, finding.points) == (Stance.INCONCLUSIVE, ())


def test_tags_that_could_not_be_read_are_not_taken_for_absent():
    with pytest.raises(CheckFailed):
        run(None, errors=(ReaderError("exifread", "metadata", "broken"),))


@pytest.mark.parametrize("references", [("N", "E"), ("S", "W")])
def test_zero_zero_and_minus_zero_are_unset(tmp_path, references):
    path = make.exif_jpeg(
        tmp_path / "x.jpg",
        gps=make.gps_tags([(0, 1)] * 3, [(0, 1)] * 3, lat_ref=references[0], lon_ref=references[1]),
    )
    finding = only(decode(path, media_type="image/jpeg").gps, camera=KYIV)
    assert (finding.stance, finding.data["problem"], finding.points) == (Stance.INCONCLUSIVE, "unset", ())


@pytest.mark.parametrize("missing", ["lat_ref", "lon_ref"])
def test_a_missing_hemisphere_is_no_position(tmp_path, missing):
    finding = only(from_file(tmp_path, **{missing: None}), camera=KYIV)
    assert (finding.stance, finding.data["problem"]) == (Stance.INCONCLUSIVE, "no_hemisphere")


def test_zero_denominators_are_no_position(tmp_path):
    path = make.exif_jpeg(tmp_path / "x.jpg", gps=make.gps_tags([(50, 1), (27, 1), (36, 0)], make.KYIV[1]))
    finding = only(decode(path, media_type="image/jpeg").gps, camera=KYIV)
    assert (finding.stance, finding.data["problem"]) == (Stance.INCONCLUSIVE, "zero_denominator")


def test_a_recorded_uncertainty_is_used(tmp_path):
    finding = only(from_file(tmp_path, error=[(25, 2)]), shown=KYIV)
    assert finding.points[0].uncertainty_m == pytest.approx(13.2, abs=0.7)


def test_an_interrupted_receiver_repeats_an_older_position(tmp_path):
    finding = only(from_file(tmp_path, status="V"), camera=KHERSON)
    assert (finding.stance, finding.points) == (Stance.INCONCLUSIVE, ())
    assert "may be an older one" in finding.sentence


def taken(text, offset):
    return (FoundDate(text, "DateTimeOriginal", "exifread", at=text + offset, offset=offset, zone="written"),)


def test_a_fix_hours_older_than_the_photo_is_stale():
    gps = replace(IN_KYIV, fix_time="07:00:00")
    stale = only(gps, camera=KHERSON, dates=taken("2022-10-04T14:07:00", "+03:00"))
    assert (stale.stance, stale.points) == (Stance.INCONCLUSIVE, ())
    assert "4 hours apart" in stale.sentence
    fresh = only(
        replace(gps, fix_time="11:06:30"), camera=KHERSON, dates=taken("2022-10-04T14:07:00", "+03:00")
    )
    assert fresh.stance is Stance.CONTRADICTS


def test_a_fix_is_compared_by_the_time_of_day_alone():
    gps = replace(IN_KYIV, fix_time="23:58:00", fix_date="1999:01:01")
    assert only(gps, camera=KYIV, dates=taken("2022-10-05T03:01:00", "+03:00")).stance is Stance.SUPPORTS


def test_the_age_of_a_fix_is_not_guessed_from_a_clock_without_zone():
    naive = (FoundDate("x", "DateTimeOriginal", "exifread", at="2022-10-04T14:07:00"),)
    assert only(replace(IN_KYIV, fix_time="03:00:00"), camera=KYIV, dates=naive).stance is Stance.SUPPORTS


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ((0.0, 180.0), (0.0, -180.0)),
        ((10.0, 179.999), (10.0, -179.999)),
        ((90.0, 0.0), (90.0, 137.0)),
        ((-90.0, -180.0), (-89.9999, 12.0)),
    ],
)
def test_across_the_date_line_and_at_the_poles_near_is_near(here, there):
    gps = replace(IN_KYIV, latitude=here[0], longitude=here[1])
    finding = only(gps, camera=Place("there", there[0], there[1], 1_000))
    assert finding.stance is Stance.SUPPORTS
    assert finding.data["distance_m"] < 500
