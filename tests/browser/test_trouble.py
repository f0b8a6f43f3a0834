"""When something goes wrong or a hand slips: what is typed stays, nothing is done twice, nobody is interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from config.demo_media import make_photo
from tests.browser.conftest import Come, Desk, Visitor

pytestmark = pytest.mark.services

A_POLL = 5_500
"""Milliseconds in which every live part of a page asks once."""


def take(desk: Desk, come: Come, statement: str) -> tuple[dict[str, Any], Visitor, Page]:
    """Olena with the lease of a new claim and its first needed dimension open."""
    claim = desk.file(statement=statement)
    olena = come("olena")
    page = olena.go(f"/claims/{claim['ref']}/")
    page.get_by_role("button", name="Take this claim").click()
    page.wait_for_selector("#dimension-location[open]")
    return claim, olena, page


def hand_back(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="Hand back").click()
    visitor.at("/queue/")


def broken(route: Route) -> None:
    route.fulfill(status=502, content_type="text/html", body="<html><body><h1>Bad gateway</h1></body></html>")


def test_an_answer_that_failed_replaces_nothing_on_the_page(desk: Desk, come: Come) -> None:
    _, olena, page = take(desk, come, "The desk breaks off.")
    olena.press("2")
    page.keyboard.type("a long thought")
    page.route("**/verdict/", broken)
    page.route("**/lease/**", broken)
    olena.press("Control+Enter")
    page.wait_for_selector(".toast.is-error")
    page.wait_for_timeout(A_POLL)
    assert page.input_value("#location-reason") == "a long thought"
    assert "Yours" in page.inner_text("#lease")
    assert "Bad gateway" not in page.inner_text("body")
    # A poll that fails is no news: one toast for the one press.
    assert page.locator(".toast.is-error").count() == 1
    page.unroute("**/verdict/")
    page.unroute("**/lease/**")
    olena.press("Control+Enter")
    page.wait_for_selector('#dimension-location[data-status="unverified"]', state="attached")
    olena.complaints.clear()  # the browser repeats the 502 that this test made
    hand_back(olena)


def test_drafts_saved_at_the_same_moment_all_stay(desk: Desk, come: Come) -> None:
    _, olena, page = take(desk, come, "Somebody leaves in the middle of everything.")
    save_all = """() => Promise.all([...document.querySelectorAll("form.verdict-form")].map((form) => {
        form.elements.reason.value = `why the ${form.dataset.verdict}`;
        return fetch(form.dataset.draft, { method: "POST", body: new FormData(form) }).then((answer) => answer.status);
    }))"""
    for _ in range(3):
        assert page.evaluate(save_all) == [200] * 7
    page.reload()
    reasons = page.locator("form.verdict-form [name=reason]").evaluate_all(
        "(all) => all.map((one) => one.value)"
    )
    assert len([reason for reason in reasons if reason.startswith("why the ")]) == 7
    hand_back(olena)


def test_a_refusal_is_said_in_its_own_words(desk: Desk, come: Come) -> None:
    _, olena, page = take(desk, come, "An undo comes too late.")
    page.evaluate("document.querySelector('#undo').disabled = false")
    page.click("#undo")
    page.wait_for_selector("text=There is nothing to undo in this review.")
    assert page.locator("#outcome").count() == 1
    assert page.locator("h1").count() == 1
    hand_back(olena)


def test_a_live_part_takes_nobody_s_focus(desk: Desk, come: Come) -> None:
    _, olena, page = take(desk, come, "Somebody mends what was refused.")
    olena.press("1")
    page.click("#location-reason")
    olena.press("Control+Enter")
    page.wait_for_selector("#dimension-location .errors")
    page.click("#location-reason")
    # Every saved draft renews the lease, so the part that tells of it is drawn anew meanwhile.
    for _ in range(8):
        page.keyboard.type("word ")
        page.wait_for_timeout(A_POLL // 5)
        page.keyboard.type("and ")
    page.wait_for_selector("text=Draft saved.")
    assert page.input_value("#location-reason") == "word and " * 8
    assert not page.input_value("#location-feature_0")
    hand_back(olena)


def test_recording_twice_in_haste_does_not_submit_what_is_half_decided(desk: Desk, come: Come) -> None:
    claim, olena, page = take(desk, come, "Somebody presses once too often.")
    olena.press("2")
    page.keyboard.type("a thought")
    olena.press("Control+Enter")
    page.wait_for_selector("#dimension-date[open]")
    olena.press("Control+Enter")
    page.wait_for_selector("#dimension-date .errors")
    assert desk.claim(claim["ref"])["stage"] == "in_review"
    # Where nothing is open any more, the same key submits.
    page.click("#dimension-date > summary")
    olena.press("Control+Enter")
    olena.until(lambda: desk.claim(claim["ref"])["stage"] == "awaiting_signoff", "the submission")
    olena.until(lambda: claim["ref"] not in olena.page.url, "the next claim")
    if "/claims/" in olena.page.url:
        hand_back(olena)


def test_taking_twice_in_haste_takes_one(desk: Desk, come: Come) -> None:
    for number in (1, 2, 3):
        desk.file(statement=f"Claim {number} waits for an impatient hand.")
    marko = come("marko")
    page = marko.go("/queue/")
    held = page.locator(".entry.is-mine").count()
    marko.press("n", "n")
    marko.until(lambda: "/claims/" in page.url, "the claim page")
    page = marko.go("/queue/")
    page.keyboard.down("n")
    page.keyboard.down("n")  # a key held down repeats
    marko.until(lambda: "/claims/" in page.url, "the claim page")
    assert marko.go("/queue/").locator(".entry.is-mine").count() == held + 2
    marko.hand_everything_back()


def test_keys_are_where_they_are_on_a_cyrillic_keyboard(come: Come) -> None:
    marko = come("marko")
    press = "([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true}))"
    for key, code in (("п", "KeyG"), ("и", "KeyB")):
        marko.page.evaluate(press, [key, code])
    marko.at("/claims/")


def test_what_an_upload_was_refused_for_stays_to_be_read(desk: Desk, come: Come, tmp_path: Path) -> None:
    claim = desk.file(statement="One of two files is none.", priority="low")
    photo = make_photo(tmp_path / "good.jpg", lines=["good"], size=(320, 240), seed=7)
    (tmp_path / "bad.txt").write_text("no media at all", "utf-8")
    olena = come("olena")
    page = olena.go(f"/claims/{claim['ref']}/")
    page.fill("#note-body", "half a note")
    page.set_input_files("#media-file", [tmp_path / "bad.txt", photo])
    page.locator("form[data-upload] button").last.click()
    page.wait_for_selector("text=Show what was taken in")
    assert "not a video, photo" in page.inner_text("[data-uploads]")
    assert page.input_value("#note-body") == "half a note"
    page.get_by_role("link", name="Show what was taken in").click()
    page.wait_for_selector("#item-1", state="attached")


def test_what_is_out_of_sight_does_not_ask(desk: Desk, come: Come) -> None:
    media = [{"url": f"https://media.example/{number}.mp4"} for number in range(4)]
    claim = desk.file(statement="Four items, one of them shown.", media=media, priority="low")
    olena = come("olena")
    page = olena.go(f"/claims/{claim['ref']}/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(A_POLL)
    assert len({url for url in asked if "/found/" in url}) == 1
    assert len({url for url in asked if "/player/" in url}) <= 1


def test_a_session_that_ends_leads_nobody_away_and_goes_on_after_a_login_beside(
    desk: Desk, come: Come
) -> None:
    claim = desk.file(statement="The session ends in mid-sentence.", priority="breaking")
    olena = come("olena")
    page = olena.go(f"/claims/{claim['ref']}/")
    page.locator("[data-take]").click()
    page.wait_for_selector("#dimension-location[open]")
    olena.press("2")
    page.keyboard.type("Half a sentence")
    olena.context.clear_cookies()
    page.wait_for_selector("#logged-out")
    page.keyboard.type(" and the other half.")
    assert page.input_value("#location-reason") == "Half a sentence and the other half."

    beside = Visitor(desk, olena.context, olena.context.new_page())
    beside.log_in("olena")
    beside.page.close()
    page.wait_for_selector("#logged-out", state="detached")
    olena.press("Control+Enter")
    page.wait_for_selector('#dimension-location[data-status="unverified"]', state="attached")
    verdict = desk.api("edith").get(f"claims/{claim['id']}/verdicts/").json["verdicts"][0]
    assert verdict["reason"] == "Half a sentence and the other half."
    page.get_by_role("button", name="Hand back").click()
    olena.at("/queue/")


def test_flagged_media_is_hidden_by_itself_and_shown_on_asking(
    desk: Desk, come: Come, tmp_path: Path
) -> None:
    claim = desk.file(statement="Somebody is hurt.", priority="low")
    photo = make_photo(tmp_path / "hurt.jpg", lines=["hurt"], size=(320, 240), seed=8)
    olena = come("olena")
    page = olena.go(f"/claims/{claim['ref']}/")
    page.check("#add-media [value=injury]")
    page.set_input_files("#media-file", photo)
    page.locator("form[data-upload] button").last.click()
    page.wait_for_selector("#item-1 .photo", state="attached")
    blurred = "getComputedStyle(document.querySelector('#item-1 .photo')).filter"
    assert "blur" in page.evaluate(blurred)
    assert not page.is_visible("#item-1 .player-tools")
    page.focus("#item-1 .reveal")
    olena.press("Space")
    assert page.evaluate(blurred) == "none"
    assert page.is_visible("#item-1 .player-tools")
    assert page.is_visible("text=Hide it")


def test_a_page_drawn_before_its_script_still_leads_to_the_copy(desk: Desk, come: Come) -> None:
    published = desk.api("edith").get("claims/?stage=published").json["results"][0]
    edith = come("edith")
    held: list[Route] = []
    edith.page.route("**/desk*.js", lambda route: held.append(route))  # noqa: PLW0108 - it marks what it is given
    edith.page.goto(f"{desk.url}/claims/{published['ref']}/sign-off/?signed=1", wait_until="commit")
    edith.page.wait_for_selector("#line")
    edith.until(lambda: held, "the script's request")
    # Two frames: by now the browser has given up on whatever it could not focus.
    edith.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    for route in held:
        route.continue_()
    edith.page.wait_for_selector("[data-copy]:focus")
