"""Several claims of the board at once: by keyboard, without scripts, and in parts that go on by themselves."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Come, Desk
from tests.browser.test_every_page import MOST_BYTES, count_bytes, excess_of, violations_on
from tests.stack import as_json

pytestmark = pytest.mark.services

A_POLL = 5_500
"""Milliseconds in which the board asks once whether it changed."""


def file_so_many(desk: Desk, number: int, *, tag: str) -> None:
    claims = [
        {"statement": f"One of {tag}, {n}.", "language": "en", "source": {"name": "A ministry", "kind": "official"}, "desk": "demo", "tags": [tag]}
        for n in range(number)
    ]  # fmt: skip
    assert desk.api("olena").post("claims/bulk/", claims).status == 200


def test_two_claims_are_chosen_acted_on_and_given_back_by_keyboard(desk: Desk, come: Come) -> None:
    refs = [desk.file(statement=f"By keyboard, {n}.", tags=["keyed"])["ref"] for n in range(2)]
    edith = come("edith")
    page = edith.go("/claims/?stage=queued&tag=keyed")
    assert not page.is_visible("[data-bulk-acts]")
    edith.press("j", "x", "j", "x")
    assert page.inner_text("[data-chosen]") == "2 chosen."
    edith.press("x")
    assert page.inner_text("[data-chosen]") == "1 chosen."
    edith.press("x")
    # What is chosen stays so while the board is drawn anew.
    desk.file(statement="Filed meanwhile.", tags=["keyed"])
    page.wait_for_selector("text=Filed meanwhile.", timeout=2 * A_POLL)
    assert page.inner_text("[data-chosen]") == "2 chosen."
    assert violations_on(edith) == []
    assert excess_of(edith) == {}
    edith.press("b")
    assert page.evaluate("document.activeElement.value") == "assign"
    edith.press("Tab", "Enter")
    page.wait_for_selector("#id_priority:focus")
    edith.press("b")  # breaking, in the list that has the focus
    assert violations_on(edith) == []
    assert excess_of(edith) == {}
    edith.press("Tab", "Enter")
    page.wait_for_selector("[data-bulk-next]:focus")
    assert "2 would be done, 0 refused. Nothing is changed yet." in page.inner_text("main")
    assert [desk.claim(ref)["priority"] for ref in refs] == ["normal", "normal"]
    assert violations_on(edith) == []
    assert excess_of(edith) == {}
    edith.press("Enter")
    page.wait_for_selector("[data-bulk-undo]")
    assert "2 done, 0 refused." in page.inner_text("main")
    assert [desk.claim(ref)["priority"] for ref in refs] == ["breaking", "breaking"]
    assert violations_on(edith) == []
    assert excess_of(edith) == {}
    page.focus("[data-bulk-undo]")
    edith.press("Enter")
    page.wait_for_selector("text=2 taken back")
    assert [desk.claim(ref)["priority"] for ref in refs] == ["normal", "normal"]
    edith.press("Escape")
    edith.at("/claims/")


def test_without_scripts_boxes_and_buttons_do_it(desk: Desk, come: Come) -> None:
    refs = [desk.file(statement=f"Without scripts, {n}.", tags=["bare"])["ref"] for n in range(3)]
    marko = come("marko", java_script_enabled=False)
    page = marko.go("/claims/?stage=queued&tag=bare")
    for ref in refs[:2]:
        page.get_by_label(f"Choose {ref}").check()
    assert page.get_by_role("button", name="Assign").count() == 0
    page.get_by_role("button", name="Drop").click()
    page.fill("#id_reason", "Seen before.")
    page.get_by_role("button", name="Show what would happen").click()
    page.get_by_role("button", name="Do it to 2 claims").click()
    assert "2 done, 0 refused." in page.inner_text("main")
    assert [desk.claim(ref)["stage"] for ref in refs] == ["dropped", "dropped", "queued"]
    page.get_by_role("button", name="Undo").click()
    assert "2 taken back" in page.inner_text("main")
    assert [desk.claim(ref)["stage"] for ref in refs] == ["queued"] * 3


def test_all_that_a_filter_lets_pass_goes_on_by_itself_part_by_part(desk: Desk, come: Come) -> None:
    number = 230
    file_so_many(desk, number, tag="many")
    edith = come("edith")
    received = count_bytes(edith)
    page = edith.go("/claims/?stage=queued&tag=many")
    assert page.locator("[name=claim]").count() == 30
    assert sum(received.values()) < MOST_BYTES
    page.check("[data-choose-all]")
    assert page.inner_text("[data-chosen]") == "30 chosen."
    page.check("[name=everything]")
    page.get_by_role("button", name="Tag").click()
    page.fill("#id_add_tags", "flags")
    received.clear()
    page.get_by_role("button", name="Show what would happen").click()
    page.wait_for_selector("[data-bulk-next]", timeout=60_000)
    assert f"{number} would be done, 0 refused." in page.inner_text("main")
    page.locator("[data-bulk-next]").click()
    page.wait_for_selector("#bulk-meter")
    page.wait_for_selector("#bulk-meter", state="detached", timeout=60_000)
    assert f"{number} done, 0 refused." in page.inner_text("main")
    assert page.locator(".bulk-line").count() == 50
    received.clear()
    page.get_by_role("link", name="Further").click()
    page.wait_for_selector("text=Page 2 of 5")
    assert sum(received.values()) < MOST_BYTES
    assert violations_on(edith) == []
    assert excess_of(edith) == {}


def test_what_two_people_do_to_the_same_claims_at_once_all_comes_through(desk: Desk, come: Come) -> None:
    number = 120
    file_so_many(desk, number, tag="both")
    pages = []
    for name, tag in (("edith", "from-edith"), ("marko", "from-marko")):
        page = come(name).go("/claims/?stage=queued&tag=both")
        page.check("[data-choose-all]")
        page.check("[name=everything]")
        page.get_by_role("button", name="Tag").click()
        page.fill("#id_add_tags", tag)
        page.get_by_role("button", name="Show what would happen").click()
        pages.append(page)
    for page in pages:
        page.wait_for_selector("[data-bulk-next]", timeout=60_000)
        assert f"{number} would be done, 0 refused." in page.inner_text("main")
    for page in pages:
        page.locator("[data-bulk-next]").click()
    for page in pages:
        page.wait_for_selector("[data-bulk-undo]", timeout=60_000)
        page.wait_for_selector("#bulk-meter", state="detached", timeout=60_000)
        assert f"{number} done, 0 refused." in page.inner_text("main")
    rows = desk.stack.sql("SELECT tags FROM claims_claim")
    both = [set(as_json(tags)) for (tags,) in rows if "both" in tags]
    assert both == [{"both", "from-edith", "from-marko"}] * number
