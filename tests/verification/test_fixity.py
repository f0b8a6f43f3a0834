"""Fixity: the original longest not looked at first, each look a row for good, and what is wrong is seen everywhere."""

from __future__ import annotations

import json
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from claims.media import archive
from claims.models import Asset
from tests.conftest import Caller, file_claim
from verification.models import FixityCheck, Heartbeat
from verification.services import audit, fixity, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim(checker: Caller) -> str:
    name: str = file_claim(checker)["id"]
    return name


def upload(checker: Caller, claim: str, number: int) -> tuple[str, Asset]:
    """An original in the archive: its media item and its asset."""
    content = b"GIF89a" + bytes([number]) * 300
    sent = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.gif", content)})
    item = checker.call("POST", f"claims/{claim}/media/", sent, Content_Type=MULTIPART_CONTENT).json()
    return item["id"], Asset.objects.get(sha256=item["asset"]["sha256"])


def spoil(asset: Asset) -> Path:
    path = archive.path_of(asset.sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    return path


def run(*words: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("fixity", *words, stdout=out)
    except SystemExit as left:
        return int(left.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_the_one_longest_not_looked_at_is_first_and_those_never_before_it(
    checker: Caller, claim: str
) -> None:
    assets = [upload(checker, claim, number)[1] for number in range(4)]
    fixity.check(assets[2])
    fixity.check(assets[0])
    fixity.check(assets[2])
    assert list(fixity.in_turn()) == [assets[1], assets[3], assets[0], assets[2]]


def test_the_loop_looks_at_each_once_in_its_days(checker: Caller, claim: str, settings: Any) -> None:
    for number in range(3):
        upload(checker, claim, number)

    def minute() -> None:
        Heartbeat.objects.filter(name="fixity").update(at="2026-01-01T00:00:00Z")
        work.reconcile()

    minute()
    assert set(FixityCheck.objects.values_list("outcome", flat=True)) == {"intact"}
    assert FixityCheck.objects.count() == 3
    minute()
    assert FixityCheck.objects.count() == 3
    settings.FIXITY_DAYS = 0
    minute()
    assert FixityCheck.objects.count() == 6


def test_a_batch_ends_when_its_time_is_up_and_the_next_goes_on(
    checker: Caller, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        upload(checker, claim, number)
    monkeypatch.setattr(fixity, "BATCH_SECONDS", -1.0)
    assert [fixity.check_due() for _ in range(4)] == [1, 1, 1, 0]


@pytest.mark.parametrize("kind", ["altered", "missing", "unreadable"])
def test_what_is_wrong_is_told_by_the_command_verify_and_the_media_item(
    checker: Caller, claim: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    media, asset = upload(checker, claim, 1)
    upload(checker, claim, 2)
    assert run()[0] == 0
    if kind == "altered":
        spoil(asset)
    elif kind == "missing":
        archive.path_of(asset.sha256).unlink()
    else:

        def broken(sha256: str) -> bool:
            if sha256 == asset.sha256:
                raise OSError(5, "Input/output error")
            return True

        monkeypatch.setattr(archive, "is_intact", broken)
    code, told = run()
    assert code == 1
    assert f"{kind}  {asset.sha256}" in told
    assert "2 originals hashed again, 1 not as they were archived." in told
    assert [one.where for one in audit.verify()] == [f"original {asset.sha256}"]
    shown = checker.get(f"media/{media}/").json()["fixity"]
    assert [one["outcome"] for one in shown] == [kind, "intact"]


def test_what_was_mended_holds_and_what_was_found_stays(checker: Caller, claim: str) -> None:
    _, asset = upload(checker, claim, 1)
    whole = archive.path_of(asset.sha256).read_bytes()
    path = spoil(asset)
    run()
    path.write_bytes(whole)
    assert run()[0] == 0
    out = StringIO()
    call_command("verify", stdout=out)
    assert "is intact, but at" in out.getvalue()
    assert [json.loads(line)["outcome"] for line in run("--history", "--json")[1].splitlines()] == [
        "altered",
        "intact",
    ]


def test_a_history_can_not_be_changed(checker: Caller, claim: str) -> None:
    _, asset = upload(checker, claim, 1)
    spoil(asset)
    fixity.check(asset)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        FixityCheck.objects.update(outcome="intact")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        FixityCheck.objects.all().delete()


def test_one_that_was_erased_on_record_is_not_looked_for(checker: Caller, admin: Caller, claim: str) -> None:
    media, asset = upload(checker, claim, 1)
    answer = admin.post(
        f"claims/{claim}/redact/",
        {"target": "original", "id": media, "reason": "a court", "legal_ground": "an order"},
    )
    assert answer.status_code == 200, answer.content
    archive.erase(asset.sha256)
    assert fixity.check(asset) is None  # the row read before it was erased
    assert run() == (0, "0 originals hashed again, 0 not as they were archived.\n")
    assert list(audit.verify()) == []


def test_one_erased_without_a_record_is_found(checker: Caller, claim: str) -> None:
    _, asset = upload(checker, claim, 1)
    Asset.objects.filter(pk=asset.pk).update(redacted_at=timezone.now())
    archive.erase(asset.sha256)
    assert [one.detail for one in audit.verify()] == ["was erased, and no audit entry says so"]


def test_one_original_is_checked_by_its_hash_and_an_unknown_one_is_refused(
    checker: Caller, claim: str
) -> None:
    _, asset = upload(checker, claim, 1)
    upload(checker, claim, 2)
    assert "1 originals hashed again" in run(asset.sha256)[1]
    with pytest.raises(CommandError, match="Give its whole SHA-256") as refused:
        run("ab" * 32)
    assert refused.value.returncode == 2


def test_many_are_in_turn_without_delay(checker: Caller, claim: str) -> None:
    Asset.objects.bulk_create(
        Asset(
            sha256=f"{number:064x}",
            size_bytes=1,
            media_type="image/gif",
            kind="photo",
            archived_at=timezone.now(),
        )
        for number in range(5_000)
    )
    began = time.monotonic()
    assert len(fixity.in_turn()[:50]) == 50
    assert time.monotonic() - began < 2
