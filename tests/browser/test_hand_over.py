"""A hand-over across a shift: what one tried and left, the next one finds, goes on with and finishes."""

from __future__ import annotations

import pytest

from tests.browser.conftest import NARROW, Come, Desk, Visitor
from tests.browser.test_every_page import excess_of, violations_on

pytestmark = pytest.mark.services

SEEN = "No landmark can be made out in the dark."
THOUGHT = "The clock on the town hall may tell the hour, if"
TRIED = "Called the town hall twice; nobody answers after six."
NEXT = "Ask the caretaker which clock it is."
HEARD = "The caretaker knows the clock: it has stood still since May."


def recorded(visitor: Visitor, dimension: str, reason: str) -> None:
    """Records `unverified` by keyboard."""
    page = visitor.page
    if not page.query_selector(f"#dimension-{dimension}[open]"):
        page.click(f"#dimension-{dimension} > summary")
    visitor.press("2")
    page.fill(f"#{dimension}-reason", reason)
    visitor.press("Control+Enter")
    page.wait_for_selector(f'#dimension-{dimension}[data-status="unverified"]', state="attached")


def test_a_review_is_handed_over_from_one_shift_to_the_next(desk: Desk, come: Come) -> None:
    claim = desk.file(statement="A clock was hit in the last hour of a shift.", priority="breaking")
    here = f"/claims/{claim['ref']}/"
    olena, marko = come("olena"), come("marko")

    # The evening: one dimension is decided, another begun.
    page = olena.go(here)
    page.get_by_role("button", name="Take this claim").click()
    page.wait_for_selector("#dimension-location[open]")
    recorded(olena, "location", SEEN)
    page.wait_for_selector("#dimension-date[open]")
    olena.press("2")
    page.fill("#date-reason", THOUGHT)
    page.wait_for_selector("#dimension-date >> text=Draft saved.")
    assert "olena, for" in marko.go("/queue/").inner_text(f'.entry:has-text("{claim["ref"]}")')

    # She hands it over to whoever comes, with what she tried and when to call again.
    page.get_by_role("link", name="Hand over, ask in").click()
    olena.at(f"{here}together/")
    assert "What you recorded and typed stays with the claim." in page.inner_text("main")
    page.fill("#id_tried", TRIED)
    page.fill("#id_next", NEXT)
    page.fill("#id_date", "2026-11-30")
    page.get_by_role("button", name="Hand it over", exact=True).click()
    page.wait_for_selector("main .errors")
    assert page.input_value("#id_tried") == TRIED
    page.fill("#id_time", "07:30")
    page.get_by_role("button", name="Hand it over", exact=True).click()
    olena.at("/queue/")
    assert f"{claim['ref']} is back in the queue now, with what you wrote." in page.inner_text(".toast")

    # The morning: it is listed for the next shift, and taken.
    page = marko.go("/queue/")
    listed = page.inner_text('section[aria-labelledby="handed-title"]')
    for said in (claim["ref"], "A clock was hit", TRIED, NEXT, "by olena", "call back", "07:30"):
        assert said in listed, said
    assert (violations_on(marko), excess_of(marko)) == ([], {})
    page.click(f'section[aria-labelledby="handed-title"] .entry:has-text("{claim["ref"]}") a')
    marko.at(here)
    said = page.inner_text(".handed")
    assert [text for text in ("Handed over by olena", TRIED, NEXT, "call back") if text not in said] == []
    page.get_by_role("button", name="Take this claim").click()
    page.wait_for_selector("form.verdict-form", state="attached")
    assert TRIED in page.inner_text(".handed")

    # What she recorded is offered to him and counts once he records it; what she typed is hers alone.
    page.wait_for_selector("#dimension-location[open]")
    left = page.inner_text("#dimension-location .offers")
    assert [
        text for text in (SEEN, "olena", "It counts once it is recorded again.") if text not in left
    ] == []
    assert page.get_attribute("#dimension-location", "data-status") == "not_checked"
    assert THOUGHT not in page.content()
    assert (violations_on(marko), excess_of(marko)) == ([], {})
    marko.press("o")
    page.wait_for_selector("#dimension-location .verdict-form[data-kept]")
    assert page.input_value("#location-reason") == f"As recorded by olena: {SEEN}"
    assert page.is_checked("#dimension-location input[value=unverified]")
    marko.press("Enter")
    page.wait_for_selector('#dimension-location[data-status="unverified"]', state="attached")
    assert not page.query_selector("#dimension-location .offers")

    # She sees who has it, on the claim and on the queue, and that her draft is kept.
    page = olena.go(here)
    assert "marko holds this review" in page.inner_text("#lease")
    kept = page.locator("#dimension-date .kept-draft")
    assert "Your draft is kept." in (kept.text_content() or "")
    assert THOUGHT in (kept.text_content() or "")
    assert "marko, for" in olena.go("/queue/").inner_text(f'.entry:has-text("{claim["ref"]}")')
    assert not page.query_selector(
        f'section[aria-labelledby="handed-title"] .entry:has-text("{claim["ref"]}")'
    )

    # He finishes it.
    recorded(marko, "date", HEARD)
    marko.page.click("#submit-form button[name=stay]")
    marko.page.wait_for_selector("text=submitted. It is")
    assert desk.claim(claim["ref"])["stage"] == "awaiting_signoff"
    verdicts = desk.api("edith").get(f"claims/{claim['id']}/verdicts/").json["verdicts"]
    assert [(one["by"], one["submitted"], one["dimension"]) for one in verdicts] == [
        ("olena", False, "location"),
        ("marko", True, "location"),
        ("marko", True, "date"),
    ]
    page = come("edith", viewport=NARROW).go(f"{here}sign-off/")
    decided = page.inner_text("main")
    assert [text for text in (f"As recorded by olena: {SEEN}", HEARD, "marko") if text not in decided] == []
    # Her own draft is still hers, in case the claim comes back to her.
    assert THOUGHT in olena.go(here).content()
