"""Nothing waits for somebody who is gone, and whom an act concerns is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from claims.models import Claim, Desk, Person
from tests.conftest import Caller, decide, file_claim, lease, published, refused, review, submitted
from tests.scenarios.test_telling import inbox, occasions
from verification.models import HandOver, QueueEntry
from verification.services import accounts
from verification.services.reminders import remind

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "because"}
LATER = "2999-01-01T00:00:00Z"
BOTH = {"location": "verified", "date": "unverified"}


def assigned(claim: str, by: Caller, to: str | None) -> None:
    answer = by.post(f"claims/{claim}/assign/", {"to": to})
    assert answer.status_code == 200, answer.content


def told(person: Caller) -> list[tuple[str, str | None]]:
    return [(line["occasion"], line["by"]) for line in reversed(inbox(person))]


# --- nothing waits for somebody who is gone


def test_a_recheck_does_not_wait_for_who_left(checker: Caller, second_checker: Caller, editor: Caller, admin: Caller, desk: Desk) -> None:  # fmt: skip
    claim = file_claim(checker)["id"]
    assigned(claim, editor, "marko")
    review(second_checker, BOTH)
    assert editor.post(f"claims/{claim}/publish/").status_code == 200
    accounts.deactivate(desk, actor=admin.person, person=second_checker.person)
    assert editor.post(f"claims/{claim}/request-recheck/", WHY).status_code == 200
    assert QueueEntry.objects.open().get().assignee is None
    assert lease(checker)["claim"]["id"] == claim


def test_nothing_is_assigned_to_who_left(checker: Caller, second_checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    Person.objects.filter(pk=second_checker.person.pk).update(is_active=False)
    refused(editor.post(f"claims/{claim}/assign/", {"to": "marko"}), 400)
    assert Claim.objects.get(pk=claim).assignee is None


def test_who_is_given_a_recheck_of_what_was_theirs_is_told(checker: Caller, second_checker: Caller, editor: Caller) -> None:  # fmt: skip
    claim = file_claim(checker)["id"]
    assigned(claim, editor, "marko")
    review(second_checker, BOTH)
    assert editor.post(f"claims/{claim}/publish/").status_code == 200
    before = len(inbox(second_checker))
    editor.post(f"claims/{claim}/request-recheck/", WHY)
    assert told(second_checker)[before:] == [("assigned", None)]


def test_an_editor_may_give_the_recheck_of_a_published_claim_to_somebody_else(checker: Caller, second_checker: Caller, editor: Caller) -> None:  # fmt: skip
    claim = published(checker, editor)["claim"]
    editor.post(f"claims/{claim}/request-recheck/", WHY)
    for to in ("olena", "marko", None):
        assigned(claim, editor, to)
        entry = QueueEntry.objects.open().select_related("assignee").get()
        assert (entry.assignee.username if entry.assignee else None) == to
    assert lease(second_checker)["claim"]["id"] == claim


def test_taking_a_review_away_gives_it_to_everybody(checker: Caller, second_checker: Caller, editor: Caller) -> None:  # fmt: skip
    claim = file_claim(checker)["id"]
    assigned(claim, editor, "marko")
    leased = lease(second_checker)
    assert editor.post(f"queue/{leased['entry']['id']}/break/", WHY).status_code == 200
    assert Claim.objects.get(pk=claim).assignee is None
    assert lease(checker)["claim"]["id"] == claim


def test_who_skips_what_was_theirs_has_it_no_more(checker: Caller, second_checker: Caller, editor: Caller) -> None:  # fmt: skip
    claim = file_claim(checker)["id"]
    assigned(claim, editor, "marko")
    second_checker.post(f"queue/leases/{lease(second_checker)['lease_token']}/skip/", WHY)
    assert Claim.objects.get(pk=claim).assignee is None


def test_a_second_review_is_not_asked_for_where_nobody_is_left_to_do_it(checker: Caller, editor: Caller) -> None:  # fmt: skip
    claim = submitted(checker)["id"]
    assert editor.post(f"claims/{claim}/request-second-review/", WHY).status_code == 200
    review(editor, BOTH)
    editor.post(f"claims/{claim}/request-recheck/", WHY)
    leased = lease(checker)
    checker.post(f"queue/leases/{leased['lease_token']}/invite/", {"person": "edith"})
    decide(checker, leased, "date", "verified")
    checker.post(f"claims/{claim}/submit/", {"lease_token": leased["lease_token"]})
    entries = QueueEntry.objects.count()
    refused(editor.post(f"claims/{claim}/request-second-review/", WHY), 409, code="nobody_left")
    assert QueueEntry.objects.count() == entries


# --- whom it concerns is told


@pytest.mark.parametrize(("act", "occasion"), [("drop", "dropped"), ("duplicate", "duplicate")])
def test_the_end_of_a_claim_is_told_to_all_whom_it_concerns(
    checker: Caller, second_checker: Caller, editor: Caller, admin: Caller, act: str, occasion: str
) -> None:
    other = file_claim(editor, statement="The older one.", draft=True)["id"]
    claim = file_claim(editor)["id"]
    assigned(claim, editor, "marko")
    leased = lease(second_checker)
    second_checker.post(f"queue/leases/{leased['lease_token']}/invite/", {"person": "olena"})
    editor.post(f"claims/{claim}/ask/", {"dimension": "date", "due_at": LATER})
    body = {"reason": "Overtaken.", **({"of": other} if act == "duplicate" else {})}
    assert admin.post(f"claims/{claim}/{act}/", body).status_code == 200
    for person in (second_checker, checker, editor):
        line = inbox(person)[0]
        assert (line["occasion"], line["by"], line["said"]) == (occasion, "adam", "Overtaken.")
    assert occasions(second_checker).count(occasion) == 1


def test_who_is_relieved_of_a_claim_is_told(checker: Caller, second_checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    assigned(claim, editor, "marko")
    assigned(claim, editor, "olena")
    assert told(second_checker) == [("assigned", "edith"), ("unassigned", "edith")]
    assigned(claim, editor, "olena")
    assert told(checker)[-1] == ("assigned", "edith")


def test_who_was_asked_in_is_told_that_the_review_was_taken_away(checker: Caller, second_checker: Caller, editor: Caller) -> None:  # fmt: skip
    file_claim(checker)
    leased = lease(checker)
    checker.post(f"queue/leases/{leased['lease_token']}/invite/", {"person": "marko"})
    editor.post(f"queue/{leased['entry']['id']}/break/", {"reason": "It is for the night desk."})
    assert inbox(second_checker)[0]["occasion"] == "lease_broken"
    assert inbox(second_checker)[0]["said"] == "It is for the night desk."


def test_who_asked_for_a_dimension_hears_that_a_review_came_without_it(checker: Caller, editor: Caller) -> None:  # fmt: skip
    claim = file_claim(checker)["id"]
    for dimension in ("source", "date"):
        editor.post(f"claims/{claim}/ask/", {"dimension": dimension, "due_at": LATER})
    review(checker, BOTH)
    lines = [line for line in inbox(editor) if line["occasion"] == "unanswered"]
    assert [line["about"] for line in lines] == [{"dimensions": "source"}]


@pytest.mark.parametrize("act", ["ask", "request-recheck"])
def test_who_asks_for_a_review_hears_what_comes_of_it(checker: Caller, second_checker: Caller, editor: Caller, act: str) -> None:  # fmt: skip
    claim = submitted(checker)["id"]
    body = {"dimension": "date", "due_at": LATER} if act == "ask" else WHY
    assert editor.post(f"claims/{claim}/{act}/", body).status_code == 200
    review(second_checker, {"location": "contradicted", "date": "verified"})
    assert "verdict_changed" in occasions(editor)


# --- a late write is told what became of the claim


def test_who_writes_after_the_claim_was_dropped_reads_that_it_was(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    leased = lease(checker)
    editor.post(f"claims/{claim}/drop/", WHY)
    late = decide(checker, leased, "date", "verified")
    assert late.status_code == 423
    assert "the claim is dropped now" in late.json()["detail"]
    assert "Take the claim again" not in late.json()["detail"]


@pytest.mark.parametrize("to", ["marko", None])
def test_the_hour_to_call_back_is_told_once_to_who_has_the_review(
    to: str | None, checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    file_claim(checker)
    for number, tried in enumerate(("Rang twice", "Rang again"), 1):
        token = lease(checker)["lease_token"]
        at = (timezone.now() + timedelta(hours=number)).isoformat()
        handed = {"to": to if number == 2 else None, "tried": tried, "call_back_at": at}
        assert checker.post(f"queue/leases/{token}/hand-over/", handed).status_code == 200
    assert remind(timezone.now()) == 0
    # The first is not the last word any more.
    HandOver.objects.filter(call_back_at__lt=timezone.now() + timedelta(minutes=90)).update(
        call_back_at=timezone.now() - timedelta(minutes=1)
    )
    assert remind(timezone.now()) == 0
    HandOver.objects.update(call_back_at=timezone.now() - timedelta(minutes=1))
    assert [remind(timezone.now()), remind(timezone.now())] == [1, 0]
    told = [who for who in (checker, second_checker, editor) if "call_back" in occasions(who)]
    assert told == [second_checker if to else editor]


def test_nobody_is_told_to_call_back_for_a_review_that_is_done(checker: Caller, editor: Caller) -> None:
    file_claim(checker)
    token = lease(checker)["lease_token"]
    at = (timezone.now() + timedelta(hours=1)).isoformat()
    handed = {"to": None, "tried": "Rang", "call_back_at": at}
    assert checker.post(f"queue/leases/{token}/hand-over/", handed).status_code == 200
    review(checker, {"date": "unverified"})
    HandOver.objects.update(call_back_at=timezone.now() - timedelta(minutes=1))
    assert remind(timezone.now()) == 0
    assert "call_back" not in occasions(editor)
