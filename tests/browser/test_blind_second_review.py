"""A blind second review that differs, and the third person who settles it, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import Come, Desk

pytestmark = pytest.mark.services

SECRET = "The water tower stands where she said."
OTHER = "There are two such towers in the district."
BECAUSE = "Only one of them has a road to its left."


@pytest.fixture
def blind(desk: Desk) -> Iterator[Desk]:
    """The desk asks for a second review of breaking news, and that it be blind."""
    change = "UPDATE verification_policy SET second_review_priorities = %s, blind_second_review = %s"
    desk.stack.sql(change, '["breaking"]', True)
    yield desk
    desk.stack.sql(change, "[]", False)


def decide(visitor: Any, reason: str, key: str) -> None:
    """Records a verdict on the location by keyboard, and submits."""
    page = visitor.page
    page.wait_for_selector("#dimension-location", state="attached")
    if not page.query_selector("#dimension-location[open]"):
        page.click("#dimension-location > summary")
    visitor.press(key)
    page.fill("#location-reason", reason)
    visitor.press("Control+Enter")
    page.wait_for_selector('#dimension-location:not([data-status="not_checked"])', state="attached")


def submit(visitor: Any) -> None:
    visitor.page.click("#submit-form button[name=stay]")
    visitor.page.wait_for_selector("text=submitted. It is")


def test_a_blind_second_review_differs_and_a_third_person_settles_it(blind: Desk, come: Come) -> None:
    claim = blind.file(statement="A tower was hit in a blind village.", priority="breaking")
    here = f"/claims/{claim['ref']}/"
    olena, marko, edith, adam = come("olena"), come("marko"), come("edith"), come("adam")

    # The first review.
    olena.go(here).get_by_role("button", name="Take this claim").click()
    decide(olena, SECRET, "2")
    submit(olena)

    # Whoever may do the second sees that it is blind and nothing of the first: before, during, and on the board.
    for path in (here, "/claims/?q=blind+village", f"{here}sign-off/"):
        page = marko.go(path)
        assert "blind" in page.inner_text("main"), path
        assert SECRET not in page.content(), path
        assert not page.query_selector(".s-unverified"), path
    page = marko.go(here)
    page.get_by_role("button", name="Take this claim").click()
    page.wait_for_selector(".banner.veil")
    assert SECRET not in page.content()
    assert SECRET in edith.go(here).content()
    assert "write nothing there that gives it away" in edith.page.inner_text(".banner.veil")
    decide(marko, OTHER, "4")
    submit(marko)
    assert SECRET in marko.go(f"{here}sign-off/").content()
    page = marko.go(here)
    assert "it settles a disagreement that you are a party to" in page.inner_text("#lease")
    queue = marko.go("/queue/").inner_text("main")
    assert claim["ref"] in queue

    # Edith has both side by side, takes the first over with one key, says why, and submits.
    page = edith.go(here)
    page.get_by_role("button", name="Take this claim").click()
    page.wait_for_selector("form.dispute")
    sides = page.inner_text("form.dispute .sides")
    assert sides.index(SECRET) < sides.index(OTHER)
    page.click("#submit-form button[name=stay]", force=True)
    edith.press("f")
    assert page.evaluate("document.activeElement.name") == "reason"
    page.keyboard.type(BECAUSE)
    edith.press("Control+Enter")
    page.wait_for_selector('#dimension-location[data-status="unverified"]', state="attached")
    submit(edith)

    # The disagreement is kept: both verdicts, and who settled it why.
    page = adam.go(f"{here}sign-off/")
    location = page.inner_text("#decided-location")
    assert [text for text in (SECRET, OTHER, BECAUSE) if text not in location] == []
    assert f"edith settled it: unverified. “{BECAUSE}”" in page.inner_text(".gate-rules")
    (kept,) = blind.claim(claim["ref"])["disagreements"]
    assert (kept["dimension"], kept["settled_by"] is not None) == ("location", True)
