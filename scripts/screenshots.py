"""Screenshots of every page of the demo case, wide and narrow, light and dark, into docs/screenshots/.

    .venv/bin/python scripts/screenshots.py [FOLDER]

Starts a desk of its own in a temporary data folder and ends it.
"""
# ruff: noqa: T201 - it runs our own command and talks to a terminal

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

HOME = Path(__file__).resolve().parent.parent
SIZES = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 390, "height": 844}}
THEMES = ("light", "dark")
READY_SECONDS = 120
PAGES: dict[str, dict[str, str]] = {
    "fact_checker": {
        "queue": "/queue/",
        "claim": "/claims/2026-00001/",
        "claim-flagged": "/claims/2026-00006/",
        "filing": "/claims/new/?paste=Hail+as+big+as+eggs+https%3A%2F%2Fmedia.example%2Fhail.mp4",
        "contacts": "/contacts/",
        "numbers": "/numbers/",
        "preferences": "/preferences/",
    },
    "editor": {
        "board": "/claims/",
        "sign-off": "/claims/2026-00010/sign-off/",
        "signed-off": "/claims/2026-00012/sign-off/",
    },
    "admin": {
        "erasing": "/claims/2026-00012/erase/",
        "people": "/admin/people/",
        "policy": "/admin/policy/",
        "audit": "/admin/audit/claims/2026-00015/",
        "jobs": "/admin/jobs/",
    },
}


@contextmanager
def a_desk() -> Iterator[dict[str, Any]]:
    """A desk with the demo case; gives what its up.json says."""
    with tempfile.TemporaryDirectory(prefix="stet-screenshots-") as data:
        environment = {**os.environ, "STET_DATA": data, "PORT": "0"}
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=HOME, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            up = Path(data, "up.json")
            until = time.monotonic() + READY_SECONDS
            while not up.exists():
                if process.poll() is not None or time.monotonic() > until:
                    sys.exit("The desk did not start; run make run to see why.")
                time.sleep(0.2)
            yield json.loads(up.read_text("utf-8"))
        finally:
            process.terminate()
            process.wait()


def log_in(browser: Browser, desk: dict[str, Any], role: str) -> BrowserContext:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{desk['url']}/login/")
    page.fill("#id_username", desk["logins"][role]["username"])
    page.fill("#id_password", desk["logins"][role]["password"])
    page.press("#id_password", "Enter")
    page.wait_for_url(f"{desk['url']}/queue/")
    page.close()
    return context


def decide(page: Page) -> None:
    """Brings the first claim to the sentence that Stet was made for."""
    page.locator("[data-take]").click()
    page.wait_for_selector("#dimension-location[open]")
    for key, words, then in (
        ("1", ("#location-feature_0", "church beside a T-junction"), "#dimension-date[open]"),
        ("2", ("#date-reason", "No shadow, clock or earlier copy ties it to a day."), "#submit-next:focus"),
    ):
        page.keyboard.press(key)
        page.fill(*words)
        if key == "1":
            page.fill("#location-reason", "Church, road layout and tree line match imagery of June 2021.")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(then)


def preview_many(page: Page, url: str) -> str:
    """Asks to drop all that the board shows, of which some can't be; gives the address of the preview."""
    page.goto(f"{url}/claims/")
    page.check("[data-choose-all]")
    page.get_by_role("button", name="Drop").click()
    page.fill("#id_reason", "Covered by the agencies.")
    page.get_by_role("button", name="Show what would happen").click()
    page.wait_for_selector("[data-bulk-next]")
    return page.url


def shoot(context: BrowserContext, url: str, name: str, folder: Path) -> None:
    page = context.new_page()
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.goto(url)
            page.wait_for_load_state("networkidle")
            target = folder / f"{name}-{size}-{theme}.png"
            page.screenshot(path=target, full_page=size == "narrow" or name != "claim")
            print(target)
    page.close()


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HOME / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        print("Screenshots need Chromium on PATH.")
        return 2
    with a_desk() as desk, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        contexts = {role: log_in(browser, desk, role) for role in PAGES}
        page = contexts["fact_checker"].new_page()
        page.goto(f"{desk['url']}{PAGES['fact_checker']['claim']}")
        decide(page)
        page.close()
        for role, pages in PAGES.items():
            for name, path in pages.items():
                shoot(contexts[role], desk["url"] + path, name, folder)
        page = contexts["editor"].new_page()
        many = preview_many(page, desk["url"])
        page.close()
        shoot(contexts["editor"], many, "many", folder)
        answer = contexts["editor"].request.get(f"{desk['url']}/api/v1/published/?q=Demo")
        corrected = next(one for one in answer.json()["results"] if one["version"] > 1)
        shoot(contexts["editor"], f"{desk['url']}/published/{corrected['claim']}/", "public", folder)
        shoot(browser.new_context(), f"{desk['url']}/login/", "login", folder)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
