"""Pages for working on a review together: handing over, asking in, taking away, and what the queue says of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from claims.models import Desk, Membership
from claims.vocabulary import Role
from tests.conftest import Caller, caller, decide, file_claim, lease, review
from verification.models import HandOver, Policy, QueueEntry, Skip, Verdict

Pages = Callable[[Caller], Client]

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_review_is_handed_over_and_the_next_shift_reads_it_first(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    ref = file_claim(checker)["ref"]
    held = lease(checker)
    page = words(pages(checker).get(f"/claims/{ref}/"))
    assert f'href="/claims/{ref}/together/"' in page
    sent = {"lease_token": held["lease_token"], "to": "marko", "tried": "Called the mayor", "next": "Ask the utility",
            "date": "2999-01-02", "time": "08:00"}  # fmt: skip
    half = pages(checker).post(f"/claims/{ref}/hand-over/", {**sent, "time": ""})
    assert half.status_code == 422
    assert "Give a time too" in words(half)
    assert "Called the mayor" in words(half)
    past = pages(checker).post(f"/claims/{ref}/hand-over/", {**sent, "date": "2020-01-02"})
    assert past.status_code == 422
    assert past.context["hand_over"].errors == {"date": ["This hour has passed. Give a later one."]}
    assert "Called the mayor" in words(past)
    done = pages(checker).post(f"/claims/{ref}/hand-over/", sent, follow=True)
    assert f"{ref} is with" in words(done)
    queue = words(pages(second_checker).get("/queue/"))
    for said in ("Handed over", "Called the mayor", "Ask the utility", "call back"):
        assert said in queue
    claim = words(pages(second_checker).get(f"/claims/{ref}/"))
    assert claim.index("Called the mayor") < claim.index('class="bench"')
    lease(second_checker)
    assert 'id="handed-title"' not in words(pages(checker).get("/queue/"))
    assert HandOver.objects.get().call_back_at.year == 2999


def test_who_does_not_hold_it_reads_why_and_keeps_what_they_typed(pages: Pages, checker: Caller, second_checker: Caller) -> None:  # fmt: skip
    ref = file_claim(checker)["ref"]
    held = lease(checker)
    theirs = pages(second_checker)
    assert "holds this review" in words(theirs.get(f"/claims/{ref}/together/"))
    lost = theirs.post(
        f"/claims/{ref}/hand-over/", {"lease_token": held["lease_token"], "tried": "Typed for long"}
    )
    assert lost.status_code == 423
    assert "Typed for long" in words(lost)


def test_a_colleague_who_is_asked_in_decides_and_does_not_submit(pages: Pages, checker: Caller, second_checker: Caller) -> None:  # fmt: skip
    filed = file_claim(checker)
    ref = filed["ref"]
    held = lease(checker)
    mine, theirs = pages(checker), pages(second_checker)
    assert 'name="status"' not in words(theirs.get(f"/claims/{ref}/"))
    asked = mine.post(
        f"/claims/{ref}/invite/", {"lease_token": held["lease_token"], "person": "marko"}, follow=True
    )
    assert "is asked in" in words(asked)
    page = words(theirs.get(f"/claims/{ref}/"))
    assert "asked you in" in page
    assert 'name="status"' in page
    assert 'id="submit-next"' not in page
    assert decide(second_checker, held, "date", "unverified").status_code == 201
    assert 'id="undo"' in words(theirs.get(f"/claims/{ref}/"))
    kept = theirs.post(
        f"/claims/{ref}/draft/", {"lease_token": held["lease_token"], "dimension": "date", "reason": "a"}
    )
    assert kept.json()["lease"]
    sent = {"lease_token": held["lease_token"], "person": "marko"}
    assert "not asked in any more" in words(mine.post(f"/claims/{ref}/uninvite/", sent, follow=True))
    assert 'name="status"' not in words(theirs.get(f"/claims/{ref}/"))


def test_an_editor_asks_by_an_hour_and_takes_away(pages: Pages, checker: Caller, editor: Caller) -> None:
    ref = file_claim(checker)["ref"]
    lease(checker)
    desk = pages(editor)
    page = words(desk.get(f"/claims/{ref}/sign-off/"))
    assert 'id="act-ask"' in page
    assert 'id="act-break-lease"' in page
    ask = {"act": "ask", "dimension": "date", "due_date": "2999-01-01", "due_time": "12:00"}
    assert "Wanted by" in words(desk.post(f"/claims/{ref}/sign-off/", {**ask, "due_date": ""}))
    past = desk.post(f"/claims/{ref}/sign-off/", {**ask, "due_date": "2020-01-01"})
    assert "This hour has passed" in words(past)
    desk.post(f"/claims/{ref}/sign-off/", ask)
    assert "asked for by" in words(pages(checker).get(f"/claims/{ref}/"))
    desk.post(f"/claims/{ref}/sign-off/", {"act": "break-lease", "reason": "She is on leave"})
    assert QueueEntry.objects.get().state == "waiting"


def test_the_queue_says_why_a_review_stands_where_it_does(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    file_claim(checker, priority="high")
    page = words(pages(checker).get("/queue/"))
    assert "Why here?" in page
    assert "Priority: high." in page
    entry = QueueEntry.objects.get()
    QueueEntry.objects.update(wanted_by=timezone.now() - timedelta(hours=1), flagged_at=timezone.now())
    Skip.objects.create(
        entry=entry, person=checker.person, reason="a", at=timezone.now(), until=timezone.now()
    )
    assert "overdue since" in words(pages(checker).get("/queue/"))
    assert 'id="flagged-title"' not in words(pages(checker).get("/queue/"))
    assert 'id="flagged-title"' in words(pages(editor).get("/queue/"))


def test_at_the_end_of_a_shift_one_button_gives_everything_back(pages: Pages, checker: Caller) -> None:
    file_claim(checker)
    lease(checker)
    assert "Give everything back" in words(pages(checker).get("/queue/"))
    assert "1 review given back" in words(pages(checker).post("/queue/give-back/", follow=True))
    assert "Give everything back" not in words(pages(checker).get("/queue/"))


def test_an_admin_says_what_somebody_brings(pages: Pages, admin: Caller, checker: Caller) -> None:
    here = f"/admin/people/{checker.person.pk}/"
    sent = {"languages": "uk, ru", "skills": "Geolocation", "topics": "public-health, elections"}
    bad = pages(admin).post(f"{here}brings/", {**sent, "languages": "Ukrainian language"})
    assert bad.status_code == 422
    assert "is no language tag" in words(bad)
    pages(admin).post(f"{here}brings/", sent)
    member = Membership.objects.get(person=checker.person)
    assert (member.languages, member.skills, member.topics) == (
        ["ru", "uk"], ["geolocation"], ["elections", "public-health"],
    )  # fmt: skip
    assert 'value="ru, uk"' in words(pages(admin).get(here))


def test_a_desk_sets_its_goals(pages: Pages, admin: Caller, checker: Caller) -> None:
    desk = pages(admin)
    page = desk.get("/admin/policy/")
    was = page.context["form"].was
    sent = {**page.context["form"].initial, "was": was, "goal_high": "0.5", "aging_hours": "12"}
    sent = {name: value for name, value in sent.items() if value not in (False, None)}
    assert desk.post("/admin/policy/", sent).status_code == 302
    filed = file_claim(checker, priority="high")
    entry = QueueEntry.objects.get(claim=filed["id"])
    assert (entry.wanted_by - entry.created_at, entry.rises_at - entry.wanted_by) == (
        timedelta(minutes=30), timedelta(hours=12),
    )  # fmt: skip
    refused = desk.post("/admin/policy/", {**sent, "goal_high": "0.1"})
    assert refused.status_code == 422


def test_what_was_recorded_before_a_hand_over_is_offered_and_counts_once_recorded_again(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    filed = file_claim(checker)
    held = lease(checker)
    decide(checker, held, "location", "unverified", reason="Nothing to see")
    decide(checker, held, "date", "unverified")
    checker.post(f"claims/{filed['id']}/verdicts/undo/", {"lease_token": held["lease_token"]})
    checker.post(f"queue/leases/{held['lease_token']}/hand-over/", {"to": "marko"})
    held = lease(second_checker)
    browser = pages(second_checker)
    here = f"/claims/{filed['ref']}/"
    page = words(browser.get(here))
    assert page.count("data-fills=") == 1
    left = page.partition('id="left-location"')[2].partition("</section>")[0]
    assert [said for said in ("Nothing to see", "olena", "It counts once it is recorded again.") if said not in left] == []  # fmt: skip
    verdict = Verdict.objects.get(dimension="location")
    sent = {"dimension": "location", "item": "", "offer": str(verdict.pk)}
    assert browser.post(f"{here}fill-in/", sent).status_code == 302
    assert "As recorded by olena: Nothing to see" in words(browser.get(here))
    assert verdict.claim.verdicts.filter(by=second_checker.person).count() == 0
    # Nobody else is offered it, and what it says counts only in the review that is submitted.
    assert "data-fills=" not in words(pages(checker).get(here))
    assert decide(second_checker, held, "location", "unverified").status_code == 201
    assert "data-fills=" not in words(browser.get(here))


def test_what_a_blind_second_reviewer_left_is_not_told_to_the_next(
    pages: Pages, checker: Caller, second_checker: Caller, desk: Desk
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True, blind_second_review=True)
    claim = file_claim(checker)
    review(checker, {"location": "unverified", "date": "unverified"})
    third = caller("petro", Role.FACT_CHECKER, desk)
    held = lease(second_checker)
    decide(second_checker, held, "location", "not_applicable", reason="Nothing to see")
    second_checker.post(f"queue/leases/{held['lease_token']}/hand-over/", {"to": "petro"})
    lease(third)
    page = words(pages(third).get(f"/claims/{claim['ref']}/"))
    assert "data-fills=" not in page
    assert "Nothing to see" not in page
