"""Where pages show what people said with their acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.conftest import Caller, file_claim, lease, submitted
from tests.scenarios.test_sayings import WHY, hand_over, said_of
from tests.scenarios.test_telling import inbox

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Pages = Callable[[Caller], Client]


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_who_is_assigned_a_claim_reads_the_message(
    pages: Pages, checker: Caller, editor: Caller, second_checker: Caller
) -> None:
    claim = file_claim(checker)
    message = "You know this bridge; start with the <east> side."
    editor.post(f"claims/{claim['id']}/assign/", {"to": "marko", "reason": message})
    (told,) = inbox(second_checker)
    assert (told["occasion"], told["said"]) == ("assigned", message)
    browser = pages(second_checker)
    for path in ("/inbox/", f"/claims/{claim['ref']}/"):
        shown = words(browser.get(path))
        assert "start with the &lt;east&gt; side" in shown
        assert "<east>" not in shown


def test_the_claim_page_shows_what_still_bears_on_the_work(pages: Pages, checker: Caller, editor: Caller) -> None:  # fmt: skip
    claim = file_claim(checker)
    editor.post(f"claims/{claim['id']}/assign/", {"to": "olena", "reason": "Before the review."})
    browser, desk = pages(checker), pages(editor)
    here = f"/claims/{claim['ref']}/"
    assert "Before the review." in words(browser.get(here))
    leased = lease(checker)
    checker.post(
        f"claims/{claim['id']}/verdicts/",
        {
            "lease_token": leased["lease_token"],
            "dimension": "date",
            "status": "unverified",
            "reason": "no shadow",
        },
    )
    done = checker.post(f"claims/{claim['id']}/submit/", {"lease_token": leased["lease_token"]})
    assert done.status_code == 200, done.content
    editor.post(f"claims/{claim['id']}/request-recheck/", {"reason": "After the review."})
    shown = words(browser.get(here))
    assert "After the review." in shown
    assert "Before the review." not in shown
    signing = words(desk.get(f"{here}sign-off/"))
    assert signing.index("After the review.") < signing.index("Before the review.")


def test_a_hand_over_is_read_once_and_still_when_the_next_has_come(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    claim = file_claim(checker)
    here = f"/claims/{claim['ref']}/"
    hand_over(checker, to="marko", tried="Rang the <mayor>.", next="Ask the utility.")
    shown = words(pages(second_checker).get(here))
    assert shown.count("Rang the &lt;mayor&gt;.") == 1
    assert 'id="said-title"' not in shown
    hand_over(second_checker, to="olena", next="Look at the shadows.")
    for path in (here, f"{here}sign-off/"):
        shown = words(pages(checker).get(path))
        assert shown.count("Look at the shadows.") == 1
        assert "Tried: Rang the &lt;mayor&gt;.<br>Next: Ask the utility." in shown


def test_a_claim_of_which_nothing_was_said_says_nothing(pages: Pages, checker: Caller) -> None:
    claim = submitted(checker)
    assert said_of(checker, claim["id"]) == []
    for path in ("", "sign-off/"):
        assert 'id="said-title"' not in words(pages(checker).get(f"/claims/{claim['ref']}/{path}"))


def test_it_is_erased_on_the_page_too(pages: Pages, checker: Caller, editor: Caller, admin: Caller) -> None:
    claim = file_claim(checker)
    editor.post(f"claims/{claim['id']}/assign/", {"to": "olena", "reason": "He owes the uploader."})
    (one,) = checker.get(f"claims/{claim['id']}/said/").json()["results"]
    browser, here = pages(admin), f"/claims/{claim['ref']}/erase/"
    assert "He owes the uploader." in words(browser.get(here))
    sent = {"target": f"said:{one['id']}", **WHY, "confirm": claim["ref"]}
    done = words(browser.post(here, sent, follow=True))
    assert "He owes the uploader." not in done
    assert "What was said with an act" in done
    assert said_of(checker, claim["id"]) == [("assign", "edith", None)]
