"""Every page, in both themes: accessible, no wider than its screen, and light."""

from __future__ import annotations

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
    "claim, a draft": ("olena", "/claims/2026-00002/"),
    "editing": ("olena", "/claims/2026-00004/edit/"),
    "filing, first": ("olena", "/claims/new/"),
    "filing": ("olena", "/claims/new/?paste=https%3A%2F%2Fmedia.example%2Fone.mp4%20Something%20was%20seen."),
    "board": ("edith", "/claims/"),
    "board, one stage": ("edith", "/claims/?stage=published,withdrawn"),
    "board, nothing fits": ("edith", "/claims/?q=no-such-words"),
    "sign-off, awaiting": ("edith", "/claims/2026-00009/sign-off/"),
    "sign-off, published": ("edith", "/claims/2026-00012/sign-off/"),
    "sign-off, not ready": ("edith", "/claims/2026-00003/sign-off/"),
    "erasing": ("adam", "/claims/2026-00012/erase/"),
    "contacts": ("olena", "/contacts/"),
    "contacts, none to ask again": ("olena", "/contacts/?show=due"),
    "numbers": ("olena", "/numbers/"),
    "numbers, nothing happened": ("olena", "/numbers/?from=2001-01-01&to=2001-01-28"),
    "numbers, a day nobody can read": ("olena", "/numbers/?from=yesterday"),
    "preferences": ("olena", "/preferences/"),
    "how one is told": ("olena", "/preferences/telling/"),
    "inbox": ("olena", "/inbox/"),
    "a question that can't be read": ("olena", "/inbox/?cursor=garbled"),
    "inbox, nothing unread": ("olena", "/inbox/?unread"),
    "help": ("olena", "/help/"),
    "people": ("adam", "/admin/people/"),
    "keys": ("adam", "/admin/keys/"),
    "policy": ("adam", "/admin/policy/"),
    "audit": ("adam", "/admin/audit/"),
    "audit of a claim": ("adam", "/admin/audit/claims/2026-00012/"),
    "jobs": ("adam", "/admin/jobs/"),
    "not found": ("olena", "/claims/2026-99999/"),
    "not for this role": ("olena", "/admin/people/"),
    "nowhere": ("olena", "/nowhere/"),
}
SIZES = {"wide": WIDE, "narrow": NARROW, "huge": HUGE}


def public_pages(desk: Desk) -> dict[str, tuple[str, str]]:
    """The house's own pages: on show, corrected, withdrawn."""
    found = {}
    for stage in ("published", "held", "withdrawn"):
        for row in desk.api("edith").get(f"claims/?stage={stage}&tag=demo").json["results"]:
            name = f"public, {stage}, version {row['latest_version']}"
            found[name] = ("reader" if stage == "none" else "olena", f"/published/{row['id']}/")
    return found


def violations_on(visitor: Visitor) -> list[str]:
    """What axe finds in both themes."""
    found = []
    for theme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for violation in Axe().run(visitor.page, options={"runOnly": WCAG}).response["violations"]:
            nodes = [node["html"][:160] for node in violation["nodes"]]
            found.append(f"{violation['id']} ({theme}): {nodes[:3]}")
    return found


def excess_of(visitor: Visitor) -> dict[str, int]:
    """By how many pixels the page is wider than each screen."""
    excess = {}
    for name, size in SIZES.items():
        visitor.page.set_viewport_size(size)  # type: ignore[arg-type]
        over = visitor.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if over > 0:
            excess[name] = over
    visitor.page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    return excess


def count_bytes(visitor: Visitor) -> dict[str, int]:
    """What comes over the wire from now on by its address, headers included, nothing from a cache."""
    received: dict[str, int] = {}
    addresses: dict[str, str] = {}
    cdp = visitor.context.new_cdp_session(visitor.page)
    cdp.on(
        "Network.requestWillBeSent",
        lambda said: addresses.update({said["requestId"]: said["request"]["url"]}),
    )

    def finished(said: dict[str, Any]) -> None:
        url = addresses.get(said["requestId"], "")
        received[url] = received.get(url, 0) + int(said["encodedDataLength"])

    cdp.on("Network.loadingFinished", finished)
    cdp.send("Network.enable")
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    return received


