"""Bounds that people enter: they count like any finding, under their name, and are struck, never changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Caller, everything, file_claim, refused
from tests.verification.test_erasure import WHY, traces
from verification.models import AuditEntry, Evidence
from verification.services import audit

pytestmark = [pytest.mark.django_db, pytest.mark.database]

BRIDGE = {
    "kind": "landmark",
    "reason": "The new bridge is seen finished",
    "url": "https://example.org/bridge",
    "side": "not_before",
    "date": "2019",
    "hard": True,
}


@pytest.fixture
def here(checker: Caller) -> str:
    claim = file_claim(
        checker,
        claimed_date={"edtf": "2018-10-04", "timezone": "Europe/Kyiv"},
        claimed_location={"name": "Kyiv", "latitude": 50.45, "longitude": 30.5234, "radius_m": 5000},
        media=[{"url": "https://media.example/one.mp4"}],
    )
    return f"media/{claim['media'][0]['id']}/"


def suggestion(by: Caller, here: str, of: str = "date") -> dict[str, Any]:
    return by.get(here).json()["suggestion"][of]


def test_a_bound_counts_in_the_reasoning_with_its_reason_and_its_author(here: str, checker: Caller) -> None:
    assert suggestion(checker, here)["outcome"] == "undetermined"
    entered = checker.post(f"{here}bounds/", BRIDGE)
    assert entered.status_code == 201, entered.content
    reasoned = suggestion(checker, here)
    assert reasoned["outcome"] == "contradicted"
    assert reasoned["bounds"] == [
        {
            "side": "not_before",
            "at": "2018-12-31T22:00:00Z",  # read in the zone of the claimed place
            "hard": True,
            "reason": "landmark: The new bridge is seen finished",
            "by": "olena",
            "bites": True,
        }
    ]
    shown = checker.get(f"{here}bounds/").json()["results"]
    assert shown == [entered.json()]
    assert (shown[0]["date"]["edtf"], shown[0]["url"], shown[0]["by"]) == ("2019", BRIDGE["url"], "olena")


def test_a_soft_bound_colours_and_does_not_decide(here: str, checker: Caller) -> None:
    checker.post(f"{here}bounds/", {**BRIDGE, "kind": "weather", "hard": False})
    assert suggestion(checker, here)["outcome"] == "undetermined"
    assert [one["hard"] for one in suggestion(checker, here)["bounds"]] == [False]


def test_not_after_ends_with_the_date_and_not_before_begins_with_it(here: str, checker: Caller) -> None:
    copy = {"kind": "archived_copy", "reason": "archived", "side": "not_after"}
    checker.post(f"{here}bounds/", {**copy, "date": "2018-10-04T18:00:00Z"})
    checker.post(f"{here}bounds/", {**BRIDGE, "date": "2018-10"})
    reasoned = suggestion(checker, here)
    assert reasoned["outcome"] == "consistent"
    assert {one["at"] for one in reasoned["bounds"]} == {
        "2018-10-04T18:00:00.999999Z",
        "2018-09-30T21:00:00Z",
    }


def test_a_place_counts_among_the_points(here: str, checker: Caller) -> None:
    stood = {"name": "the quay", "latitude": 50.46, "longitude": 30.53, "radius_m": 30}
    entered = checker.post(
        f"{here}bounds/", {"kind": "shadow", "reason": "two spires in line", "place": stood}
    )
    assert entered.status_code == 201, entered.content
    reasoned = suggestion(checker, here, "location")
    assert reasoned["outcome"] == "consistent"
    (point,) = reasoned["points"]
    assert (point["latitude"], point["uncertainty_m"], point["by"]) == (50.46, 30, "olena")
    assert suggestion(checker, here)["bounds"] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"side": None}, "/side"),
        ({"date": None}, "/date"),
        ({"date": "../2019"}, "/date"),
        ({"date": "2019-13-01"}, "/date"),
        ({"date": "0000-00-00"}, "/date"),
        ({"reason": " "}, "/reason"),
        ({"kind": "hunch"}, "/kind"),
        ({"side": "around"}, "/side"),
        ({"url": "not a url"}, "/url"),
        ({"place": {"name": "Kyiv"}}, "/place"),
        ({"place": {"name": "Kyiv", "latitude": 50.45, "longitude": 30.5}}, "/place"),
        (
            {"side": None, "date": None, "place": {"name": "x", "latitude": 91, "longitude": 0}},
            "/place/latitude",
        ),
        ({"side": None, "date": None, "place": {"name": "x", "latitude": 1, "longitude": 2}}, "/hard"),
        ({"certain": True}, "/certain"),
    ],
)
def test_what_bounds_nothing_is_refused_with_the_reason(
    here: str, checker: Caller, change: dict[str, Any], pointer: str
) -> None:
    before = everything()
    refused(checker.post(f"{here}bounds/", {**BRIDGE, **change}), 400, pointer=pointer)
    assert everything() == before


def test_a_struck_bound_counts_no_more_and_stays_readable(
    here: str, checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    first, second = (
        checker.post(f"{here}bounds/", {**BRIDGE, "date": date}).json() for date in ("2019", "2020")
    )
    strike = f"{here}bounds/{first['id']}/strike/"
    refused(second_checker.post(strike, {"reason": "It is another bridge"}), 403)
    struck = checker.post(strike, {"reason": "It is another bridge"})
    assert struck.status_code == 200, struck.content
    assert (struck.json()["struck"]["by"], struck.json()["struck"]["reason"]) == (
        "olena",
        "It is another bridge",
    )
    assert [one["at"][:4] for one in suggestion(checker, here)["bounds"]] == ["2019"]  # of 2020, in UTC
    assert refused(checker.post(strike, {"reason": "again"}), 409)["code"] == "already_struck"
    assert editor.post(f"{here}bounds/{second['id']}/strike/", {"reason": "an editor may"}).status_code == 200
    assert suggestion(checker, here)["outcome"] == "undetermined"
    assert len(checker.get(f"{here}bounds/").json()["results"]) == 2


def test_entering_and_striking_are_audited_by_commitment(here: str, checker: Caller) -> None:
    bound = checker.post(f"{here}bounds/", BRIDGE).json()
    checker.post(f"{here}bounds/{bound['id']}/strike/", {"reason": "no"})
    entered, struck = AuditEntry.objects.filter(action="add-bound").order_by("seq")
    assert (entered.data["evidence"], struck.data["evidence_struck"]) == (bound["id"], bound["id"])
    assert entered.actor == checker.person
    assert "bridge" not in str(entered.data)
    assert list(audit.verify()) == []


def test_erasing_a_bound_leaves_its_place_and_nothing_else(here: str, checker: Caller, admin: Caller) -> None:
    bound = checker.post(f"{here}bounds/", {**BRIDGE, "reason": "Boundwordsecret"}).json()
    checker.post(f"{here}bounds/{bound['id']}/strike/", {"reason": "Boundwordsecret too"})
    claim = Evidence.objects.get().claim_id
    answer = admin.post(f"claims/{claim}/redact/", {"target": "evidence", "id": bound["id"], **WHY})
    assert answer.status_code == 200, answer.content
    assert traces("Boundwordsecret") == []
    (shown,) = checker.get(f"{here}bounds/").json()["results"]
    assert (shown["reason"], shown["redacted"], shown["by"]) == (None, True, "olena")
    assert suggestion(checker, here)["bounds"] == []
    assert list(audit.verify()) == []


def test_another_desks_bounds_are_found_by_no_question(here: str, checker: Caller, stranger: Caller) -> None:
    bound = checker.post(f"{here}bounds/", BRIDGE).json()
    refused(stranger.get(f"{here}bounds/"), 404)
    refused(stranger.post(f"{here}bounds/", BRIDGE), 404)
    other = f"media/{file_claim(stranger, media=[{'url': 'https://media.example/x.mp4'}])['media'][0]['id']}/"
    refused(stranger.post(f"{other}bounds/{bound['id']}/strike/", {"reason": "a"}), 404)
