"""The map: the sun at a time chosen by keyboard, kept by the page's address, and drawn or not; a place pinned on it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import NARROW, Come, Desk
from tests.browser.test_every_page import WCAG

pytestmark = pytest.mark.services

KYIV = {"name": "Kyiv", "latitude": 50.45, "longitude": 30.5234, "radius_m": 5000}
DAY = {"edtf": "2022-10-04", "timezone": "Europe/Kyiv"}
STOOD = "[id$='-stood']"
LINES = ".map .leaflet-overlay-pane canvas"


def legend(page: Page) -> list[str]:
    return page.locator(".map-legend [data-key]:visible").all_inner_texts()


def test_a_time_is_chosen_by_keyboard_and_kept_by_the_address(desk: Desk, come: Come) -> None:
    claim = desk.file(
        claimed_date=DAY, claimed_location=KYIV, media=[{"url": "https://media.example/sun.mp4"}]
    )
    visitor = come("olena")
    page = visitor.go(f"/claims/{claim['ref']}/")
    page.wait_for_selector(LINES)
    assert "towards the sun" in legend(page)
    assert "At 12:00 on 4 October 2022 by clocks there (UTC+3), 09:00 UTC" in page.inner_text(STOOD)
    page.locator("[data-minute]").focus()
    visitor.press("ArrowRight", "ArrowRight")
    page.wait_for_selector(f"{STOOD}:has-text('At 12:10')")
    assert page.input_value("[name=at]") == "2022-10-04T12:10"
    assert page.get_attribute("[data-minute]", "aria-valuetext") == "12:10"
    assert parse_qs(urlsplit(page.url).query)["at"] == ["2022-10-04T12:10"]
    page.reload()
    assert "At 12:10" in page.inner_text(STOOD)
    page.fill("[name=at]", "2022-10-04T00:30")
    page.wait_for_selector(f"{STOOD}:has-text('below the horizon')")
    visitor.until(lambda: "towards the sun" not in legend(page), "a map without the sun")
    assert "claimed area" in legend(page)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        found = Axe().run(page, options={"runOnly": WCAG}).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_without_scripts_the_form_asks_for_the_page_at_that_time(desk: Desk, come: Come) -> None:
    claim = desk.file(
        claimed_date=DAY, claimed_location=KYIV, media=[{"url": "https://media.example/sun.mp4"}]
    )
    page = come("olena", java_script_enabled=False).go(f"/claims/{claim['ref']}/")
    page.fill("[name=at]", "2022-10-04T16:30")
    page.get_by_role("button", name="Show the sun then").click()
    page.wait_for_selector(f"{STOOD}:has-text('At 16:30')")
    assert parse_qs(urlsplit(page.url).query)["at"] == ["2022-10-04T16:30"]
    assert not page.locator("[data-minute]").is_visible()


def test_a_place_is_pinned_on_the_map(desk: Desk, come: Come) -> None:
    claim = desk.file(claimed_location=KYIV, media=[{"url": "https://media.example/sun.mp4"}])
    visitor = come("olena")
    page = visitor.go(f"/claims/{claim['ref']}/")
    page.wait_for_selector(LINES)
    page.locator(".map-close").click(position={"x": 60, "y": 60})
    assert page.locator(".leaflet-popup").count() == 0
    page.get_by_role("button", name="Take this claim").click()
    page.wait_for_selector(LINES)
    location = "#dimension-location"
    page.locator(".map-close").click(position={"x": 60, "y": 60})
    pin = page.get_by_role("button", name="Pin the place at")
    latitude, _, longitude = pin.inner_text().removeprefix("Pin the place at ").partition(", ")
    assert abs(float(latitude) - KYIV["latitude"]) < 0.5  # type: ignore[operator]
    assert abs(float(longitude) - KYIV["longitude"]) < 0.5  # type: ignore[operator]
    pin.click()
    page.wait_for_selector(".toast:has-text('The place is pinned')")
    assert page.evaluate("document.activeElement.name") == "status"
    visitor.press(" ")
    assert page.input_value(f"{location} [name=place_point]") == f"{latitude}, {longitude}"
    assert page.locator(f"{location} [name=place_point]").is_visible()
    visitor.until(lambda: page.locator(".leaflet-popup").count() == 0, "the popup to close")
    page.locator(".map-close").click(position={"x": 360, "y": 90})
    page.get_by_role("button", name="Pin the place at").click()
    visitor.until(
        lambda: page.evaluate("document.activeElement.name") == "place_name", "the name to be asked for"
    )
    assert page.input_value(f"{location} [name=place_point]") != f"{latitude}, {longitude}"
