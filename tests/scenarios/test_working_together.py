"""Reviews that are given on, asked into, taken away, asked for by an hour and given back at the end of a shift."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from claims.errors import IllegalState
from claims.vocabulary import Notice
from tests.conftest import Caller, decide, file_claim, lease, refused, submitted
from verification.domain.notices import say
from verification.models import Ask, HandOver, LeaseEvent, QueueEntry, Told, Verdict
from verification.services import audit, leases, reminders

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "She is on leave"}


def under(who: Caller, leased: dict[str, Any], what: str, body: dict[str, Any] | None = None) -> Any:
    return who.post(f"queue/leases/{leased['lease_token']}/{what}/", body)


def told(who: Caller) -> list[str]:
    return list(Told.objects.filter(person=who.person).order_by("id").values_list("occasion", flat=True))


def soon(**ahead: int) -> str:
    return (timezone.now() + timedelta(**ahead)).isoformat()


def ask(who: Caller, claim: str, dimension: str, due_at: str) -> str:
    """Asks for a dimension by an hour; the hour that the entry then stands by."""
    asked = who.post(f"claims/{claim}/ask/", {"dimension": dimension, "due_at": due_at})
    assert asked.status_code == 200, asked.content
    entry = asked.json()["queue_entry"]
    assert entry["due_at"] == entry["wanted_by"]
    return datetime.fromisoformat(entry["due_at"]).isoformat()


def test_a_review_is_handed_on_with_what_was_tried(checker: Caller, second_checker: Caller) -> None:
    claim = file_claim(checker)["id"]
    leased = lease(checker)
    decide(checker, leased, "location", "verified")
    call_back = soon(hours=3)
    said = {"to": "marko", "tried": "Called the mayor", "next": "Ask the utility", "call_back_at": call_back}
    handed = under(checker, leased, "hand-over", said)
    assert handed.status_code == 200
    assert handed.json()["lease"] is None
    shown = second_checker.get(f"claims/{claim}/").json()["queue_entry"]
    assert (shown["assignee"], shown["hand_over"]["by"], shown["hand_over"]["to"]) == (
        "marko",
        "olena",
        "marko",
    )
    assert (shown["hand_over"]["tried"], shown["hand_over"]["next"]) == (
        "Called the mayor",
        "Ask the utility",
    )
    assert told(second_checker) == ["handed_over"]
    refused(decide(checker, leased, "date", "unverified"), 423)
    assert checker.post("queue/next/").status_code == 204
    assert lease(second_checker)["claim"]["id"] == claim
    assert list(audit.verify()) == []


def test_it_may_be_handed_to_the_desk_and_to_nobody_who_may_not_take_it(
    checker: Caller, second_checker: Caller, stranger: Caller
) -> None:
    file_claim(checker)
    leased = lease(checker)
    for name in ("olena", "nobody", stranger.person.username):
        refused(under(checker, leased, "hand-over", {"to": name}), 400, pointer="/to")
    QueueEntry.objects.update(barred=f"|{second_checker.person.pk}|")
    refused(under(checker, leased, "hand-over", {"to": "marko"}), 400, pointer="/to")
    assert not HandOver.objects.exists()
    assert under(checker, leased, "hand-over", {"to": None, "tried": "Everything"}).json()["assignee"] is None
    assert lease(checker)["entry"]["hand_over"]["tried"] == "Everything"


def test_a_colleague_who_is_asked_in_adds_and_the_holder_submits(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = file_claim(checker)["id"]
    leased = lease(checker)
    refused(decide(second_checker, leased, "location", "verified"), 423)
    assert under(checker, leased, "invite", {"person": "marko"}).json()["invited"] == ["marko"]
    under(checker, leased, "invite", {"person": "marko"})
    assert told(second_checker) == ["invited"]
    decide(checker, leased, "date", "unverified")
    assert decide(second_checker, leased, "location", "verified").status_code == 201
    for what in ("release", "hand-over", "invite"):
        body = {"to": None} if what == "hand-over" else {"person": "olena"} if what == "invite" else None
        refused(under(second_checker, leased, what, body), 423)
    # Each takes back their own; the holder whatever was said last.
    undone = second_checker.post(f"claims/{claim}/verdicts/undo/", {"lease_token": leased["lease_token"]})
    assert [v["dimension"] for v in undone.json()["verdicts"]] == ["location"]
    decide(second_checker, leased, "location", "verified")
    assert under(checker, leased, "invite", {"person": "marko", "end": True}).json()["invited"] == []
    refused(decide(second_checker, leased, "date", "verified"), 423)
    refused(under(checker, leased, "invite", {"person": "marko", "end": True}), 409, code="not_invited")
    done = checker.post(f"claims/{claim}/submit/", {"lease_token": leased["lease_token"]}).json()
    assert (done["statuses"]["location"]["status"], done["statuses"]["date"]["status"]) == (
        "verified",
        "unverified",
    )
    assert set(Verdict.objects.values_list("by__username", flat=True)) == {"olena", "marko"}


def test_whoever_added_to_a_review_neither_seconds_nor_signs_it(
    checker: Caller, editor: Caller, desk: Any
) -> None:
    claim = file_claim(checker)["id"]
    leased = lease(checker)
    under(checker, leased, "invite", {"person": editor.person.username})
    decide(checker, leased, "location", "verified")
    decide(editor, leased, "date", "unverified")
    checker.post(f"claims/{claim}/submit/", {"lease_token": leased["lease_token"]})
    assert [b["code"] for b in editor.get(f"claims/{claim}/gate/").json()["blockers"]] == ["same_person"]
    desk.policy.second_review = True
    desk.policy.save()
    other = file_claim(checker)["id"]
    leased = lease(checker)
    under(checker, leased, "invite", {"person": editor.person.username})
    decide(editor, leased, "date", "unverified")
    checker.post(f"claims/{other}/submit/", {"lease_token": leased["lease_token"]})
    assert editor.post("queue/next/").status_code == 204
    assert editor.get("queue/").json()["not_for_you"]["own_work"] == 1


def test_an_editor_takes_a_review_away_and_its_holder_is_told(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    leased = lease(checker)
    decide(checker, leased, "location", "verified")
    entry = leased["entry"]["id"]
    refused(editor.post(f"queue/{entry}/break/", {}), 400, pointer="/reason")
    broken = editor.post(f"queue/{entry}/break/", WHY)
    assert (broken.status_code, broken.json()["lease"]) == (200, None)
    assert told(checker) == ["lease_broken"]
    assert LeaseEvent.objects.latest("id").kind == "broken"
    refused(decide(checker, leased, "date", "unverified"), 423)
    refused(editor.post(f"queue/{entry}/break/", WHY), 409)
    assert editor.get(f"claims/{claim}/").json()["stage"] == "queued"
    again = lease(checker)
    assert again["claim"]["draft_statuses"]["location"]["status"] == "verified"
    refused(checker.post(f"queue/{entry}/break/", WHY), 403)


def test_three_skips_bring_it_before_an_editor(
    checker: Caller, second_checker: Caller, editor: Caller, admin: Caller
) -> None:
    claim = file_claim(checker)["id"]
    for number, who in enumerate((checker, second_checker, admin), start=1):
        under(who, lease(who), "skip", {"reason": "I can't read it"})
        assert editor.get(f"claims/{claim}/").json()["queue_entry"]["flagged"] == (number == 3)
    assert told(editor) == ["flagged"]
    line = Told.objects.get(person=editor.person)
    assert (
        say(Notice(line.occasion), by="admin", about=line.about)
        == "Three or more people skipped it, admin the last"
    )
    # Given to nobody in particular it is as it was; somebody whose it is ends the flag.
    for to, flagged in ((None, True), ("marko", False)):
        assert editor.post(f"claims/{claim}/assign/", {"to": to}).status_code == 200
        assert editor.get(f"claims/{claim}/").json()["queue_entry"]["flagged"] == flagged
    under(second_checker, lease(second_checker), "skip", {"reason": "Still can't"})
    assert editor.get(f"claims/{claim}/").json()["queue_entry"]["flagged"]
    assert told(editor) == ["flagged", "skipped", "flagged"]


def test_an_editor_asks_for_a_dimension_by_an_hour(checker: Caller, editor: Caller) -> None:
    file_claim(checker, statement="first")
    later = file_claim(checker, statement="asked for")["id"]
    refused(
        editor.post(f"claims/{later}/ask/", {"dimension": "date", "due_at": soon(hours=-1)}),
        400,
        pointer="/due_at",
    )
    due = soon(minutes=50)
    asked = editor.post(
        f"claims/{later}/ask/", {"dimension": "date", "due_at": due, "message": "For the noon bulletin"}
    )
    entry = asked.json()["queue_entry"]
    assert [(ask["dimension"], ask["by"]) for ask in entry["asks"]] == [("date", editor.person.username)]
    assert entry["due_at"] == entry["wanted_by"] is not None
    editor.post(f"claims/{later}/ask/", {"dimension": "location", "due_at": soon(hours=5)})
    assert checker.get("queue/").json()["summary"]["due_soon"] == 1
    assert lease(checker)["claim"]["statement"] == "asked for"


def test_asking_about_what_is_decided_opens_it_again(checker: Caller, editor: Caller) -> None:
    claim = submitted(checker)["id"]
    asked = editor.post(f"claims/{claim}/ask/", {"dimension": "date", "due_at": soon(hours=1)}).json()
    assert (asked["stage"], asked["queue_entry"]["review"]) == ("queued", "recheck")
    refused(checker.post(f"claims/{claim}/ask/", {"dimension": "date", "due_at": soon(hours=1)}), 403)


def test_who_works_on_it_is_reminded_and_then_the_desk(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    lease(checker)
    editor.post(f"claims/{claim}/ask/", {"dimension": "date", "due_at": soon(minutes=20)})
    at = timezone.now()
    assert (reminders.remind(at), reminders.remind(at)) == (1, 0)
    QueueEntry.objects.update(wanted_by=at - timedelta(minutes=1))
    assert (reminders.remind(at), reminders.remind(at)) == (1, 0)
    assert told(checker) == ["asked", "due_soon", "overdue"]
    assert told(editor) == ["overdue"]
    assert checker.get("queue/").json()["summary"]["leased"] == 1


def test_what_was_told_is_not_told_again_because_more_is_asked_for(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    lease(checker)
    ask(editor, claim, "date", soon(minutes=20))
    assert reminders.remind(timezone.now()) == 1
    passed = timezone.now()
    Ask.objects.update(due_at=passed)
    QueueEntry.objects.update(due_at=passed, wanted_by=passed)
    assert reminders.remind(timezone.now()) == 1
    assert ask(editor, claim, "location", soon(hours=5)) == passed.isoformat()
    assert reminders.remind(timezone.now()) == 0
    assert told(editor) == ["overdue"]


def test_each_hour_that_was_asked_for_is_told_of_by_itself(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    lease(checker)
    ask(editor, claim, "date", soon(minutes=20))
    ask(editor, claim, "location", soon(hours=5))
    location = Ask.objects.filter(dimension="location")
    for hours_later, nears in ((5, timedelta(minutes=10)), (1, timedelta(0))):
        reminders.remind(timezone.now())
        QueueEntry.objects.update(
            reminded_at=timezone.now() - timedelta(hours=hours_later),
            overdue_told_at=timezone.now() - timedelta(hours=hours_later),
        )
        Ask.objects.update(at=F("at") - timedelta(hours=hours_later + 1))
        Ask.objects.filter(dimension="date").update(due_at=timezone.now() - timedelta(hours=hours_later + 1))
        location.update(due_at=timezone.now() + nears)
        assert [reminders.remind(timezone.now()) for _ in range(2)] == [1, 0]
    lines = list(Told.objects.filter(person=checker.person).exclude(occasion="asked").order_by("id"))
    assert [say(Notice(line.occasion), by=None, about=line.about) for line in lines] == [
        "It is due soon",
        "Due soon: the location",
        "Overdue: the location",
    ]
    assert told(editor) == ["overdue"]


def test_an_hour_is_put_off_by_asking_anew(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    lease(checker)
    ask(editor, claim, "date", soon(minutes=20))
    assert reminders.remind(timezone.now()) == 1
    later, latest = soon(hours=3), soon(hours=5)
    assert ask(editor, claim, "date", latest) == latest
    assert ask(editor, claim, "location", later) == later
    assert ask(editor, claim, "location", soon(hours=6)) == latest
    assert reminders.remind(timezone.now()) == 0
    # Brought forward, it is told of anew.
    ask(editor, claim, "date", soon(minutes=5))
    assert [reminders.remind(timezone.now()) for _ in range(2)] == [1, 0]


def test_at_the_end_of_a_shift_everything_is_given_back(checker: Caller, second_checker: Caller) -> None:
    for number in range(3):
        file_claim(checker, statement=str(number))
    held = [lease(checker) for _ in range(2)]
    lease(second_checker)
    released = checker.post("queue/leases/release/").json()["released"]
    assert set(released) == {leased["claim"]["id"] for leased in held}
    assert checker.post("queue/leases/release/").json() == {"released": []}
    assert QueueEntry.objects.held().get().holder == second_checker.person


def test_a_lease_that_changed_hands_meanwhile_is_not_taken_away(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    """An editor who meant one holder must not hit the next, nor may the fence ever fall."""
    file_claim(checker)
    held = lease(checker)
    meant = QueueEntry.objects.get()
    under(checker, held, "release")
    under(second_checker, lease(second_checker), "release")
    theirs = lease(second_checker)
    with pytest.raises(IllegalState):
        leases.give_up(meant, kind="broken", by=editor.person, at=timezone.now())
    assert QueueEntry.objects.get().token == theirs["lease_token"]
    assert decide(second_checker, theirs, "date", "unverified").status_code == 201


def test_who_is_handed_what_they_passed_over_is_offered_it(checker: Caller, second_checker: Caller) -> None:
    claim = file_claim(checker)["id"]
    first = lease(second_checker)["lease_token"]
    assert second_checker.post(f"queue/leases/{first}/skip/", {"reason": "late"}).status_code == 200
    assert second_checker.post("queue/next/").status_code == 204
    token = lease(checker)["lease_token"]
    given = checker.post(f"queue/leases/{token}/hand-over/", {"to": "marko", "tried": "all", "next": ""})
    assert given.status_code == 200, given.content
    assert lease(second_checker)["claim"]["id"] == claim


def test_nobody_is_to_call_back_at_an_hour_that_has_passed(checker: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    past = under(checker, leased, "hand-over", {"to": None, "tried": "Everything", "call_back_at": soon(minutes=-1)})  # fmt: skip
    refused(past, 400, pointer="/call_back_at")
    assert [one["code"] for one in past.json()["errors"]] == ["past"]
    assert not HandOver.objects.exists()
    later = under(checker, leased, "hand-over", {"to": None, "call_back_at": soon(minutes=5)})
    assert later.status_code == 200, later.content
