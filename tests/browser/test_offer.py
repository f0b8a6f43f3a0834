"""What another claim says of the same photo, taken by one key: it fills the form, and is recorded by hand alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.demo_media import make_photo
from tests.browser.conftest import Come, Desk
from tests.browser.test_check_again import with_photo
from tests.browser.test_every_page import excess_of, violations_on
from tests.conftest import CHURCH

pytestmark = pytest.mark.services

PLACE = {"name": "Izium", "latitude": 49.2088, "longitude": 37.2485}


def drafted(desk: Desk, ref: str) -> str:
    """What the location is in the review under way."""
    status: str = desk.claim(ref)["draft_statuses"]["location"]["status"]
    return status


def test_what_was_decided_of_the_same_photo_is_taken_by_one_key(
    desk: Desk, come: Come, tmp_path: Path
) -> None:
    photo = make_photo(tmp_path / "photo.jpg", lines=["A church in Izium"], seed=616)
    first = with_photo(desk, photo, "A flag over Izium, the first time.", priority="low")
    olena = desk.api("olena")
    entry = desk.claim(first["ref"])["queue_entry"]["id"]
    token = olena.post(f"queue/{entry}/lease/").json["lease_token"]
    said = {"dimension": "location", "status": "verified", "reason": "The church stands there.", "basis": [CHURCH], "value": PLACE}  # fmt: skip
    answer = olena.post(f"claims/{first['id']}/verdicts/", {"lease_token": token, **said})
    assert answer.status == 201, answer.body
    assert olena.post(f"claims/{first['id']}/submit/", {"lease_token": token}).status == 200

    second = with_photo(desk, photo, "A flag over Izium, the second time.", priority="low")
    marko = come("marko")
    page = marko.go(f"/claims/{second['ref']}/")
    page.get_by_role("button", name="Take this claim").click()
    page.wait_for_selector("[data-fills]", state="attached")
    marko.press("o")
    reason = "#dimension-location textarea[name=reason]"
    page.wait_for_function(
        "([field, words]) => document.querySelector(field)?.value.includes(words)",
        arg=[reason, "The church stands there."],
    )
    assert page.is_checked("#dimension-location input[value=verified]")
    assert first["ref"] in page.inner_text("#dimension-location .offers")
    assert (violations_on(marko), excess_of(marko)) == ([], {})
    assert drafted(desk, second["ref"]) == "not_checked"
    page.focus(reason)
    marko.press("Control+Enter")
    marko.until(lambda: drafted(desk, second["ref"]) == "verified", "the verdict, recorded by hand")
    marko.hand_everything_back()
