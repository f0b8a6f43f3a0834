"""Text that is typed and not recorded when a review is submitted: said once, never lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from claims.models import Claim
from tests.conftest import Caller, file_claim
from verification.desk.forms.verdict import what_is_typed
from verification.models import Draft, Review
from verification.services.drafts import typed_by

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]

TYPED = [
    ({}, []),
    ({"status": ["verified"], "rows": ["1"], "method_0": ["geolocation"], "interim": ["on"]}, []),
    ({"reason": ["  "]}, []),
    ({"reason": ["a shop sign"]}, ["a reason"]),
    ({"feature_3": ["church"]}, ["a basis"]),
    ({"url_0": ["https://example.org"], "finding_1": ["x"]}, ["a basis"]),
    ({"place_point": ["49, 37"]}, ["a value"]),
    ({"date_edtf": ["2022"], "reason": ["r"], "phrase_0": ["p"]}, ["a reason", "a basis", "a value"]),
]


@pytest.mark.parametrize(("fields", "words"), TYPED)
def test_what_counts_as_typed(fields: dict[str, list[str]], words: list[str]) -> None:
    assert what_is_typed(fields) == words


class Desk:
    """A claim that somebody decides, with half a thought in a form."""

    def __init__(self, browser: Client, caller: Caller) -> None:
        self.browser, self.caller = browser, caller
        self.claim = Claim.objects.get(pk=file_claim(caller)["id"])
        self.url = f"/claims/{self.claim.ref}/"
        browser.post(f"{self.url}take/")
        self.send("verdict/", dimension="location", status="unverified", reason="no landmark", rows="1")
        self.send("draft/", dimension="date", reason="half a thought", feature_0="a shadow")

    def send(self, to: str, **form: str) -> str:
        token = re.search(r'name="lease_token" value="([^"]+)"', self.html())
        body = {"lease_token": token[1] if token else "", **form}
        return str(self.browser.post(self.url + to, body).get("Location", ""))

    def html(self, query: str = "") -> str:
        return self.browser.get(self.url + query).content.decode()

    def stage(self) -> str:
        self.claim.refresh_from_db()
        return self.claim.stage


@pytest.fixture
def at_desk(pages: Pages, checker: Caller) -> Desk:
    return Desk(pages(checker), checker)


@pytest.mark.parametrize("button", ["next", "stay"])
def test_submit_is_refused_and_names_what_is_not_recorded(button: str, at_desk: Desk) -> None:
    where = at_desk.send("submit/", **{button: "1"})
    assert where == f"{at_desk.url}?unrecorded={button}#unrecorded"
    assert at_desk.stage() == "in_review"
    html = at_desk.html(f"?unrecorded={button}")
    said = " ".join(re.sub(r"<[^>]+>", "", html[html.index('id="unrecorded"') :]).split())
    assert "You typed a reason and a basis for the date and did not record it." in said
    assert f'name="anyway" value="{button}"' in html
    assert re.search(r'id="dimension-date"[^>]* open>', html)
    assert "half a thought</textarea>" in html


def test_submitted_anyway_it_stays_a_draft_and_comes_back_with_the_next_review(
    at_desk: Desk, checker: Caller
) -> None:
    at_desk.send("submit/", anyway="stay")
    assert at_desk.stage() == "awaiting_signoff"
    assert Review.objects.get().state == Review.SUBMITTED
    html = at_desk.html()
    assert "half a thought" in html
    assert "Your draft is kept." in html
    checker.post(f"claims/{at_desk.claim.ref}/request-recheck/", {"reason": "look again"})
    at_desk.browser.post(f"{at_desk.url}take/")
    assert "half a thought</textarea>" in at_desk.html()
    at_desk.send("verdict/", dimension="date", status="unverified", reason="a whole thought", rows="1")
    assert typed_by(at_desk.claim, checker.person) == {}


def test_recorded_or_discarded_it_is_in_nobodys_way(at_desk: Desk, checker: Caller) -> None:
    where = at_desk.send("draft/discard/", dimension="date")
    assert where == f"{at_desk.url}#dimension-date"
    assert typed_by(at_desk.claim, checker.person) == {}
    at_desk.send("submit/", stay="1")
    assert at_desk.stage() == "awaiting_signoff"


def test_discarding_throws_away_ones_own_words_only(
    at_desk: Desk, pages: Pages, second_checker: Caller, checker: Caller
) -> None:
    pages(second_checker).post(f"{at_desk.url}draft/discard/", {"dimension": "date"})
    assert typed_by(at_desk.claim, checker.person)["date"]["reason"] == ["half a thought"]


def test_a_submission_by_api_leaves_the_words_too(at_desk: Desk, checker: Caller) -> None:
    token = at_desk.claim.queue_entries.get().token
    answer = checker.post(f"claims/{at_desk.claim.ref}/submit/", {"lease_token": token})
    assert answer.status_code == 200, answer.content
    assert Draft.objects.get().content["date"]["feature_0"] == ["a shadow"]


def test_without_scripts_a_button_keeps_what_is_typed_and_leads_back(at_desk: Desk, checker: Caller) -> None:
    where = at_desk.send("draft/", dimension="date", reason="another thought", keep="1")
    assert where == f"{at_desk.url}#dimension-date"
    assert typed_by(at_desk.claim, checker.person)["date"]["reason"] == ["another thought"]
