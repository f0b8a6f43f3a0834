"""Every page, in both themes: accessible, no wider than its screen, and light."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import NARROW, WIDE, Come, Desk, Visitor

pytestmark = pytest.mark.services

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MOST_BYTES = 150_000
HUGE = {"width": 2560, "height": 1440}

# Who looks at what. Claims of the demo case stand for the states that a page has to draw.
PAGES: dict[str, tuple[str, str]] = {
    "login": ("", "/login/"),
    "queue": ("olena", "/queue/"),
    "queue, nothing fits": ("olena", "/queue/?language=xx"),
    "claim to take": ("olena", "/claims/2026-00004/"),
    "claim with flagged media": ("olena", "/claims/2026-00006/"),
    "claim without media": ("olena", "/claims/2026-00005/"),
    "claim held by another": ("olena", "/claims/2026-00008/"),
    "claim published": ("olena", "/claims/2026-00012/"),
    "filing, first": ("olena", "/claims/new/"),
    "filing": ("olena", "/claims/new/?paste=https%3A%2F%2Fmedia.example%2Fone.mp4%20Something%20was%20seen."),
    "board": ("edith", "/claims/"),
    "board, one stage": ("edith", "/claims/?stage=published,withdrawn"),
    "board, nothing fits": ("edith", "/claims/?q=no-such-words"),
    "sign-off, awaiting": ("edith", "/claims/2026-00009/sign-off/"),
    "sign-off, published": ("edith", "/claims/2026-00012/sign-off/"),
    "sign-off, not ready": ("edith", "/claims/2026-00003/sign-off/"),
    "preferences": ("olena", "/preferences/"),
    "help": ("olena", "/help/"),
    "people": ("adam", "/admin/people/"),
    "keys": ("adam", "/admin/keys/"),
    "policy": ("adam", "/admin/policy/"),
    "audit": ("adam", "/admin/audit/"),
    "audit of a claim": ("adam", "/admin/audit/?claim=2026-00012"),
    "jobs": ("adam", "/admin/jobs/"),
    "not found": ("olena", "/claims/2026-99999/"),
    "not for this role": ("olena", "/admin/people/"),
    "nowhere": ("olena", "/nowhere/"),
}
SIZES = {"wide": WIDE, "narrow": NARROW, "huge": HUGE}


def settled(visitor: Visitor, path: str) -> None:
    visitor.go(path)
    visitor.page.wait_for_load_state("networkidle")


def public_pages(desk: Desk) -> dict[str, tuple[str, str]]:
    """The house's own pages: on show, corrected, withdrawn."""
    found = {}
    for stage in ("published", "held", "withdrawn"):
        for row in desk.api("edith").get(f"claims/?stage={stage}&tag=demo").json["results"]:
            name = f"public, {stage}, version {row['latest_version']}"
            found[name] = ("reader" if stage == "none" else "olena", f"/published/{row['id']}/")
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(theme: str, desk: Desk, come: Come) -> None:
    visitors: dict[str, Visitor] = {}
    violations: Counter[str] = Counter()
    looked = 0
    for name, (who, path) in {**PAGES, **public_pages(desk)}.items():
        visitor = visitors.get(who) or come(who, color_scheme=theme)
        visitors[who] = visitor
        settled(visitor, path)
        result = Axe().run(visitor.page, options={"runOnly": WCAG})
        looked += 1
        for violation in result.response["violations"]:
            nodes = [node["html"][:140] for node in violation["nodes"]]
            violations[f"{name}: {violation['id']}: {nodes[:3]}"] += len(nodes)
    assert looked >= len(PAGES) + 3
    assert violations == {}


def test_the_states_that_a_review_goes_through_are_accessible(desk: Desk, come: Come) -> None:
    claim = desk.file(statement="A claim to try the states with.", priority="breaking")
    for theme in ("light", "dark"):
        visitor = come("olena", color_scheme=theme)
        page = visitor.go(f"/claims/{claim['ref']}/")
        page.locator("[data-take]").click()
        page.wait_for_selector("#dimension-location[open]")
        found = []
        for act in (
            lambda: visitor.press("3"),
            lambda: visitor.press("Control+Enter"),
            lambda: visitor.press("Escape", "?"),
        ):
            act()
            page.wait_for_timeout(400)
            found += Axe().run(page, options={"runOnly": WCAG}).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
        visitor.press("Escape")
        page.wait_for_selector("#help:not([open])", state="attached")
        page.get_by_role("button", name="Hand back").click()
        visitor.at("/queue/")


@pytest.mark.parametrize("size", SIZES)
def test_no_page_is_wider_than_its_screen(size: str, desk: Desk, come: Come) -> None:
    visitors: dict[str, Visitor] = {}
    too_wide = {}
    for name, (who, path) in {**PAGES, **public_pages(desk)}.items():
        visitor = visitors.get(who) or come(who, viewport=SIZES[size])
        visitors[who] = visitor
        settled(visitor, path)
        over = visitor.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if over > 0:
            too_wide[name] = over
    assert too_wide == {}


def test_every_page_is_light(desk: Desk, come: Come, record_property: Callable[[str, Any], None]) -> None:
    weights: dict[str, int] = {}
    for name, (who, path) in {**PAGES, **public_pages(desk)}.items():
        if name.startswith("not "):
            continue
        visitor = come(who)  # with an empty cache
        answers: list[Any] = []
        visitor.page.on("requestfinished", answers.append)
        settled(visitor, path)
        weights[name] = sum(
            request.sizes()["responseBodySize"] for request in answers if "/file/" not in request.url
        )
    heaviest = max(weights, key=lambda name: weights[name])
    record_property("heaviest page", f"{heaviest}: {weights[heaviest]} bytes")
    assert {name: size for name, size in weights.items() if size > MOST_BYTES} == {}
