"""Second reviews by policy, and the disagreements that they bring up: opened, missed, asked for, settled."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from claims.models import Claim, Desk, MediaItem, Membership
from claims.vocabulary import Role
from tests.conftest import Caller, caller, decide, file_claim, lease, published, refused, review, submitted
from verification.models import CheckRun, FindingRow, Policy
from verification.services.publication import gates

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "because"}
BOTH = {"location": "verified", "date": "unverified"}
OTHERWISE = {"location": "unverified", "date": "unverified"}


def policy(desk: Desk, **changes: Any) -> None:
    Policy.objects.filter(desk=desk).update(**changes)


def read(by: Caller, claim: str) -> dict[str, Any]:
    shown: dict[str, Any] = by.get(f"claims/{claim}/").json()
    return shown


def find(claim: str, dimension: str, stance: str) -> None:
    """A check found something in the claim's one item."""
    run = CheckRun.objects.create(
        media=MediaItem.objects.get(claim=claim), check_slug="gps", version="1", state="done", ran_at=timezone.now()
    )  # fmt: skip
    FindingRow.objects.create(run=run, position=0, dimension=dimension, stance=stance, sentence="Found.")


# What the policy asks, what is claimed, what a check found: whether a second review follows the first, and why.
ASKED: list[tuple[dict[str, Any], dict[str, Any], str, str | None]] = [
    ({}, {}, "", None),
    ({"second_review": True}, {}, "", "every claim"),
    ({"second_review_topics": ["elections"]}, {"topics": ["elections", "war"]}, "", "claims about “elections”"),
    ({"second_review_topics": ["elections"]}, {"topics": ["war"]}, "", None),
    ({"second_review_priorities": ["breaking"]}, {"priority": "breaking"}, "", "breaking news"),
    ({"second_review_priorities": ["breaking"]}, {"priority": "high"}, "", None),
    ({"second_review_dimensions": ["location"]}, {}, "", "every claim whose location is decided"),
    ({"second_review_dimensions": ["authenticity"]}, {}, "", None),
    ({"second_review_on_contradiction": True}, {}, "", None),
    ({"second_review_on_contradiction": True}, {}, "location supports", None),
    ({"second_review_on_contradiction": True}, {}, "date contradicts", None),
    ({"second_review_on_contradiction": True}, {}, "location contradicts", "the one on the location does"),
]  # fmt: skip


@pytest.mark.parametrize(("asks", "claimed", "finding", "because"), ASKED)
def test_a_second_review_follows_where_the_policy_asks_for_it(
    asks: dict[str, Any],
    claimed: dict[str, Any],
    finding: str,
    because: str | None,
    checker: Caller,
    editor: Caller,
    desk: Desk,
) -> None:
    policy(desk, **asks)
    Membership.objects.update(topics=["elections", "war"])
    claim = file_claim(checker, media=[{"url": "https://media.example/one.mp4"}], **claimed)["id"]
    if finding:
        find(claim, *finding.split())
    review(checker, BOTH)
    shown = read(editor, claim)
    gate = editor.get(f"claims/{claim}/gate/").json()
    if because is None:
        assert (shown["stage"], shown["queue_entry"], gate["can_publish"]) == ("awaiting_signoff", None, True)
        assert shown["second_review"] == {"needed": False, "reasons": [], "blind": False, "veiled": False}
        return
    assert (shown["stage"], shown["queue_entry"]["review"]) == ("queued", "second")
    assert shown["second_review"]["needed"] is True
    (reason,) = shown["second_review"]["reasons"]
    assert because in reason
    (blocker,) = gate["blockers"]
    assert (blocker["code"], reason in blocker["detail"]) == ("second_review_missing", True)


def raise_priority(people: dict[str, Caller], desk: Desk, claim: str) -> None:
    revision = people["editor"].get(f"claims/{claim}/")["ETag"]
    done = people["editor"].patch(f"claims/{claim}/", {"priority": "breaking"}, If_Match=revision)
    assert done.status_code == 200


# What may happen after the first review.
LATER: dict[str, tuple[dict[str, Any], Any]] = {
    "the priority is raised": ({"second_review_priorities": ["breaking"]}, raise_priority),
    "a finding turns": (
        {"second_review_on_contradiction": True},
        lambda people, desk, claim: find(claim, "location", "contradicts"),
    ),
    "the policy is changed": ({}, lambda people, desk, claim: policy(desk, second_review=True)),
}


