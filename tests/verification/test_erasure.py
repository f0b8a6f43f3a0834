"""Erasing for a court or a person's right: no trace of the text is left, and every chain still verifies."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase

from claims.media import archive
from claims.models import MediaItem
from config.demo_media import make_photo
from tests.conftest import TWO_VIDEOS, Caller, file_claim, published, refused
from verification.models import LegalHold, Redaction
from verification.services import audit, work

pytestmark = pytest.mark.django_db

WHY = {"reason": "An order of the court.", "legal_ground": "court order"}
SECRET = "Unmistakablewords"


def traces(text: str) -> list[str]:
    """Every table and column of ours in which a text is found."""
    found = []
    for model in apps.get_models():
        for values in model._base_manager.values():
            found += [f"{model.__name__}.{name}" for name, value in values.items() if text in str(value)]
    return found


@pytest.fixture
def here(checker: Caller, editor: Caller) -> str:
    """A published claim whose text, before and after an edit, holds the secret."""
    claim = file_claim(checker, statement=f"{SECRET} one", tags=[SECRET], external_id=SECRET)
    edited = checker.patch(f"claims/{claim['id']}/", {"statement": f"{SECRET} two"}, If_Match='"1"')
    assert edited.status_code == 200, edited.content
    leased = checker.post("queue/next/").json()
    for dimension in ("location", "date"):
        checker.post(
            f"claims/{claim['id']}/verdicts/",
            {
                "lease_token": leased["lease_token"],
                "dimension": dimension,
                "status": "unverified",
                "reason": "no",
            },
        )
    checker.post(f"claims/{claim['id']}/submit/", {"lease_token": leased["lease_token"]})
    assert editor.post(f"claims/{claim['id']}/publish/", {"headline": SECRET}).status_code == 200
    return f"claims/{claim['id']}/"


def test_a_claims_text_leaves_no_trace(here: str, admin: Caller, client_key: Caller, checker: Caller) -> None:
    assert traces(SECRET)
    answer = admin.post(f"{here}redact/", {"target": "statement", **WHY})
    assert answer.status_code == 200, answer.content
    assert traces(SECRET) == []
    assert list(audit.verify()) == []
    changes = client_key.get("changes/?after=0")
    assert SECRET not in changes.content.decode()
    assert [(c["position"], c["kind"], c.get("suppressed", False)) for c in changes.json()["changes"]] == [
        (1, "published", True),
        (2, "withdrawn", False),
    ]
    for path in ("published/", "verified/", "published/snapshot/"):
        response = client_key.get(path)
        body = b"".join(response) if response.streaming else response.content
        assert SECRET.encode() not in body
    assert checker.get(f"claims/?q={SECRET}").json()["results"] == []
    assert checker.get(here).json()["statement"] is None
    assert client_key.get(f"published/{here.split('/')[1]}/?version=1").status_code == 410


def test_a_note_leaves_its_place_and_nothing_else(here: str, admin: Caller, checker: Caller) -> None:
    note = checker.post(f"{here}notes/", {"body": "Notewordsecret"}).json()
    answer = admin.post(f"{here}redact/", {"target": "note", "id": note["id"], **WHY})
    assert answer.status_code == 200, answer.content
    assert traces("Notewordsecret") == []
    shown = checker.get(f"{here}notes/").json()["results"][0]
    assert (shown["body"], shown["redacted"], shown["by"]) == (None, True, "olena")
    assert list(audit.verify()) == []


def test_what_was_said_at_a_hand_over_goes_and_that_it_was_stays(
    here: str, admin: Caller, checker: Caller
) -> None:
    claim = file_claim(checker, statement="Handed on.")["id"]
    leased = checker.post("queue/next/").json()
    told = {"to": None, "tried": "Handwordsecret", "next": "Nextwordsecret"}
    given = checker.post(f"queue/leases/{leased['lease_token']}/hand-over/", told).json()["hand_over"]
    refused(admin.post(f"{here}redact/", {"target": "hand_over", "id": given["id"], **WHY}), 400)
    answer = admin.post(f"claims/{claim}/redact/", {"target": "hand_over", "id": given["id"], **WHY})
    assert answer.status_code == 200, answer.content
    assert traces("Handwordsecret") == traces("Nextwordsecret") == []
    shown = checker.get(f"claims/{claim}/").json()["queue_entry"]["hand_over"]
    assert (shown["by"], shown["tried"], shown["next"]) == ("olena", "", "")
    assert list(audit.verify()) == []


def upload(caller: Caller, claim: object, body: bytes) -> dict[str, Any]:
    """Sends a file whose name is that of a WhatsApp picture and holds the secret."""
    sent = caller.client.post(
        f"/api/v1/claims/{claim}/media/",
        {"file": SimpleUploadedFile(f"IMG-20221004-WA0007 {SECRET}.jpg", body)},
        headers={"Authorization": f"Bearer {caller.key}"},
    )
    assert sent.status_code == 202, sent.content
    return sent.json()  # type: ignore[no-any-return]


@pytest.fixture
def original(checker: Caller, tmp_path: object) -> MediaItem:
    claim = file_claim(checker)
    photo = make_photo(tmp_path / "a.jpg", lines=["x"], gps=(49.5, 37.6))  # type: ignore[operator]
    sent = upload(checker, claim["id"], photo.read_bytes())
    while work.reconcile():
        pass
    return MediaItem.objects.select_related("asset").get(pk=sent["id"])


def test_an_original_goes_from_the_archive_with_what_was_read_from_it(
    original: MediaItem, admin: Caller, checker: Caller
) -> None:
    assert original.asset is not None
    sha256 = original.asset.sha256
    assert archive.holds(sha256)
    assert "49.5" in str(checker.get(f"media/{original.pk}/").json()["metadata"])
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = admin.post(
            f"claims/{original.claim_id}/redact/", {"target": "original", "id": str(original.pk), **WHY}
        )
    assert answer.status_code == 200, answer.content
    assert not archive.holds(sha256)
    assert checker.get(f"media/{original.pk}/file/").status_code == 404
    detail = checker.get(f"media/{original.pk}/").json()
    assert (detail["metadata"], detail["findings"]) == (None, {})
    assert list(audit.verify()) == []


def test_the_name_of_an_upload_goes_with_its_original_and_does_not_come_back(
    original: MediaItem, admin: Caller, checker: Caller
) -> None:
    detail = checker.get(f"media/{original.pk}/").json()
    assert detail["captures"][0]["file_name"] == f"IMG-20221004-WA0007 {SECRET}.jpg"
    (trace,) = [one for one in detail["findings"]["provenance"] if one["check"] == "platform_trace"]
    assert trace["data"]["platform"] == "WhatsApp"
    assert original.asset is not None
    body = b"".join(archive.chunks(original.asset.sha256))
    with TestCase.captureOnCommitCallbacks(execute=True):
        admin.post(
            f"claims/{original.claim_id}/redact/", {"target": "original", "id": str(original.pk), **WHY}
        )
    assert traces(SECRET) == []
    assert checker.get(f"media/{original.pk}/").json()["captures"][0]["file_name"] is None
    with TestCase.captureOnCommitCallbacks(execute=True):
        upload(checker, original.claim_id, body)
    assert traces(SECRET) == []


def test_a_file_that_outlives_its_redaction_is_removed_by_the_loop(
    original: MediaItem, admin: Caller
) -> None:
    assert original.asset is not None
    admin.post(f"claims/{original.claim_id}/redact/", {"target": "original", "id": str(original.pk), **WHY})
    assert archive.holds(original.asset.sha256)  # as after a crash between commit and removal
    work.reconcile()
    assert not archive.holds(original.asset.sha256)


def test_a_legal_hold_blocks_every_redaction(here: str, admin: Caller) -> None:
    assert admin.post(f"{here}legal-hold/", {"reason": "A lawsuit."}).status_code == 201
    refused = admin.post(f"{here}redact/", {"target": "statement", **WHY})
    assert (refused.status_code, refused.json()["code"]) == (409, "legal_hold")
    assert Redaction.objects.count() == 0
    assert admin.call("DELETE", f"{here}legal-hold/").status_code == 200
    assert LegalHold.objects.filter(lifted_at=None).count() == 0
    assert admin.post(f"{here}redact/", {"target": "statement", **WHY}).status_code == 200


def test_only_an_admin_redacts(here: str, editor: Caller, checker: Caller) -> None:
    for who in (editor, checker):
        assert who.post(f"{here}redact/", {"target": "statement", **WHY}).status_code == 403


def test_what_was_published_before_carries_no_secret_by_itself(checker: Caller, editor: Caller) -> None:
    published(checker, editor, statement=TWO_VIDEOS["statement"])
    assert traces("soldiers")
