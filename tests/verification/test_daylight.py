"""From where the sun is reckoned, along what darkness is told, and how a chosen time is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.dates import ClaimedDate, parse_date
from claims.errors import InvalidInput
from claims.places import Place
from claims.vocabulary import Dimension, Stance
from verification.domain.darkness import MOST
from verification.domain.findings import Finding, FoundPoint, Side, TimeBound
from verification.inference.daylight import Standpoint, read_moment, sun_from, usual_moment
from verification.inference.locations import PinnedPlace, Stands
from verification.inference.reasoning import Reasoning, reason

KYIV = Place("Kyiv", 50.45, 30.5234, 5_000)
IZIUM = Place("Izium", 49.2, 37.26, 3_000)
GPS = FoundPoint(50.4, 30.5, 110.0, "GPS position of the camera")
NAME_ALONE = Place("Kyiv")
IN_KYIV = Standpoint(Stands.SHOWN, 50.45, 30.5234, 5_000, "Kyiv")
longitudes = st.floats(-180, 180)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def reasoned(
    date: str | None = "2022-10-04",
    place: Place | None = KYIV,
    *,
    points: tuple[FoundPoint, ...] = (),
    bounds: tuple[str, ...] = (),
    pinned: Place | None = None,
) -> Reasoning:
    found = Finding(
        Dimension.DATE,
        Stance.NEUTRAL,
        "…",
        bounds=tuple(TimeBound(Side.NOT_AFTER, at(one), True, "why") for one in bounds),
        points=points,
    )
    return reason(
        claimed_date=parse_date(date, "Europe/Kyiv") if date else None,
        claimed_place=place,
        findings=[found],
        pinned=PinnedPlace(pinned, "olena") if pinned else None,
    )


@pytest.mark.parametrize(
    ("place", "points", "pinned", "stands", "latitude"),
    [
        (KYIV, (GPS,), IZIUM, "camera", GPS.latitude),
        (KYIV, (), IZIUM, "shown", IZIUM.latitude),
        (KYIV, (), NAME_ALONE, "shown", KYIV.latitude),
        (NAME_ALONE, (GPS,), None, "camera", GPS.latitude),
        (NAME_ALONE, (), None, None, None),
        (None, (), None, None, None),
    ],
)
def test_a_camera_position_comes_before_an_established_and_that_before_a_claimed_place(
    place: Place | None, points: Any, pinned: Place | None, stands: str | None, latitude: float | None
) -> None:
    found = reasoned(place=place, points=points, pinned=pinned).standpoint
    assert (found and found.stands, found and found.latitude) == (stands, latitude)


def test_places_shown_stand_apart_from_camera_positions() -> None:
    told = reasoned(points=(GPS,), pinned=IZIUM).as_json()["location"]
    assert [(one["stands"], one["uncertainty_m"]) for one in told["points"]] == [("camera", 110.0)]
    assert [(one["stands"], one["name"], one["established_by"], one["radius_m"]) for one in told["places"]] == [
        ("shown", "Izium", "olena", 3_000),
        ("shown", "Kyiv", None, 5_000),
    ]  # fmt: skip
    assert reasoned(place=NAME_ALONE).as_json()["location"]["places"] == []


@pytest.mark.parametrize(
    ("date", "bounds", "along", "starts_at", "is_left_out"),
    [
        # A bound near by: the whole axis, six hours beyond what is shown.
        ("2022-10-04", ("2022-10-05T12:00",), "axis", "2022-10-03T15:00:00", False),
        # One four years later makes an axis on which a day has no width.
        ("2022-10-04", ("2026-10-05T12:00",), "claimed", "2022-10-03T21:00:00", False),
        ("2022-10-04", (), "claimed", "2022-10-03T21:00:00", False),
        # A claimed hour is shown within its day.
        ("2022-10-04T14:00:00", (), "claimed", "2022-10-03T23:00:00", False),
        ("2022", (), "claimed", "2021-12-31T22:00:00", True),
        ("2022", ("2022-10-05T12:00",), "axis", None, True),
        ("2022-10-04/..", ("2026-10-05T12:00",), "axis", None, True),
    ],
)
def test_darkness_is_told_along_the_axis_or_of_what_is_claimed(
    date: str, bounds: tuple[str, ...], along: str, starts_at: str | None, is_left_out: bool
) -> None:
    told = reasoned(date, bounds=bounds).as_json()["darkness"]
    assert told["along"] == along
    assert told["starts_at"].startswith(starts_at or "2")
    assert bool(told["left_out"]) is is_left_out
    assert bool(told["spells"]) is not is_left_out
    if along == "axis":
        axis = reasoned(date, bounds=bounds).as_json()["date"]["axis"]
        assert axis == {"starts_at": told["starts_at"], "ends_at": told["ends_at"]}


@pytest.mark.parametrize(("date", "place"), [(None, KYIV), ("2022-10-04", None), ("2022-10-04/..", KYIV)])
def test_without_a_place_or_a_time_there_is_no_darkness(date: str | None, place: Place | None) -> None:
    assert reasoned(date, place).as_json()["darkness"] is None


def test_how_far_the_times_differ_within_a_wide_place_is_told() -> None:
    wide = Place("A region", 60.0, 30.0, 111_195)
    told = reasoned(place=wide).as_json()["darkness"]
    assert told["spread_minutes"] == 8  # a degree of latitude is two of longitude at 60° north
    assert reasoned(place=Place("The pole", 90.0, 0.0, 20_000_000)).darkness.spread_minutes == 720  # type: ignore[union-attr]


@given(st.sampled_from(["0001-01-01", "9999-12-31", "2022-10-04"]), st.floats(-90, 90), longitudes)
def test_whatever_the_place_and_day_there_is_an_answer(date: str, latitude: float, longitude: float) -> None:
    told = reasoned(date, Place("x", latitude, longitude, 1.0)).as_json()["darkness"]
    assert told is None or len(told["spells"]) <= 4 * MOST.days + 3


# --- a chosen time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2022-10-04T14:00", "2022-10-04T11:00"),
        ("2022-10-04T14:00:30", "2022-10-04T11:00:30"),
        ("2022-10-04T14:00Z", "2022-10-04T14:00"),
        ("2022-10-04T14:00:00+05:30", "2022-10-04T08:30"),
        ("2022-12-04T14:00", "2022-12-04T12:00"),  # winter time
        ("2022-10-30T03:30", "2022-10-30T00:30"),  # comes twice: the first
    ],
)
def test_a_time_is_read_by_the_clocks_of_the_place_unless_it_says_more(typed: str, meant: str) -> None:
    assert read_moment(typed, IN_KYIV) == at(meant)


@pytest.mark.parametrize(
    "typed",
    [
        "", "noon", "2022-10-04", "2022-10-04T24:30", "2022-13-04T10:00", "2022-02-30T10:00", "10000-01-01T10:00",
        "2022-10-04T14:00 03:00", "2022-10-04T14", "2022-10-04T14:00+99:00", "٢٠٢٢-10-04T14:00", "2022-10-04T14:00Z ",
        "2022-03-27T03:30", "0000-01-01T00:00",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused_with_the_remedy(typed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_moment(typed, IN_KYIV)
    (error,) = caught.value.errors
    assert (error.pointer, error.code) == ("at", "malformed")
    assert "2022-10-04T14:00" in error.detail


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (
            "2022-10-04T14:07",
            "At 14:07 on 4 October 2022 by clocks there (UTC+3), 11:07 UTC, the sun in Kyiv stood 32° high",
        ),
        (
            "2022-10-04T01:00",
            "At 01:00 on 4 October 2022 by clocks there (UTC+3), 22:00 on 3 October 2022 UTC, the sun in Kyiv was 44°",
        ),
    ],
)  # fmt: skip
def test_both_clocks_and_the_sun_are_told(typed: str, words: str) -> None:
    assert sun_from(IN_KYIV, read_moment(typed, IN_KYIV)).sentence.startswith(words)


@given(st.floats(-89, 89), longitudes, moments)
def test_a_shadow_points_away_from_the_sun(latitude: float, longitude: float, moment: datetime) -> None:
    told = sun_from(Standpoint(Stands.SHOWN, latitude, longitude, 1.0, "x"), moment).as_json()["sun"]
    if told["height_deg"] <= 0:
        assert (told["shadow_bearing_deg"], told["shadow_ratio"]) == (None, None)
    elif told["shadow_bearing_deg"] is not None:
        # Each rounded to a tenth of a degree.
        apart = (told["shadow_bearing_deg"] - told["bearing_deg"]) % 360
        assert abs(apart - 180) < 0.11


@pytest.mark.parametrize(
    ("claimed", "moment"),
    [
        (parse_date("2022-10-04T14:00:00Z"), "2022-10-04T14:00"),
        (parse_date("2022-10-04", "Europe/Kyiv"), "2022-10-04T09:00"),
        (parse_date("2022-10-04"), "2022-10-04T09:00"),
        (parse_date("2022-10"), None),
        (parse_date("2022-10-04/.."), None),
        (None, None),
    ],
)
def test_the_claimed_time_or_noon_of_the_claimed_day_is_looked_at_first(
    claimed: ClaimedDate | None, moment: str | None
) -> None:
    found = usual_moment(IN_KYIV, claimed)
    expected = at(moment) if moment else None
    assert found == expected or (found and expected and abs(found - expected) < timedelta(seconds=1))
