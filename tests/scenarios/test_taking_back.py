"""What was asked for can be taken back; what was added after a review is reviewed; what was undone is as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from claims.models import Claim, Desk, MediaItem, Person
from tests.conftest import Caller, file_claim, lease, refused, review, submitted
from tests.scenarios.test_transitions import brought_to
from verification.models import Ask, Policy, QueueEntry
from verification.services import reliance
from verification.services.publication import gates
from verification.services.reminders import remind

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "No longer wanted."}
BOTH = {"location": "verified", "date": "unverified"}


def inbox(person: Caller) -> list[tuple[str, str | None]]:
    return [(line["occasion"], line.get("said")) for line in person.get("inbox/").json()["results"]]


def shown(by: Caller, claim: str) -> Any:
    return by.get(f"claims/{claim}/").json()


def ask(editor: Caller, claim: str, dimension: str, *, hours: int = 2) -> Any:
    due_at = (timezone.now() + timedelta(hours=hours)).isoformat()
    asked = editor.post(f"claims/{claim}/ask/", {"dimension": dimension, "due_at": due_at})
    assert asked.status_code == 200
    return asked.json()


@pytest.mark.parametrize("asked", ["request-recheck", "request-second-review"])
@pytest.mark.parametrize("stage", ["awaiting_signoff", "published", "held"])
def test_a_review_that_was_asked_for_is_cancelled(
    stage: str, asked: str, checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = brought_to(stage, checker, editor)
    gate = editor.get(f"claims/{claim}/gate/").json()
    assert checker.post(f"claims/{claim}/{asked}/", WHY).status_code == 200
    # Another fact-checker's wish is not theirs to cancel.
    refused(second_checker.post(f"claims/{claim}/cancel-review/", WHY), 409, code="not_asked")
    after = editor.post(f"claims/{claim}/cancel-review/", WHY).json()
    assert (after["stage"], after["queue_entry"]) == (stage, None)
    assert editor.get(f"claims/{claim}/gate/").json() == gate
    assert ("cancelled", WHY["reason"]) in inbox(checker)
    code = "illegal_state" if stage == "awaiting_signoff" else "no_review"
    refused(editor.post(f"claims/{claim}/cancel-review/", WHY), 409, code=code)
    # It can be asked for anew, by the one who did too.
    assert checker.post(f"claims/{claim}/{asked}/", WHY).status_code == 200
    assert checker.post(f"claims/{claim}/cancel-review/", WHY).status_code == 200


def test_a_review_that_nobody_asked_for_is_not_cancelled(checker: Caller, editor: Caller) -> None:
    claim = brought_to("queued", checker, editor)
    refused(editor.post(f"claims/{claim}/cancel-review/", WHY), 409, code="not_asked")
    assert "cancel-review" not in shown(editor, claim)["allowed_actions"]


def test_a_held_review_is_not_cancelled_and_a_released_one_keeps_its_verdicts_apart(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = brought_to("published", checker, editor)
    assert editor.post(f"claims/{claim}/request-recheck/", WHY).status_code == 200
    token = lease(second_checker)["lease_token"]
    verdict = {"lease_token": token, "dimension": "location", "status": "unverified", "reason": "fog"}
    assert second_checker.post(f"claims/{claim}/verdicts/", verdict).status_code == 201
    refused(editor.post(f"claims/{claim}/cancel-review/", WHY), 423, code="lease_held")
    assert "cancel-review" not in shown(editor, claim)["allowed_actions"]
    assert second_checker.post(f"queue/leases/{token}/release/").status_code == 200
    assert editor.post(f"claims/{claim}/cancel-review/", WHY).status_code == 200
    assert shown(checker, claim)["statuses"]["location"]["status"] == "verified"
    refused(second_checker.post(f"claims/{claim}/verdicts/", verdict), 409, 423)


def test_who_holds_what_they_asked_for_releases_it_first(checker: Caller, editor: Caller) -> None:
    claim = brought_to("published", checker, editor)
    assert checker.post(f"claims/{claim}/request-recheck/", WHY).status_code == 200
    lease(checker)
    refused(checker.post(f"claims/{claim}/cancel-review/", WHY), 409, code="lease_held")


def test_cancelling_tells_who_asked_for_a_dimension_and_whose_it_was(
    checker: Caller, second_checker: Caller, editor: Caller, admin: Caller
) -> None:
    claim = brought_to("awaiting_signoff", checker, editor)
    ask(editor, claim, "date")
    assert editor.post(f"claims/{claim}/assign/", {"to": "marko"}).status_code == 200
    assert admin.post(f"claims/{claim}/cancel-review/", WHY).json()["stage"] == "awaiting_signoff"
    for told in (editor, second_checker):
        assert ("cancelled", WHY["reason"]) in inbox(told)


def test_what_is_asked_for_by_an_hour_is_taken_back(
    checker: Caller, second_checker: Caller, editor: Caller, admin: Caller
) -> None:
    claim = file_claim(checker)["id"]
    lease(checker)
    by_goal = shown(editor, claim)["queue_entry"]["wanted_by"]
    refused(editor.post(f"claims/{claim}/unask/", {"dimension": "date"}), 409, code="not_asked")
    ask(editor, claim, "date", hours=1)
    ask(editor, claim, "location", hours=3)
    # Put off: the hour before must not come back.
    later = ask(editor, claim, "date", hours=2)["queue_entry"]
    assert [one["dimension"] for one in later["asks"]] == ["date", "location"]
    refused(
        editor.post(f"claims/{claim}/unask/", {"dimension": "source"}),
        400,
        code="invalid",
        pointer="/dimension",
    )
    refused(checker.post(f"claims/{claim}/unask/", {"dimension": "date"}), 403)
    left = admin.post(f"claims/{claim}/unask/", {"dimension": "date", **WHY}).json()["queue_entry"]
    assert [one["dimension"] for one in left["asks"]] == ["location"]
    assert left["due_at"] == left["asks"][0]["due_at"]
    for told in (checker, editor):
        assert ("unasked", WHY["reason"]) in inbox(told)
    none = admin.post(f"claims/{claim}/unask/", {"dimension": "location"}).json()["queue_entry"]
    assert (none["asks"], none["due_at"], none["wanted_by"]) == ([], None, by_goal)


def test_who_took_back_what_they_asked_for_is_not_told_that_it_came_without(
    checker: Caller, editor: Caller
) -> None:
    claim = file_claim(checker)["id"]
    ask(editor, claim, "source")
    assert editor.post(f"claims/{claim}/unask/", {"dimension": "source"}).status_code == 200
    review(checker, BOTH)
    assert "unanswered" not in [occasion for occasion, _ in inbox(editor)]


@pytest.mark.parametrize("stage", ["awaiting_signoff", "published", "held"])
def test_media_added_after_the_review_are_reviewed(stage: str, checker: Caller, editor: Caller) -> None:
    claim = brought_to(stage, checker, editor)
    assert checker.post(f"claims/{claim}/media/", {"url": "https://media.example/two.mp4"}).status_code == 202
    now = shown(editor, claim)
    assert now["stage"] == ("queued" if stage == "awaiting_signoff" else stage)
    assert now["queue_entry"]["review"] == "recheck"
    said = [one["detail"] for one in editor.get(f"claims/{claim}/gate/").json()["blockers"]]
    assert "A re-check is asked for and not begun." in said
    assert "The policy requires the location, which is not decided of every media item." in said
    kept = Claim.objects.get(pk=claim)
    assert [one.detail for one in gates([kept], editor.person)[kept.pk]] == said
    assert (
        checker.post(f"claims/{claim}/media/", {"url": "https://media.example/three.mp4"}).status_code == 202
    )
    assert QueueEntry.objects.filter(claim=claim).open().count() == 1
    # An editor who wants none says so.
    assert editor.post(f"claims/{claim}/cancel-review/", WHY).json()["stage"] == stage


def test_media_merged_into_a_reviewed_claim_are_reviewed(checker: Caller, editor: Caller) -> None:
    claim = brought_to("published", checker, editor)
    same = file_claim(checker, media=[{"url": "https://media.example/other.mp4"}])["id"]
    merged = {**WHY, "of": claim, "merge": True}
    assert checker.post(f"claims/{same}/duplicate/", merged).status_code == 200
    assert shown(editor, claim)["queue_entry"]["review"] == "recheck"
    # Where there was nothing to take, nothing is to be looked at.
    assert editor.post(f"claims/{claim}/cancel-review/", WHY).status_code == 200
    again = file_claim(checker, media=[{"url": "https://media.example/other.mp4"}])["id"]
    assert checker.post(f"claims/{again}/duplicate/", merged).status_code == 200
    assert shown(editor, claim)["queue_entry"] is None


def test_a_review_that_a_change_calls_for_as_well_is_not_cancelled(checker: Caller, editor: Caller) -> None:
    claim = brought_to("published", checker, editor)
    assert checker.post(f"claims/{claim}/request-recheck/", WHY).status_code == 200
    item = MediaItem.objects.get(claim=claim)
    reliance.notice(item, at=timezone.now(), turned_up=["2026-00001"])
    refused(editor.post(f"claims/{claim}/cancel-review/", WHY), 409, code="not_asked")


@pytest.mark.parametrize("act", ["drop", "duplicate"])
def test_undoing_a_bulk_act_brings_the_review_back_as_it_was(
    act: str, checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    filed = [file_claim(checker, draft=draft)["id"] for draft in (False, True)]
    queued, draft = filed
    signoff = file_claim(checker, priority="breaking")["id"]
    review(checker, BOTH)
    other = file_claim(checker)["id"]
    ask(editor, queued, "date")
    assert editor.post(f"claims/{queued}/assign/", {"to": "marko"}).status_code == 200
    token = lease(second_checker)["lease_token"]
    verdict = {"lease_token": token, "dimension": "date", "status": "unverified", "reason": "no clock"}
    assert second_checker.post(f"claims/{queued}/verdicts/", verdict).status_code == 201
    assert second_checker.post(f"queue/leases/{token}/release/").status_code == 200
    names = [queued, draft, signoff]
    before = {name: shown(editor, name) for name in names}
    body = {"act": act, "claims": names, **WHY, **({"of": other} if act == "duplicate" else {})}
    done = editor.post("claims/bulk-act/", body).json()
    assert done["done"] == 3, done
    assert editor.post("claims/bulk-act/undo/", {"undo": done["undo"]}).json()["done"] == 3
    for name in names:
        after = shown(editor, name)
        assert after["stage"] == before[name]["stage"]
        assert after["queue_entry"] == before[name]["queue_entry"]
        assert Claim.objects.get(pk=name).duplicate_of is None
    assert ("reopened", None) in inbox(second_checker)
    # What was recorded goes on.
    token = lease(second_checker)["lease_token"]
    assert second_checker.post(f"claims/{queued}/submit/", {"lease_token": token}).status_code == 200


def test_reopening_tells_who_follows(checker: Caller, second_checker: Caller) -> None:
    claim = file_claim(checker)["id"]
    assert second_checker.post(f"claims/{claim}/drop/", WHY).status_code == 200
    assert second_checker.post(f"claims/{claim}/reopen/", WHY).status_code == 200
    assert ("reopened", WHY["reason"]) in inbox(checker)


def test_what_comes_back_waits_for_nobody_who_left_meanwhile(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = file_claim(checker)["id"]
    assert editor.post(f"claims/{claim}/assign/", {"to": "marko"}).status_code == 200
    done = editor.post("claims/bulk-act/", {"act": "drop", "claims": [claim], **WHY}).json()
    Person.objects.filter(username="marko").update(is_active=False)
    assert editor.post("claims/bulk-act/undo/", {"undo": done["undo"]}).json()["done"] == 1
    assert shown(editor, claim)["queue_entry"]["assignee"] is None


# --- what else happens in between


def dropped(by: Caller, claim: str) -> str:
    done = by.post("claims/bulk-act/", {"act": "drop", "claims": [claim], **WHY}).json()
    assert done["done"] == 1, done
    token: str = done["undo"]
    return token


def undone(by: Caller, token: str) -> Any:
    return by.post("claims/bulk-act/undo/", {"undo": token}).json()["results"][0]


def test_a_drop_that_is_taken_back_lifts_no_veil(
    desk: Desk, checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True, blind_second_review=True)
    claim = submitted(checker)["id"]

    def read() -> list[Any]:
        verdicts: list[Any] = second_checker.get(f"claims/{claim}/verdicts/").json()["verdicts"]
        return verdicts

    assert read() == []
    token = dropped(second_checker, claim)
    assert read() == []
    assert undone(second_checker, token)["error"] is None
    assert (read(), shown(second_checker, claim)["queue_entry"]["review"]) == ([], "second")
    dropped(second_checker, claim)
    assert checker.post(f"claims/{claim}/reopen/", WHY).json()["queue_entry"]["review"] == "second"
    assert read() == []


@pytest.mark.parametrize("stage", ["awaiting_signoff", "under re-check"])
def test_what_changed_while_a_claim_was_dropped_is_not_taken_back_unseen(
    stage: str, checker: Caller, editor: Caller
) -> None:
    claim = brought_to("awaiting_signoff", checker, editor)
    if stage == "under re-check":
        assert checker.post(f"claims/{claim}/request-recheck/", WHY).status_code == 200
    token = dropped(editor, claim)
    reliance.notice(MediaItem.objects.get(claim=claim), at=timezone.now(), turned_up=["2026-00001"])
    assert undone(editor, token)["error"]["code"] == "stale"
    again = editor.post(f"claims/{claim}/reopen/", WHY).json()
    assert again["queue_entry"]["review"] == "recheck"
    assert "cancel-review" not in again["allowed_actions"]


@pytest.mark.parametrize("asked", ["request-recheck", "request-second-review"])
def test_media_added_under_a_review_that_was_asked_for_keep_it_from_being_cancelled_by_who_asked(
    asked: str, checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = brought_to("published", checker, editor)
    assert checker.post(f"claims/{claim}/{asked}/", WHY).status_code == 200
    link = {"url": "https://media.example/two.mp4"}
    assert second_checker.post(f"claims/{claim}/media/", link).status_code == 202
    # Nor does whoever adds something come to cancel what another wants.
    for by in (checker, second_checker):
        refused(by.post(f"claims/{claim}/cancel-review/", WHY), 409, code="not_asked")
        assert "cancel-review" not in shown(by, claim)["allowed_actions"]
    assert editor.post(f"claims/{claim}/cancel-review/", WHY).status_code == 200
    assert ("cancelled", WHY["reason"]) in inbox(second_checker)


def test_who_asked_for_a_review_does_not_cancel_what_an_editor_asks_for_in_it(
    checker: Caller, editor: Caller
) -> None:
    claim = brought_to("published", checker, editor)
    assert checker.post(f"claims/{claim}/request-recheck/", WHY).status_code == 200
    ask(editor, claim, "date")
    assert "cancel-review" not in shown(checker, claim)["allowed_actions"]
    refused(checker.post(f"claims/{claim}/cancel-review/", WHY), 409, code="not_asked")
    assert editor.post(f"claims/{claim}/unask/", {"dimension": "date"}).status_code == 200
    assert checker.post(f"claims/{claim}/cancel-review/", WHY).status_code == 200


def test_who_recorded_in_a_cancelled_review_is_told_and_may_look_again(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = brought_to("published", checker, editor)
    assert checker.post(f"claims/{claim}/request-second-review/", WHY).status_code == 200
    for by in (second_checker, editor):
        leased = lease(by)
        verdict = {"lease_token": leased["lease_token"], "dimension": "date", "status": "unverified", "reason": "fog"}  # fmt: skip
        assert by.post(f"claims/{claim}/verdicts/", verdict).status_code == 201
        assert by.post(f"queue/leases/{leased['lease_token']}/release/").status_code == 200
    assert checker.post(f"claims/{claim}/cancel-review/", WHY).status_code == 200
    for told in (second_checker, editor):
        assert ("cancelled", WHY["reason"]) in inbox(told)
    assert checker.post(f"claims/{claim}/request-second-review/", WHY).status_code == 200
    assert lease(second_checker)["claim"]["id"] == claim


def test_an_hour_that_was_told_and_taken_back_silences_no_later_one(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    lease(checker)
    ask(editor, claim, "date")
    past = timezone.now() - timedelta(minutes=1)
    entries = QueueEntry.objects.filter(claim=claim)
    entries.update(due_at=past, wanted_by=past)
    Ask.objects.update(due_at=past)
    assert remind(timezone.now()) == 1
    assert editor.post(f"claims/{claim}/unask/", {"dimension": "date"}).status_code == 200
    assert remind(timezone.now()) == 0
    entries.update(wanted_by=timezone.now() - timedelta(seconds=1))
    assert remind(timezone.now()) == 1
    assert [occasion for occasion, _ in inbox(checker)].count("overdue") == 2


def test_a_review_that_came_back_counts_in_the_backlog(desk: Desk, checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]

    def backlog() -> int:
        days = editor.get(f"desks/{desk.slug}/numbers/").json()["days"]
        number: int = days[-1]["backlog"]
        return number

    assert backlog() == 1
    token = dropped(editor, claim)
    assert backlog() == 0
    undone(editor, token)
    assert backlog() == 1
    review(checker, BOTH)
    assert backlog() == 0
