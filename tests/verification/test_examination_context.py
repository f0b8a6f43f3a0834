"""What the examination tells the checks: the address, when the desk got the bytes, and who stamped them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from claims.models import MediaItem
from tests.conftest import Caller, file_claim
from verification.models import FindingRow, Stamp
from verification.services import submissions, work
from verification.services.examination import context_of

pytestmark = [pytest.mark.django_db, pytest.mark.database]

GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"


def sent(by: Caller, **claim: Any) -> MediaItem:
    """An item of a claim of their own, with the same bytes each time, examined."""
    filed = file_claim(by, **claim)
    answer = by.client.post(
        f"/api/v1/claims/{filed['id']}/media/",
        {"file": SimpleUploadedFile("a.gif", GIF)},
        headers={"Authorization": f"Bearer {by.key}"},
    )
    assert answer.status_code == 202, answer.content
    while work.reconcile():
        pass
    return MediaItem.objects.select_related("asset", "claim__desk").get(pk=answer.json()["id"])


def stamped(item: MediaItem, *, after: timedelta) -> Stamp:
    at = item.captures.get().finished_at + after
    assert item.asset is not None
    return Stamp.objects.create(
        asset=item.asset, sha256=item.asset.sha256, authority="https://tsa.example/", token=b"x", tried_at=at, stamped_at=at
    )  # fmt: skip


def held_since(item: MediaItem) -> FindingRow:
    return FindingRow.objects.get(run__media=item, run__check_slug="held_since")


def test_a_time_stamp_shows_once_the_file_is_examined_again(checker: Caller) -> None:
    item = sent(checker)
    assert "no time-stamp authority" in held_since(item).sentence
    stamp = stamped(item, after=timedelta(minutes=3))
    Stamp.objects.create(
        asset=item.asset, sha256=stamp.sha256, authority="https://tsa.example/", token=None,
        failure={"code": "no_stamp", "detail": "x"}, tried_at=stamp.tried_at - timedelta(minutes=1),
    )  # fmt: skip
    submissions.recheck_media(item, actor=checker.person)
    while work.reconcile():
        pass
    found = held_since(item)
    assert "https://tsa.example/ signed its hash at" in found.sentence
    assert found.data["stamped_at"] == stamp.stamped_at.isoformat()


def test_a_stamp_older_than_the_desks_own_copy_would_tell_of_another_desk(
    checker: Caller, stranger: Caller
) -> None:
    theirs = sent(stranger)
    stamp = stamped(theirs, after=timedelta())
    ours = sent(checker)
    assert ours.asset_id == theirs.asset_id
    assert context_of(theirs, now=stamp.tried_at).stamped_at == stamp.stamped_at
    context = context_of(ours, now=stamp.tried_at)
    assert (context.stamped_at, context.stamp_authority, context.earlier_copies) == (None, None, ())


def test_a_stamp_of_the_desks_own_earlier_copy_is_its_to_know(checker: Caller) -> None:
    first = sent(checker)
    stamp = stamped(first, after=timedelta())
    second = sent(checker, statement="Another claim with the same picture.")
    assert context_of(second, now=stamp.tried_at).stamped_at == stamp.stamped_at


def test_the_address_of_the_item_is_told(checker: Caller) -> None:
    url = "https://x.com/someone/status/1050118621198921728"
    claim = file_claim(checker, media=[{"url": url}])
    item = MediaItem.objects.get(pk=claim["media"][0]["id"])
    context = context_of(item, now=item.created_at)
    assert context.url == url
    assert context_of(sent(checker), now=item.created_at).url is None
