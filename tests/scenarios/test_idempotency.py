"""A write that is repeated under its Idempotency-Key has its effect once and its answer again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from claims.models import Claim, IdempotencyKey
from tests.conftest import TWO_VIDEOS, Caller, everything, file_claim, lease, refused, review, submitted
from verification.services import work

pytestmark = [pytest.mark.django_db, pytest.mark.database]

KEY = {"Idempotency_Key": "once"}
BOTH = {"location": "verified", "date": "unverified"}


def same(one: Any, other: Any) -> bool:
    headers = ("ETag", "Location", "Content-Type")
    return (one.status_code, one.content, [one.get(h) for h in headers]) == (
        other.status_code, other.content, [other.get(h) for h in headers],
    )  # fmt: skip


# Calls of many kinds: who makes it, where, with what, after what.
Made = tuple[str, str, Any]


def files(checker: Caller, editor: Caller) -> Made:
    return "checker", "claims/", {**TWO_VIDEOS, "external_id": "a-1"}


def files_many(checker: Caller, editor: Caller) -> Made:
    return "checker", "claims/bulk/", [TWO_VIDEOS, {**TWO_VIDEOS, "language": "?"}]


def notes(checker: Caller, editor: Caller) -> Made:
    return "checker", f"claims/{file_claim(checker)['id']}/notes/", {"body": "a"}


def leases(checker: Caller, editor: Caller) -> Made:
    for number in range(2):
        file_claim(checker, statement=str(number))
    return "checker", "queue/next/", {}


def leases_nothing(checker: Caller, editor: Caller) -> Made:
    return "checker", "queue/next/", {}


def decides(checker: Caller, editor: Caller) -> Made:
    file_claim(checker)
    leased = lease(checker)
    verdict = {"lease_token": leased["lease_token"], "dimension": "date", "status": "unverified", "reason": "a"}  # fmt: skip
    return "checker", f"claims/{leased['claim']['id']}/verdicts/", verdict


def submits(checker: Caller, editor: Caller) -> Made:
    _, path, verdict = decides(checker, editor)
    assert checker.post(path, verdict).status_code == 201
    return "checker", path.replace("verdicts", "submit"), {"lease_token": verdict["lease_token"]}


def publishes(checker: Caller, editor: Caller) -> Made:
    return "editor", f"claims/{submitted(checker)['id']}/publish/", {}


def drops(checker: Caller, editor: Caller) -> Made:
    return "checker", f"claims/{file_claim(checker)['id']}/drop/", {"reason": "a"}


@pytest.mark.parametrize(
    "prepare", [files, files_many, notes, leases, leases_nothing, decides, submits, publishes, drops]
)
def test_the_same_call_has_its_effect_once(
    prepare: Callable[[Caller, Caller], Made], checker: Caller, editor: Caller
) -> None:
    who, path, body = prepare(checker, editor)
    by = {"checker": checker, "editor": editor}[who]
    first = by.post(path, body, **KEY)
    assert first.status_code < 300, first.content
    after = everything()
    for _ in range(2):
        assert same(by.post(path, body, **KEY), first)
        assert everything() == after
    refused(by.post(path, {"reason": "another"}, **KEY), 422, code="idempotency_key_reused")
    refused(by.post("claims/", {**TWO_VIDEOS, "priority": "low"}, **KEY), 422)
    assert everything() == after


def test_the_entity_tag_and_the_place_are_given_again(checker: Caller) -> None:
    first = checker.post("claims/", TWO_VIDEOS, **KEY)
    again = checker.post("claims/", TWO_VIDEOS, **KEY)
    assert (again["ETag"], again["Location"]) == ('"1"', f"/api/v1/claims/{first.json()['id']}/")


@pytest.mark.parametrize(
    ("body", "is_same"),
    [
        (dict(reversed(TWO_VIDEOS.items())), True),
        ({**TWO_VIDEOS, "tags": []}, False),
        ({**TWO_VIDEOS, "statement": TWO_VIDEOS["statement"] + " "}, False),
        ([TWO_VIDEOS], False),
    ],
)
def test_a_body_is_the_same_by_what_it_says(body: Any, is_same: bool, checker: Caller) -> None:
    first = checker.post("claims/", TWO_VIDEOS, **KEY)
    again = checker.post("claims/", body, **KEY)
    if is_same:
        assert same(again, first)
    else:
        refused(again, 422)
    assert Claim.objects.count() == 1


def test_an_error_is_not_kept_so_that_the_key_serves_the_mended_call(checker: Caller, editor: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    claim = leased["claim"]["id"]
    submit = {"lease_token": leased["lease_token"]}
    refused(checker.post(f"claims/{claim}/submit/", submit, **KEY), 409)
    refused(checker.post("claims/", {"statement": "a"}, **KEY), 400)
    refused(editor.post(f"claims/{claim}/publish/", **KEY), 409)
    refused(checker.post(f"claims/{claim}/publish/", **KEY), 403)
    assert IdempotencyKey.objects.count() == 0
    review(checker, BOTH, entry_of=claim)
    assert editor.post(f"claims/{claim}/publish/", **KEY).status_code == 200
    assert checker.post("claims/", TWO_VIDEOS, **KEY).status_code == 201


def test_a_key_is_its_callers_own(checker: Caller, second_checker: Caller, stranger: Caller) -> None:
    answers = [who.post("claims/", TWO_VIDEOS, **KEY) for who in (checker, second_checker, stranger)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["id"] for answer in answers}) == 3


def test_a_kept_answer_is_only_for_a_key_that_is_still_good(checker: Caller) -> None:
    assert checker.post("claims/", TWO_VIDEOS, **KEY).status_code == 201
    checker.person.api_keys.update(revoked_at=timezone.now())
    refused(checker.post("claims/", TWO_VIDEOS, **KEY), 401)


def test_a_key_is_forgotten_after_a_day(checker: Caller) -> None:
    first = checker.post("claims/", TWO_VIDEOS, **KEY).json()
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=59))
    work.reconcile()
    assert checker.post("claims/", TWO_VIDEOS, **KEY).json() == first
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24, minutes=1))
    assert checker.post("claims/", TWO_VIDEOS, **KEY).json()["id"] != first["id"]
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24, minutes=1))
    work.reconcile()
    assert IdempotencyKey.objects.count() == 0


def test_an_upload_is_the_same_by_its_fields_and_bytes(checker: Caller, settings: Any, tmp_path: Any) -> None:
    settings.ARCHIVE_URL = str(tmp_path)
    claim = file_claim(checker)["id"]

    def sent(content: bytes, boundary: str = BOUNDARY, **fields: str) -> Any:
        parts = {**fields, "file": SimpleUploadedFile("a.gif", content)}
        return checker.call(
            "POST",
            f"claims/{claim}/media/",
            encode_multipart(boundary, parts),
            Content_Type=MULTIPART_CONTENT.replace(BOUNDARY, boundary),
            **KEY,
        )

    first = sent(b"GIF89a one", caption="a")
    assert first.status_code == 202, first.content
    after = everything()
    assert same(sent(b"GIF89a one", caption="a"), first)
    assert same(sent(b"GIF89a one", boundary="another", caption="a"), first)
    refused(sent(b"GIF89a two", caption="a"), 422)
    refused(sent(b"GIF89a one", caption="b"), 422)
    refused(sent(b"GIF89a one"), 422)
    assert everything() == after


def test_without_a_key_each_call_is_one_of_its_own(checker: Caller) -> None:
    ids = {checker.post("claims/", TWO_VIDEOS).json()["id"] for _ in range(2)}
    assert len(ids) == 2
    assert IdempotencyKey.objects.count() == 0
