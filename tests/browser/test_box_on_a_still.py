"""A box drawn on a still for an exhibit: by mouse and finger, moved, changed, taken back, and kept with the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from config.demo_media import make_photo
from tests.browser.conftest import NARROW, WIDE, Come, Desk, Visitor
from tests.browser.test_check_again import with_photo
from tests.browser.test_every_page import excess_of, violations_on

pytestmark = pytest.mark.services

FIELD = "#location-frame_box_0"
PAD = '.box-pad[data-box="location-frame_box_0"]'
Point = tuple[float, float]


class Pencil:
    """Drags on the picture, in parts of its width and height."""

    def __init__(self, visitor: Visitor, pad: str = PAD) -> None:
        self.page = visitor.page
        self.picture = self.page.locator(f"{pad} img")

    def at(self, point: Point) -> Point:
        box = self.picture.bounding_box()
        assert box
        return box["x"] + point[0] * box["width"], box["y"] + point[1] * box["height"]

    def press(self, start: Point, *way: Point) -> None:
        # What stays in sight at the top of the page must not lie over it.
        self.picture.evaluate("one => one.scrollIntoView({ block: 'end' })")
        self.page.mouse.move(*self.at(start))
        self.page.mouse.down()
        for point in way:
            self.page.mouse.move(*self.at(point), steps=4)

    def drag(self, start: Point, *way: Point) -> None:
        self.press(start, *way)
        self.page.mouse.up()

    def finger(self, start: Point, end: Point) -> None:
        # What stays in sight at the top of the page must not lie over it.
        self.picture.evaluate("one => one.scrollIntoView({ block: 'end' })")
        touch = self.page.context.new_cdp_session(self.page)
        for kind, point in (("touchStart", start), ("touchMove", end), ("touchEnd", None)):
            x, y = self.at(point) if point else (0, 0)
            points = [{"x": x, "y": y}] if point else []
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def numbers(page: Any, field: str = FIELD) -> list[float]:
    return [float(part) for part in page.input_value(field).split(",") if part.strip()]


def near(found: Sequence[float], wanted: Sequence[float], by: float = 0.6) -> bool:
    return len(found) == len(wanted) and all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


def drawn(page: Any, pad: str = PAD) -> list[float]:
    """The box on the picture as it lies there, in percent of it."""
    found: list[float] = page.evaluate(
        """pad => {
            const all = document.querySelector(`${pad} img`).getBoundingClientRect();
            const box = document.querySelector(`${pad} rect:not(.halo)`).getBBox();
            return [box.x / all.width, box.y / all.height, box.width / all.width, box.height / all.height].map((n) => 100 * n);
        }""",
        pad,
    )
    return found


def opened(visitor: Visitor, claim: dict[str, Any]) -> None:
    """The form of the location, its fold open and the photo chosen as the frame."""
    page = visitor.go(f"/claims/{claim['ref']}/")
    page.get_by_role("button", name="Take this claim").click()
    page.wait_for_selector("#dimension-location", state="attached")
    if not page.query_selector("#dimension-location[open]"):
        page.click("#dimension-location > summary")
    page.check("#dimension-location input[value=verified]", force=True)
    page.click("#dimension-location .basis-more > summary")
    assert not page.is_visible(PAD)
    page.select_option("#location-frame_media_0", index=1)
    page.wait_for_selector(PAD)
    page.wait_for_function("pad => document.querySelector(`${pad} img`).naturalWidth > 0", arg=PAD)


@pytest.mark.parametrize(("screen", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
def test_a_box_is_drawn_moved_changed_and_kept(
    desk: Desk, come: Come, tmp_path: Path, screen: dict[str, int], scheme: str
) -> None:
    photo = make_photo(tmp_path / "photo.jpg", lines=["A church"], seed=screen["width"])
    claim = with_photo(
        desk, photo, f"A church stands {screen['width']} paces from a junction.", priority="low"
    )
    olena = come("olena", viewport=screen, color_scheme=scheme)
    page, pencil = olena.page, Pencil(olena)
    opened(olena, claim)

    pencil.drag((0.6, 0.7), (0.9, 0.2), (0.2, 0.3))
    assert near(numbers(page), [20, 30, 40, 40]), page.input_value(FIELD)
    assert near(drawn(page), [20, 30, 40, 40])
    page.wait_for_selector("#dimension-location >> text=Draft saved.")

    # From within it is moved, and stops at the edge; a corner changes it; beside it a new one begins.
    pencil.drag((0.4, 0.5), (0.5, 0.45))
    assert near(numbers(page), [30, 25, 40, 40])
    pencil.drag((0.5, 0.45), (0.99, 0.45))
    assert near(numbers(page), [60, 25, 40, 40])
    pencil.drag((0.6, 0.25), (0.5, 0.35))
    assert near(numbers(page), [50, 35, 50, 30])
    pencil.drag((0.1, 0.1), (0.3, 0.2))
    assert near(numbers(page), [10, 10, 20, 10])

    # Escape leaves it as it was, and does nothing else; a click draws nothing.
    pencil.press((0.5, 0.5), (0.8, 0.8))
    assert near(drawn(page), [50, 50, 30, 30])
    olena.press("Escape")
    assert near(drawn(page), [10, 10, 20, 10])
    page.mouse.up()
    pencil.drag((0.7, 0.7))
    assert near(numbers(page), [10, 10, 20, 10])
    assert claim["ref"] in page.url

    # The numbers do as well, and what is no box is not drawn.
    page.fill(FIELD, "5 5 50")
    assert not page.is_visible(f"{PAD} svg")
    page.fill(FIELD, "10, 20, 30, 25")
    assert near(drawn(page), [10, 20, 30, 25])
    page.locator("#dimension-location > summary").evaluate("one => one.scrollIntoView({ block: 'start' })")
    assert (violations_on(olena), excess_of(olena)) == ([], {})

    # The reference is another picture of the claim, with a box of its own.
    reference = '.box-pad[data-box="location-image_box_0"]'
    page.select_option("#location-image_0", index=1)
    Pencil(olena, reference).drag((0.5, 0.5), (1.2, 1.2))
    assert near(numbers(page, "#location-image_box_0"), [50, 50, 50, 50])

    page.fill("#location-feature_0", "church tower")
    page.fill("#location-provider_0", "A survey")
    page.fill("#location-reason", "The tower is the same.")
    olena.press("Control+Enter")
    page.wait_for_selector('#dimension-location[data-status="verified"]', state="attached")
    (kept,) = desk.api("edith").get(f"claims/{claim['id']}/verdicts/").json["verdicts"]
    exhibit = kept["basis"][0]["exhibit"]
    assert exhibit["frame"]["box"] == [0.1, 0.2, 0.3, 0.25]
    assert near([100 * part for part in exhibit["reference"]["box"]], [50, 50, 50, 50])
    olena.hand_everything_back()


def test_a_finger_draws_as_well_and_a_draft_brings_the_box_back(
    desk: Desk, come: Come, tmp_path: Path
) -> None:
    photo = make_photo(tmp_path / "photo.jpg", lines=["A mosque"], seed=77)
    claim = with_photo(desk, photo, "A mosque stands by the finger post.", priority="low")
    olena = come("olena", viewport=NARROW, has_touch=True)
    page = olena.page
    opened(olena, claim)
    pencil = Pencil(olena)
    pencil.finger((0.2, 0.2), (0.7, 0.8))
    olena.until(lambda: near(numbers(page), [20, 20, 50, 60]), "the box")
    page.wait_for_selector("#dimension-location >> text=Draft saved.")
    page.reload()
    page.wait_for_selector("#dimension-location", state="attached")
    if not page.query_selector("#dimension-location[open]"):
        page.click("#dimension-location > summary")
    page.wait_for_selector(PAD)
    olena.until(lambda: near(drawn(page), [20, 20, 50, 60]), "the box that was drawn")
    page.click(f"{PAD} [data-clear-box]")
    assert page.input_value(FIELD) == ""
    assert not page.is_visible(f"{PAD} svg")
    olena.hand_everything_back()


def test_without_javascript_there_are_the_numbers(desk: Desk, come: Come, tmp_path: Path) -> None:
    photo = make_photo(tmp_path / "photo.jpg", lines=["A bridge"], seed=78)
    claim = with_photo(desk, photo, "A bridge stands without a script.", priority="low")
    marko = come("marko", java_script_enabled=False)
    page = marko.go(f"/claims/{claim['ref']}/")
    page.get_by_role("button", name="Take this claim").click()
    page.click("#dimension-location > summary")
    page.click("#dimension-location .basis-more > summary")
    assert page.is_visible(FIELD)
    assert not page.is_visible(PAD)
    marko.hand_everything_back()
