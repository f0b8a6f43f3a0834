"""Verdicts of other claims on the same picture: offered to whom they may be told, and recorded only by hand."""

from __future__ import annotations

from typing import Any

import pytest

from claims.models import Claim, Desk, MediaItem
from claims.vocabulary import Role
from tests.conftest import CHURCH, Caller, caller, decide, refused
from tests.verification import test_recycled as recycled
from tests.verification.test_pdq import pattern
from verification.models import DimensionStatus, Policy, Verdict

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PLACE = {"name": "Borivska Andriivka", "latitude": 49.3, "longitude": 37.6, "radius_m": 900}
HERE = {"claimed_location": PLACE}
IZIUM = {"claimed_location": {"name": "Izium", "latitude": 49.2, "longitude": 37.25, "radius_m": 5000}}
EVERYTHING = dict.fromkeys(
    ("location", "date", "source", "authenticity", "provenance", "statement", "motivation"), "unverified"
)


@pytest.fixture(autouse=True)
def _no_child_of_others() -> Any:
    yield
    recycled.sandbox.end_child()


def file_of(number: int = 1, **options: Any) -> bytes:
    return recycled.as_file(pattern(number), **options)


def leased(by: Caller, item: MediaItem) -> dict[str, Any]:
    entry = by.get(f"claims/{item.claim_id}/").json()["queue_entry"]["id"]
    taken = by.post(f"queue/{entry}/lease/")
    assert taken.status_code == 200, taken.content
    body: dict[str, Any] = taken.json()
    return body


def decided(by: Caller, item: MediaItem, decisions: dict[str, str], **more: Any) -> None:
    """A whole review of the item's claim."""
    held = leased(by, item)
    for dimension, status in decisions.items():
        recorded = decide(by, held, dimension, status, **more)
        assert recorded.status_code == 201, recorded.content
    submit(by, held)


def submit(by: Caller, held: dict[str, Any]) -> None:
    done = by.post(f"claims/{held['claim']['id']}/submit/", {"lease_token": held["lease_token"]})
    assert done.status_code == 200, done.content


def offers(by: Caller, item: MediaItem) -> list[dict[str, Any]]:
    answer = by.get(f"claims/{item.claim_id}/offers/")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["offers"]
    return found


def record(by: Caller, held: dict[str, Any], said: dict[str, Any]) -> Any:
    body = {"lease_token": held["lease_token"], **said}
    return by.post(f"claims/{held['claim']['id']}/verdicts/", body)


def marked(item: MediaItem) -> list[str]:
    rows = DimensionStatus.objects.filter(claim=item.claim_id).values_list("recheck_needed", flat=True)
    return [reason["code"] for reasons in rows for reason in reasons]