def test_every_page_is_accessible_fits_its_screen_and_is_light(
    desk: Desk, come: Come, tell: Callable[[str], None]
) -> None:
    visitors: dict[str, Visitor] = {}
    received: dict[str, dict[str, int]] = {}
    violations, too_wide, weights = {}, {}, {}
    pages = {**PAGES, **public_pages(desk)}
    for name, (who, path) in pages.items():
        visitor = visitors.get(who)
        if visitor is None:
            visitor = visitors[who] = come(who)
            received[who] = count_bytes(visitor)
        received[who].clear()
        visitor.go(path)
        # A map fetches its land after the page is there.
        visitor.page.wait_for_load_state("networkidle" if "claim" in name else "load")
        weights[name] = sum(size for url, size in received[who].items() if "/file/" not in url)
        if found := violations_on(visitor):
            violations[name] = found
        if excess := excess_of(visitor):
            too_wide[name] = excess
    heaviest = max(weights, key=lambda name: weights[name])
    tell(f"pages: {len(pages)} looked at; the heaviest is '{heaviest}' with {weights[heaviest]:,} bytes")
    assert len(pages) >= len(PAGES) + 3
    assert violations == {}
    assert too_wide == {}
    assert {name: size for name, size in weights.items() if not 1_000 < size < MOST_BYTES} == {}


def test_the_page_of_a_permission_is_accessible_with_every_fold_open(desk: Desk, come: Come) -> None:
    media = [{"url": "https://x.com/stringer_kh/status/1"}, {"url": "https://x.com/stringer_kh/status/2"}]
    claim = desk.file(statement="A claim whose uploader is asked.", media=media, draft=True)
    item = claim["media"][0]["id"]
    asked = {"media": item, "text": "May we use it?", "channel": "message"}
    assert desk.api("edith").post(f"claims/{claim['id']}/contacts/", asked).status == 201
    visitor = come("olena")
    for path in (f"/media/{item}/rights/", f"/claims/{claim['ref']}/", "/contacts/"):
        visitor.go(path)
        visitor.page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
        assert violations_on(visitor) == [], path
        assert excess_of(visitor) == {}, path


def test_one_long_word_widens_no_page(desk: Desk, come: Come) -> None:
    word = f"https://media.example/{'a' * 300}"
    claim = desk.file(statement=word)
    olena, edith = desk.api("olena"), desk.api("edith")
    here, excess = f"/claims/{claim['ref']}", {}

    def look(who: Visitor, *paths: str) -> None:
        for path in paths:
            who.go(path)
            if over := excess_of(who):
                excess[f"{path}, {desk.claim(claim['ref'])['stage']}"] = over

    checker, editor, admin = come("olena"), come("edith"), come("adam")
    assert edith.post(f"claims/{claim['id']}/assign/", {"to": "olena", "reason": word}).status == 200
    entry = desk.claim(claim["ref"])["queue_entry"]["id"]
    for said in ({"tried": word, "next": word}, {"next": word}):
        token = olena.post(f"queue/{entry}/lease/").json["lease_token"]
        handed = olena.post(f"queue/leases/{token}/hand-over/", {"to": None, **said})
        assert handed.status == 200, handed.body
    look(checker, f"{here}/", "/inbox/", "/queue/", f"{here}/edit/")
    look(admin, f"{here}/erase/")
    token = olena.post(f"queue/{entry}/lease/").json["lease_token"]
    look(checker, f"{here}/", f"{here}/together/", "/queue/")
    for dimension in ("location", "date"):
        verdict = {"lease_token": token, "dimension": dimension, "status": "unverified", "reason": word}
        assert olena.post(f"claims/{claim['id']}/verdicts/", verdict).status == 201
    assert olena.post(f"claims/{claim['id']}/submit/", {"lease_token": token}).status == 200
    look(editor, "/claims/", f"{here}/", f"{here}/sign-off/")
    assert edith.post(f"claims/{claim['id']}/publish/").status == 200
    look(editor, f"{here}/sign-off/", f"/published/{claim['id']}/")
    withdrawn = {"reason": word, "internal_reason": word}
    assert edith.post(f"claims/{claim['id']}/withdraw/", withdrawn).status == 200
    look(editor, f"{here}/sign-off/", f"/published/{claim['id']}/")
    assert excess == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_states_that_a_review_goes_through_are_accessible(theme: str, desk: Desk, come: Come) -> None:
    claim = desk.file(statement=f"A claim to try the {theme} states with.", priority="breaking")
    visitor = come("olena", color_scheme=theme)
    page = visitor.go(f"/claims/{claim['ref']}/")
    page.locator("[data-take]").click()
    page.wait_for_selector("#dimension-location[open]")
    found = []
    for keys, shows in (
        (["3"], "#location-feature_0"),
        (["Control+Enter"], "#dimension-location .errors"),
        (["Escape", "?"], "#help[open]"),
    ):
        visitor.press(*keys)
        page.wait_for_selector(shows)
        found += Axe().run(page, options={"runOnly": WCAG}).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    visitor.press("Escape")
    page.wait_for_selector("#help:not([open])", state="attached")
    page.get_by_role("button", name="Hand back").click()
    visitor.at("/queue/")
