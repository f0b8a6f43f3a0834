"""200 tampers of a desk's rows and originals, and each is found."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from claims.models import Asset, MediaItem
from tests.conftest import Caller, file_claim, published, submitted
from tests.verification import intruder
from verification.models import Checkpoint, MediaMatch, Stamp, Unsealed
from verification.services import audit, checkpoints, fixity

pytestmark = pytest.mark.django_db

TAMPERS = 200
SEED = 3161


@pytest.fixture
def desk_at_work(checker: Caller, editor: Caller, admin: Caller, settings: Any, tmp_path: Path) -> None:
    """Claims on their way and published, originals, notes, an erasure; three checkpoints, each of a part of it."""
    settings.ARCHIVE_URL = str(tmp_path / "archive")
    settings.CHECKPOINT_DIR = tmp_path / "checkpoints"
    first = published(checker, editor)["claim"]
    note = checker.post(f"claims/{first}/notes/", {"body": "The shadow falls north."}).json()["id"]
    struck = checker.post(f"claims/{first}/notes/", {"body": "It does not."}).json()["id"]
    checker.post(f"claims/{first}/notes/{struck}/strike/")
    checkpoints.sign_what_is_new()
    second = file_claim(checker, media=[{"url": "https://media.example/a.mp4"}])["id"]
    for number in range(4):
        content = SimpleUploadedFile("a.gif", b"GIF89a" + bytes([number]) * 300)
        upload = encode_multipart(BOUNDARY, {"file": content})
        assert checker.call("POST", f"claims/{second}/media/", upload, Content_Type=MULTIPART_CONTENT).status_code == 202  # fmt: skip
    media = checker.get(f"claims/{second}/media/").json()["results"][0]["id"]
    for year in ("2019", "2020"):
        entered = {"kind": "landmark", "reason": "The bridge.", "side": "not_before", "date": year}
        bound = checker.post(f"media/{media}/bounds/", entered).json()["id"]
    assert checker.post(f"media/{media}/bounds/{bound}/strike/", {"reason": "Another."}).status_code == 200
    asked = {"media": media, "account": "@a", "text": "May we?", "channel": "message"}
    contact = checker.post(f"claims/{second}/contacts/", asked).json()["id"]
    yes = {"text": "Yes.", "channel": "message", "permission": "granted", "scope": "online"}
    assert checker.post(f"contacts/{contact}/answer/", yes).status_code == 200
    older, newer = Asset.objects.order_by("archived_at")[:2]
    match = MediaMatch.objects.create(
        desk=MediaItem.objects.get(pk=media).claim.desk, older=older, newer=newer, distance=20, turn="none", found_at=newer.archived_at,
    )  # fmt: skip
    own = MediaItem.objects.get(asset=newer)
    for state in ("confirmed", "dismissed"):
        judged = checker.post(
            f"media/{own.pk}/similar/{match.pk}/", {"state": state, "reason": "The same clouds."}
        )
        assert judged.status_code == 200, judged.content
    why = {"reason": "a court", "legal_ground": "an order"}
    redacted = admin.post(f"claims/{first}/redact/", {"target": "note", "id": note, **why})
    assert redacted.status_code == 200, redacted.content
    checkpoints.sign_what_is_new()
    for asset in Asset.objects.all():
        fixity.check(asset)
    stamped = Checkpoint.objects.get(number=1)
    Stamp.objects.create(
        checkpoint=stamped, sha256=stamped.hash, authority="https://tsa.example/",
        failure={"code": "timed_out", "detail": "It took too long."}, tried_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    submitted(checker, media=[{"url": "https://media.example/b.mp4"}])
    checkpoints.sign_what_is_new()
    assert Checkpoint.objects.count() == 3
    assert not Unsealed.objects.exists()
    assert list(audit.verify()) == []


class _Undo(Exception):
    pass


def found_after(tamper: Any, tmp_path: Path) -> tuple[str, list[str]]:
    """What was done and what `verify` says of it; everything is as before afterwards."""
    said, breaks = "", []
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path / "archive", kept)
    try:
        with transaction.atomic():
            said = tamper()
            breaks = [f"{one.where} {one.detail}" for one in audit.verify()]
            raise _Undo
    except _Undo:
        pass
    finally:
        shutil.rmtree(tmp_path / "archive")
        kept.rename(tmp_path / "archive")
    return said, breaks


def test_every_one_of_200_tampers_is_found(desk_at_work: None, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    done: list[str] = []
    missed: list[str] = []
    while len(done) < TAMPERS:
        try:
            said, breaks = found_after(lambda: intruder.any_tamper(chance), tmp_path)
        except IntegrityError:
            continue  # a unique constraint refused it: nothing was tampered with
        done.append(said)
        if not breaks:
            missed.append(said)
    assert missed == []
    assert len(done) == TAMPERS
    assert any(said.startswith("cut claim") for said in done)
    assert any(said.startswith("rewrite") for said in done)
    for table in intruder.tables():
        assert any(table in said for said in done), f"no tamper reached {table}: take another seed"
    assert list(audit.verify()) == []  # and nothing of it was left behind


@pytest.mark.parametrize("seals_too", [False, True])
def test_a_rewritten_chain_is_sound_in_itself_and_found_by_what_was_signed(
    desk_at_work: None, tmp_path: Path, seals_too: bool
) -> None:
    """The control: without checkpoints the same tamper is missed, so it is they that find it."""

    def rewrite() -> str:
        said = intruder.rewrite_chain(random.Random(5), seals_too=seals_too)
        assert intruder.sound_in_itself()
        return said

    said, breaks = found_after(rewrite, tmp_path)
    assert any("checkpoint" in one for one in breaks), (said, breaks)


def test_a_cut_tail_is_sound_in_itself_and_found_by_what_was_signed(
    desk_at_work: None, tmp_path: Path
) -> None:
    def cut() -> str:
        said = intruder.cut_tail(random.Random(8))
        assert intruder.sound_in_itself()
        return said

    said, breaks = found_after(cut, tmp_path)
    assert any("checkpoint" in one for one in breaks), (said, breaks)
