"""Contacts and permissions on the pages: the warning before one writes, what is typed, and the desk's list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from claims.models import MediaItem
from tests.conftest import Caller, everything, file_claim, published
from tests.scenarios.test_contacts import ASK, VIDEO, YES, asked, claim_of
from verification.models import Contact, PermissionRecord, Told
from verification.services import reminders

pytestmark = pytest.mark.django_db

Pages = Callable[[Caller], Client]
FORM = {"act": "ask", "account": "@stringer_kh", "platform": "x.com", "text": "May we use it?", "channel": "message", "for_permission": "on"}  # fmt: skip


def text_of(response: Any) -> str:
    """What the page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def test_what_is_recorded_on_the_page_stands_there_and_on_the_claim(checker: Caller, pages: Pages) -> None:
    claim, item = claim_of(checker)
    ref = checker.get(f"claims/{claim}/").json()["ref"]
    browser = pages(checker)
    page = browser.get(f"/media/{item}/rights/")
    assert 'value="@stringer_kh"' in page.content.decode() and "Nobody is known to have asked" in text_of(
        page
    )
    sent = browser.post(f"/media/{item}/rights/", FORM, follow=True)
    assert sent.redirect_chain[-1] == (f"/media/{item}/rights/", 302)
    said = text_of(sent)
    assert "@stringer_kh on x.com" in said and "olena asked by message" in said and "May we use it?" in said
    assert '">' not in said and "You wait for an answer." in said
    fold = text_of(browser.get(f"/claims/{ref}/"))
    assert "You asked @stringer_kh on x.com by message" in fold
    assert "Permission and contact: asked , 1 contact open" in fold
    assert "Permission was asked for; there is no answer yet." in fold
    contact = Contact.objects.get()
    answer = {
        "act": "answer", "contact": str(contact.pk), "text": "Yes, of course", "channel": "email", "permission": "granted",
        "scope": "online", "territory": "worldwide", "until": "2999-01-01T00:00", "credit": "Stringer KH", "proof": "mail",
    }  # fmt: skip
    said = text_of(browser.post(f"/media/{item}/rights/", answer, follow=True))
    for words in ("May be shown the file", "Permission is granted until 1 Jan 2999, 00:00 UTC.", "Credit Stringer KH", "Proof: mail"):  # fmt: skip
        assert words in said, words
    row = MediaItem.objects.get(pk=item)
    assert (row.permission, row.permission_until) == ("granted", datetime(2999, 1, 1, tzinfo=UTC))
    taken = {"act": "permission", "permission": "refused", "credit": "Stringer KH", "reason": "They rang."}
    said = text_of(browser.post(f"/media/{item}/rights/", taken, follow=True))
    assert "May be shown nothing Permission was refused." in said and "Why: They rang." in said


def test_who_asks_is_shown_before_one_writes_on_every_item_of_the_uploader(
    checker: Caller, second_checker: Caller, pages: Pages
) -> None:
    first, item = claim_of(checker)
    asked(checker, first, item)
    ref = checker.get(f"claims/{first}/").json()["ref"]
    other, its = claim_of(second_checker, url="https://twitter.com/STRINGER_kh/status/77", account="")
    other_ref = checker.get(f"claims/{other}/").json()["ref"]
    browser = pages(second_checker)
    fold = text_of(browser.get(f"/claims/{other_ref}/"))
    assert "olena asked @stringer_kh on x.com by message" in fold and f"about {ref}" in fold
    page = text_of(browser.get(f"/media/{its}/rights/"))
    assert "olena waits for an answer. Speak with them before you write to this uploader." in page
    assert ASK["text"] in page and f"about item 1 of {ref}" in page
    before = everything()
    refused = browser.post(f"/media/{its}/rights/", FORM)
    assert refused.status_code == 409
    said = text_of(refused)
    assert f"olena asked @stringer_kh on x.com about {ref}" in said and "May we use it?" in said
    assert {k: v for k, v in everything().items() if "session" not in k} == before


def test_who_is_told_to_ask_again_is_led_to_the_contact(checker: Caller, pages: Pages) -> None:
    claim, item = claim_of(checker)
    asked(checker, claim, item, call_again_at=(timezone.now() + timedelta(hours=1)).isoformat())
    Contact.objects.update(call_again_at=timezone.now())
    reminders.remind(timezone.now())
    browser = pages(checker)
    assert "It is time to ask the uploader again" in text_of(browser.get("/inbox/"))
    assert browser.get(f"/inbox/{Told.objects.get().pk}/")["Location"] == f"/media/{item}/rights/"


def test_who_is_told_of_an_answer_is_led_to_the_contact(
    checker: Caller, second_checker: Caller, pages: Pages
) -> None:
    claim, item = claim_of(checker)
    contact = asked(checker, claim, item)["id"]
    assert second_checker.post(f"contacts/{contact}/answer/", YES).status_code == 200
    browser = pages(checker)
    assert "marko recorded what the uploader answered" in text_of(browser.get("/inbox/"))
    assert browser.get(f"/inbox/{Told.objects.get().pk}/")["Location"] == f"/media/{item}/rights/"


