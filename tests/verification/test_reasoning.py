"""The reasoning by HTTP: places and points apart, darkness along the axis, the sun at a chosen time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Caller, decide, file_claim, lease

pytestmark = [pytest.mark.django_db, pytest.mark.database]

KYIV = {"name": "Kyiv", "latitude": 50.45, "longitude": 30.5234, "radius_m": 5000}
BRIDGE = {"name": "The footbridge", "latitude": 50.4412, "longitude": 30.5417, "radius_m": 200}
STOOD = {"kind": "other", "reason": "The balcony", "place": {**KYIV, "name": "A balcony", "radius_m": 50}}


def claimed(by: Caller, **said: Any) -> dict[str, Any]:
    day = {"edtf": "2022-10-04", "timezone": "Europe/Kyiv"}
    media = [{"url": "https://media.example/one.mp4"}]
    return file_claim(by, **{"claimed_date": day, "claimed_location": KYIV, "media": media, **said})


@pytest.fixture
def here(checker: Caller) -> str:
    return f"media/{claimed(checker)['media'][0]['id']}/"


def suggestion(by: Caller, here: str) -> dict[str, Any]:
    found: dict[str, Any] = by.get(here).json()["suggestion"]
    return found


def test_darkness_is_told_of_the_claimed_day_and_along_the_axis_as_soon_as_there_is_one(
    here: str, checker: Caller
) -> None:
    told = suggestion(checker, here)
    assert told["date"]["axis"] is None
    assert (told["darkness"]["along"], told["darkness"]["starts_at"]) == ("claimed", "2022-10-03T21:00:00Z")
    skies = ["dark", "civil twilight", "day", "civil twilight", "dark"]
    assert [one["sky"] for one in told["darkness"]["spells"]] == skies
    bound = {"kind": "landmark", "reason": "why", "side": "not_after", "date": "2022-10-05"}
    checker.post(f"{here}bounds/", bound)
    told = suggestion(checker, here)
    axis, spells = told["date"]["axis"], told["darkness"]["spells"]
    assert told["darkness"]["along"] == "axis"
    assert (spells[0]["starts_at"], spells[-1]["ends_at"]) == (axis["starts_at"], axis["ends_at"])


def test_where_a_camera_stood_where_a_verdict_puts_what_is_shown_and_what_is_claimed_stand_apart(
    checker: Caller,
) -> None:
    claim = claimed(checker)
    here = f"media/{claim['media'][0]['id']}/"
    decide(checker, lease(checker), "location", "verified", value=BRIDGE, relation="narrower")
    told = suggestion(checker, here)["location"]
    assert [(one["name"], one["established_by"]) for one in told["places"]] == [
        ("The footbridge", "olena"),
        ("Kyiv", None),
    ]
    assert {one["stands"] for one in told["places"]} == {"shown"}
    assert checker.get(f"{here}sun/?at=2022-10-04T14:00").json()["place"]["reason"] == "The footbridge"
    checker.post(f"{here}bounds/", STOOD)
    told = suggestion(checker, here)["location"]
    assert [(one["stands"], one["uncertainty_m"], one["by"]) for one in told["points"]] == [
        ("camera", 50, "olena")
    ]
    assert checker.get(f"{here}sun/?at=2022-10-04T14:00").json()["place"]["stands"] == "camera"


def test_the_sun_at_a_chosen_time(here: str, checker: Caller) -> None:
    told = checker.get(f"{here}sun/?at=2022-10-04T14:07").json()
    assert (told["at"], told["local"]) == ("2022-10-04T11:07:00Z", "2022-10-04T14:07:00+03:00")
    assert told["place"]["timezone"] == "Europe/Kyiv"
    assert told["sun"]["light"] == "day"
    assert told["sun"]["shadow_bearing_deg"] == pytest.approx(
        (told["sun"]["bearing_deg"] + 180) % 360, abs=0.11
    )
    same = checker.get(f"{here}sun/?at=2022-10-04T11:07Z").json()
    assert same == told
    night = checker.get(f"{here}sun/?at=2022-10-04T00:00").json()
    assert "° below the horizon" in night["sentence"]
    assert (night["sun"]["shadow_bearing_deg"], night["sun"]["shadow_ratio"]) == (None, None)


@pytest.mark.parametrize(
    "query", ["", "?at=", "?at=noon", "?at=2022-10-04", "?at=2022-03-27T03:30", "?at=%00"]
)
def test_a_time_that_is_none_is_refused_by_name(query: str, here: str, checker: Caller) -> None:
    answer = checker.get(f"{here}sun/{query}")
    assert answer.status_code == 400, answer.content
    assert [one["pointer"] for one in answer.json()["errors"]] == ["at"]


def test_without_a_point_the_missing_place_is_named(checker: Caller) -> None:
    claim = claimed(checker, claimed_location={"name": "Kyiv"})
    answer = checker.get(f"media/{claim['media'][0]['id']}/sun/?at=2022-10-04T14:00")
    assert answer.status_code == 400
    assert [one["pointer"] for one in answer.json()["errors"]] == ["claimed_location"]
