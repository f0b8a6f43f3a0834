import pytest

from verification.decoding.positions import from_exif, from_iso_6709, from_xmp


def exif(latitude, longitude, north_south="N", east_west="E"):
    return from_exif(latitude, north_south, longitude, east_west, field="GPS", reader="test")


def test_degrees_minutes_and_seconds_become_degrees():
    found = exif([(50, 1), (27, 1), (360, 10)], [(30, 1), (31, 1), (2424, 100)])
    assert (round(found.latitude, 4), round(found.longitude, 4)) == (50.46, 30.5234)
    assert found.problem is None


def test_south_and_west_are_negative_in_either_case_of_letter():
    found = exif([(33, 1)], [(70, 1)], "s", "West")
    assert (found.latitude, found.longitude) == (-33.0, -70.0)


@pytest.mark.parametrize("reference", ["", " ", "?", "X"])
def test_without_a_hemisphere_there_is_no_position(reference):
    found = exif([(50, 1)], [(30, 1)], north_south=reference)
    assert (found.problem, found.latitude) == ("no_hemisphere", None)


@pytest.mark.parametrize("parts", [[(50, 0)], [(50, 1), (27, 0)], [(50, 1), (27, 1), (0, 0)]])
def test_zero_denominators_are_no_position(parts):
    assert exif(parts, [(30, 1)]).problem == "zero_denominator"


def test_zero_zero_is_unset_in_any_hemisphere():
    for north_south, east_west in (("N", "E"), ("S", "W"), ("", "")):
        assert exif([(0, 1), (0, 1), (0, 1)], [(0, 1)], north_south, east_west).problem == "unset"


def test_a_point_on_the_equator_or_the_meridian_is_a_point():
    assert exif([(0, 1)], [(30, 1)]).problem is None
    assert exif([(51, 1), (28, 1), (40, 1)], [(0, 1), (0, 1), (0, 1)]).problem is None


@pytest.mark.parametrize(("latitude", "longitude"), [([(91, 1)], [(30, 1)]), ([(50, 1)], [(181, 1)])])
def test_points_off_the_map_are_refused(latitude, longitude):
    assert exif(latitude, longitude).problem == "out_of_range"


@pytest.mark.parametrize("parts", [[], [(1, 1)] * 4])
def test_other_numbers_of_parts_are_unreadable(parts):
    assert exif(parts, [(30, 1)]).problem == "unreadable"


def test_whole_minutes_are_as_coarse_as_they_look():
    coarse = exif([(50, 1), (27, 1), (0, 1)], [(30, 1), (31, 1), (0, 1)])
    fine = exif([(50, 1), (27, 1), (3612, 100)], [(30, 1), (31, 1), (0, 1)])
    assert coarse.resolution_m == pytest.approx(1855, abs=1)
    assert fine.resolution_m == pytest.approx(0.31, abs=0.01)


@pytest.mark.parametrize(
    ("text", "latitude", "longitude"),
    [
        ("+50.4501+030.5234/", 50.4501, 30.5234),
        ("+50.4501+030.5234+179.000/", 50.4501, 30.5234),
        ("-33.8568-070.6483/", -33.8568, -70.6483),
        ("+5027.006+03031.404/", 50.4501, 30.5234),
        ("+502700.36+0303124.24/", 50.4501, 30.5234),
        ("+27.5916+086.5640+8850CRSWGS_84/", 27.5916, 86.564),
    ],
)
def test_iso_6709_is_read_in_all_its_forms(text, latitude, longitude):
    found = from_iso_6709(text, field="location", reader="test")
    assert (found.latitude, found.longitude) == pytest.approx((latitude, longitude), abs=1e-4)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("+00.0000+000.0000/", "unset"),
        ("-00.0000-000.0000/", "unset"),
        ("+95.0+030.0/", "out_of_range"),
        ("50.45 30.52", "unreadable"),
        ("", "unreadable"),
        ("+50.45/", "unreadable"),
    ],
)
def test_iso_6709_that_is_no_position_says_why(text, problem):
    assert from_iso_6709(text, field="location", reader="test").problem == problem


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        ([(90, 1)], [(0, 1)], (90, 0)),
        ([(90, 1), (0, 1), (0, 1)], [(180, 1)], (90, 180)),
        ([(0, 1)], [(180, 1)], (0, 180)),
        ([(89, 1), (59, 1), (5999, 100)], [(179, 1), (59, 1), (5999, 100)], (90, 180)),
    ],
)
def test_poles_and_the_date_line_are_on_the_map(latitude, longitude, expected):
    found = exif(latitude, longitude)
    assert found.problem is None
    assert (found.latitude, found.longitude) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    "parts",
    [
        [(0x32000000, 0x01000000), (0x1B000000, 1)],  # read in the wrong byte order
        [(2**32 - 1, 1)],
        [(-50, 1)],
        [(90, 1), (0, 1), (1, 1)],
        [(89, 1), (60, 1), (1, 1)],
    ],
)
def test_nonsense_of_a_wrong_byte_order_is_off_the_map_or_south_at_most(parts):
    found = exif(parts, [(30, 1)])
    assert found.problem == "out_of_range" or found.latitude == -50


@pytest.mark.parametrize(
    "text", ["+90+000.0001/", "-90.0000+180.0000/", "+00.0000+180.0000/", "+00-179.9999/"]
)
def test_iso_6709_reaches_the_poles_and_the_date_line(text):
    assert from_iso_6709(text, field="location", reader="test").problem is None


@pytest.mark.parametrize(
    "text", ["+90.0001+000.0000/", "+00.0000+180.0001/", "+9060+00000/", "+\u0669\u0660+\u0660/"]
)
def test_iso_6709_goes_no_further(text):
    assert from_iso_6709(text, field="location", reader="test").problem in {"out_of_range", "unreadable"}


@pytest.mark.parametrize(
    ("latitude", "longitude", "found"),
    [
        ("50,27.006N", "30,31.404E", (50.4501, 30.5234)),
        ("33,30,0S", "151,15,0W", (-33.5, -151.25)),
        ("-33.5", "+151.25", (-33.5, 151.25)),
        ("90,0.0S", "180,0.0W", (-90, -180)),
        ("33,30.0", "151,15.0", "no_hemisphere"),
        ("33,30.0E", "151,15.0N", "no_hemisphere"),
        ("0,0.0N", "0,0.0E", "unset"),
        ("91,0.0N", "0,0.0E", "out_of_range"),
        ("", "30,31.404E", "unreadable"),
        ("fifty", "thirty", "unreadable"),
        ("1,2,3,4N", "1E", "unreadable"),
    ],
)
def test_positions_in_xmp(latitude, longitude, found):
    gps = from_xmp(latitude, longitude, field="f", reader="r")
    if isinstance(found, str):
        assert (gps.problem, gps.latitude) == (found, None)
    else:
        assert (round(gps.latitude, 6), round(gps.longitude, 6), gps.problem) == (*found, None)
