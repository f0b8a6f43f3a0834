"""The queue's page: what waits for me and why in this order, what I hold, what others hold, and why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims.models import Desk, Membership
from tests.conftest import Caller, file_claim, lease, submitted
from verification.models import Policy, QueueEntry

Pages = Callable[[Caller], Client]


def text_of(client: Client, url: str = "/queue/") -> str:
    response = client.get(url)
    assert response.status_code == 200, response.content
    return response.content.decode()


def test_an_empty_queue_says_what_would_fill_it(pages: Pages, checker: Caller) -> None:
    html = text_of(pages(checker))
    assert "The queue is empty" in html
    assert 'href="/claims/new/"' in html


def test_what_waits_stands_in_the_order_in_which_it_is_handed_out(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    low = file_claim(second_checker, statement="A low one.", priority="low")
    breaking = file_claim(second_checker, statement="A breaking one.", priority="breaking")
    normal = file_claim(second_checker, statement="A normal one.")
    html = text_of(pages(checker))
    places = [html.index(claim["ref"]) for claim in (breaking, normal, low)]
    assert places == sorted(places)
    assert "is-breaking" in html


def test_next_leases_the_best_and_opens_it(pages: Pages, checker: Caller) -> None:
    claim = file_claim(checker)
    response = pages(checker).post("/queue/next/")
    assert response["Location"] == f"/claims/{claim['ref']}/"
    assert QueueEntry.objects.get(claim_id=claim["id"]).holder == checker.person


def test_next_honours_what_the_page_was_narrowed_to(pages: Pages, checker: Caller) -> None:
    file_claim(checker, language="en")
    other = file_claim(checker, statement="Інша.", language="uk")
    response = pages(checker).post("/queue/next/", {"language": "uk"})
    assert response["Location"] == f"/claims/{other['ref']}/"
    assert pages(checker).post("/queue/next/", {"kind": "sculpture"}).status_code == 400


def test_nothing_to_take_is_said_with_what_waits_for_others(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    held = file_claim(checker)
    lease(second_checker)
    browser = pages(checker)
    response = browser.post("/queue/next/", follow=True)
    html = response.content.decode()
    assert "Nothing waits that you may take" in html
    assert held["ref"] in html
    assert "marko" in html


@pytest.mark.parametrize("case", ["own work", "assigned", "skipped"])
def test_what_waits_but_not_for_me_says_why(
    case: str, pages: Pages, checker: Caller, second_checker: Caller, editor: Caller, desk: Desk
) -> None:
    if case == "own work":
        Policy.objects.filter(desk=desk).update(second_review=True)
        submitted(checker)
        why = "a second look at your own work"
    elif case == "assigned":
        claim = file_claim(checker)
        editor.post(f"claims/{claim['id']}/assign/", {"to": "marko"})
        why = "assigned to marko"
    else:
        file_claim(checker)
        token = lease(checker)["lease_token"]
        checker.post(f"queue/leases/{token}/skip/", {"reason": "needs a lawyer"})
        why = "you skipped it"
    html = text_of(pages(checker))
    assert "Waits, but not for you" in html
    assert why in html


def test_another_desk_s_queue_is_nobody_s_business(pages: Pages, checker: Caller, stranger: Caller) -> None:
    claim = file_claim(checker)
    assert claim["ref"] not in text_of(pages(stranger))
    entry = claim["queue_entry"]["id"]
    assert pages(stranger).post(f"/queue/{entry}/take/").status_code == 404


def test_taking_what_another_holds_tells_who_and_until_when(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    entry = file_claim(checker)["queue_entry"]["id"]
    lease(second_checker)
    response = pages(checker).post(f"/queue/{entry}/take/", follow=True)
    assert "marko holds this review until" in response.content.decode()


def test_until_when_a_review_is_held_is_said_with_the_day_where_that_is_another(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    ref = file_claim(checker)["ref"]
    lease(checker)
    until = datetime(2999, 3, 3, 0, 10, tzinfo=UTC)
    QueueEntry.objects.update(lease_until=until)
    for now, said in (
        (until.replace(minute=5), "until 00:10 UTC</time>"),
        (until.replace(day=2), "until 00:10 UTC on 3 March 2999</time>"),
    ):
        with time_machine.travel(now, tick=False):
            for caller in (checker, second_checker):
                for page in ("/queue/", "/claims/", f"/claims/{ref}/"):
                    assert said in text_of(pages(caller), page), (page, now)


def test_the_live_part_is_sent_again_only_when_it_changed(pages: Pages, checker: Caller) -> None:
    browser = pages(checker)
    first = browser.get("/queue/live/")
    tag = first["ETag"]
    assert browser.get("/queue/live/", headers={"If-None-Match": tag}).status_code == 304
    assert browser.get("/queue/live/", headers={"If-None-Match": f"W/{tag}"}).status_code == 304
    file_claim(checker)
    changed = browser.get("/queue/live/", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert b"csrfmiddlewaretoken" not in changed.content


def test_the_page_shows_the_desk_that_one_looks_at(pages: Pages, checker: Caller, other_desk: Desk) -> None:
    claim = file_claim(checker)
    Membership.objects.create(person=checker.person, desk=other_desk, role="fact_checker")
    browser = pages(checker)
    assert claim["ref"] in text_of(browser)
    browser.post("/desk/switch/", {"desk": other_desk.slug})
    assert claim["ref"] not in text_of(browser)


def test_the_number_of_queries_does_not_grow_with_the_queue(pages: Pages, checker: Caller) -> None:
    browser = pages(checker)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            text_of(browser)
        return len(seen)

    def fill(number: int) -> None:
        for index in range(number):
            media = [{"url": f"https://media.example/{index}.mp4"}]
            file_claim(checker, statement=f"Claim {index} of {number}.", media=media)

    fill(2)
    few = queries()
    fill(20)
    assert queries() == few
    assert few <= 20


def test_reasons_cost_no_more_queries_the_more_there_are(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    browser = pages(checker)
    checker.person.memberships.update(languages=["en"])

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert "it needs somebody for fr" in text_of(browser)
        return len(seen)

    file_claim(editor, language="fr")
    few = queries()
    for number in range(2, 9):
        file_claim(editor, statement=f"Claim {number}.", language="fr")
    assert queries() == few


def test_each_list_says_that_it_goes_on(
    pages: Pages, checker: Caller, second_checker: Caller, editor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verification.desk.views.queue.SHOWN", 1)
    claims = [file_claim(checker, statement=f"Number {number}.")["id"] for number in range(8)]
    for by in (second_checker, second_checker, checker):
        token = lease(by)["lease_token"]
    handed = {"to": None, "tried": "Rang"}
    assert checker.post(f"queue/leases/{token}/hand-over/", handed).status_code == 200
    for claim in claims[-2:]:
        assert editor.post(f"claims/{claim}/assign/", {"to": "olena"}).status_code == 200
    QueueEntry.objects.filter(claim__in=claims[-3:]).update(flagged_at=timezone.now())
    html = text_of(pages(editor))
    sections = {part.split("-title", 1)[0]: part for part in html.split('aria-labelledby="')[1:]}
    for name in ("waiting", "handed", "flagged", "others", "not-mine"):
        assert ("And more: these are the first 1." in sections[name]) == (name != "handed"), name


def test_who_is_asked_in_finds_the_review_at_the_top(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    claim = file_claim(checker)
    token = checker.post("queue/next/").json()["lease_token"]
    theirs = pages(second_checker)
    assert "You are asked in" not in text_of(theirs)
    checker.post(f"queue/leases/{token}/invite/", {"person": "marko"})
    html = text_of(theirs)
    assert html.index("You are asked in") < html.index(claim["ref"]) < html.index("Waits for you")
    assert "Held by others" not in html
    assert "You are asked in" not in text_of(pages(checker))
