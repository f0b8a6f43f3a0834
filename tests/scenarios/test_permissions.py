"""Permission gates the delivery of media and never the line, on what is published already too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from claims.models import Body, Desk, Publication
from claims.published import shown
from tests.conftest import Caller, decide, everything, file_claim, lease, published, refused
from verification.models import PermissionRecord, Told
from verification.services import audit

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "because"}
VIDEO = {"url": "https://x.com/stringer_kh/status/15", "account": "@stringer_kh"}
YES = {
    "permission": "granted",
    "scope": "online",
    "territory": "EU",
    "until": "2999-01-01T00:00:00Z",
    "credit": "KH",
}


def allow(by: Caller, item: str, **terms: Any) -> dict[str, Any]:
    response = by.post(f"media/{item}/permission/", terms)
    assert response.status_code == 200, response.content
    permission: dict[str, Any] = response.json()
    return permission


@pytest.fixture
def public(checker: Caller, editor: Caller) -> dict[str, Any]:
    """A claim with one video that is on show; its publication."""
    return published(checker, editor, media=[VIDEO])


def item_of(publication: dict[str, Any]) -> str:
    item: str = publication["media"][0]["id"]
    return item


def delivery(client: Caller, claim: str, query: str = "") -> Any:
    return client.get(f"published/{claim}/{query}").json()["media"][0]["delivery"]


def test_the_line_is_published_whatever_is_allowed(public: dict[str, Any], client_key: Caller) -> None:
    assert public["line"]
    assert public["media"][0]["delivery"] == {
        "may": "none",
        "why": "No permission is recorded.",
        "until": None,
    }
    assert public["media"][0]["terms"] == {"scope": None, "territory": None, "until": None}
    assert "delivery" in public["usage_terms"]
    assert client_key.get(f"published/{public['claim']}/").json() == public


def test_a_permission_that_comes_later_reaches_clients_as_an_amendment(
    public: dict[str, Any], checker: Caller, editor: Caller, client_key: Caller
) -> None:
    allow(checker, item_of(public), **YES)
    change = client_key.get("changes/?after=1").json()["changes"][0]
    assert (change["kind"], change["cause"], change["version"]) == ("amended", "rights", 2)
    assert change["reason"] == "What may be shown of its media has changed."
    told = change["publication"]
    (media,) = told["media"]
    assert media["terms"] == {"scope": "online", "territory": "EU", "until": "2999-01-01T00:00:00.000Z"}
    assert (media["credit"], media["permission"], media["delivery"]["may"]) == ("KH", "granted", "file")
    of_terms = ("credit", "permission", "terms", "delivery")
    assert {k: v for k, v in media.items() if k not in of_terms} == {
        k: v for k, v in public["media"][0].items() if k not in of_terms
    }
    moved = ("version", "kind", "as_of", "editor_note", "permalink", "media")
    assert {k: v for k, v in told.items() if k not in moved} == {
        k: v for k, v in public.items() if k not in moved
    }
    assert [one.person.username for one in Told.objects.filter(occasion="rights_changed")] == ["edith"]
    assert list(audit.verify()) == []


def test_an_answer_for_several_items_reaches_clients_at_once(
    checker: Caller, editor: Caller, client_key: Caller
) -> None:
    public = published(
        checker, editor, media=[VIDEO, {**VIDEO, "url": "https://x.com/stringer_kh/status/16"}]
    )
    first, second = (item["id"] for item in public["media"])
    ask = {"media": first, "text": "May we?", "channel": "message"}
    contact = checker.post(f"claims/{public['claim']}/contacts/", ask).json()["id"]
    answer = {**YES, "text": "Yes, both.", "channel": "message", "media": [second]}
    assert checker.post(f"contacts/{contact}/answer/", answer).status_code == 200
    (change,) = client_key.get("changes/?after=1").json()["changes"]
    assert [item["delivery"]["may"] for item in change["publication"]["media"]] == ["file", "file"]
    assert Told.objects.filter(occasion="rights_changed").count() == 1
    assert list(audit.verify()) == []


def test_it_is_taken_back_as_soon(public: dict[str, Any], checker: Caller, client_key: Caller) -> None:
    item = item_of(public)
    allow(checker, item, **YES)
    taken = allow(checker, item, permission="refused", reason="They changed their mind.")
    assert taken["terms"] == {"scope": None, "territory": None, "until": None}
    assert [one["permission"] for one in taken["records"]] == ["refused", "granted"]
    assert taken["credit"] == "KH"  # whom to name is no permission
    change = client_key.get("changes/?after=2").json()["changes"][0]
    assert change["publication"]["media"][0]["delivery"]["may"] == "none"
    assert delivery(client_key, public["claim"])["why"] == "Permission was refused."
    assert "changed their mind" not in client_key.get("changes/?after=0").content.decode()


def test_nothing_is_published_where_nothing_changes_for_readers(
    public: dict[str, Any], checker: Caller, client_key: Caller
) -> None:
    item = item_of(public)
    body = {"media": item, "text": "May we?", "channel": "message"}
    assert checker.post(f"claims/{public['claim']}/contacts/", body).status_code == 201
    allow(checker, item, permission="unknown", proof="none")
    assert client_key.get("changes/?after=1").json()["changes"] == []
    allow(checker, item, **YES)
    allow(checker, item, **YES, proof="another screenshot")
    assert len(client_key.get("changes/?after=1").json()["changes"]) == 1


def test_no_verdict_slips_out_with_the_terms(
    public: dict[str, Any], checker: Caller, editor: Caller, client_key: Caller
) -> None:
    """A re-check that is submitted and not published yet stays inside."""
    claim = public["claim"]
    assert checker.post(f"claims/{claim}/request-recheck/", WHY).status_code == 200
    leased = lease(checker)
    decide(checker, leased, "location", "contradicted")
    checker.post(f"claims/{claim}/submit/", {"lease_token": leased["lease_token"]})
    allow(checker, item_of(public), **YES)
    told = client_key.get(f"published/{claim}/").json()
    assert (told["version"], told["statuses"], told["line"]) == (2, public["statuses"], public["line"])


def test_what_is_held_or_withdrawn_stays_off_show_and_comes_back_under_the_terms_of_then(
    public: dict[str, Any], checker: Caller, editor: Caller, client_key: Caller
) -> None:
    claim, item = public["claim"], item_of(public)
    allow(checker, item, **YES)
    assert editor.post(f"claims/{claim}/hold/", WHY).status_code == 200
    allow(checker, item, permission="refused")
    assert client_key.get("changes/?after=3").json()["changes"] == []
    back = editor.post(f"claims/{claim}/release/", WHY).json()
    assert (back["kind"], back["media"][0]["delivery"]["may"]) == ("released", "none")
    assert editor.post(f"claims/{claim}/withdraw/", WHY).status_code == 200
    allow(checker, item, **YES)
    assert client_key.get("changes/?after=5").json()["changes"] == []
    assert client_key.get(f"published/{claim}/").status_code == 410


def test_a_permission_ends_by_itself_on_everything_that_clients_read(
    public: dict[str, Any], checker: Caller, client_key: Caller
) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    allow(checker, item_of(public), permission="granted", until=until.isoformat())
    claim = public["claim"]

    def told() -> list[str]:
        snapshot = client_key.get("published/snapshot/").getvalue().decode().splitlines()[1]
        changes = client_key.get("changes/?after=1").json()["changes"][0]["publication"]
        listed = client_key.get("published/").json()["results"][0]
        import json

        return [one["media"][0]["delivery"]["may"] for one in (json.loads(snapshot), changes, listed)] + [
            delivery(client_key, claim)["may"],
            checker.get(f"media/{item_of(public)}/").json()["delivery"]["may"],
        ]

    tag, one_tag = (client_key.get(path)["ETag"] for path in ("changes/?after=1", f"published/{claim}/"))
    assert client_key.get("changes/?after=1", If_None_Match=tag).status_code == 304
    assert told() == ["file"] * 5
    with time_machine.travel(until - timedelta(seconds=1), tick=False):
        assert told() == ["file"] * 5
    with time_machine.travel(until, tick=False):
        assert told() == ["none"] * 5
        assert delivery(client_key, claim)["why"].startswith("The permission ended on ")
        assert client_key.get("changes/?after=1", If_None_Match=tag).status_code == 200
        assert client_key.get(f"published/{claim}/")["ETag"] != one_tag
    assert Publication.objects.count() == 2


def test_embedding_needs_a_place_to_embed_from(checker: Caller, editor: Caller, client_key: Caller) -> None:
    upload = {"file": SimpleUploadedFile("a.gif", b"GIF89a")}
    claim = file_claim(checker, media=[VIDEO])["id"]
    sent = checker.client.post(
        f"/api/v1/claims/{claim}/media/", upload, headers={"Authorization": f"Bearer {checker.key}"}
    )
    may = [
        allow(checker, item, permission="embed_only")["delivery"]["may"]
        for item in (checker.get(f"claims/{claim}/").json()["media"][0]["id"], sent.json()["id"])
    ]
    assert may == ["embed", "none"]


def test_the_file_goes_out_only_while_it_may(checker: Caller, client_key: Caller, stranger: Caller) -> None:
    claim = file_claim(checker)["id"]
    upload = {"file": SimpleUploadedFile("a.gif", b"GIF89a")}
    item = checker.client.post(
        f"/api/v1/claims/{claim}/media/", upload, headers={"Authorization": f"Bearer {checker.key}"}
    ).json()["id"]
    for_delivery = f"media/{item}/file/?for=delivery"

    def refusal() -> str:
        detail: str = refused(checker.get(for_delivery), 409, code="not_for_delivery")["detail"]
        return detail

    assert "No permission is recorded." in refusal()
    for permission in ("embed_only", "refused", "unknown"):
        allow(checker, item, permission=permission)
        refusal()
    until = datetime.now(UTC) + timedelta(hours=1)
    allow(checker, item, permission="granted", until=until.isoformat())
    response = checker.get(for_delivery)
    assert (response.getvalue(), response["Cache-Control"]) == (b"GIF89a", "no-store")
    refused(client_key.get(for_delivery), 403)
    refused(stranger.get(for_delivery), 404)
    refused(checker.get(f"media/{item}/file/?for=fun"), 400, pointer="for")
    with time_machine.travel(until):
        assert "The permission ended" in refusal()
        # What is evidence stays so for those who verify it.
        assert checker.get(f"media/{item}/file/").getvalue() == b"GIF89a"


def test_outsiders_never_see_contacts_or_proofs(
    public: dict[str, Any], checker: Caller, client_key: Caller
) -> None:
    item, claim = item_of(public), public["claim"]
    body = {"media": item, "text": "canarytext", "channel": "phone", "account": "canaryaccount"}
    contact = checker.post(f"claims/{claim}/contacts/", body).json()["id"]
    terms = {**YES, "proof": "canaryproof", "reason": "canaryreason", "rights_holder": "canaryholder"}
    answered = {"text": "canaryanswer", "channel": "phone", **terms}
    assert checker.post(f"contacts/{contact}/answer/", answered).status_code == 200
    for path in ("published/", f"published/{claim}/", "changes/?after=0", "published/snapshot/", "verified/"):
        response = client_key.get(path)
        assert b"canary" not in b"".join(response), path
    browser = Client()
    browser.force_login(client_key.person)
    page = browser.get(f"/published/{claim}/").content.decode()
    assert "canary" not in page and "EU" in page
    for path in (
        "contacts/",
        f"contacts/{contact}/",
        f"claims/{claim}/contacts/",
        f"media/{item}/permission/",
    ):
        refused(client_key.get(path), 403)


def test_a_publication_from_before_terms_were_kept_is_read_as_allowing_nothing(
    public: dict[str, Any],
) -> None:
    publication = Publication.objects.get()
    assert publication.rendered is not None
    old = {**publication.rendered, "media": [
        {k: v for k, v in item.items() if k != "terms"} for item in publication.rendered["media"]
    ]}  # fmt: skip
    publication.body = Body.objects.keep_json(old)
    said = shown(publication, now=datetime.now(UTC))
    assert said is not None
    assert (said["media"][0]["delivery"]["may"], said["media"][0]["terms"]["until"]) == ("none", None)


def test_bad_terms_are_named_and_change_nothing(checker: Caller, desk: Desk) -> None:
    item = file_claim(checker, media=[VIDEO])["media"][0]["id"]
    before = everything()
    for body, pointer in (
        ({}, "/permission"),
        ({"permission": "asked"}, "/permission"),
        ({"permission": "yes"}, "/permission"),
        ({**YES, "until": "2001-01-01T00:00:00Z"}, "/until"),
        ({**YES, "until": "soon"}, "/until"),
        ({"permission": "unknown", "territory": "EU"}, "/territory"),
        ({**YES, "credit": "a" * 301}, "/credit"),
        ({**YES, "expiry": "never"}, "/expiry"),
    ):
        refused(checker.post(f"media/{item}/permission/", body), 400, pointer=pointer)
    assert everything() == before
    assert PermissionRecord.objects.count() == 0
