"""Second reviews, re-checks and adjudications: what this review has to decide, apart from what was said before."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from claims.models import Claim, Desk, Membership
from tests.conftest import Caller, file_claim, review
from verification.models import Policy

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]
BOTH = {"location": "verified", "date": "unverified"}


def text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


class Look:
    """A claim page as its reviewer sees it."""

    def __init__(self, browser: Client, claim: str) -> None:
        self.browser, self.url = browser, f"/claims/{Claim.objects.get(pk=claim).ref}/"
        browser.post(f"{self.url}take/")

    def html(self) -> str:
        return self.browser.get(self.url).content.decode()

    def dimension(self, name: str) -> str:
        html = self.html()
        at = html.index(f'<details class="dimension" id="dimension-{name}"')
        return html[at : html.index("</details>\n", at)]

    def status(self, name: str) -> str:
        found = re.search(rf'data-dimension="{name}" data-status="(\w+)"', self.html())
        assert found
        return found[1]

    def decide(self, **form: str) -> None:
        token = re.search(r'name="lease_token" value="([^"]+)"', self.html())
        assert token
        sent = self.browser.post(f"{self.url}verdict/", {"lease_token": token[1], "rows": "1", **form})
        assert sent.status_code == 302, sent.content


@pytest.fixture
def claim(checker: Caller, desk: Desk) -> str:
    """Reviewed once; a second review waits."""
    Policy.objects.filter(desk=desk).update(second_review=True)
    file_claim(checker)
    return review(checker, BOTH)


def test_a_second_review_has_everything_still_to_decide(
    claim: str, pages: Pages, second_checker: Caller
) -> None:
    look = Look(pages(second_checker), claim)
    assert (look.status("location"), look.status("date")) == ("not_checked", "not_checked")
    head = text(look.dimension("location").partition("</summary>")[0])
    assert "First review: verified" in head
    assert re.search(r'id="submit-next" +disabled', look.html())
    assert "Decide at least one dimension to submit." in look.html()

    look.decide(dimension="location", status="unverified", reason="I see no church")
    assert (look.status("location"), look.status("date")) == ("unverified", "not_checked")
    body = text(look.dimension("location"))
    assert "First review: verified" in body
    assert "Earlier reviews First review:" in body
    assert not re.search(r'id="submit-next" +disabled', look.html())
    assert "Not decided in this review: date." in text(look.html())


def test_who_only_looks_on_sees_what_stands(claim: str, pages: Pages, editor: Caller) -> None:
    html = pages(editor).get(f"/claims/{Claim.objects.get(pk=claim).ref}/").content.decode()
    assert 'data-dimension="location" data-status="verified"' in html
    assert "Earlier reviews" not in html


def test_a_recheck_begins_anew_beside_what_was_said(pages: Pages, checker: Caller) -> None:
    file_claim(checker)
    claim = review(checker, {**BOTH, "authenticity": "unverified"})
    checker.post(f"claims/{claim}/request-recheck/", {"reason": "a new photo"})
    look = Look(pages(checker), claim)
    assert look.status("authenticity") == "not_checked"
    assert "to decide" in text(look.dimension("authenticity"))
    assert "First review: unverified" in text(look.dimension("authenticity"))
    assert "to decide" not in text(look.dimension("motivation"))


def test_an_adjudication_is_there_for_what_is_disputed(
    claim: str, pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    review(second_checker, {"location": "unverified", "date": "unverified"})
    look = Look(pages(checker), claim)
    needed = re.findall(r'data-dimension="(\w+)" data-status="\w+" data-needed', look.html())
    assert needed == ["location"]
    head = text(look.dimension("location").partition("</summary>")[0])
    assert "First review: verified" in head
    assert "Second review: unverified" in head


def test_labels_go_by_the_role_on_the_claims_own_desk(
    pages: Pages, checker: Caller, editor: Caller, desk: Desk
) -> None:
    ref = file_claim(checker)["ref"]
    other = Desk.objects.create(slug="another", name="Another", house_name="Another")
    Policy.objects.create(desk=other)
    for caller, role in ((checker, "editor"), (editor, "fact_checker")):
        Membership.objects.create(person=caller.person, desk=other, role=role)
    for caller, label in (
        (checker, "Record and other actions"),
        (editor, "Sign-off and other actions"),
    ):
        browser = pages(caller)
        assert browser.post("/desk/switch/", {"desk": "another"}).status_code == 302
        assert label in browser.get(f"/claims/{ref}/").content.decode()
