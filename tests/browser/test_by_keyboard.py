"""Reviewing by keyboard alone, in few presses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Come, Desk, Visitor

pytestmark = pytest.mark.services

LINE = "Reuters has verified the locations in the videos, but could not independently verify the date."
MOST_PRESSES = 14


class Counting:
    """Presses keys and counts them; a chord is one press of each of its keys. What is typed into fields is not."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page
        self.presses = 0

    def press(self, chord: str) -> None:
        self.presses += len(chord.split("+"))
        self.page.keyboard.press(chord)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def focus_is(self, element_id: str) -> None:
        focus = "document.activeElement?.id"
        now = self.page.evaluate(focus)
        self.visitor.until(
            lambda: self.page.evaluate(focus) == element_id, f"the focus on {element_id} (from {now})"
        )


def test_the_demo_claim_from_queue_to_submission_in_few_presses(desk: Desk, come: Come) -> None:
    olena = come("olena")
    hands = Counting(olena)
    hands.press("n")
    olena.at("/claims/2026-00001/")
    # The page opens the needed dimension by itself: its keys apply at once.
    olena.page.wait_for_selector("details.dimension[open]")
    hands.press("1")
    hands.focus_is("location-feature_0")
    hands.type("church beside a T-junction")
    hands.press("Tab")
    hands.press("Tab")
    hands.press("Tab")
    hands.press("Tab")
    hands.focus_is("location-reason")
    hands.type("Church and road layout match.")
    hands.press("Control+Enter")
    olena.page.wait_for_selector('#dimension-location[data-status="verified"]', state="attached")
    olena.page.wait_for_selector("#dimension-date[open]")
    hands.press("2")
    hands.focus_is("date-reason")
    hands.type("No shadow, clock or earlier copy ties it to a day.")
    hands.press("Control+Enter")
    hands.focus_is("submit-next")
    assert olena.page.inner_text("#line") == LINE
    hands.press("Enter")
    olena.until(lambda: desk.claim("2026-00001")["stage"] == "awaiting_signoff", "the submission")
    assert hands.presses <= MOST_PRESSES, hands.presses
    # And the next claim is there already.
    olena.until(lambda: "00001" not in olena.page.url and "/claims/" in olena.page.url, "the next claim")
    olena.page.get_by_role("button", name="Hand back").click()
    olena.at("/queue/")


def test_undo_and_going_on_without_a_mouse(desk: Desk, come: Come) -> None:
    claim = desk.file(statement="A flag was raised by keyboard.")
    marko = come("marko")
    marko.go(f"/claims/{claim['ref']}/")
    marko.press("n")
    marko.page.wait_for_selector("form.verdict-form", state="attached")
    marko.page.wait_for_selector("#dimension-location[open]")
    marko.press("2")
    marko.page.keyboard.type("Nothing to compare it with.")
    marko.press("Control+Enter")
    marko.page.wait_for_selector('#dimension-location[data-status="unverified"]', state="attached")
    marko.page.wait_for_selector("#dimension-date[open]")
    marko.press("z")
    marko.page.wait_for_selector('#dimension-location[data-status="not_checked"][open]')
    marko.press("3")
    marko.page.keyboard.type("hills where there are none")
    marko.press("Escape")
    marko.press("m")
    marko.page.keyboard.type("Ask the map desk.")
    marko.press("Control+Enter")
    marko.page.wait_for_selector("text=Ask the map desk.")
    assert marko.page.input_value("#location-feature_0") == "hills where there are none"
    marko.press("Escape")
    marko.press("g", "q")
    marko.at("/queue/")
    marko.press("?")
    marko.page.wait_for_selector("#help[open]")
    marko.press("Escape")
    marko.press("j")
    assert marko.page.evaluate("document.activeElement.closest('[data-row]') !== null")
    marko.press("Enter")
    marko.until(lambda: "/claims/" in marko.page.url, "the claim page")