@pytest.mark.parametrize("what", LATER)
def test_a_need_that_comes_later_closes_the_gate_until_somebody_asks_for_it(
    what: str, checker: Caller, second_checker: Caller, editor: Caller, desk: Desk
) -> None:
    asks, happens = LATER[what]
    policy(desk, **asks)
    claim = submitted(checker, media=[{"url": "https://media.example/one.mp4"}])["id"]
    assert editor.get(f"claims/{claim}/gate/").json()["can_publish"] is True
    happens({"editor": editor}, desk, claim)
    problem = refused(editor.post(f"claims/{claim}/publish/"), 409, code="gate_closed")
    assert [one["code"] for one in problem["blockers"]] == ["second_review_missing"]
    assert "none is waiting: ask for one" in problem["detail"]

    asked = editor.post(f"claims/{claim}/request-second-review/", WHY).json()
    assert (asked["stage"], asked["queue_entry"]["review"]) == ("queued", "second")
    refused(editor.post(f"claims/{claim}/request-second-review/", WHY), 409)
    assert checker.post("queue/next/").status_code == 204
    review(second_checker, BOTH)
    assert editor.post(f"claims/{claim}/publish/").status_code == 200
    refused(editor.post(f"claims/{claim}/request-second-review/", WHY), 409, code="already_seconded")


