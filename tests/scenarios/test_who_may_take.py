"""What a review needs somebody for, where it stands because of its age, and what is said of what one may not take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from claims.models import Membership
from tests.conftest import Caller, file_claim, lease, refused, review
from verification.models import Policy, QueueEntry
from verification.services import entries

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOBODY_ELSE = {"own_work": 0, "assigned_to_others": 0, "needs_others": 0, "skipped": 0}


def brings(who: Caller, **what: list[str]) -> None:
    Membership.objects.filter(person=who.person).update(**what)


def handed_out(who: Caller) -> str | None:
    response = who.post("queue/next/")
    return str(response.json()["claim"]["statement"]) if response.status_code == 200 else None


@pytest.mark.parametrize(
    ("needs", "has", "may"),
    [
        ({}, {}, True),
        ({"language": "uk"}, {}, True),
        ({"language": "uk"}, {"languages": ["uk", "ru"]}, True),
        ({"language": "pt-BR"}, {"languages": ["pt"]}, True),
        ({"language": "pt"}, {"languages": ["pt-BR"]}, False),
        ({"language": "uk"}, {"languages": ["en"]}, False),
        ({"skills": ["geolocation"]}, {}, False),
        ({"skills": ["geolocation"]}, {"skills": ["geolocation", "audio"]}, True),
        ({"skills": ["geolocation", "audio"]}, {"skills": ["audio"]}, False),
        ({"topics": ["public-health"]}, {"skills": ["public-health"]}, False),
        ({"topics": ["public-health"], "language": "uk"}, {"topics": ["public-health"], "languages": ["uk"]}, True),
    ],
)  # fmt: skip
def test_a_review_goes_only_to_whom_it_needs(
    checker: Caller, needs: dict[str, Any], has: dict[str, list[str]], may: bool
) -> None:
    brings(checker, **has)
    claim = file_claim(checker, statement="this one", **needs)
    shown = checker.get("queue/").json()
    assert [row["ref"] for row in shown["results"]] == ([claim["ref"]] if may else [])
    assert shown["not_for_you"]["needs_others"] == (0 if may else 1)
    assert ("lease" in checker.get(f"claims/{claim['id']}/").json()["allowed_actions"]) == may
    entry = claim["queue_entry"]["id"]
    if may:
        assert handed_out(checker) == "this one"
    else:
        assert handed_out(checker) is None
        assert "needs somebody for" in refused(checker.post(f"queue/{entry}/lease/"), 409)["detail"]


def test_the_best_of_all_that_one_meets_comes_next_whatever_it_needs(checker: Caller) -> None:
    brings(checker, skills=["audio"], languages=["en", "uk"])
    file_claim(checker, statement="low", priority="low", skills=["audio"])
    file_claim(checker, statement="not for her", priority="breaking", skills=["geolocation"])
    file_claim(checker, statement="high", priority="high", language="uk")
    file_claim(checker, statement="normal")
    assert [handed_out(checker) for _ in range(3)] == ["high", "normal", "low"]


def test_an_assignment_counts_more_than_what_somebody_is_said_to_know(
    checker: Caller, editor: Caller
) -> None:
    claim = file_claim(checker, statement="hers", skills=["geolocation"])["id"]
    assert editor.post(f"claims/{claim}/assign/", {"to": "olena"}).status_code == 200
    assert handed_out(checker) == "hers"


def test_what_its_assignee_passes_over_is_for_everybody(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = file_claim(checker, statement="passed over")["id"]
    assert editor.post(f"claims/{claim}/assign/", {"to": "olena"}).status_code == 200
    token = lease(checker)["lease_token"]
    passed = checker.post(f"queue/leases/{token}/skip/", {"reason": "I know the source."})
    assert (passed.status_code, passed.json()["assignee"]) == (200, None)
    assert handed_out(checker) is None
    assert handed_out(second_checker) == "passed over"


def test_who_is_assigned_what_they_passed_over_is_offered_it_again(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker, statement="yours after all")["id"]
    token = lease(checker)["lease_token"]
    assert checker.post(f"queue/leases/{token}/skip/", {"reason": "not mine"}).status_code == 200
    assert handed_out(checker) is None
    assert editor.post(f"claims/{claim}/assign/", {"to": "olena"}).status_code == 200
    assert handed_out(checker) == "yours after all"


def test_nobody_is_assigned_a_second_look_at_their_own_work(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    Policy.objects.update(second_review=True)
    file_claim(checker, statement="looked at once")
    claim = review(checker, {"location": "verified", "date": "unverified"})
    error = refused(editor.post(f"claims/{claim}/assign/", {"to": "olena"}), 400)["errors"][0]
    assert (error["pointer"], error["code"]) == ("/to", "own_work")
    assert editor.post(f"claims/{claim}/assign/", {"to": "marko"}).status_code == 200
    assert handed_out(second_checker) == "looked at once"


def test_an_assignment_comes_first_also_when_its_lease_ran_out(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker, statement="hers", priority="low")["id"]
    assert editor.post(f"claims/{claim}/assign/", {"to": "olena"}).status_code == 200
    assert handed_out(checker) == "hers"
    QueueEntry.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    file_claim(checker, statement="urgent", priority="breaking")
    assert handed_out(checker) == "hers"


def test_what_a_claim_needs_may_change_while_it_waits(checker: Caller) -> None:
    claim = file_claim(checker, statement="this one", skills=["geolocation"])
    etag = checker.get(f"claims/{claim['id']}/")["ETag"]
    changed = checker.patch(f"claims/{claim['id']}/", {"skills": [], "topics": []}, If_Match=etag)
    assert changed.json()["queue_entry"]["skills"] == []
    assert handed_out(checker) == "this one"


@pytest.mark.parametrize(
    "words", [["Two words"], ["ünicode"], ["a" * 41], [str(n) for n in range(11)], ["-a"]]
)
def test_a_need_is_a_word(checker: Caller, words: list[str]) -> None:
    body = {"statement": "a", "language": "en", "source": {"name": "a"}, "skills": words}
    problem = refused(checker.post("claims/", body), 400)
    assert all(error["pointer"].startswith("/skills") for error in problem["errors"]), problem


def test_what_waits_too_long_rises_and_its_place_is_explained(checker: Caller) -> None:
    old = file_claim(checker, statement="old", priority="low")
    file_claim(checker, statement="new", priority="high")
    at = timezone.now()
    entry = QueueEntry.objects.get(claim=old["id"])
    entry.created_at = at - timedelta(days=6)
    entry.put_in_place(entry.created_at)
    entry.save()
    assert [row["priority"] for row in checker.get("queue/").json()["results"]] == ["high", "low"]
    assert entries.raise_overdue(at) == 1
    first, second = checker.get("queue/").json()["results"]
    assert first["ref"] == old["ref"]
    assert first["why"][0] == "It counts as breaking: it is low, and rose 3 times for being overdue."
    assert second["why"][0] == "Priority: high."
    assert entries.raise_overdue(at) == 0
    assert handed_out(checker) == "old"


def test_none_for_you_is_never_said_as_none(checker: Caller, second_checker: Caller, editor: Caller) -> None:
    Membership.objects.get(person=checker.person).desk.policy.__class__.objects.update(second_review=True)
    file_claim(checker, statement="second look")
    review(checker, {"location": "verified", "date": "unverified"})
    theirs = file_claim(checker, statement="theirs")["id"]
    editor.post(f"claims/{theirs}/assign/", {"to": "marko"})
    file_claim(checker, statement="skipped")
    leased = lease(checker)
    checker.post(f"queue/leases/{leased['lease_token']}/skip/", {"reason": "I know the uploader"})
    file_claim(checker, statement="special", skills=["audio"])
    assert checker.post("queue/next/").status_code == 204
    assert checker.get("queue/").json()["not_for_you"] == {
        "own_work": 1, "assigned_to_others": 1, "needs_others": 1, "skipped": 1,
    }  # fmt: skip
    assert second_checker.get("queue/").json()["not_for_you"] == NOBODY_ELSE | {"needs_others": 1}
