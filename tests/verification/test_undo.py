"""Undoing: nothing is overwritten, what was said before speaks again, however often."""

from __future__ import annotations

from typing import Any

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
