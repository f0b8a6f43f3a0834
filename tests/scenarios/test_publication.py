"""How a publication changes: amended, corrected, held, released, withdrawn, and what stays readable of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Caller, decide, file_claim, lease, refused, review, submitted

pytestmark = [pytest.mark.django_db, pytest.mark.database]

REGION = {"name": "Kherson region", "latitude": 46.6, "longitude": 32.6, "radius_m": 100_000}
TOWN = {**REGION, "radius_m": 9_000}
QUARTER = {**REGION, "radius_m": 500}
IZIUM = {"name": "Izium", "latitude": 49.2, "longitude": 37.26, "radius_m": 9_000}
WHY = {"reason": "Another look was taken."}


@pytest.fixture
def public(checker: Caller, editor: Caller) -> str:
    """A public claim: the town is verified within the region claimed, the date could not be."""
    claim = file_claim(checker, claimed_location=REGION)["id"]
    leased = lease(checker)
    decide(checker, leased, "location", "verified", value=TOWN)
    decide(checker, leased, "date", "unverified")
    end_review(checker, leased)
    assert editor.post(f"claims/{claim}/publish/").status_code == 200
    return str(claim)


def end_review(checker: Caller, leased: dict[str, Any]) -> None:
    done = checker.post(f"claims/{leased['claim']['id']}/submit/", {"lease_token": leased["lease_token"]})
    assert done.status_code == 200, done.content


def found_again(checker: Caller, claim: str, dimension: str, status: str, **more: Any) -> None:
    assert checker.post(f"claims/{claim}/request-recheck/", WHY).status_code == 200
    leased = lease(checker)
    recorded = decide(checker, leased, dimension, status, **more)
    assert recorded.status_code == 201, recorded.content
    end_review(checker, leased)


def act(editor: Caller, claim: str, what: str, **more: Any) -> dict[str, Any]:
    response = editor.post(f"claims/{claim}/{what}/", {**WHY, **more})
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


# What another look finds, and whether its publication may be called an amendment.
FOUND: dict[str, tuple[tuple[str, str, dict[str, Any]], bool]] = {
    "the same": (("location", "verified", {"value": TOWN}), True),
    "a narrower place": (("location", "verified", {"value": QUARTER}), True),
    "the date after all": (("date", "verified", {"value": "2022-10-04"}), True),
    "one more dimension": (("authenticity", "verified", {}), True),
    "a wider place": (("location", "verified", {"value": {**TOWN, "radius_m": 50_000}}), False),
    "no place any more": (("location", "verified", {}), False),
    "that it can't be verified": (("location", "unverified", {}), False),
    "that it was elsewhere": (("location", "contradicted", {"value": IZIUM}), False),
    "that it does not apply": (("location", "not_applicable", {}), False),
}


@pytest.mark.parametrize("what", FOUND)
def test_only_what_takes_nothing_back_is_an_amendment(
    what: str, public: str, checker: Caller, editor: Caller
) -> None:
    (dimension, status, more), is_amendment = FOUND[what]
    before = editor.get(f"published/{public}/").json()
    found_again(checker, public, dimension, status, **more)
    assert editor.get(f"published/{public}/").json() == before
    if not is_amendment:
        problem = refused(editor.post(f"claims/{public}/amend/", WHY), 409, code="must_correct")
        assert set(problem["allowed_actions"]) == {"correct", "hold", "withdraw"}
    after = act(editor, public, "amend" if is_amendment else "correct")
    assert (after["version"], after["kind"]) == (2, "amended" if is_amendment else "corrected")
    assert after["editor_note"] == WHY["reason"]
    was, now = before["statuses"][dimension]["status"], after["statuses"][dimension]["status"]
    changed = [] if was == now else [{"dimension": dimension, "media": None, "from": was, "to": now}]
    assert (after["changes"], now) == (changed, status)
    assert editor.get(f"published/{public}/").json() == after
    assert editor.get(f"published/{public}/?version=1").json() == before


@pytest.mark.parametrize(("radius", "is_amendment"), [(None, True), (40_000, False)])
def test_coarsening_a_published_place_is_a_correction(
    radius: float | None, is_amendment: bool, public: str, editor: Caller
) -> None:
    asked = {} if radius is None else {"public_location_radius_m": radius}
    response = editor.post(f"claims/{public}/amend/", {**WHY, **asked})
    assert response.status_code == (200 if is_amendment else 409)
    if not is_amendment:
        assert act(editor, public, "correct", **asked)["values"]["location"]["radius_m"] == radius


def test_a_statement_lowered_for_the_claim_is_no_amendment_even_where_an_item_has_one_too(
    checker: Caller, editor: Caller
) -> None:
    claim = file_claim(checker, media=[{"url": "https://media.example/one.mp4"}])
    item = claim["media"][0]["id"]
    leased = lease(checker)
    for dimension in ("location", "date", "statement"):
        assert decide(checker, leased, dimension, "verified").status_code == 201
    assert decide(checker, leased, "statement", "verified", media=item).status_code == 201
    end_review(checker, leased)
    assert editor.post(f"claims/{claim['id']}/publish/").status_code == 200
    found_again(checker, claim["id"], "statement", "unverified")
    refused(editor.post(f"claims/{claim['id']}/amend/", WHY), 409, code="must_correct")


def test_a_held_line_may_not_be_used_and_is_released_as_it_stood(
    public: str, checker: Caller, editor: Caller, client_key: Caller
) -> None:
    before = editor.get(f"published/{public}/").json()
    notice = act(editor, public, "hold")
    assert (notice["version"], notice["pubstatus"], notice["line"], notice["statement"]) == (2, "withheld", None, None)  # fmt: skip
    assert client_key.get(f"published/{public}/").json() == notice
    assert client_key.get("published/").json()["results"] == []
    refused(editor.get(f"claims/{public}/status-line/"), 409, code="held")
    for forbidden in ("publish", "amend", "correct", "hold"):
        refused(editor.post(f"claims/{public}/{forbidden}/", {} if forbidden == "publish" else WHY), 409)

    found_again(checker, public, "location", "unverified")
    shown = act(editor, public, "release")
    assert (shown["version"], shown["kind"], shown["pubstatus"]) == (3, "released", "usable")
    same = ("statement", "line", "line_long", "statuses", "values", "media", "source", "headline")
    assert {name: shown[name] for name in same} == {name: before[name] for name in same}
    assert editor.get(f"claims/{public}/status-line/").json()["version"] == 3
    refused(editor.post(f"claims/{public}/amend/", WHY), 409, code="must_correct")


def test_what_was_never_public_is_held_and_released_without_a_publication(
    checker: Caller, editor: Caller, client_key: Caller
) -> None:
    file_claim(checker)
    claim = review(checker, {"location": "verified", "date": "unverified"})
    assert act(editor, claim, "hold")["stage"] == "held"
    refused(editor.post(f"claims/{claim}/withdraw/", WHY), 409)
    assert act(editor, claim, "release")["stage"] == "awaiting_signoff"
    assert client_key.get("changes/").json()["last_position"] == 0


SUPPRESSES = {"error": False, "update": False, "rights": False, "legal": True, "safety": True, "privacy": True}  # fmt: skip


@pytest.mark.parametrize("cause", SUPPRESSES)
def test_a_withdrawal_tells_everyone_and_for_some_causes_hides_what_was(
    cause: str, public: str, editor: Caller, client_key: Caller
) -> None:
    hidden = SUPPRESSES[cause]
    first = client_key.get("changes/")
    (published,) = first.json()["changes"]
    act(editor, public, "amend")
    notice = act(editor, public, "withdraw", cause=cause, internal_reason="the uploader's sister called")
    assert (notice["version"], notice["kind"], notice["pubstatus"]) == (3, "withdrawn", "canceled")

    gone = refused(client_key.get(f"published/{public}/"), 410)
    assert gone["notice"] == notice
    again = client_key.get("changes/?after=0", If_None_Match=first["ETag"])
    one, two, three = again.json()["changes"]
    kept = {name: published[name] for name in ("position", "kind", "claim", "version", "at")}
    assert {name: one[name] for name in kept} == kept
    assert (three["kind"], three["cause"], three["reason"], three["publication"]) == ("withdrawn", cause, WHY["reason"], None)  # fmt: skip
    assert [change.get("suppressed", False) for change in (one, two, three)] == [hidden, hidden, False]
    assert one["publication"] == (None if hidden else published["publication"])
    for asked in ("version=1", "version=2", f"as_of={published['at']}"):
        response = client_key.get(f"published/{public}/?{asked}")
        assert response.status_code == (410 if hidden else 200), asked
    assert refused(client_key.get(f"published/{public}/?version=3"), 410)["notice"] == notice
    assert b"raised flags" not in client_key.get("published/").content
    (head,) = b"".join(client_key.get("published/snapshot/").streaming_content).splitlines()
    assert json.loads(head)["position"] == 3
    refused(editor.get(f"claims/{public}/status-line/"), 409, code="withdrawn")
    assert b"sister" not in again.content


def test_what_was_withdrawn_stays_so_while_it_is_looked_at_again(
    public: str, checker: Caller, editor: Caller, client_key: Caller
) -> None:
    act(editor, public, "withdraw", cause="safety")
    assert checker.post(f"claims/{public}/reopen/", WHY).json()["stage"] == "queued"
    refused(checker.get(f"claims/{public}/status-line/?of=published"), 409, code="withdrawn")
    review(checker, {"date": "verified"})
    assert checker.get(f"claims/{public}/status-line/").json()["version"] is None
    refused(client_key.get(f"published/{public}/"), 410)
    anew = editor.post(f"claims/{public}/publish/").json()
    assert (anew["version"], anew["kind"], anew["changes"]) == (3, "published", [])
    refused(client_key.get(f"published/{public}/?version=1"), 410)
    assert [row["version"] for row in client_key.get("published/").json()["results"]] == [3]


def test_what_is_erased_after_its_withdrawal_is_not_taken_from_anybodys_cache(
    public: str, editor: Caller, admin: Caller, client_key: Caller
) -> None:
    act(editor, public, "withdraw")
    before = client_key.get("changes/")
    assert before.json()["changes"][0]["publication"] is not None
    erased = admin.post(
        f"claims/{public}/redact/", {**WHY, "target": "statement", "legal_ground": "a court order"}
    )
    assert erased.status_code == 200, erased.content
    after = client_key.get("changes/", If_None_Match=before["ETag"])
    assert after.status_code == 200
    assert [change["publication"] for change in after.json()["changes"]] == [None, None]
    assert b"raised flags" not in after.content
    refused(client_key.get(f"published/{public}/"), 410)


def test_a_hold_that_ends_while_somebody_reviews_leaves_the_claim_in_review(
    checker: Caller, editor: Caller
) -> None:
    claim = submitted(checker)["id"]
    assert editor.post(f"claims/{claim}/hold/", {"reason": "wait"}).status_code == 200
    assert editor.post(f"claims/{claim}/request-recheck/", {"reason": "new"}).status_code == 200
    lease(checker)
    assert editor.post(f"claims/{claim}/release/", {"reason": "go on"}).status_code == 200
    assert checker.get(f"claims/{claim}/").json()["stage"] == "in_review"