def test_what_was_typed_stays_where_it_is_refused(checker: Caller, pages: Pages) -> None:
    claim, item = claim_of(checker)
    contact = asked(checker, claim, item)["id"]
    browser = pages(checker)
    for form, complaint in (
        ({**FORM, "account": "@other", "at": "2999-01-01T00:00"}, "This is yet to come."),
        ({**FORM, "account": "@other", "at": "yesterday"}, "Write day and hour as 2022-10-04T15:30."),
        ({"act": "answer", "contact": contact, "text": "kept words", "channel": "phone", "permission": "refused", "scope": "kept scope"}, "There are terms only where something is allowed."),
        ({"act": "permission", "permission": "granted", "until": "2001-01-01T00:00", "proof": "kept words"}, "This time has passed."),
        ({"act": "again", "contact": contact, "text": "", "channel": "phone"}, "Write down what was said."),
    ):  # fmt: skip
        page = browser.post(f"/media/{item}/rights/", form)
        assert page.status_code == 422, form
        html = unescape(page.content.decode())
        assert complaint in html
        kept = [words for name, words in form.items() if name in {"text", "scope", "proof", "account"}]
        assert all(words in html for words in kept)
    assert PermissionRecord.objects.count() == 1
    stale = {"act": "close", "contact": contact}
    assert browser.post(f"/media/{item}/rights/", stale).status_code == 302
    assert browser.post(f"/media/{item}/rights/", stale).status_code == 409
    assert browser.post(f"/media/{item}/rights/", {"act": "close", "contact": "x"}).status_code == 404
    assert browser.post(f"/media/{item}/rights/", {"act": "steal"}).status_code == 404


def test_a_yes_for_several_items(checker: Caller, pages: Pages) -> None:
    filed = file_claim(checker, media=[VIDEO, {"url": "https://x.com/stringer_kh/status/16"}])
    one, two = (item["id"] for item in filed["media"])
    contact = asked(checker, filed["id"], one)["id"]
    page = pages(checker).get(f"/media/{one}/rights/").content.decode()
    assert f'value="{two}"' in page and "It goes for these items too" in page
    form = {"act": "answer", "contact": contact, **YES, "permission": "embed_only", "covers": [two]}
    assert pages(checker).post(f"/media/{one}/rights/", form).status_code == 302
    assert set(MediaItem.objects.values_list("permission", flat=True)) == {"embed_only"}


def test_the_desks_list(checker: Caller, second_checker: Caller, pages: Pages) -> None:
    browser = pages(checker)
    assert "Nobody is being asked" in text_of(browser.get("/contacts/"))
    claim, item = claim_of(checker)
    asked(checker, claim, item, at=(datetime.now(UTC) - timedelta(hours=3)).isoformat())
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    asked(second_checker, claim, item, account="@other", call_again_at=soon)
    page = text_of(browser.get("/contacts/"))
    assert page.index("@stringer_kh on x.com") < page.index("@other on x.com")
    assert "Waits for 3 hours: asked by olena" in page and "again on" in page
    assert "@other" not in text_of(browser.get("/contacts/?mine"))
    assert "Nobody is to be asked again now" in text_of(browser.get("/contacts/?show=due"))
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        due = text_of(pages(checker).get("/contacts/?show=due"))
    assert "@other" in due and "call again" in due and "@stringer_kh" not in due
    assert "No contact is closed yet" in text_of(browser.get("/contacts/?show=closed"))
    assert browser.get("/contacts/?show=all").status_code == 400


def test_the_public_page_says_what_may_be_shown(checker: Caller, editor: Caller, pages: Pages) -> None:
    public = published(checker, editor, media=[VIDEO])
    here = f"/published/{public['claim']}/"
    assert "Use: No permission is recorded." in text_of(pages(editor).get(here))
    until = datetime.now(UTC) + timedelta(hours=1)
    terms = {"permission": "granted", "scope": "online", "territory": "EU", "until": until.isoformat()}
    checker.post(f"media/{public['media'][0]['id']}/permission/", terms)
    page = text_of(pages(editor).get(here))
    assert "Use: Permission is granted until" in page and "For: online; EU." in page
    with time_machine.travel(until):
        page = text_of(pages(editor).get(here))
    assert "Use: The permission ended on" in page and "For: online" not in page


def test_the_file_is_offered_while_it_may_be_shown(checker: Caller, pages: Pages) -> None:
    claim = file_claim(checker)["id"]
    item = checker.client.post(
        f"/api/v1/claims/{claim}/media/",
        {"file": SimpleUploadedFile("a.gif", b"GIF89a")},
        headers={"Authorization": f"Bearer {checker.key}"},
    ).json()["id"]
    link = f'href="/api/v1/media/{item}/file/?for=delivery"'
    assert link not in pages(checker).get(f"/media/{item}/rights/").content.decode()
    checker.post(f"media/{item}/permission/", {"permission": "granted"})
    browser = pages(checker)
    assert link in browser.get(f"/media/{item}/rights/").content.decode()
    assert browser.get(f"/api/v1/media/{item}/file/?for=delivery").getvalue() == b"GIF89a"
