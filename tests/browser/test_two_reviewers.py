"""Two reviewers at once: one loses the lease and keeps what was typed."""

from __future__ import annotations

import uuid

import pytest

from tests.browser.conftest import Come, Desk

pytestmark = pytest.mark.services

THOUGHT = "A long chain of thought about the water tower and the road."


def test_who_loses_the_lease_is_told_and_keeps_the_draft(desk: Desk, come: Come) -> None:
    claim = desk.file(statement="Two people look at this flag.", priority="breaking")
    olena, marko = come("olena"), come("marko")
    page = olena.go(f"/claims/{claim['ref']}/")
    page.get_by_role("button", name="Take this claim").click()
    page.wait_for_selector("#dimension-location[open]")
    olena.press("2")
    page.keyboard.type(THOUGHT[:20])
    page.wait_for_selector("text=Draft saved.")

    # Marko sees who holds it, and can't decide meanwhile.
    other = marko.go(f"/claims/{claim['ref']}/")
    assert "olena holds this review" in other.inner_text("#lease")
    assert not other.query_selector("form.verdict-form")

    # The lease runs out while olena thinks; marko takes it.
    desk.stack.sql(
        "UPDATE verification_queueentry SET lease_until = '2026-01-01 00:00:00+00:00' WHERE holder_id IS NOT NULL "
        "AND claim_id = %s",
        uuid.UUID(claim["id"]),
    )
    other.wait_for_selector("#lease button[data-take]")
    marko.press("n")
    other.wait_for_selector("form.verdict-form", state="attached")

    # Her page says so by itself, and what she had typed is untouched.
    page.wait_for_selector("text=marko holds this review now.")
    page.keyboard.type(THOUGHT[20:])
    assert page.input_value("#location-reason") == THOUGHT
    olena.press("Control+Enter")
    page.wait_for_selector("#dimension-location .errors")
    assert "held by marko" in page.inner_text("#dimension-location .errors")
    assert "What you typed is kept as your draft." in page.inner_text("#dimension-location .errors")
    assert page.input_value("#location-reason") == THOUGHT

    # Nothing of hers was recorded; his verdict is.
    marko.press("2")
    other.keyboard.type("Nothing to compare it with.")
    marko.press("Control+Enter")
    other.wait_for_selector('#dimension-location[data-status="unverified"]', state="attached")
    verdicts = desk.api("edith").get(f"claims/{claim['id']}/verdicts/").json["verdicts"]
    assert [(one["by"], one["reason"]) for one in verdicts] == [("marko", "Nothing to compare it with.")]

    # He hands it back; she takes it again and finds her draft where she left it.
    other.get_by_role("button", name="Hand back").click()
    marko.at("/queue/")
    olena.go(f"/claims/{claim['ref']}/")
    page.get_by_role("button", name="Take this claim").click()
    page.wait_for_selector("form.verdict-form", state="attached")
    page.click("#dimension-location > summary")
    assert page.input_value("#location-reason") == THOUGHT
    page.get_by_role("button", name="Hand back").click()
    olena.at("/queue/")
