"""The page to erase for good and to place a legal hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from claims.models import Claim
from config.demo_media import make_photo
from tests.conftest import Caller, file_claim, published
from verification.models import HandOver, LegalHold, Note, Redaction
from verification.services import work

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]
WHY = {"reason": "an order came", "legal_ground": "court of Kuopio, 12/2026"}


class Page:
    def __init__(self, browser: Client, claim: Claim) -> None:
        self.browser, self.claim, self.url = browser, claim, f"/claims/{claim.ref}/erase/"

    def html(self) -> str:
        return self.browser.get(self.url).content.decode()

    def erase(self, what: str, **said: str) -> Any:
        form = {"act": "erase", "target": what, "confirm": self.claim.ref, **WHY, **said}
        return self.browser.post(self.url, form)


@pytest.fixture
def at_page(pages: Pages, checker: Caller, editor: Caller, admin: Caller) -> Page:
    """A published claim with a note, before an admin."""
    claim = Claim.objects.get(pk=published(checker, editor)["claim"])
    checker.post(f"claims/{claim.ref}/notes/", {"body": "a name that must go"})
    return Page(pages(admin), claim)


def test_it_spells_out_what_goes(at_page: Page) -> None:
    html = at_page.html()
    assert "every earlier wording of it" in html
    assert "What is public is withdrawn first" in html
    assert "a name that must go" in html
    assert "&lt;time" not in html
    assert f"Type {at_page.claim.ref} to confirm" in html


def test_what_was_said_at_a_hand_over_can_go(pages: Pages, checker: Caller, admin: Caller) -> None:
    claim = Claim.objects.get(pk=file_claim(checker)["id"])
    token = checker.post("queue/next/").json()["lease_token"]
    checker.post(f"queue/leases/{token}/hand-over/", {"to": None, "tried": "rang Maria at home", "next": ""})
    here = Page(pages(admin), claim)
    assert here.html().count("rang Maria at home") == 1
    handed = HandOver.objects.get()
    assert here.erase(f"hand_over:{handed.pk}").status_code == 302
    html = here.html()
    assert "rang Maria" not in html
    assert "What was said at a hand-over" in html


def test_a_hand_over_at_which_nothing_was_said_is_not_offered(
    pages: Pages, checker: Caller, admin: Caller
) -> None:
    claim = Claim.objects.get(pk=file_claim(checker)["id"])
    token = checker.post("queue/next/").json()["lease_token"]
    assert checker.post(f"queue/leases/{token}/hand-over/", {"to": None}).status_code == 200
    assert 'value="hand_over:' not in Page(pages(admin), claim).html()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"confirm": ""}, "as it is written here. Nothing was erased."),
        ({"confirm": "2026-99999"}, "as it is written here. Nothing was erased."),
        ({"reason": " "}, "Say why."),
        ({"legal_ground": ""}, "nothing is erased without one"),
        ({"target": ""}, "Choose what is to be erased."),
        ({"target": "note:0"}, "Select a valid choice."),
    ],
)
def test_nothing_is_erased_by_half_a_form(said: dict[str, str], words: str, at_page: Page) -> None:
    response = at_page.erase("statement", **said)
    assert response.status_code == 422
    hold = response.content.decode().partition('id="hold-title"')[2].partition("</section>")[0]
    assert "errors" not in hold
    assert words in response.content.decode()
    assert not Redaction.objects.exists()


def test_what_the_claim_says_is_erased_and_withdrawn(at_page: Page) -> None:
    assert at_page.erase("statement")["Location"] == at_page.url
    claim = Claim.objects.get(pk=at_page.claim.pk)
    assert (claim.statement.content, claim.stage) == (None, "withdrawn")
    html = at_page.html()
    assert WHY["legal_ground"] in html
    assert 'value="statement"' not in html


def test_a_note_is_erased_and_its_place_stays(at_page: Page) -> None:
    note = Note.objects.get()
    assert at_page.erase(f"note:{note.pk}").status_code == 302
    assert "a name that must go" not in at_page.html()
    assert Note.objects.get().body.redacted_at is not None


def test_an_original_is_erased_and_said_to_serve_others(
    pages: Pages, checker: Caller, admin: Caller, tmp_path: Path
) -> None:
    photo = make_photo(tmp_path / "a.jpg", lines=["x"], gps=(49.5, 37.6)).read_bytes()
    claims = [file_claim(checker, statement=f"A flag, {number}.") for number in range(2)]
    for claim in claims:
        upload = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.jpg", photo)})
        sent = checker.call("POST", f"claims/{claim['id']}/media/", upload, Content_Type=MULTIPART_CONTENT)
        assert sent.status_code == 202, sent.content
    while work.reconcile():
        pass
    page = Page(pages(admin), Claim.objects.get(pk=claims[0]["id"]))
    assert "It serves 1 other claim, and goes from there too." in page.html()
    item = page.claim.media.get()
    assert page.erase(f"original:{item.pk}").status_code == 302
    item.refresh_from_db()
    assert item.asset.redacted_at is not None
    assert "An original" in page.html()
    assert f"original:{item.pk}" not in page.html()


def test_a_legal_hold_keeps_everything_until_it_is_lifted(at_page: Page) -> None:
    assert at_page.browser.post(at_page.url, {"act": "hold", "reason": ""}).status_code == 422
    at_page.browser.post(at_page.url, {"act": "hold", "reason": "a trial is coming"})
    html = at_page.html()
    assert "a trial is coming" in html
    assert "Erase it for good" not in html
    refused = at_page.erase("statement")
    assert refused.status_code == 409
    assert not Redaction.objects.exists()
    assert at_page.browser.post(at_page.url, {"act": "hold", "reason": "again"}).status_code == 409
    at_page.browser.post(at_page.url, {"act": "lift"})
    assert LegalHold.objects.get().lifted_at is not None
    assert "Erase it for good" in at_page.html()
    assert at_page.erase("statement").status_code == 302


def test_only_an_admin_is_led_there(pages: Pages, checker: Caller, editor: Caller, admin: Caller) -> None:
    ref = file_claim(checker)["ref"]
    for caller, expected in ((checker, False), (editor, False), (admin, True)):
        for page in (f"/claims/{ref}/", f"/claims/{ref}/sign-off/"):
            html = pages(caller).get(page).content.decode()
            assert (f'href="/claims/{ref}/erase/"' in html) == expected


def test_a_bound_can_go(pages: Pages, checker: Caller, admin: Caller) -> None:
    filed = file_claim(checker, media=[{"url": "https://media.example/one.mp4"}])
    said = {"kind": "landmark", "reason": "Maria's house stands", "side": "not_before", "date": "2019"}
    bound = checker.post(f"media/{filed['media'][0]['id']}/bounds/", said)
    assert bound.status_code == 201, bound.content
    here = Page(pages(admin), Claim.objects.get(pk=filed["id"]))
    assert "Maria&#x27;s house stands" in here.html()
    assert here.erase(f"evidence:{bound.json()['id']}").status_code == 302
    assert "Maria" not in here.html()