def test_the_same_file_brings_what_was_decided_of_it(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    first = recycled.filed(checker, file_of(), **HERE)
    decided(checker, first, {"location": "verified", "date": "unverified"}, reason="The church is there.")
    assert editor.post(f"claims/{first.claim_id}/publish/").status_code == 200
    again = recycled.filed(checker, file_of(), **HERE)
    other = recycled.filed(checker, file_of(2), **HERE)
    assert offers(second_checker, other) == []
    found = {one["verdict"]["dimension"]: one for one in offers(second_checker, again)}
    assert found.keys() == {"location", "date"}
    said = found["location"]
    assert (said["media"], said["claim"], said["ref"]) == (
        str(again.pk),
        str(first.claim_id),
        first.claim.ref,
    )
    assert (said["likeness"], said["stage"], said["version"]) == ("identical", "published", 1)
    assert (said["verdict"]["status"], said["verdict"]["by"], said["claims_the_same"]) == ("verified", "olena", True)  # fmt: skip
    assert not Verdict.objects.filter(claim=again.claim_id).exists()

    held = leased(second_checker, again)
    recorded = record(second_checker, held, said["as_said"])
    assert recorded.status_code == 201, recorded.content
    (mine,) = recorded.json()["verdicts"]
    assert (mine["by"], mine["status"], mine["relation"]) == ("marko", "verified", "matches")
    assert mine["reason"] == f"As decided in {first.claim.ref}: The church is there."
    named, carried = mine["basis"]
    assert (named["verdict"], named["reference"]) == (said["verdict"]["id"], first.claim.ref)
    assert {name: carried[name] for name in CHURCH} == CHURCH
    relied = Verdict.objects.get(pk=mine["id"]).content["relied_on"]["verdicts"]
    assert relied == [{"id": said["verdict"]["id"], "claim": str(first.claim_id), "ref": first.claim.ref}]
    # What rests on a claim is no news to it.
    submit(second_checker, held)
    assert offers(checker, first) == []


# What is claimed here; there; what was decided there; whether the status comes along; the value that does.
CLAIMED: dict[str, tuple[Any, Any, Any, Any, Any]] = {
    "the same": (HERE, HERE, {}, "verified", None),
    "the same, narrower": (HERE, HERE, {"value": {**PLACE, "radius_m": 100}}, "verified", 100),
    "another place": (HERE, IZIUM, {}, None, 5000),
    "nothing here": ({}, HERE, {}, None, 900),
    "nothing in either": ({}, {}, {"value": PLACE}, "verified", 900),
}


@pytest.mark.parametrize(("here", "there", "said", "status", "radius"), CLAIMED.values(), ids=CLAIMED)
def test_a_status_is_carried_over_only_where_the_same_is_claimed(
    checker: Caller, here: Any, there: Any, said: Any, status: str | None, radius: float | None
) -> None:
    decided(checker, recycled.filed(checker, file_of(), **there), {"location": "verified"}, **said)
    (one,) = offers(checker, item := recycled.filed(checker, file_of(), **here))
    assert one["as_said"].get("status") == status
    value = one["as_said"]["value"]
    assert (value and value["radius_m"]) == radius
    chosen = status or ("contradicted" if here == HERE else "verified")
    recorded = record(checker, leased(checker, item), {**one["as_said"], "status": chosen})
    assert recorded.status_code == 201, recorded.content


def test_a_copy_counts_once_a_person_confirmed_it_and_not_for_what_is_of_the_file(checker: Caller) -> None:
    first = recycled.filed(checker, file_of())
    decided(checker, first, EVERYTHING)
    copy = recycled.filed(checker, file_of(quality=40))
    assert offers(checker, copy) == []
    (match,) = recycled.similar(checker, copy)
    here = f"media/{copy.pk}/similar/{match['match']}/"
    assert checker.post(here, {"state": "confirmed", "reason": "The same clouds."}).status_code == 200
    found = offers(checker, copy)
    assert {one["verdict"]["dimension"] for one in found} == {"location", "date", "source"}
    assert {one["likeness"] for one in found} == {"confirmed"}
    same = recycled.filed(checker, file_of())
    of_file = {one["verdict"]["dimension"] for one in offers(checker, same)}
    assert of_file == {"location", "date", "source", "authenticity", "provenance"}
    assert checker.post(here, {"state": "dismissed", "reason": "Other clouds."}).status_code == 200
    assert offers(checker, copy) == []


def test_only_what_speaks_is_offered(checker: Caller, editor: Caller, second_checker: Caller) -> None:
    first = recycled.filed(checker, file_of())
    held = leased(checker, first)
    decide(checker, held, "location", "unverified")
    second = recycled.filed(checker, file_of())
    assert offers(checker, second) == []
    submit(checker, held)
    assert [one["verdict"]["status"] for one in offers(checker, second)] == ["unverified"]
    # A second review that differs leaves it open until somebody settles it.
    Policy.objects.update(second_review=True)
    assert checker.post(f"claims/{first.claim_id}/request-second-review/", {"reason": "Sure?"}).status_code == 200  # fmt: skip
    decided(second_checker, first, {"location": "not_applicable"})
    assert offers(checker, second) == []
    decided(editor, first, {"location": "not_applicable"})
    assert [one["verdict"]["by"] for one in offers(checker, second)] == ["edith"]


def test_another_desk_is_offered_nothing(checker: Caller, stranger: Caller, other_desk: Desk) -> None:
    decided(checker, recycled.filed(checker, file_of()), {"location": "unverified"})
    mine = recycled.filed(stranger, file_of())
    assert offers(stranger, mine) == []
    refused(stranger.get(f"claims/{Claim.objects.exclude(pk=mine.claim_id).get().pk}/offers/"), 404)
    # Nor somebody who works on both desks: a desk's verdicts are its own.
    both = caller("both", Role.FACT_CHECKER, other_desk)
    both.person.memberships.create(
        desk=Claim.objects.exclude(pk=mine.claim_id).get().desk, role="fact_checker"
    )
    assert offers(both, mine) == []


def test_a_basis_names_no_other_verdict_than_one_on_the_same_of_the_same_picture(checker: Caller) -> None:
    first = recycled.filed(checker, file_of())
    decided(checker, first, {"location": "unverified", "date": "unverified"})
    decided(checker, recycled.filed(checker, file_of(2)), {"location": "unverified"})
    second = recycled.filed(checker, file_of())
    held = leased(checker, second)
    own = decide(checker, held, "location", "unverified").json()["verdicts"][0]["id"]
    date = Verdict.objects.get(claim=first.claim_id, dimension="date").pk
    elsewhere = Verdict.objects.exclude(claim__in=[first.claim_id, second.claim_id]).get().pk
    for verdict in (own, date, elsewhere, "00000000-0000-0000-0000-000000000007"):
        basis = [CHURCH, {"method": "other", "verdict": str(verdict)}]
        problem = decide(checker, held, "location", "unverified", basis=basis)
        refused(problem, 400, pointer="/basis/1/verdict")
    basis = [{"method": "other", "verdict": str(Verdict.objects.get(claim=first.claim_id, dimension="location").pk)}]  # fmt: skip
    assert decide(checker, held, "location", "unverified", basis=basis).status_code == 201


def test_nothing_rests_on_what_is_not_submitted(checker: Caller, second_checker: Caller) -> None:
    first = recycled.filed(checker, file_of(), **HERE)
    again = recycled.filed(checker, file_of(), **HERE)
    under_way = leased(second_checker, first)
    provisional = decide(second_checker, under_way, "date", "unverified").json()["verdicts"][0]["id"]
    held = leased(checker, again)
    said = {"dimension": "date", "status": "unverified", "reason": "a", "basis": [{"method": "other", "feature": "a", "verdict": provisional}]}  # fmt: skip
    refused(record(checker, held, said), 400, pointer="/basis/0/verdict")
    submit(second_checker, under_way)
    assert record(checker, held, said).status_code == 201


@pytest.fixture
def resting(checker: Caller, second_checker: Caller, editor: Caller) -> tuple[MediaItem, MediaItem]:
    """A published claim, and another whose location rests on its."""
    first = recycled.filed(checker, file_of())
    decided(checker, first, {"location": "unverified", "date": "unverified"})
    assert editor.post(f"claims/{first.claim_id}/publish/").status_code == 200
    second = recycled.filed(checker, file_of())
    held = leased(second_checker, second)
    for one in offers(second_checker, second):
        if one["verdict"]["dimension"] == "location":
            assert record(second_checker, held, one["as_said"]).status_code == 201
    assert decide(second_checker, held, "date", "unverified").status_code == 201
    submit(second_checker, held)
    recycled.run_jobs()
    assert marked(second) == []
    return first, second


def again(by: Caller, item: MediaItem, decisions: dict[str, str]) -> None:
    asked = by.post(f"claims/{item.claim_id}/request-recheck/", {"reason": "Something new."})
    assert asked.status_code == 200, asked.content
    decided(by, item, decisions)
    recycled.run_jobs()


def test_what_it_rests_on_is_decided_otherwise(resting: tuple[MediaItem, MediaItem], checker: Caller) -> None:
    first, second = resting
    again(checker, first, {"location": "unverified", "date": "not_applicable"})
    assert marked(second) == []
    again(checker, first, {"location": "not_applicable"})
    assert marked(second) == ["verdict_unsaid"]
    shown = checker.get(f"claims/{second.claim_id}/").json()
    (reason,) = shown["statuses"]["location"]["recheck_needed"]
    assert reason["sentence"] == f"The verdict in {first.claim.ref} that it rests on does not stand any more."
    assert shown["queue_entry"]["review"] == "recheck"
    # Decided anew, it is settled.
    decided(checker, second, {"location": "unverified"})
    assert marked(second) == []


def test_what_it_rests_on_is_withdrawn(
    resting: tuple[MediaItem, MediaItem], checker: Caller, editor: Caller
) -> None:
    first, second = resting
    answer = editor.post(f"claims/{first.claim_id}/withdraw/", {"reason": "It was wrong.", "cause": "error"})
    assert answer.status_code == 200, answer.content
    recycled.run_jobs()
    assert marked(second) == ["verdict_unsaid"]
    third = recycled.filed(checker, file_of())
    assert {one["claim"] for one in offers(checker, third)} == {str(second.claim_id)}
    assert [one["recheck_needed"] for one in offers(checker, third)] == [False, True]
