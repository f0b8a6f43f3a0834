"""Clients can always catch up: a gap-free log, asked page by page, that agrees with the snapshot."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

import pytest

from tests.conftest import Caller, published, refused, review

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "Another look was taken."}
ON_SHOW = {"published", "amended", "corrected", "released"}


@pytest.fixture
def history(checker: Caller, editor: Caller) -> list[str]:
    """Four claims and all six kinds of change, mixed."""
    claims = [published(checker, editor, statement=f"Claim {number}.")["claim"] for number in range(4)]
    first, second, third, _ = claims
    acts: Iterable[tuple[str, str, dict[str, str]]] = (
        (first, "amend", {}), (second, "hold", {}), (third, "correct", {"cause": "update"}), (second, "release", {}),
        (first, "withdraw", {"cause": "privacy"}), (third, "hold", {}),
    )  # fmt: skip
    for claim, act, more in acts:
        assert editor.post(f"claims/{claim}/{act}/", {**WHY, **more}).status_code == 200
    return claims


def followed(client: Caller, *, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
    """Every change after a position, asked for as the contract says: again with `last_position`."""
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(f"changes/?after={after}&limit={limit}").json()
        assert len(page["changes"]) <= limit
        found += page["changes"]
        if not page["more"]:
            assert client.get(f"changes/?after={page['last_position']}").json()["changes"] == []
            return found
        assert page["last_position"] == page["changes"][-1]["position"] > after
        after = page["last_position"]


def shown_by(
    client: Caller, path: str = "published/snapshot/"
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    head, *rows = map(json.loads, b"".join(client.get(path).streaming_content).splitlines())
    return head, rows


def applied(shown: dict[str, int], changes: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Which version of which claim a client shows after these changes."""
    now = dict(shown)
    for change in changes:
        now.pop(change["claim"], None)
        if change["kind"] in ON_SHOW:
            now[change["claim"]] = change["version"]
    return now


@pytest.mark.parametrize("limit", [1, 3, 10, 500])
def test_positions_rise_without_gaps_however_they_are_asked_for(
    limit: int, history: list[str], client_key: Caller
) -> None:
    changes = followed(client_key, limit=limit)
    assert [change["position"] for change in changes] == list(range(1, 11))
    assert {change["kind"] for change in changes} == {*ON_SHOW, "held", "withdrawn"}
    for change in changes:
        assert (change["publication"] is None) == (change["kind"] not in ON_SHOW or "suppressed" in change)
        assert change["at"].endswith("Z")
    versions = [change["version"] for change in changes if change["claim"] == history[0]]
    assert versions == [1, 2, 3]
    assert followed(client_key, after=7, limit=limit) == changes[7:]


@pytest.mark.parametrize("half_way", range(0, 11, 2))
def test_the_snapshot_is_what_following_from_any_position_comes_to(
    half_way: int, history: list[str], client_key: Caller
) -> None:
    changes = followed(client_key)
    head, rows = shown_by(client_key)
    assert head == {"log": client_key.get("changes/").json()["log"], "position": 10}
    in_snapshot = {row["claim"]: row["version"] for row in rows}
    before = applied({}, changes[:half_way])
    assert applied(before, followed(client_key, after=half_way)) == in_snapshot
    assert in_snapshot == {row["claim"]: row["version"] for row in client_key.get("published/").json()["results"]}  # fmt: skip
    assert set(in_snapshot) == {history[1], history[3]}


def test_a_snapshot_that_was_cut_off_goes_on_where_it_ended(history: list[str], client_key: Caller) -> None:
    head, rows = shown_by(client_key)
    assert shown_by(client_key, f"published/snapshot/?after={rows[0]['position']}") == (head, rows[1:])
    assert followed(client_key, after=head["position"]) == []


def test_what_happens_after_the_snapshot_comes_with_the_changes(
    history: list[str], checker: Caller, editor: Caller, client_key: Caller
) -> None:
    head, rows = shown_by(client_key)
    checker.post(f"claims/{history[3]}/request-recheck/", WHY)
    review(checker, {"location": "unverified"})
    assert editor.post(f"claims/{history[3]}/correct/", WHY).status_code == 200
    published(checker, editor, statement="One more.")
    later = followed(client_key, after=head["position"])
    assert [change["kind"] for change in later] == ["corrected", "published"]
    assert later[0]["publication"]["changes"] == [
        {"dimension": "location", "media": None, "from": "verified", "to": "unverified"}
    ]
    now = applied({row["claim"]: row["version"] for row in rows}, later)
    assert now == {row["claim"]: row["version"] for row in shown_by(client_key)[1]}


def test_an_unchanged_log_is_not_sent_again(history: list[str], client_key: Caller, editor: Caller) -> None:
    first = client_key.get("changes/?after=9")
    assert int(first["X-Poll-Interval"]) > 0
    for said in (first["ETag"], f"W/{first['ETag']}", f'"other", {first["ETag"]}', "*"):
        again = client_key.get("changes/?after=9", If_None_Match=said)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"]), said
        assert again["X-Poll-Interval"] == first["X-Poll-Interval"]
    assert client_key.get("changes/?after=8", If_None_Match=first["ETag"]).status_code == 200
    assert editor.post(f"claims/{history[3]}/amend/", WHY).status_code == 200
    assert client_key.get("changes/?after=9", If_None_Match=first["ETag"]).status_code == 200


def test_a_position_of_another_log_is_told_so(history: list[str], client_key: Caller) -> None:
    log = client_key.get("changes/").json()["log"]
    assert client_key.get(f"changes/?after=10&log={log}").status_code == 200
    assert client_key.get(f"changes/?after=10&log={log.upper()}").status_code == 200
    for asked in ("after=11", f"after=3&log={uuid.uuid4()}", f"after=99&log={log}", "log=nonsense"):
        refused(client_key.get(f"changes/?{asked}"), 409, code="log_changed")


def test_an_empty_log_is_followed_too(client_key: Caller) -> None:
    page = client_key.get("changes/").json()
    assert (page["changes"], page["last_position"], page["more"]) == ([], 0, False)
    assert shown_by(client_key) == ({"log": page["log"], "position": 0}, [])
