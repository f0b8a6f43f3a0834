"""Undoing: nothing is overwritten, what was said before speaks again, however often."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claims.models import Claim
from claims.vocabulary import Dimension, Status
from tests.conftest import Caller, decide, file_claim, lease, refused, submitted
from verification.models import Verdict
from verification.services import audit
from verification.services.standing import standing

DECISIONS = st.sampled_from(["verified", "unverified", "contradicted"])
STEPS = st.lists(
    st.one_of(st.tuples(st.sampled_from(["location", "date"]), DECISIONS), st.just("undo")), max_size=9
)


def undo(checker: Caller, leased: dict[str, Any]) -> Any:
    return checker.post(
        f"claims/{leased['claim']['id']}/verdicts/undo/", {"lease_token": leased["lease_token"]}
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_undo_is_what_a_stack_of_decisions_would_say(steps: list[Any], checker: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    claim = Claim.objects.get(pk=leased["claim"]["id"])
    stack: list[tuple[str, str]] = []
    for step in steps:
        if step == "undo":
            response = undo(checker, leased)
            assert response.status_code == (201 if stack else 409)
            del stack[-1:]
        else:
            assert decide(checker, leased, *step).status_code == 201
            stack.append(step)
        spoken = dict(stack)
        now = standing(claim, draft=True)
        for dimension in (Dimension.LOCATION, Dimension.DATE):
            assert now.status(dimension) == spoken.get(dimension, Status.NOT_CHECKED), steps
    checker.post(f"queue/leases/{leased['lease_token']}/release/")
    checker.post(f"claims/{claim.pk}/drop/", {"reason": "the end of this example"})


def test_every_verdict_stays_and_the_chain_holds(checker: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    decide(checker, leased, "location", "verified", reason="the first thought")
    decide(checker, leased, "location", "unverified", reason="the second thought")
    undone = undo(checker, leased).json()["verdicts"]
    assert [(one["status"], one["reason"]) for one in undone] == [("verified", "the first thought")]
    history = checker.get(f"claims/{leased['claim']['id']}/verdicts/").json()["verdicts"]
    assert [one["status"] for one in history] == ["verified", "unverified", "verified"]
    assert history[2]["undoes"] == history[1]["id"]
    assert list(audit.verify()) == []


def test_a_submitted_review_is_not_undone(checker: Caller) -> None:
    claim = submitted(checker)
    token = f"{'0' * 8}-0000-7000-8000-{'0' * 12}.1"
    refused(checker.post(f"claims/{claim['id']}/verdicts/undo/", {"lease_token": token}), 423)
    assert Verdict.objects.exclude(undoes=None).count() == 0


# --- undoing beside somebody else


def together(checker: Caller, second_checker: Caller) -> dict[str, Any]:
    file_claim(checker)
    leased = lease(checker)
    asked = checker.post(f"queue/leases/{leased['lease_token']}/invite/", {"person": "marko"})
    assert asked.status_code == 200, asked.content
    return leased


def stands(by: Caller, leased: dict[str, Any]) -> str:
    """What is said of the date in the open review."""
    said = by.get(f"claims/{leased['claim']['id']}/verdicts/").json()["verdicts"]
    return str([one["status"] for one in said if one["dimension"] == "date"][-1])


@pytest.mark.parametrize("order", ["holder first", "colleague first"])
def test_a_colleagues_undo_leaves_what_the_holder_says(checker: Caller, second_checker: Caller, order: str) -> None:  # fmt: skip
    leased = together(checker, second_checker)
    acts = [(checker, "unverified"), (second_checker, "contradicted")]
    for by, status in acts if order == "holder first" else acts[::-1]:
        assert decide(by, leased, "date", status).status_code == 201
    assert undo(second_checker, leased).status_code == 201
    assert stands(checker, leased) == "unverified"
    refused(undo(second_checker, leased), 409)


def test_what_the_holder_undid_a_colleague_does_not_undo_again(
    checker: Caller, second_checker: Caller
) -> None:
    leased = together(checker, second_checker)
    decide(second_checker, leased, "date", "contradicted")
    assert undo(checker, leased).status_code == 201
    assert decide(checker, leased, "date", "unverified").status_code == 201
    refused(undo(second_checker, leased), 409)
    assert stands(checker, leased) == "unverified"
