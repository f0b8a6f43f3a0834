"""The sun on the claim page: at a chosen time, without scripts, by an address that can be kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.conftest import Caller, file_claim

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]
KYIV = {"name": "Kyiv", "latitude": 50.45, "longitude": 30.5234, "radius_m": 5000}
DAY = {"edtf": "2022-10-04", "timezone": "Europe/Kyiv"}
MEDIA = [{"url": "https://media.example/one.mp4"}, {"url": "https://media.example/two.mp4"}]


class Page:
    def __init__(self, client: Client, caller: Caller, **said: Any) -> None:
        self.client = client
        self.claim = file_claim(
            caller, **{"media": MEDIA, "claimed_date": DAY, "claimed_location": KYIV, **said}
        )
        self.first, self.second = (item["id"] for item in self.claim["media"])

    def html(self, **query: str) -> str:
        return self.text(f"/claims/{self.claim['ref']}/", query)

    def text(self, path: str, query: dict[str, str]) -> str:
        response = self.client.get(path, query)
        assert response.status_code == 200
        return unescape(re.sub(r"\s+", " ", response.content.decode()))

    def lines(self, html: str, media: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(re.findall(rf'id="lines-{media}"[^>]*>(.*?)</script>', html)[0])
        return found


@pytest.fixture
def page(pages: Pages, checker: Caller) -> Page:
    return Page(pages(checker), checker)


def test_noon_of_the_claimed_day_is_shown_until_somebody_chooses(page: Page) -> None:
    html = page.html()
    assert (
        html.count("At 12:00 on 4 October 2022 by clocks there (UTC+3), 09:00 UTC, the sun in Kyiv stood")
        == 2
    )
    assert "until you choose another" in html
    assert 'value="2022-10-04T12:00"' in html
    assert page.lines(html, page.first)["bearing_deg"] is not None


def test_a_chosen_time_is_of_one_item_and_its_address_can_be_kept(page: Page) -> None:
    html = page.html(sun=page.second, at="2022-10-04T16:30")
    assert html.count("At 16:30 on 4 October 2022 by clocks there (UTC+3), 13:30 UTC") == 1
    assert html.count("At 12:00 on 4 October 2022") == 1
    assert 'value="2022-10-04T16:30"' in html
    assert f'name="sun" value="{page.second}"' in html
    lines = page.lines(html, page.second)
    assert lines["shadow_bearing_deg"] == pytest.approx((lines["bearing_deg"] + 180) % 360)


def test_below_the_horizon_it_says_so_and_draws_no_line(page: Page) -> None:
    html = page.text(f"/media/{page.first}/sun/", {"at": "2022-10-04T00:30"})
    assert re.search(r"was \d+° below the horizon", html)
    assert page.lines(html, page.first) == {"bearing_deg": None, "shadow_bearing_deg": None}


@pytest.mark.parametrize("typed", ["noon", "2022-03-27T03:30", '"><script>'])
def test_a_time_that_is_none_is_said_and_stays(typed: str, page: Page) -> None:
    html = page.html(sun=page.first, at=typed)
    assert "Write a moment such as 2022-10-04T14:00" in html
    assert f'value="{typed}"' in html
    assert "<script>" not in page.client.get(f"/claims/{page.claim['ref']}/", {"at": typed}).content.decode()


@pytest.mark.parametrize("sun", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_address_that_names_no_item_changes_nothing(sun: str, page: Page) -> None:
    assert page.html(sun=sun, at="2022-10-04T16:30").count("At 12:00 on 4 October 2022") == 2


def test_without_a_point_or_a_day_it_says_what_is_missing(pages: Pages, checker: Caller) -> None:
    nowhere = Page(pages(checker), checker, claimed_location={"name": "Kyiv"}).html()
    assert "as soon as a point is known" in nowhere
    never = Page(pages(checker), checker, claimed_date=None).html()
    assert "Choose a time: no single day is claimed." in never


def test_the_axis_is_shaded_and_the_same_is_written(page: Page, checker: Caller) -> None:
    html = page.html()
    assert html.count('class="sky is-dark"') == 4
    assert "<b>day</b> from 07:0" in html
    bound = {"kind": "landmark", "reason": "why", "side": "not_after", "date": "2022-10-05"}
    checker.post(f"media/{page.first}/bounds/", bound)
    found = page.text(f"/media/{page.first}/found/", {})
    assert found.count("<svg") == 1
    assert found.count('class="sky is-day"') == 3
    checker.post(f"media/{page.first}/bounds/", {**bound, "date": "2026-10-05"})
    found = page.text(f"/media/{page.first}/found/", {})
    assert (found.count("<svg"), "about the claimed time, in words" in found) == (2, True)
    year = Page(page.client, checker, claimed_date={"edtf": "2022"}).html()
    assert "Light and darkness are told of up to 10 days" in year
    assert 'class="sky' not in year