def test_keys_can_be_switched_off(come: Come) -> None:
    marko = come("marko")
    page = marko.go("/preferences/")
    page.uncheck("#id_shortcuts")
    page.get_by_role("button", name="Keep").click()
    page.wait_for_selector(".toast")
    marko.press("g", "b", "?")
    assert page.url.endswith("/preferences/")
    assert not page.is_visible("#help")
    page.check("#id_shortcuts")
    page.get_by_role("button", name="Keep").click()
    page.wait_for_selector("body[data-shortcuts=on]")
    marko.press("g", "b")
    marko.at("/claims/")


def test_frames_are_stepped_one_by_one(come: Come) -> None:
    olena = come("olena")
    page = olena.go("/claims/2026-00001/")
    page.wait_for_function("document.querySelector('video')?.readyState >= 1")

    def frame() -> Any:
        return page.evaluate("Math.floor(document.querySelector('video').currentTime * 12 + 1e-4)")

    for expected in (1, 2, 3):
        olena.press(".")
        olena.until(lambda expected=expected: frame() == expected, f"frame {expected}")
    olena.press(",")
    olena.until(lambda: frame() == 2, "frame 2")
    answer = page.request.get(
        page.evaluate("document.querySelector('video').currentSrc"), headers={"Range": "bytes=0-99"}
    )
    assert (answer.status, len(answer.body())) == (206, 100)


def test_what_is_typed_and_not_recorded_is_named_before_a_submission(desk: Desk, come: Come) -> None:
    claim = desk.file(statement="A reason was typed and left.")
    olena = come("olena")
    page = olena.go(f"/claims/{claim['ref']}/")
    olena.press("n")
    page.wait_for_selector("#dimension-location[open] form")
    olena.press("2")
    page.keyboard.type("Nothing to compare it with.")
    olena.press("Control+Enter")
    page.wait_for_selector("#dimension-date[open] > summary:focus")
    page.check("#dimension-date [name=status][value=unverified]", force=True)
    page.fill("#date-reason", "Half a thought")
    # Pressed at once, before the draft's own time to be saved.
    page.click("#submit-next")
    page.wait_for_selector("#unrecorded")
    assert "You typed a reason for the date and did not record it." in page.inner_text("#unrecorded")
    assert page.input_value("#date-reason") == "Half a thought"
    assert desk.claim(claim["ref"])["stage"] == "in_review"
    # Whoever goes on by Tab comes to what is named; the keys are at its dimension.
    page.wait_for_selector("#unrecorded:focus")
    page.wait_for_selector("#dimension-date[open]")
    page.get_by_role("button", name="Submit anyway").click()
    olena.until(lambda: desk.claim(claim["ref"])["stage"] == "awaiting_signoff", "the submission")
    olena.go(f"/claims/{claim['ref']}/")
    page.click("#dimension-date > summary")
    page.wait_for_selector("text=Half a thought")
    olena.hand_everything_back()


def test_without_scripts_submit_waits_for_what_is_typed(desk: Desk, come: Come) -> None:
    claim = desk.file(statement="A reason was typed without scripts.")
    marko = come("marko", java_script_enabled=False)
    page = marko.go(f"/claims/{claim['ref']}/")
    page.get_by_role("button", name="Take this claim").click()
    page.click("#dimension-location > summary")
    page.check("#dimension-location [name=status][value=unverified]", force=True)
    page.fill("#location-reason", "No landmark.")
    assert not page.is_visible("#submit-next")
    assert "not recorded" in page.inner_text(".unsent")
    page.click("#dimension-location .primary")
    page.wait_for_selector("#submit-next:visible")
    page.click("#dimension-date > summary")
    page.fill("#date-reason", "Half a thought")
    assert not page.is_visible("#submit-next")
    page.click("#dimension-date [name=keep]")
    page.wait_for_selector("text=Kept as your draft")
    page.click("#submit-next")
    page.wait_for_selector("#unrecorded")
    page.click("[name=anyway]")
    marko.until(lambda: desk.claim(claim["ref"])["stage"] == "awaiting_signoff", "the submission")
    marko.hand_everything_back()
