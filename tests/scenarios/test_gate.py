"""Nothing is published past the gate: each thing that stands in the way has its word, and goes away by its remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from claims.models import Desk, Membership, Person
from tests.conftest import Caller, decide, file_claim, lease, published, refused, review, submitted
from verification.models import Policy, ScheduledPublication
from verification.services import work

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "because"}
BOTH = {"location": "verified", "date": "unverified"}


class People:
    def __init__(self, checker: Caller, second: Caller, editor: Caller, admin: Caller, desk: Desk) -> None:
        self.checker, self.second, self.editor, self.admin, self.desk = checker, second, editor, admin, desk

    def policy(self, **changes: Any) -> None:
        Policy.objects.filter(desk=self.desk).update(**changes)


@pytest.fixture
def people(checker: Caller, second_checker: Caller, editor: Caller, admin: Caller, desk: Desk) -> People:
    return People(checker, second_checker, editor, admin, desk)


def codes(response: Any) -> list[str]:
    return [blocker["code"] for blocker in response.json()["blockers"]]


def under_review(people: People) -> str:
    file_claim(people.checker)
    leased = lease(people.checker)
    decide(people.checker, leased, "location", "verified")
    return str(leased["claim"]["id"])


def all_inapplicable(people: People) -> str:
    file_claim(people.checker)
    return review(people.checker, {"location": "not_applicable", "date": "not_applicable"})


def without_the_date(people: People) -> str:
    file_claim(people.checker)
    return review(people.checker, {"location": "verified"})


def seen_by_one(people: People) -> str:
    people.policy(second_review=True)
    file_claim(people.checker)
    return review(people.checker, BOTH)


def seen_by_two_who_differ(people: People) -> str:
    seen_by_one(people)
    return review(people.second, {"location": "unverified", "date": "unverified"})


def reviewed_by_the_editor(people: People) -> str:
    file_claim(people.editor)
    return review(people.editor, BOTH)


def asked_to_look_again(people: People) -> str:
    claim = str(published(people.checker, people.editor)["claim"])
    assert people.checker.post(f"claims/{claim}/request-recheck/", WHY).status_code == 200
    return claim


def held(people: People) -> str:
    claim = str(submitted(people.checker)["id"])
    assert people.editor.post(f"claims/{claim}/hold/", WHY).status_code == 200
    return claim


def erased(people: People) -> str:
    claim = str(submitted(people.checker)["id"])
    erase(people, claim)
    return claim


def say_it_anew(people: People, claim: str) -> Any:
    revision = people.checker.get(f"claims/{claim}/")["ETag"]
    return people.checker.patch(f"claims/{claim}/", {"statement": "A flag was raised."}, If_Match=revision)


# How a claim comes to be blocked, and the review or act that opens the gate.
WAYS: dict[str, tuple[Callable[[People], str], Callable[[People, str], Any]]] = {
    "review_open": (
        under_review,
        lambda p, claim: review(p.checker, {"date": "unverified"}, entry_of=claim),
    ),
    "nothing_decided": (all_inapplicable, lambda p, claim: recheck(p, claim, {"date": "unverified"})),
    "dimension_undecided": (without_the_date, lambda p, claim: recheck(p, claim, {"date": "unverified"})),
    "second_review_missing": (seen_by_one, lambda p, claim: review(p.second, BOTH)),
    "disagreement": (seen_by_two_who_differ, lambda p, claim: review(p.admin, {"location": "verified"})),
    "same_person": (reviewed_by_the_editor, lambda p, claim: p.policy(distinct_approver=False)),
    "recheck_needed": (asked_to_look_again, lambda p, claim: review(p.checker, BOTH)),
    "erased": (erased, say_it_anew),
    "held": (held, lambda p, claim: p.editor.post(f"claims/{claim}/release/", WHY)),
}


def recheck(people: People, claim: str, decisions: dict[str, str]) -> None:
    assert people.checker.post(f"claims/{claim}/request-recheck/", WHY).status_code == 200
    review(people.checker, decisions)


@pytest.mark.parametrize("code", WAYS)
def test_what_blocks_is_named_and_goes_away(code: str, people: People) -> None:
    block, remedy = WAYS[code]
    claim = block(people)
    here = f"claims/{claim}/"
    gate = people.editor.get(f"{here}gate/")
    assert code in codes(gate)
    assert gate.json()["can_publish"] is False
    assert codes(people.editor.get(here)) == codes(gate)
    act = "amend" if code == "recheck_needed" else "publish"
    problem = refused(people.editor.post(f"{here}{act}/", WHY if act == "amend" else {}), 409)
    if "blockers" in problem:
        assert code in [blocker["code"] for blocker in problem["blockers"]]
        assert all(blocker["detail"] for blocker in problem["blockers"])
    else:
        assert act not in problem["allowed_actions"]

    remedy(people, claim)
    assert people.editor.get(f"{here}gate/").json() | {"line": ""} == {
        "can_publish": True,
        "blockers": [],
        "line": "",
        "line_blockers": [],
    }
    assert people.editor.post(f"{here}{act}/", WHY if act == "amend" else {}).status_code == 200


def test_a_required_dimension_is_named_and_one_that_does_not_apply_is_not(people: People) -> None:
    claim = all_inapplicable(people)
    people.policy(required_dimensions=["location", "authenticity"])
    blockers = people.editor.get(f"claims/{claim}/gate/").json()["blockers"]
    assert [b.get("dimension") for b in blockers] == [None, "authenticity"]


def test_a_recheck_under_way_is_a_review_that_is_open(people: People) -> None:
    claim = asked_to_look_again(people)
    lease(people.checker)
    assert codes(people.editor.get(f"claims/{claim}/gate/")) == ["review_open"]


# What happens while an embargo runs, and what is public once it has ended.
def nothing(people: People, claim: str) -> None: ...


def hold(people: People, claim: str) -> None:
    assert people.editor.post(f"claims/{claim}/hold/", WHY).status_code == 200


def require_more(people: People, claim: str) -> None:
    people.policy(required_dimensions=["location", "date", "authenticity"])


def lose_the_role(people: People, claim: str) -> None:
    Membership.objects.filter(person=people.editor.person).update(role="fact_checker")


def erase(people: People, claim: str) -> None:
    why = {"target": "statement", "reason": "An order.", "legal_ground": "court order"}
    assert people.admin.post(f"claims/{claim}/redact/", why).status_code == 200


def lift(people: People, claim: str) -> None:
    assert people.editor.post(f"claims/{claim}/publish/").json()["version"] == 1


MEANWHILE = {
    "nothing": (nothing, "done", "published"),
    "hold": (hold, "cancelled", "held"),
    "a stricter policy": (require_more, "refused", "awaiting_signoff"),
    "the approver is no editor any more": (lose_the_role, "refused", "awaiting_signoff"),
    "what it says is erased": (erase, "refused", "awaiting_signoff"),
    "published at once": (lift, "cancelled", "published"),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_an_embargo_ends_in_what_the_gate_says_then(what: str, people: People, client_key: Caller) -> None:
    happens, state, stage = MEANWHILE[what]
    claim = submitted(people.checker)["id"]
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    answer = people.editor.post(f"claims/{claim}/publish/", {"embargo_until": until})
    assert answer.json()["stage"] == "scheduled"
    work.reconcile()
    assert client_key.get(f"published/{claim}/").status_code == 404
    assert client_key.get("changes/").json()["changes"] == []

    happens(people, claim)
    ScheduledPublication.objects.update(due_at=timezone.now())
    work.reconcile()
    work.reconcile()
    assert ScheduledPublication.objects.get().state == state
    assert people.checker.get(f"claims/{claim}/").json()["stage"] == stage
    is_public = stage == "published"
    assert client_key.get(f"published/{claim}/").status_code == (200 if is_public else 404)
    assert [c["kind"] for c in client_key.get("changes/").json()["changes"]] == ["published"] * is_public


def test_what_is_published_by_itself_is_in_the_audit_with_who_allowed_it(people: People) -> None:
    claim = submitted(people.checker)["id"]
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    people.editor.post(f"claims/{claim}/publish/", {"embargo_until": until})
    ScheduledPublication.objects.update(due_at=timezone.now())
    work.reconcile()
    last = people.editor.get(f"claims/{claim}/history/").json()["results"][-1]
    assert (last["action"], last["actor"]) == ("publish", None)
    assert last["data"]["approved_by"] == str(Person.objects.get(username="edith").pk)
