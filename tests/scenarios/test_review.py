"""Reviews: provisional until submitted, second looks by other people, and the acts beside the verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from claims.models import Desk
from tests.conftest import Caller, decide, file_claim, lease, published, refused, review, submitted
from verification.models import Policy

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "because"}
BOTH = {"location": "verified", "date": "unverified"}
VIDEOS = [{"url": "https://media.example/one.mp4"}, {"url": "https://media.example/two.mp4"}]


def said(claim: dict[str, Any], which: str = "statuses") -> dict[str, str]:
    """The dimensions that are decided, with their statuses."""
    found = {dimension: status["status"] for dimension, status in claim[which].items()}
    return {dimension: status for dimension, status in found.items() if status != "not_checked"}


def submit(checker: Caller, leased: dict[str, Any]) -> Any:
    return checker.post(f"claims/{leased['claim']['id']}/submit/", {"lease_token": leased["lease_token"]})


def read(checker: Caller, claim: str) -> dict[str, Any]:
    shown: dict[str, Any] = checker.get(f"claims/{claim}/").json()
    return shown


def test_verdicts_are_provisional_until_the_review_is_submitted(
    checker: Caller, second_checker: Caller
) -> None:
    file_claim(checker)
    leased = lease(checker)
    claim = leased["claim"]["id"]
    for dimension, status in BOTH.items():
        decide(checker, leased, dimension, status)
    for viewer in (checker, second_checker):
        shown = read(viewer, claim)
        assert (shown["stage"], said(shown), said(shown, "draft_statuses")) == ("in_review", {}, BOTH)
    assert [v["submitted"] for v in checker.get(f"claims/{claim}/verdicts/").json()["verdicts"]] == [False, False]  # fmt: skip
    done = submit(checker, leased).json()
    assert (done["stage"], said(done), done["lease"], done["queue_entry"]) == ("awaiting_signoff", BOTH, None, None)  # fmt: skip
    (spoken,) = done["statuses"]["location"]["verdicts"]
    assert (spoken["by"], spoken["status"], spoken["media"]) == ("olena", "verified", None)
    refused(decide(checker, leased, "date", "verified"), 423)


def test_what_is_taken_back_was_never_said(checker: Caller, second_checker: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    claim = leased["claim"]["id"]
    decide(checker, leased, "location", "verified")
    assert decide(checker, leased, "location", "not_checked", reason="").status_code == 201
    assert said(read(checker, claim), "draft_statuses") == {}
    refused(submit(checker, leased), 409, code="nothing_decided")
    decide(checker, leased, "location", "unverified")
    assert said(submit(checker, leased).json()) == {"location": "unverified"}
    recorded = checker.get(f"claims/{claim}/verdicts/").json()["verdicts"]
    assert [v["status"] for v in recorded] == ["verified", "not_checked", "unverified"]

    checker.post(f"claims/{claim}/request-recheck/", WHY)
    again = lease(second_checker)
    decide(second_checker, again, "location", "contradicted")
    decide(second_checker, again, "location", "not_checked")
    decide(second_checker, again, "date", "verified")
    assert said(submit(second_checker, again).json()) == {"location": "unverified", "date": "verified"}


def test_a_verdict_for_all_is_written_out_for_each_and_later_media_starts_unchecked(checker: Caller) -> None:
    filed = file_claim(checker, media=VIDEOS)
    one, two = (item["id"] for item in filed["media"])
    leased = lease(checker)
    for_all = decide(checker, leased, "location", "verified").json()["verdicts"]
    assert [(v["media"], v["status"]) for v in for_all] == [(one, "verified"), (two, "verified")]
    for_one = decide(checker, leased, "date", "unverified", media=two).json()["verdicts"]
    assert [v["media"] for v in for_one] == [two]
    of_claim = decide(checker, leased, "motivation", "unverified").json()["verdicts"]
    assert [v["media"] for v in of_claim] == [None]

    added = checker.post(f"claims/{filed['id']}/media/", {"url": "https://media.example/three.mp4"})
    assert added.status_code == 202
    drafted = read(checker, filed["id"])["draft_statuses"]
    assert drafted["location"]["status"] == "not_checked"
    assert drafted["location"]["counts"] == {"verified": 2, "not_checked": 1}
    assert drafted["date"]["counts"] == {"unverified": 1, "not_checked": 2}
    decide(checker, leased, "location", "unverified", media=added.json()["id"])
    done = submit(checker, leased).json()
    assert done["statuses"]["location"]["status"] == "partly_verified"
    assert done["statuses"]["location"]["counts"] == {"verified": 2, "unverified": 1}


@pytest.mark.parametrize(
    ("second", "third", "line"),
    [
        ({"location": "verified"}, None, {"location": "verified", "date": "unverified"}),
        ({"authenticity": "verified"}, None, {**BOTH, "authenticity": "verified"}),
        ({"location": "unverified"}, {"location": "unverified"}, {**BOTH, "location": "unverified"}),
        ({"location": "contradicted"}, {"location": "verified"}, BOTH),
    ],
)
def test_a_second_look_is_another_persons_and_a_disagreement_is_settled(
    second: dict[str, str],
    third: dict[str, str] | None,
    line: dict[str, str],
    checker: Caller,
    second_checker: Caller,
    desk: Desk,
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True)
    file_claim(checker)
    claim = review(checker, BOTH)
    shown = read(checker, claim)
    assert (shown["stage"], shown["queue_entry"]["review"]) == ("queued", "second")

    assert checker.post("queue/next/").status_code == 204
    assert checker.get("queue/").json()["results"] == []
    entry = shown["queue_entry"]["id"]
    refused(checker.post(f"queue/{entry}/lease/"), 409, code="not_for_you")
    assert [row["id"] for row in second_checker.get("queue/").json()["results"]] == [entry]

    review(second_checker, second)
    after = read(checker, claim)
    if third is None:
        assert after["stage"] == "awaiting_signoff"
    else:
        assert (after["stage"], after["queue_entry"]["review"]) == ("queued", "adjudication")
        review(checker, third)
        after = read(checker, claim)
        assert after["stage"] == "awaiting_signoff"
    assert said(after) == line


def test_a_published_claim_that_is_looked_at_again_stays_published(
    checker: Caller, editor: Caller, client_key: Caller
) -> None:
    claim = published(checker, editor)["claim"]
    before = client_key.get(f"published/{claim}/").json()
    asked = checker.post(f"claims/{claim}/request-recheck/", WHY).json()
    assert (asked["stage"], asked["under_review"], asked["queue_entry"]["review"]) == ("published", True, "recheck")  # fmt: skip
    refused(checker.post(f"claims/{claim}/request-recheck/", WHY), 409, code="review_open")
    leased = lease(checker)
    decide(checker, leased, "location", "contradicted")
    assert (read(checker, claim)["stage"], said(read(checker, claim))) == ("published", BOTH)
    done = submit(checker, leased).json()
    assert (done["stage"], done["under_review"], said(done)["location"]) == ("published", False, "contradicted")  # fmt: skip
    assert client_key.get(f"published/{claim}/").json() == before


ACTS: list[tuple[str, str, str, bool]] = [
    ("queued", "drop", "dropped", False),
    ("in_review", "drop", "dropped", False),
    ("awaiting_signoff", "drop", "dropped", False),
    ("queued", "duplicate", "duplicate", False),
    ("in_review", "duplicate", "duplicate", False),
    ("dropped", "reopen", "queued", True),
    ("duplicate", "reopen", "queued", True),
    ("awaiting_signoff", "request-recheck", "queued", True),
]


@pytest.mark.parametrize(("before", "act", "after", "waits"), ACTS)
def test_acts_beside_the_verdicts_end_or_open_the_wait(
    before: str, act: str, after: str, waits: bool, checker: Caller
) -> None:
    other = file_claim(checker, statement="The other one.", priority="low")["id"]
    claim, leased = file_claim(checker)["id"], None
    if before == "in_review":
        leased = lease(checker)
    elif before == "awaiting_signoff":
        review(checker, BOTH)
    elif before in {"dropped", "duplicate"}:
        first = "drop" if before == "dropped" else "duplicate"
        checker.post(f"claims/{claim}/{first}/", {**WHY, "of": other} if first == "duplicate" else WHY)
    assert read(checker, claim)["stage"] == before

    response = checker.post(f"claims/{claim}/{act}/", {**WHY, "of": other} if act == "duplicate" else WHY)
    assert response.status_code == 200, response.content
    shown = response.json()
    assert (shown["stage"], shown["queue_entry"] is not None) == (after, waits)
    assert shown["duplicate_of"] == (other if act == "duplicate" else None)
    if leased:
        refused(decide(checker, leased, "location", "verified"), 423)
    last = checker.get(f"claims/{claim}/history/").json()["results"][-1]
    assert (last["action"], last["actor"], "because" in str(last["data"])) == (act, "olena", False)


def test_duplicates_make_no_circle(checker: Caller) -> None:
    one, two, three = (file_claim(checker, statement=f"Claim {n}.")["id"] for n in range(3))
    for claim, of in ((one, two), (two, three)):
        assert checker.post(f"claims/{claim}/duplicate/", {**WHY, "of": of}).status_code == 200
    refused(checker.post(f"claims/{three}/duplicate/", {**WHY, "of": one}), 400, pointer="/of")


def test_a_note_is_struck_by_its_author_or_an_editor_and_stays_readable(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = file_claim(checker)["id"]
    notes = [checker.post(f"claims/{claim}/notes/", {"body": body, "dimension": "date"}).json() for body in ("one", "two")]  # fmt: skip
    strikes = [f"claims/{claim}/notes/{note['id']}/strike/" for note in notes]
    refused(second_checker.post(strikes[0]), 403)
    assert checker.post(strikes[0]).json()["struck"] is True
    assert editor.post(strikes[1]).json()["struck"] is True
    refused(checker.post(strikes[0]), 409, code="already_struck")
    shown = second_checker.get(f"claims/{claim}/notes/").json()["results"]
    assert [(n["body"], n["struck"], n["by"], n["dimension"]) for n in shown] == [
        ("one", True, "olena", "date"),
        ("two", True, "olena", "date"),
    ]


def test_an_assigned_claim_is_offered_to_nobody_else(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = file_claim(checker)["id"]
    assign = f"claims/{claim}/assign/"
    refused(checker.post(assign, {"to": "marko"}), 403)
    for nobody in ("stranger", "nobody", "wire"):
        refused(editor.post(assign, {"to": nobody}), 400, pointer="/to")
    assert editor.post(assign, {"to": "marko", **WHY}).json()["assignee"] == "marko"
    assert checker.post("queue/next/").status_code == 204
    leased = lease(second_checker)
    assert leased["entry"]["assignee"] == "marko"
    second_checker.post(f"queue/leases/{leased['lease_token']}/release/")
    assert editor.post(assign, {"to": None}).json()["assignee"] is None
    assert lease(checker)["claim"]["id"] == claim


def test_a_draft_waits_for_nobody_until_it_is_queued(checker: Caller) -> None:
    draft = file_claim(checker, draft=True)
    assert (draft["stage"], draft["queue_entry"]) == ("draft", None)
    assert checker.post("queue/next/").status_code == 204
    assert checker.post(f"claims/{draft['id']}/queue/").json()["stage"] == "queued"
    assert lease(checker)["claim"]["id"] == draft["id"]
    refused(checker.post(f"claims/{submitted(checker)['id']}/queue/"), 409)


KHERSON = {"name": "Kherson", "latitude": 46.6354, "longitude": 32.6169, "radius_m": 5000}


@pytest.mark.parametrize(
    ("dimension", "more", "pointer"),
    [
        ("location", {"value": KHERSON}, "/value"),
        ("location", {"value": {**KHERSON, "name": "a street in Kherson", "radius_m": 50}}, "/value"),
        ("location", {"value": {**KHERSON, "name": "Kherson oblast", "radius_m": 100_000}}, "/value"),
        ("location", {"value": {"name": "kherson"}}, "/value"),
        ("location", {"value": {"name": "A square"}, "relation": "narrower"}, "/value"),
        ("location", {"relation": "matches"}, "/relation"),
        ("date", {"value": "2022-10-04"}, "/value"),
        ("date", {"value": "2022-10"}, "/value"),
        ("date", {"value": "../2022-10-05"}, "/value"),
    ],
)
def test_nothing_is_contradicted_by_what_bears_it_out(
    dimension: str, more: dict[str, Any], pointer: str, checker: Caller
) -> None:
    file_claim(checker, claimed_location=KHERSON, claimed_date="2022-10-04")
    leased = lease(checker)
    refused(
        decide(checker, leased, dimension, "contradicted", **more),
        400,
        pointer=pointer,
    )
    elsewhere = {"location": {"name": "Izium", "latitude": 49.2, "longitude": 37.26}, "date": "2020"}
    assert decide(checker, leased, dimension, "contradicted", value=elsewhere[dimension]).status_code == 201


TURNED = "\u202eKherson"


def test_nothing_that_is_printed_turns_a_sentence_around(checker: Caller) -> None:
    filed = file_claim(checker, media=VIDEOS)
    leased = lease(checker)
    value = {"name": TURNED, "latitude": 46.6354, "longitude": 32.6169}
    refused(decide(checker, leased, "location", "contradicted", value=value), 400, pointer="/value/name")
    basis = [{"method": "witness", "phrase": f"it is {TURNED}", "public": True}]
    said = {"basis": basis}
    refused(decide(checker, leased, "location", "verified", **said), 400, pointer="/basis/0/phrase")
    item = filed["media"][0]["id"]
    terms = {"permission": "granted", "credit": TURNED}
    refused(checker.post(f"media/{item}/permission/", terms), 400, pointer="/credit")
    basis[0]["phrase"] = "\u200fשער\u200f, it says"
    assert decide(checker, leased, "location", "verified", **said).status_code == 201


@pytest.mark.parametrize("typed", ["2999-12-01", "2999-12-01T09:00:00", "2999-12-01 09:00"])
def test_a_time_without_its_zone_is_nobody_s(typed: str, checker: Caller, editor: Caller) -> None:
    claim = submitted(checker, media=VIDEOS)["id"]
    item = checker.get(f"claims/{claim}/").json()["media"][0]["id"]
    embargo = editor.post(f"claims/{claim}/publish/", {"embargo_until": typed})
    refused(
        embargo,
        400,
        pointer="/embargo_until",
    )
    refused(
        editor.post(f"claims/{claim}/ask/", {"dimension": "date", "due_at": typed}), 400, pointer="/due_at"
    )
    terms = {"permission": "granted", "until": typed}
    refused(checker.post(f"media/{item}/permission/", terms), 400, pointer="/until")
    assert (
        checker.post(f"media/{item}/permission/", {**terms, "until": "2999-12-01T09:00:00+02:00"}).status_code
        == 200
    )


def test_a_note_on_the_motivation_is_of_the_claim(checker: Caller) -> None:
    filed = file_claim(checker, media=VIDEOS)
    note = {"body": "Why?", "dimension": "motivation"}
    of_item = checker.post(f"claims/{filed['id']}/notes/", {**note, "media": filed["media"][0]["id"]})
    refused(of_item, 400, pointer="/media")
    assert checker.post(f"claims/{filed['id']}/notes/", note).status_code == 201


def test_a_lease_that_was_never_given_is_no_newer_one(checker: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    entry = leased["lease_token"].partition(".")[0]
    problem = refused(checker.post(f"queue/leases/{entry}.999/renew/"), 423)
    assert problem["detail"].startswith("This lease is of no review here.")
