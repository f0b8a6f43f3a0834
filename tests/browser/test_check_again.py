"""A re-check after an earlier copy turns up: what is published says so and why, is decided anew and stands again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from config.demo_media import make_photo
from tests.browser.conftest import Come, Desk
from tests.browser.test_every_page import excess_of, violations_on
from tests.browser.test_road_by_keyboard import Hands

pytestmark = pytest.mark.services

NEEDED = "re-check needed"


def with_photo(
    desk: Desk, photo: Path, statement: str, *, priority: str = "breaking", **said: str
) -> dict[str, Any]:
    """A claim with a photo that was examined."""
    claim = desk.file(statement=statement, priority=priority)
    answer = desk.api("olena").upload(f"claims/{claim['id']}/media/", photo, "photo.jpg", **said)
    assert answer.status == 202, answer.body
    desk.stack.all_done(60)
    return claim


def decided_and_published(desk: Desk, claim: dict[str, Any]) -> None:
    olena, edith = desk.api("olena"), desk.api("edith")
    entry = desk.claim(claim["ref"])["queue_entry"]["id"]
    token = olena.post(f"queue/{entry}/lease/").json["lease_token"]
    for dimension in ("location", "date"):
        said = {
            "lease_token": token,
            "dimension": dimension,
            "status": "unverified",
            "reason": "Nothing yet.",
        }
        assert olena.post(f"claims/{claim['id']}/verdicts/", said).status == 201
    assert olena.post(f"claims/{claim['id']}/submit/", {"lease_token": token}).status == 200
    assert edith.post(f"claims/{claim['id']}/publish/").status == 200


def looks_well(hands: Hands) -> None:
    """In both themes, and no wider than any screen."""
    assert (violations_on(hands.visitor), excess_of(hands.visitor)) == ([], {})


def test_an_earlier_copy_is_told_checked_and_settled(desk: Desk, come: Come, tmp_path: Path) -> None:
    photo = make_photo(tmp_path / "photo.jpg", lines=["The market square"], seed=515)
    first = with_photo(desk, photo, "A market was crowded on Tuesday.")
    decided_and_published(desk, first)
    copy = tmp_path / "copy.jpg"
    Image.open(photo).save(copy, quality=40)
    second = with_photo(desk, copy, "An old photo of a market.", posted_at="2019-05-01T00:00:00Z")
    why = f"An earlier copy of the picture turned up in {second['ref']}."

    edith = Hands(come("edith"))
    edith.visitor.until(lambda: desk.claim(first["ref"])["under_review"], "the re-check")
    row = f"#claim-{first['ref']}"
    edith.visitor.go(f"/claims/?q={first['ref']}")
    assert edith.page.inner_text(f"{row} .row-state").startswith("Published")
    assert NEEDED in edith.page.inner_text(f"{row} .row-chips")
    assert f"Date: {why}" in edith.page.inner_text(f"{row} .row-claim")
    looks_well(edith)
    edith.visitor.go("/inbox/")
    assert "To be checked again: the date" in edith.page.inner_text("main")
    edith.visitor.go(f"/claims/{first['ref']}/sign-off/")
    assert why in edith.page.inner_text("#decided-date")
    looks_well(edith)

    olena = Hands(come("olena"))
    olena.visitor.go(f"/claims/{first['ref']}/")
    assert why in olena.page.inner_text("#recheck")
    olena.press("n")
    olena.page.wait_for_selector("#dimension-date[open] form")
    assert NEEDED in olena.page.inner_text("#dimension-date > summary")
    assert NEEDED not in olena.page.inner_text("#dimension-location > summary")
    looks_well(olena)
    olena.press("2")
    olena.type("An older copy shows the same stalls; nothing ties it to a day.")
    olena.press("Control+Enter")
    olena.page.wait_for_selector('#dimension-date[data-status="unverified"]', state="attached")
    assert not olena.page.is_visible("#recheck")
    olena.activate("#submit-next")
    olena.visitor.until(lambda: not desk.claim(first["ref"])["under_review"], "the end of the re-check")

    edith.visitor.go(f"/claims/?q={first['ref']}")
    assert NEEDED not in edith.page.inner_text(row)
    edith.visitor.go(f"/claims/{first['ref']}/sign-off/")
    assert why not in edith.page.inner_text("main")
