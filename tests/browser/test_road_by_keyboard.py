"""The whole road without a mouse: Tab, Enter, letters and the pages' own keys."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Come, Desk, Visitor

pytestmark = pytest.mark.services

MOST_TABS = 90


class Hands:
    """Somebody who has a keyboard only."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def to(self, selector: str) -> None:
        """Goes to something by Tab, which must come by in bounded presses and show where it is."""
        self.page.wait_for_selector(selector, state="attached")
        focused = f"document.activeElement?.matches({selector!r})"
        for _ in range(MOST_TABS):
            if self.page.evaluate(focused):
                break
            self.page.keyboard.press("Tab")
        assert self.page.evaluate(focused), f"no way to {selector} on {self.page.url}"
        outline = self.page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.boxShadow; })()"
        )
        assert outline != "nonenone", f"nobody sees that {selector} has the focus"

    def fill(self, selector: str, text: str) -> None:
        self.to(selector)
        self.type(text)

    def activate(self, selector: str, key: str = "Enter") -> None:
        self.to(selector)
        self.press(key)


def test_file_decide_sign_off_copy_and_withdraw(desk: Desk, come: Come) -> None:
    marko = Hands(come("marko"))
    marko.press("g", "f")
    marko.visitor.at("/claims/new/")
    marko.fill("#paste", "A bridge was said to be closed, told by keyboard.")
    marko.activate("main form button")
    marko.page.wait_for_selector("#id_statement")
    marko.fill("[name=source_name]", "A road office")
    marko.fill("[name=date]", "2022-10-04")
    marko.fill("[name=place]", "Kuopio")
    marko.activate(".filing-actions button.primary")
    marko.page.wait_for_selector("h1.statement")
    ref = marko.page.url.rstrip("/").rpartition("/")[2]

    marko.press("n")
    marko.page.wait_for_selector("#dimension-location[open] form")
    marko.press("1")
    marko.type("the road office's own camera")
    marko.fill("#location-reason", "The camera is known.")
    marko.press("Control+Enter")
    marko.page.wait_for_selector("#dimension-date[open] > summary:focus")
    marko.press("2")
    marko.type("Nothing ties it to a day.")
    marko.press("Control+Enter")
    marko.page.wait_for_selector("#submit-next:focus")
    line = marko.page.inner_text("#line")
    marko.press("Tab", "Enter")
    marko.page.wait_for_selector("text=Awaiting sign-off")

    edith = Hands(come("edith", permissions=["clipboard-read", "clipboard-write"]))
    edith.press("g", "b")
    edith.visitor.at("/claims/")
    edith.press("/")
    edith.type(ref)
    edith.press("Enter")
    edith.page.wait_for_url(f"**/claims/?*{ref}*")
    edith.page.wait_for_selector(f"text={ref}")
    edith.activate(f'a[href="/claims/{ref}/sign-off/"]')
    edith.visitor.at(f"/claims/{ref}/sign-off/")
    if edith.page.get_attribute("#act-publish", "open") is None:
        edith.activate("#act-publish > summary")
    edith.activate("#act-publish .actions button")
    edith.page.wait_for_selector("text=As published, version 1")
    edith.page.wait_for_selector("[data-copy]:focus")
    edith.press("Enter")
    edith.page.wait_for_selector("text=Copied.")
    assert edith.page.evaluate("navigator.clipboard.readText()") == line == edith.page.inner_text("#line")
    edith.activate("#act-withdraw > summary")
    edith.fill("#act-withdraw [name=reason]", "The camera was another one.")
    edith.activate("#act-withdraw .actions button")
    edith.visitor.until(lambda: desk.claim(ref)["stage"] == "withdrawn", "the withdrawal")
