"""Erasing who put a media item up: nothing that people wrote of them is left, and what is allowed stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.conftest import Caller, published, refused
from tests.verification.test_erasure import traces
from verification.models import Contact
from verification.services import audit
from verification.services.restoring import known_erasures, repeat_erasure

pytestmark = pytest.mark.django_db

NAME = "Unmistakablename"
WHY = {"reason": "A request of theirs.", "legal_ground": "Article 17 GDPR", "target": "uploader"}


@pytest.fixture
def public(checker: Caller, editor: Caller) -> dict[str, Any]:
    """A published claim whose uploader was asked, allowed it under their name, was asked once more, and is named in
    the publication."""
    claim = published(checker, editor, media=[{"url": "https://media.example/one.mp4", "account": NAME}])
    item = claim["media"][0]["id"]
    said = {"text": f"Dear {NAME}", "channel": "message"}

    def sent(path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = checker.post(path, body)
        assert response.status_code in {200, 201}, response.content
        answer: dict[str, Any] = response.json()
        return answer

    first = sent(f"claims/{claim['claim']}/contacts/", {**said, "media": item})["id"]
    terms = {"permission": "granted", "until": "2999-01-01T00:00:00Z"}
    terms |= {
        name: f"{name} {NAME}"
        for name in ("scope", "territory", "credit", "rights_holder", "proof", "reason")
    }
    sent(f"contacts/{first}/answer/", {**said, **terms})
    second = sent(f"claims/{claim['claim']}/contacts/", {**said, "media": item})["id"]
    sent(f"contacts/{second}/close/", {"reason": f"{NAME} is at sea"})
    sent(f"claims/{claim['claim']}/contacts/", {**said, "media": item})
    return claim


def test_their_name_leaves_no_trace_and_the_permission_stays(
    public: dict[str, Any], admin: Caller, checker: Caller, client_key: Caller
) -> None:
    claim, item = public["claim"], public["media"][0]["id"]
    assert NAME in client_key.get(f"published/{claim}/").content.decode()
    assert {"MediaItem.account", "MediaItem.credit", "Body.content"} <= set(traces(NAME))
    answer = admin.post(f"claims/{claim}/redact/", {**WHY, "id": item})
    assert answer.status_code == 200, answer.content
    assert traces(NAME) == []
    assert list(audit.verify()) == []
    shown = checker.get(f"media/{item}/permission/").json()
    assert (shown["permission"], shown["delivery"]["may"], shown["credit"]) == ("granted", "file", "")
    assert {record["redacted"] for record in shown["records"]} == {True}
    contacts = checker.get(f"claims/{claim}/contacts/").json()["results"]
    assert [(one["state"], one["uploader"]) for one in contacts] == [("closed", None)] * 3
    assert {message["text"] for one in contacts for message in one["messages"]} == {None}
    # The line is still published, without the credit; what came before it is suppressed.
    now = client_key.get(f"published/{claim}/").json()
    assert (now["line"], now["version"], now["media"][0]["credit"]) == (public["line"], 3, None)
    changes = client_key.get("changes/?after=0").json()["changes"]
    assert [(one["kind"], one.get("suppressed", False)) for one in changes] == [
        ("published", True),
        ("amended", True),
        ("amended", False),
    ]
    # Not even a digest is left by which somebody could be guessed; they can be asked anew like anybody.
    assert set(Contact.objects.values_list("uploader_key", flat=True)) == {""}
    body = {"media": item, "account": "@new", "text": "Dear you", "channel": "message"}
    assert checker.post(f"claims/{claim}/contacts/", body).status_code == 201


def test_what_names_nobody_is_not_published_anew(
    checker: Caller, editor: Caller, admin: Caller, client_key: Caller
) -> None:
    claim = published(checker, editor, media=[{"url": "https://media.example/one.mp4", "account": NAME}])
    body = {**WHY, "id": claim["media"][0]["id"]}
    assert admin.post(f"claims/{claim['claim']}/redact/", body).status_code == 200
    assert traces(NAME) == []
    assert client_key.get("changes/?after=0").json()["last_position"] == 1


def test_of_what_is_held_the_named_versions_go_and_nothing_comes_back_with_the_name(
    public: dict[str, Any], admin: Caller, editor: Caller
) -> None:
    claim = public["claim"]
    assert editor.post(f"claims/{claim}/hold/", {"reason": "a"}).status_code == 200
    assert admin.post(f"claims/{claim}/redact/", {**WHY, "id": public["media"][0]["id"]}).status_code == 200
    assert traces(NAME) == []
    assert editor.post(f"claims/{claim}/release/", {"reason": "a"}).status_code == 200
    assert traces(NAME) == []
    assert list(audit.verify()) == []


def test_a_legal_hold_keeps_all_of_it(public: dict[str, Any], admin: Caller) -> None:
    assert admin.post(f"claims/{public['claim']}/legal-hold/", {"reason": "a"}).status_code == 201
    before = traces(NAME)
    body = {**WHY, "id": public["media"][0]["id"]}
    refused(admin.post(f"claims/{public['claim']}/redact/", body), 409, code="legal_hold")
    assert traces(NAME) == before


def test_a_restore_erases_it_again(public: dict[str, Any], admin: Caller) -> None:
    item = public["media"][0]["id"]
    with transaction.atomic():
        admin.post(f"claims/{public['claim']}/redact/", {**WHY, "id": item})
        (known,) = known_erasures()
        assert repeat_erasure(known) is False  # it is erased already
        transaction.set_rollback(True)
    assert traces(NAME)
    assert repeat_erasure(known) is True
    assert traces(NAME) == []
    assert Contact.objects.open().count() == 0
    assert list(audit.verify()) == []


def test_the_page_offers_it_and_says_what_goes_with_it(
    public: dict[str, Any], admin: Caller, checker: Caller
) -> None:
    ref = public["ref"]
    browser = Client()
    browser.force_login(admin.person)
    page = browser.get(f"/claims/{ref}/erase/").content.decode()
    assert "Who put up Video" in page and NAME not in page
    form = {
        "act": "erase", "target": f"uploader:{public['media'][0]['id']}", "legal_ground": "a", "reason": "a", "confirm": ref,
    }  # fmt: skip
    assert browser.post(f"/claims/{ref}/erase/", form).status_code == 302
    assert traces(NAME) == []
    page = browser.get(f"/claims/{ref}/erase/").content.decode()
    assert "Who put a media item up" in page and "Who put up Video" not in page


def test_the_page_names_an_erased_bound(public: dict[str, Any], admin: Caller, checker: Caller) -> None:
    bound = {"kind": "landmark", "reason": "a", "side": "not_before", "date": "2019"}
    entered = checker.post(f"media/{public['media'][0]['id']}/bounds/", bound).json()["id"]
    body = {**WHY, "target": "evidence", "id": entered}
    assert admin.post(f"claims/{public['claim']}/redact/", body).status_code == 200
    browser = Client()
    browser.force_login(admin.person)
    assert "A bound" in browser.get(f"/claims/{public['ref']}/erase/").content.decode()
