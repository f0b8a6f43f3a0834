"""A desk as real processes, and a real Chromium in front of it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.journeys.conftest import databases, pytest_terminal_summary, tell  # noqa: F401  the same there
from tests.stack import HOST, Databases, Stack, missing

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PEOPLE = {
    "olena": "fact_checker",
    "marko": "fact_checker",
    "edith": "editor",
    "adam": "admin",
    "reader": "client",
}
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@dataclass
class Desk:
    """A running desk with the demo case, and people who can log in to it."""

    stack: Stack
    logins: dict[str, dict[str, str]]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.stack.port}"

    def api(self, name: str) -> Any:
        return self.stack.api(self.logins[name]["api_key"])

    def file(self, **claim: Any) -> dict[str, Any]:
        """Files a claim as olena does; gives it."""
        answer = self.api("olena").post(
            "claims/",
            {
                "statement": "Soldiers raised a flag in a retaken village on Tuesday.",
                "language": "en",
                "source": {"name": "A regional administration", "kind": "official"},
                "desk": "demo",
                **claim,
            },
        )
        assert answer.status == 201, answer.body
        filed: dict[str, Any] = answer.json
        return filed

    def claim(self, ref: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api("edith").get(f"claims/{ref}/").json
        return found


@pytest.fixture(scope="session")
def desk(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:  # noqa: F811
    with Stack(databases, tmp_path_factory.mktemp("desk")) as stack:
        stack.manage("demo")
        logins = {name: stack.account(name, role, "--desk", "demo") for name, role in PEOPLE.items()}
        stack.start_web(workers=2)
        stack.start_worker()
        stack.start_loop()
        stack.web_answers()
        stack.all_done(60)
        yield Desk(stack, logins)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        missing(f"None of {', '.join(BROWSERS)} is on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody in front of a browser; knows what the page complained of and whom it asked."""

    desk: Desk
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def watch(self) -> None:
        page = self.page
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._on_console)
        page.on("request", self._on_request)

    def _on_console(self, message: Any) -> None:
        # An answer of 4xx is told in the page; the console repeats it.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.complaints.append(message.text)

    def _on_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.netloc != urlsplit(self.desk.url).netloc:
            self.strangers.append(request.url)

    def go(self, path: str) -> Page:
        self.page.goto(self.desk.url + path)
        return self.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def log_in(self, name: str) -> None:
        self.go("/login/")
        self.page.fill("#id_username", name)
        self.page.fill("#id_password", self.desk.logins[name]["password"])
        self.page.press("#id_password", "Enter")
        self.page.wait_for_url(f"{self.desk.url}/queue/")

    def hand_everything_back(self) -> None:
        """Leaves no claim to this person, so that the next test may take some."""
        self.go("/queue/")
        for link in [link.get_attribute("href") for link in self.page.locator(".entry.is-mine a").all()]:
            self.go(link or "")
            self.page.get_by_role("button", name="Hand back").click()
            self.at("/queue/")

    def until(self, predicate: Callable[[], Any], what: str, seconds: float = 15) -> None:
        """Waits as a browser does: it goes on with its own work meanwhile."""
        end = time.monotonic() + seconds
        while not predicate():
            assert time.monotonic() < end, f"{what} did not come; at {self.page.url}"
            self.page.wait_for_timeout(30)

    def at(self, path: str) -> None:
        """Waits until the browser is there."""
        self.until(lambda: urlsplit(self.page.url).path == path, path)
        self.page.wait_for_load_state()


Come = Callable[..., Visitor]


@pytest.fixture
def come(desk: Desk, chromium: Browser, tmp_path: Path) -> Iterator[Come]:
    """Somebody comes to the desk: logged in as `name`, with any option of a browser's context.

    Afterwards nothing may have complained, and no request have left the house.
    """
    visitors: list[Visitor] = []

    def come_in(name: str = "", **options: Any) -> Visitor:
        context = chromium.new_context(**{"viewport": WIDE, "color_scheme": "light", **options})
        context.set_default_timeout(15_000)
        visitor = Visitor(desk, context, context.new_page())
        visitor.watch()
        visitors.append(visitor)
        if name:
            visitor.log_in(name)
        return visitor

    yield come_in
    for visitor in visitors:
        visitor.context.close()
    assert [visitor.complaints for visitor in visitors if visitor.complaints] == []
    assert [visitor.strangers for visitor in visitors if visitor.strangers] == []