def test_a_second_look_may_be_asked_for_without_a_policy_and_leaves_a_publication_alone(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = published(checker, editor)["claim"]
    asked = checker.post(f"claims/{claim}/request-second-review/", WHY).json()
    assert (asked["stage"], asked["queue_entry"]["review"]) == ("published", "second")
    assert asked["second_review"] | {"reasons": []} == {"needed": True, "reasons": [], "blind": False, "veiled": False}  # fmt: skip
    review(second_checker, BOTH)
    assert read(editor, claim)["second_review"]["needed"] is False


# --- disagreement -----------------------------------------------------------------------------------------


def in_dispute(checker: Caller, second: Caller, desk: Desk, **claimed: Any) -> str:
    policy(desk, second_review=True)
    file_claim(checker, **claimed)
    claim = review(checker, BOTH)
    review(second, OTHERWISE)
    return claim


def adjudicating(by: Caller, claim: str) -> dict[str, Any]:
    entry = read(by, claim)["queue_entry"]["id"]
    taken = by.post(f"queue/{entry}/lease/")
    assert taken.status_code == 200, taken.content
    leased: dict[str, Any] = taken.json()
    return leased


def test_nobody_settles_their_own_disagreement_while_there_is_anybody_else(
    checker: Caller, second_checker: Caller, editor: Caller, desk: Desk
) -> None:
    claim = in_dispute(checker, second_checker, desk)
    entry = read(checker, claim)["queue_entry"]
    assert entry["review"] == "adjudication"
    for party in (checker, second_checker):
        refused(party.post(f"queue/{entry['id']}/lease/"), 409, code="not_for_you")
        assert party.post("queue/next/").status_code == 204
    assert lease(editor)["entry"]["id"] == entry["id"]


@pytest.mark.parametrize("there", ["nobody", "a client", "a program", "somebody who left"])
def test_a_desk_of_two_settles_it_among_themselves(
    there: str, checker: Caller, second_checker: Caller, desk: Desk
) -> None:
    if there != "nobody":
        role = Role.CLIENT if there == "a client" else Role.FACT_CHECKER
        third = caller("third", role, desk).person
        third.is_active, third.is_service = there != "somebody who left", there == "a program"
        third.save()
    claim = in_dispute(checker, second_checker, desk)
    assert adjudicating(checker, claim)["entry"]["review"] == "adjudication"


def test_a_dispute_is_settled_by_one_side_or_otherwise_and_all_of_it_is_kept(
    checker: Caller, second_checker: Caller, editor: Caller, admin: Caller, desk: Desk
) -> None:
    claim = in_dispute(checker, second_checker, desk, media=[{"url": "https://media.example/one.mp4"}])
    (open_dispute,) = read(editor, claim)["disagreements"]
    first, second = open_dispute["verdicts"]
    by_id = {one["id"]: one for one in editor.get(f"claims/{claim}/verdicts/").json()["verdicts"]}
    assert [(by_id[one]["by"], by_id[one]["status"]) for one in (first, second)] == [
        ("olena", "verified"),
        ("marko", "unverified"),
    ]
    assert (open_dispute["dimension"], open_dispute["settled_by"]) == ("location", None)

    leased = adjudicating(editor, claim)
    token = {"lease_token": leased["lease_token"]}
    assert decide(editor, leased, "date", "unverified").status_code == 201
    problem = refused(editor.post(f"claims/{claim}/submit/", token), 409, code="disagreement")
    assert "location" in problem["detail"]
    take = f"claims/{claim}/verdicts/{{}}/take-over/"
    refused(editor.post(take.format(first), token), 400, pointer="/reason")
    refused(editor.post(take.format(first), {**token, "reason": " "}), 400, pointer="/reason")
    agreed = next(one["id"] for one in by_id.values() if one["dimension"] == "date")
    refused(editor.post(take.format(agreed), {**token, **WHY}), 409, code="not_disputed")
    refused(editor.post(take.format(claim), {**token, **WHY}), 404)
    (taken,) = editor.post(take.format(first), {**token, "reason": "The church is there."}).json()["verdicts"]
    of_first = by_id[first]
    for name in ("dimension", "status", "media", "basis", "value", "relation", "interim"):
        assert taken[name] == of_first[name], name
    assert (taken["reason"], taken["by"], taken["review_kind"]) == ("The church is there.", "edith", "adjudication")  # fmt: skip

    done = editor.post(f"claims/{claim}/submit/", token).json()
    assert (done["stage"], done["statuses"]["location"]["status"]) == ("awaiting_signoff", "verified")
    assert done["disagreements"] == [open_dispute | {"settled_by": taken["id"]}]
    assert admin.get(f"claims/{claim}/gate/").json()["can_publish"] is True
    refused(editor.post(take.format(first), {**token, **WHY}), 409, code="not_adjudicating")


def test_a_verdict_is_taken_over_in_an_adjudication_alone(
    checker: Caller, second_checker: Caller, desk: Desk
) -> None:
    policy(desk, second_review=True)
    file_claim(checker)
    claim = review(checker, BOTH)
    (first, *_) = checker.get(f"claims/{claim}/verdicts/").json()["verdicts"]
    leased = lease(second_checker)
    body = {"lease_token": leased["lease_token"], **WHY}
    refused(
        second_checker.post(f"claims/{claim}/verdicts/{first['id']}/take-over/", body),
        409,
        code="not_adjudicating",
    )


def test_what_two_said_of_a_claim_is_in_dispute_no_more_once_it_is_asked_of_its_media(
    desk: Desk, checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    Policy.objects.update(second_review=True)
    claim = file_claim(checker, media=[])["id"]
    review(checker, {"location": "verified", "date": "unverified"})
    review(second_checker, {"location": "unverified", "date": "unverified"})
    assert checker.get(f"claims/{claim}/").json()["disagreements"]
    assert checker.post(f"claims/{claim}/media/", {"url": "https://media.example/one.mp4"}).status_code == 202
    shown = editor.get(f"claims/{claim}/").json()
    assert (shown["disagreements"], shown["queue_entry"]["review"]) == ([], "adjudication")
    kept = Claim.objects.get(pk=claim)
    assert [one.code for one in gates([kept], editor.person)[kept.pk]].count("disagreement") == 0
    # Whoever settles it decides the item, and is not held up by what nobody can decide any more.
    review(editor, {"location": "verified", "date": "unverified"})
    assert editor.get(f"claims/{claim}/").json()["stage"] == "awaiting_signoff"


def test_a_dispute_of_the_claim_that_was_settled_holds_up_no_later_one_of_its_media(
    desk: Desk, checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = in_dispute(checker, second_checker, desk, media=[])
    review(editor, BOTH)
    assert read(editor, claim)["stage"] == "awaiting_signoff"
    assert checker.post(f"claims/{claim}/media/", {"url": "https://media.example/one.mp4"}).status_code == 202
    review(checker, BOTH)
    review(second_checker, OTHERWISE)
    assert read(editor, claim)["queue_entry"]["review"] == "adjudication"
    review(editor, BOTH)
    assert read(editor, claim)["stage"] == "awaiting_signoff"
