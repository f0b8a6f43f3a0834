"""Places: what is refused, how far apart they are, and where the public may know them to be."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from claims.errors import InvalidInput
from claims.places import (
    EARTH_RADIUS_M,
    MAX_RADIUS_M,
    Place,
    distance_m,
    parse_place,
    relate_places,
    same_place,
    snapped,
    timezone_at,
)
from claims.vocabulary import Precision, Relation

IZIUM = {"name": "Izium", "latitude": 49.2, "longitude": 37.27, "radius_m": 3000}

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)
RADII = st.floats(1, 100_000) | st.floats(1, MAX_RADIUS_M)
POINTS = st.builds(
    Place, st.just("here"), LATITUDES, LONGITUDES, st.none() | RADII, st.none() | st.sampled_from(Precision)
)


def refusals(data):
    with pytest.raises(InvalidInput) as refused:
        parse_place(data)
    return {error.pointer: error.code for error in refused.value.errors}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"name": "Kherson"}, Place("Kherson")),
        ({"name": "  Kherson "}, Place("Kherson")),
        ({"name": "Kherson", "latitude": None, "longitude": None}, Place("Kherson")),
        ({"name": "Kherson", "precision": "area"}, Place("Kherson", precision=Precision.AREA)),
        (IZIUM, Place("Izium", 49.2, 37.27, 3000.0)),
        ({"name": "Null Island", "latitude": -0.0, "longitude": 0}, Place("Null Island", 0.0, 0.0)),
        ({"name": "Pole", "latitude": -90, "longitude": 180}, Place("Pole", -90.0, 180.0)),
        ({**IZIUM, "precision": "exact"}, Place("Izium", 49.2, 37.27, 3000.0, Precision.EXACT)),
        ({"name": "Reims\u0301"}, Place("Reimś")),
    ],
)
def test_a_place_is_read(data, place):
    read = parse_place(data)
    assert read == place
    assert str(read.latitude) != "-0.0"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, {"/name": "required"}),
        ({"name": None}, {"/name": "required"}),
        ({"name": ""}, {"/name": "blank"}),
        ({"name": " \u00a0"}, {"/name": "blank"}),
        ({"name": "a\0b"}, {"/name": "invalid"}),
        ({"name": "a\nb"}, {"/name": "invalid"}),
        ({"name": "a\ud800"}, {"/name": "invalid"}),
        ({"name": 7}, {"/name": "invalid"}),
        ({"name": "x" * 201}, {"/name": "too_long"}),
        ({**IZIUM, "latitude": 90.1}, {"/latitude": "range"}),
        ({**IZIUM, "latitude": math.nan}, {"/latitude": "range"}),
        ({**IZIUM, "longitude": math.inf}, {"/longitude": "range"}),
        ({**IZIUM, "longitude": -math.inf}, {"/longitude": "range"}),
        ({**IZIUM, "longitude": 10**400}, {"/longitude": "range"}),
        ({**IZIUM, "latitude": "49.2"}, {"/latitude": "range"}),
        ({**IZIUM, "latitude": True}, {"/latitude": "range"}),
        ({**IZIUM, "latitude": [49]}, {"/latitude": "range"}),
        ({**IZIUM, "radius_m": -1}, {"/radius_m": "range"}),
        ({**IZIUM, "radius_m": 20_040_001}, {"/radius_m": "range"}),
        ({**IZIUM, "radius_m": math.nan}, {"/radius_m": "range"}),
        ({"name": "Izium", "latitude": 49.2}, {"/longitude": "required"}),
        ({"name": "Izium", "longitude": 37.2}, {"/latitude": "required"}),
        ({"name": "Izium", "radius_m": 5}, {"/radius_m": "invalid"}),
        ({**IZIUM, "precision": "close"}, {"/precision": "choice"}),
        ({**IZIUM, "precision": ["exact"]}, {"/precision": "choice"}),
        ({**IZIUM, "lat": 1, "a/b~": 2}, {"/lat": "unknown_field", "/a~1b~0": "unknown_field"}),
        ([], {"": "invalid"}),
        ("Izium", {"": "invalid"}),
        (None, {"": "invalid"}),
        (
            {"name": " ", "latitude": 91, "longitude": math.nan, "radius_m": -1, "precision": 3, "x": 1},
            {
                "/x": "unknown_field",
                "/name": "blank",
                "/latitude": "range",
                "/longitude": "range",
                "/radius_m": "range",
                "/precision": "choice",
            },
        ),
    ],
)
def test_what_is_no_place_is_refused_with_every_bad_field(data, expected):
    assert refusals(data) == expected


def test_a_limit_is_said_in_figures():
    with pytest.raises(InvalidInput, match="from 0 to 20,040,000"):
        parse_place({**IZIUM, "radius_m": -1})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2),
)


@given(
    st.dictionaries(st.sampled_from(["name", "latitude", "longitude", "radius_m", "precision", "x"]), _JSON)
)
def test_any_json_is_read_or_refused(data):
    try:
        place = parse_place(data)
    except InvalidInput as refused:
        assert refused.errors
    else:
        assert Place.from_json(json.loads(json.dumps(place.as_json(), allow_nan=False))) == place


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        ((0, 0), (0, 0), 0),
        ((0, 0), (0, 1), math.pi * EARTH_RADIUS_M / 180),
        ((0, 179.5), (0, -179.5), math.pi * EARTH_RADIUS_M / 180),
        ((90, 12), (-90, -77), math.pi * EARTH_RADIUS_M),
        ((90, 12), (90, -77), 0),
        ((0, 0), (0, 180), math.pi * EARTH_RADIUS_M),
    ],
)
def test_distance_is_along_the_great_circle(a, b, metres):
    assert distance_m(Place("a", *a), Place("b", *b)) == pytest.approx(metres, abs=1e-6)


def test_a_distance_needs_two_points():
    with pytest.raises(ValueError, match="two points"):
        distance_m(Place("Kherson"), Place("Izium", 49.2, 37.27))


@given(POINTS, POINTS)
def test_distance_is_the_same_both_ways(a, b):
    assert distance_m(a, b) == pytest.approx(distance_m(b, a))
    assert 0 <= distance_m(a, b) <= math.pi * EARTH_RADIUS_M


@given(POINTS, RADII)
@settings(max_examples=500)
def test_a_snapped_place_holds_the_true_one_and_stays_put(place, radius_m):
    public = snapped(place, radius_m)
    assert -90 <= public.latitude <= 90
    assert -180 <= public.longitude <= 180
    assert public.radius_m >= radius_m
    assert public.radius_m >= (place.radius_m or 0)
    assert public.precision is not Precision.EXACT
    assert distance_m(place, public) <= radius_m
    assert snapped(public, radius_m) == public


@given(POINTS, st.floats(10, 50_000), st.integers(0, 359), st.floats(0, 0.2))
def test_neighbours_share_a_public_point_or_lie_in_neighbouring_cells(place, radius_m, bearing, part):
    assume(abs(place.latitude) < 85)
    step = radius_m * part / EARTH_RADIUS_M * 180 / math.pi
    north = step * math.cos(math.radians(bearing))
    east = step * math.sin(math.radians(bearing)) / math.cos(math.radians(place.latitude))
    longitude = (place.longitude + east + 180) % 360 - 180
    neighbour = Place("there", place.latitude + north, longitude)
    assert distance_m(snapped(place, radius_m), snapped(neighbour, radius_m)) <= 2.3 * radius_m


def test_points_of_one_cell_cannot_be_told_apart():
    centre = snapped(Place("Izium", 49.2, 37.27, 10), 5000)
    near = [
        Place("Izium", centre.latitude + north, centre.longitude + east, 10)
        for north, east in [(0.01, 0.02), (-0.02, -0.01)]
    ]
    assert {snapped(place, 5000) for place in near} == {
        Place("Izium", centre.latitude, centre.longitude, 5000.0)
    }


@given(LATITUDES, RADII)
def test_both_sides_of_the_date_line_are_one_meridian(latitude, radius_m):
    east, west = (snapped(Place("line", latitude, longitude), radius_m) for longitude in (180.0, -180.0))
    assert east == west


@given(LONGITUDES, RADII, st.sampled_from([90.0, -90.0]))
def test_a_pole_has_every_longitude(longitude, radius_m, pole):
    assert snapped(Place("pole", pole, longitude), radius_m) == snapped(Place("pole", pole, 0.0), radius_m)


def test_without_a_point_or_a_public_radius_nothing_is_snapped():
    assert snapped(Place("Kherson"), 5000) == Place("Kherson")
    exact = Place("Izium", 49.2, 37.27, 5.0, Precision.EXACT)
    assert snapped(exact, 0) == exact


@pytest.mark.parametrize("radius_m", [-1, math.nan, math.inf, MAX_RADIUS_M + 1])
def test_an_impossible_public_radius_is_refused(radius_m):
    with pytest.raises(ValueError, match="public radius"):
        snapped(Place("Izium", 49.2, 37.27), radius_m)


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        (50.45, 30.52, "Europe/Kyiv"),
        (40.7, -74.0, "America/New_York"),
        (0, -140, "Etc/GMT+9"),
        (math.nan, 0, None),
        (91, 0, None),
        (0, 181, None),
    ],
)
def test_the_zone_kept_at_a_point(latitude, longitude, zone):
    assert timezone_at(latitude, longitude) == zone


@given(LATITUDES, LONGITUDES)
def test_every_point_has_a_zone(latitude, longitude):
    assert timezone_at(latitude, longitude)


@pytest.mark.parametrize(
    ("established", "claimed", "relation"),
    [
        (Place("Izium"), None, Relation.NOTHING_CLAIMED),
        (Place("Izium"), Place("izium "), Relation.MATCHES),
        (Place("Izium"), Place("Kherson"), Relation.DIFFERS),
        (Place("Izium", 49.2, 37.27, 10), Place("Izium"), Relation.MATCHES),
        (Place("Izium", 49.2, 37.27, 10), Place("Kherson"), Relation.DIFFERS),
        (Place("Izium", 49.2, 37.27, 10), Place("Izium", 49.21, 37.25), Relation.MATCHES),
        (Place("Springfield", 39.8, -89.6, 10), Place("Springfield", 42.1, -72.6), Relation.DIFFERS),
        (Place("the bridge", 49.2, 37.27, 10), Place("Izium", 49.21, 37.25, 5000), Relation.NARROWER),
        (Place("Kharkiv region", 49.5, 36.4, 150_000), Place("Izium", 49.2, 37.27, 5000), Relation.BROADER),
        (Place("a", 49.2, 37.27, 10), Place("b", 49.2, 37.27, 10), Relation.MATCHES),
        (Place("Izium", 49.2, 37.27, 5000), Place("Izium", 49.22, 37.25, 5000), Relation.MATCHES),
        (Place("Izium", 49.2, 37.27, 5000), Place("Kapytolivka", 49.22, 37.25, 5000), Relation.DIFFERS),
        (Place("Izium", 49.2, 37.27, 5000), Place("Kherson", 46.6, 32.6, 5000), Relation.DIFFERS),
    ],
)
def test_how_an_established_place_stands_to_the_claimed_one(established, claimed, relation):
    assert relate_places(established, claimed) is relation


@given(POINTS, POINTS)
def test_relations_mirror_each_other(a, b):
    mirrored = {Relation.NARROWER: Relation.BROADER, Relation.BROADER: Relation.NARROWER}
    assume(a.radius_m is not None and b.radius_m is not None)
    relation = relate_places(a, b)
    assert relate_places(b, a) is mirrored.get(relation, relation)


def test_places_are_the_same_when_name_point_and_radius_are():
    izium = Place("Izium", 49.2, 37.27, 3000.0)
    assert same_place(izium, Place("izium", 49.2, 37.27, 3000.0, Precision.LOCALITY))
    assert not same_place(izium, Place("Izium", 49.2, 37.27, 3001.0))
    assert not same_place(izium, Place("Izium", 49.2, 37.28, 3000.0))
    assert not same_place(izium, Place("Izyum", 49.2, 37.27, 3000.0))
