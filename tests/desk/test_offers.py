"""Another claim's verdict beside the form: filled in by one button, without JavaScript, and recorded only by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims.models import MediaItem
from tests.conftest import CHURCH, Caller
from tests.desk.test_another_look import Look, text
from tests.scenarios.test_offers import HERE, IZIUM, PLACE, decided, file_of
from tests.verification import test_recycled as recycled
from verification.models import Verdict

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]


@pytest.fixture(autouse=True)
def _no_child_of_others() -> Any:
    yield
    recycled.sandbox.end_child()


@pytest.fixture
def first(checker: Caller) -> MediaItem:
    item = recycled.filed(checker, file_of(), **HERE)
    said = {"value": {**PLACE, "radius_m": 100}, "reason": "The church is there."}
    decided(checker, item, {"location": "verified"}, **said)
    return item


@pytest.fixture
def second(first: MediaItem, checker: Caller) -> MediaItem:
    return recycled.filed(checker, file_of(), **HERE)


def look_at(browser: Client, item: MediaItem) -> Look:
    return Look(browser, str(item.claim_id))


def part(look: Look, dimension: str = "location") -> str:
    """All of a dimension, its form with what is folded away in it."""
    html = look.html().partition(f'<details class="dimension" id="dimension-{dimension}"')[2]
    return html.partition('<details class="dimension"')[0].partition('id="notes"')[0]


def offer_in(html: str) -> dict[str, str]:
    """What the first offer's button sends."""
    form = html.partition('data-fills="')[2].partition("</form>")[0]
    sent = dict(re.findall(r'name="(dimension|item|offer)" value="([^"]+)"', form))
    assert sent.keys() == {"dimension", "item", "offer"}, form
    return sent


def fill_in(look: Look, **changes: str) -> Any:
    return look.browser.post(f"{look.url}fill-in/", {**offer_in(look.html()), **changes})


def value(html: str, field: str) -> str:
    found = re.search(rf'name="{field}"[^>]*value="([^"]*)"', html)
    assert found, field
    return found[1]


def test_it_stands_beside_the_form_with_who_when_why_and_where(
    first: MediaItem, second: MediaItem, second_checker: Caller, pages: Pages
) -> None:
    look = look_at(pages(second_checker), second)
    shown = part(look)
    said = text(shown.partition('class="offers')[2].partition("</section>")[0])
    for one in ("Verified", first.claim.ref, "olena", "not published", "the same file", PLACE["name"], "The church is there.", f"Geolocation: {CHURCH['feature']}"):  # fmt: skip
        assert one in said, one
    assert f'href="/claims/{first.claim.ref}/"' in shown
    assert 'class="offers' not in part(look, "date")
    # Whoever does not hold the review has no form to fill, and who looks at the first claim nothing new.
    assert 'class="offers' not in pages(second_checker).get(f"/claims/{first.claim.ref}/").content.decode()


def test_one_button_fills_the_form_and_another_records_it(
    first: MediaItem, second: MediaItem, second_checker: Caller, pages: Pages
) -> None:
    look = look_at(pages(second_checker), second)
    answer = fill_in(look)
    assert (answer.status_code, answer["Location"]) == (302, f"{look.url}#dimension-location")
    assert not Verdict.objects.filter(claim=second.claim_id).exists()
    html = part(look)
    assert re.search(r'value="verified"[^>]* checked', html)
    assert f"As decided in {first.claim.ref}: The church is there." in html
    assert (value(html, "place_radius_km"), value(html, "feature_1")) == ("0.1", CHURCH["feature"])
    named = re.search(r'<select name="verdict_0".*?</select>', html, re.DOTALL)
    assert named
    theirs = Verdict.objects.get(claim=first.claim_id)
    assert re.search(rf'value="{theirs.pk}" selected>{first.claim.ref}: Verified', named[0])

    # Taken again nothing is lost: it is as it was filled in.
    assert fill_in(look).status_code == 302
    fields = {
        "status": "verified",
        "rows": "2",
        "reason": "I saw it too.",
        "method_0": "other",
        "reference_0": first.claim.ref,
        "verdict_0": str(theirs.pk),
        "place_name": PLACE["name"],
        "place_point": value(html, "place_point"),
        "place_radius_km": "0.1",
    }
    look.decide(dimension="location", **fields)
    mine = Verdict.objects.get(claim=second.claim_id)
    assert (mine.by, mine.relation, mine.content["value"]["radius_m"]) == (second_checker.person, "narrower", 100)  # fmt: skip
    assert mine.content["basis"][0]["verdict"] == str(theirs.pk)
    # Decided, it is offered no more; taken back, it is again, and the form is as it was.
    assert 'class="offers' not in part(look)
    token = re.search(r'name="lease_token" value="([^"]+)"', look.html())
    assert token
    look.browser.post(f"{look.url}undo/", {"lease_token": token[1]})
    assert 'class="offers' in part(look)
    assert f'value="{theirs.pk}" selected' in part(look)


def test_what_somebody_typed_is_not_written_over(
    second: MediaItem, second_checker: Caller, pages: Pages
) -> None:
    look = look_at(pages(second_checker), second)
    look.browser.post(
        f"{look.url}draft/", {"dimension": "location", "status": "verified", "reason": "My own"}
    )
    refused = fill_in(look)
    assert refused.status_code == 409
    assert "You typed something for the location. Record or discard it" in text(refused.content.decode())
    assert "My own" in part(look)
    # A status alone is no text.
    look.browser.post(f"{look.url}draft/", {"dimension": "location", "status": "unverified"})
    assert fill_in(look).status_code == 302
    assert re.search(r'value="verified"[^>]* checked', part(look))


def test_where_something_else_is_claimed_the_status_is_left_to_the_person(
    first: MediaItem, checker: Caller, second_checker: Caller, pages: Pages
) -> None:
    look = look_at(pages(second_checker), recycled.filed(checker, file_of(), **IZIUM))
    assert "Something else is claimed there" in text(part(look))
    assert fill_in(look).status_code == 302
    html = part(look)
    assert not re.search(r'name="status"[^>]* checked', html)
    assert value(html, "place_name") == PLACE["name"]


def test_an_offer_that_is_gone_fills_nothing(second: MediaItem, second_checker: Caller, pages: Pages) -> None:
    look = look_at(pages(second_checker), second)
    for changes in ({"offer": str(second.pk)}, {"item": ""}, {"offer": "x"}, {"dimension": "date"}):
        answer = fill_in(look, **changes)
        assert answer.status_code == 404
        assert "no such offer any more" in text(answer.content.decode())
    assert "draft" not in text(part(look).partition("</summary>")[0])


def test_many_offers_take_no_more_queries_and_the_newest_are_shown(
    first: MediaItem, second: MediaItem, checker: Caller, second_checker: Caller, pages: Pages
) -> None:
    look = look_at(pages(second_checker), second)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            look.html()
        return len(seen)

    one = queries()
    for _ in range(5):
        decided(checker, recycled.filed(checker, file_of(), **HERE), {"location": "verified"})
    assert look.html().count("data-fills=") == 5
    assert queries() <= one + 2
