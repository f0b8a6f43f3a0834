"""The queue tells the truth: one holder, a countdown for all, and nobody is told 'empty' while work waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from tests.conftest import Caller, decide, file_claim, lease, refused
from verification.models import QueueEntry, Skip
from verification.services import work

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def of_claim(leased: dict[str, Any]) -> str:
    return str(leased["claim"]["statement"])


def run_out() -> None:
    QueueEntry.objects.filter(state="leased").update(lease_until=timezone.now() - timedelta(seconds=1))


def act(checker: Caller, leased: dict[str, Any], what: str, **more: Any) -> Any:
    return checker.post(f"queue/leases/{leased['lease_token']}/{what}/", more)


def test_reviews_are_handed_out_by_priority_and_age_and_each_once(
    checker: Caller, second_checker: Caller
) -> None:
    for statement, priority in (("1", "low"), ("2", "normal"), ("3", "breaking"), ("4", "high"), ("5", "breaking")):  # fmt: skip
        file_claim(checker, statement=statement, priority=priority)
    assert [row["priority"] for row in checker.get("queue/").json()["results"]] == [
        "breaking", "breaking", "high", "normal", "low",
    ]  # fmt: skip
    handed_out = [of_claim(lease(who)) for who in (checker, second_checker, checker, second_checker, checker)]
    assert handed_out == ["3", "5", "4", "2", "1"]
    assert second_checker.post("queue/next/").status_code == 204
    assert second_checker.get("queue/").json()["summary"] == {
        "waiting": 0, "leased": 5, "due_soon": 0, "overdue": 0,
    }  # fmt: skip


def test_what_somebody_skipped_does_not_wait_for_them(checker: Caller, second_checker: Caller) -> None:
    now = timezone.now()
    for statement, wanted_by in (("late", now - timedelta(hours=1)), ("soon", now + timedelta(minutes=50))):
        claim = file_claim(checker, statement=statement)["id"]
        QueueEntry.objects.filter(claim=claim).update(wanted_by=wanted_by)
        token = lease(checker)["lease_token"]
        assert checker.post(f"queue/leases/{token}/skip/", {"reason": "mine"}).status_code == 200
    shown = checker.get("queue/").json()
    assert shown["summary"] == {"waiting": 0, "leased": 0, "due_soon": 0, "overdue": 0}
    assert shown["not_for_you"]["skipped"] == 2
    assert second_checker.get("queue/").json()["summary"] == {
        "waiting": 2, "leased": 0, "due_soon": 1, "overdue": 1,
    }  # fmt: skip


def test_what_is_wanted_may_be_narrowed(checker: Caller) -> None:
    file_claim(checker, statement="a video", media=[{"url": "https://media.example/one.mp4"}])
    file_claim(checker, statement="in Ukrainian", language="uk")
    file_claim(checker, statement="a photo", media=[{"url": "https://media.example/one.jpg"}])
    for narrow, expected in (
        ({"kind": "photo"}, "a photo"),
        ({"language": "uk"}, "in Ukrainian"),
        ({"desk": "conflict"}, "a video"),
    ):
        assert of_claim(checker.post("queue/next/", narrow).json()) == expected
    file_claim(checker, statement="one more")
    for narrow in ({"kind": "audio"}, {"language": "fr"}):
        refusal = checker.post("queue/next/", narrow)
        assert (refusal.status_code, refusal.content) == (204, b"")


def test_one_of_own_assignments_comes_first_in_list_and_in_hand(checker: Caller, editor: Caller) -> None:
    file_claim(checker, statement="urgent", priority="breaking")
    mine = file_claim(checker, statement="mine", priority="low")["id"]
    assert editor.post(f"claims/{mine}/assign/", {"to": "olena"}).status_code == 200
    assert of_claim(lease(checker)) == "mine"


def test_everybody_sees_who_holds_a_review_and_until_when(checker: Caller, second_checker: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    shown = second_checker.get(f"claims/{leased['claim']['id']}/").json()
    assert shown["lease"] == {"holder": "olena", "expires_at": leased["expires_at"]}
    (row,) = second_checker.get("queue/").json()["results"]
    assert row["lease"] == shown["lease"]
    problem = refused(second_checker.post(f"queue/{row['id']}/lease/"), 423, code="lease_held")
    assert problem["holder"] == "olena"
    assert abs(moment(problem["expires_at"]) - moment(leased["expires_at"])) < timedelta(seconds=1)

    QueueEntry.objects.update(lease_until=timezone.now() + timedelta(seconds=60))
    renewed = act(checker, leased, "renew").json()
    assert renewed["lease_token"] == leased["lease_token"]
    assert moment(renewed["expires_at"]) > timezone.now() + timedelta(minutes=20)
    again = checker.post(f"queue/{row['id']}/lease/").json()
    assert again["lease_token"] == leased["lease_token"]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_nobody_holds_more_than_the_desk_allows(checker: Caller, second_checker: Caller) -> None:
    for number in range(5):
        file_claim(checker, statement=str(number))
    held = [lease(checker) for _ in range(3)]
    refused(checker.post("queue/next/"), 409, code="lease_limit")
    waiting = QueueEntry.objects.filter(state="waiting").first()
    assert waiting is not None
    refused(checker.post(f"queue/{waiting.pk}/lease/"), 409, code="lease_limit")
    own = checker.post(f"queue/{held[0]['entry']['id']}/lease/")
    assert (own.status_code, own.json()["lease_token"]) == (200, held[0]["lease_token"])
    others = lease(second_checker)
    refused(checker.post(f"queue/{others['entry']['id']}/lease/"), 423, code="lease_held")
    assert act(checker, held[0], "release").status_code == 200
    assert of_claim(lease(checker)) == of_claim(held[0])


def test_what_was_skipped_is_offered_to_others_and_later_again(
    checker: Caller, second_checker: Caller
) -> None:
    file_claim(checker, statement="not for me")
    leased = lease(checker)
    refused(act(checker, leased, "skip"), 400, pointer="/reason")
    assert act(checker, leased, "skip", reason="I know the uploader").json()["lease"] is None
    assert checker.post("queue/next/").status_code == 204
    assert checker.get(f"claims/{leased['claim']['id']}/").json()["stage"] == "queued"
    theirs = lease(second_checker)
    assert of_claim(theirs) == "not for me"
    act(second_checker, theirs, "release")
    Skip.objects.update(until=timezone.now())
    assert of_claim(lease(checker)) == "not for me"


def test_a_review_that_is_given_back_keeps_its_draft(checker: Caller, second_checker: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    claim = leased["claim"]["id"]
    decide(checker, leased, "location", "verified")
    assert act(checker, leased, "release").json()["lease"] is None
    shown = checker.get(f"claims/{claim}/").json()
    assert (shown["stage"], shown["lease"]) == ("queued", None)
    assert shown["draft_statuses"]["location"]["status"] == "verified"
    for what in ("renew", "release"):
        refused(act(checker, leased, what), 423, code="lease_lost")

    theirs = lease(second_checker)
    assert theirs["claim"]["draft_statuses"]["location"]["status"] == "not_checked"
    act(second_checker, theirs, "release")
    again = lease(checker)
    assert again["lease_token"] != leased["lease_token"]
    assert again["claim"]["draft_statuses"]["location"]["status"] == "verified"


@pytest.mark.parametrize("noticed", [False, True])
def test_a_lease_that_ran_out_is_anothers_to_take_and_late_writes_stay_out(
    noticed: bool, checker: Caller, second_checker: Caller
) -> None:
    file_claim(checker)
    leased = lease(checker)
    here = f"claims/{leased['claim']['id']}/"
    decide(checker, leased, "location", "verified")
    run_out()
    if noticed:
        work.reconcile()
        assert checker.get(here).json()["stage"] == "queued"
    assert checker.get(here).json()["lease"] is None
    refused(decide(checker, leased, "date", "verified"), 423, code="lease_lost")

    theirs = lease(second_checker)
    problem = refused(decide(checker, leased, "date", "verified"), 423, code="lease_held")
    assert problem["holder"] == "marko"
    refused(checker.post(f"{here}submit/", {"lease_token": leased["lease_token"]}), 423)
    refused(decide(checker, theirs, "date", "verified"), 423)
    assert decide(second_checker, theirs, "date", "unverified").status_code == 201
    done = second_checker.post(f"{here}submit/", {"lease_token": theirs["lease_token"]}).json()
    statuses = {name: said["status"] for name, said in done["statuses"].items()}
    assert (statuses["location"], statuses["date"]) == ("not_checked", "unverified")
    assert [v["status"] for v in checker.get(f"{here}verdicts/").json()["verdicts"]] == ["verified", "unverified"]  # fmt: skip
    kinds = QueueEntry.objects.get().events.values_list("kind", flat=True)
    assert list(kinds) == ["leased", "expired", "leased", "submitted"]
    refused(checker.post(f"queue/{theirs['entry']['id']}/lease/"), 409, code="not_waiting")


def test_until_when_somebody_else_holds_it_is_said_with_the_day_where_that_is_another(
    checker: Caller, second_checker: Caller
) -> None:
    file_claim(checker)
    held = lease(checker)
    until = datetime(2999, 3, 3, 0, 10, tzinfo=UTC)
    QueueEntry.objects.update(lease_until=until)
    drop = {"act": "drop", "claims": [held["claim"]["id"]], "reason": "because"}
    for now, said in (
        (until.replace(minute=5), "until 00:10 UTC."),
        (until.replace(day=2), "until 00:10 UTC on 3 March 2999."),
    ):
        with time_machine.travel(now, tick=False):
            problems = [
                second_checker.post(f"queue/{held['entry']['id']}/lease/").json(),
                second_checker.post(f"queue/leases/{held['lease_token']}/renew/").json(),
                second_checker.post("claims/bulk-act/", drop).json()["results"][0]["error"],
            ]
        for problem in problems:
            assert problem["code"] == "lease_held" and said in problem["detail"]
