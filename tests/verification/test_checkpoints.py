"""Checkpoints: what they say, that they hold each other, and what they find that nothing else can."""

from __future__ import annotations

import base64
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from claims.models.bodies import canonical
from tests.conftest import Caller, file_claim, published
from tests.verification.intruder import unguarded
from verification.domain import merkle
from verification.models import AuditChain, Checkpoint, Heartbeat, Seal, Unsealed
from verification.services import audit, checkpoints, signing, work

pytestmark = pytest.mark.django_db
OTHER_KEY = base64.urlsafe_b64encode(b"another key than the desk's own!").decode()


@pytest.fixture
def three(checker: Caller, editor: Caller) -> list[Checkpoint]:
    published(checker, editor)
    made = [checkpoints.sign_what_is_new()]
    for _ in range(2):
        file_claim(checker)
        made.append(checkpoints.sign_what_is_new())
    assert list(audit.verify()) == []
    return [one for one in made if one is not None]


def said() -> list[str]:
    return [f"{one.where} {one.detail}" for one in audit.verify()]


def outside(path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """What `verify` says with a file that was kept outside."""
    out = StringIO()
    try:
        call_command("verify", "--json", "--checkpoint", str(path), stdout=out)
    except SystemExit as left:
        return int(left.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


# --- what a checkpoint says


def test_a_checkpoint_can_be_checked_by_hand_with_what_is_public(three: list[Checkpoint]) -> None:
    newest = three[-1]
    answer = Client().get("/.well-known/stet-signing-key.json").json()
    key = next(one for one in answer["keys"] if one["key_id"] == newest.said["key"])
    public = base64.b64decode(key["public_key"])
    Ed25519PublicKey.from_public_bytes(public).verify(
        bytes.fromhex(newest.signature), newest.statement.encode()
    )
    heads = sorted(AuditChain.objects.values_list("name", "seq", "head"))
    tree = merkle.Tree(canonical(list(head)).encode() for head in heads)
    assert newest.said["chains"] == {"count": len(heads), "root": tree.root().hex()}
    assert canonical(newest.said) == newest.statement
    assert [one.said["previous"] for one in three] == ["0" * 64, three[0].hash, three[1].hash]
    assert newest.said["changes"]["last"] == 1


def test_none_is_made_when_nothing_is_new(three: list[Checkpoint]) -> None:
    assert checkpoints.sign_what_is_new() is None
    assert Checkpoint.objects.count() == 3
    assert not Unsealed.objects.exists()


def test_the_loop_makes_one_when_its_time_has_come_and_none_before(checker: Caller, settings: Any) -> None:
    file_claim(checker)
    work.reconcile()
    assert Checkpoint.objects.count() == 1
    file_claim(checker)
    work.reconcile()
    assert Checkpoint.objects.count() == 1
    Heartbeat.objects.filter(name="checkpoints").update(at="2026-01-01T00:00:00Z")
    work.reconcile()
    assert Checkpoint.objects.count() == 2


def test_more_than_one_holds_is_signed_by_as_many_as_it_takes(
    checker: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MOST_A_CHECKPOINT", 3)
    monkeypatch.setattr(checkpoints, "SEAL_ROWS", 2)
    for _ in range(5):
        file_claim(checker)
    checkpoints.sign_what_is_new()
    assert Checkpoint.objects.count() > 1
    assert not Unsealed.objects.exists()
    assert said() == []


def test_a_row_waits_for_a_checkpoint_in_the_transaction_that_wrote_it(checker: Caller) -> None:
    claim = file_claim(checker)["id"]
    checkpoints.sign_what_is_new()
    checker.post(f"claims/{claim}/notes/", {"body": "A remark."})
    assert {one.table_name for one in Unsealed.objects.all()} == {"verification_note", "claims_body"}
    checkpoints.sign_what_is_new()
    sealed = Seal.objects.filter(checkpoint_id=2).values_list("of", flat=True)
    assert set(sealed) == {"heads", "verification_note", "claims_body"}


# --- keys


def test_a_key_that_is_no_key_is_refused_with_how_to_make_one(settings: Any) -> None:
    settings.SIGNING_KEY = "too short"
    with pytest.raises(ImproperlyConfigured, match="openssl rand -base64 32"):
        signing.public_key()


def test_after_a_change_of_key_the_old_one_stays_listed_and_its_checkpoints_hold(
    three: list[Checkpoint], checker: Caller, settings: Any
) -> None:
    old = three[0].said["key"]
    settings.SIGNING_KEY = OTHER_KEY
    file_claim(checker)
    newest = checkpoints.sign_what_is_new()
    assert newest is not None
    assert newest.said["key"] != old
    answer = Client().get("/.well-known/stet-signing-key.json").json()
    assert answer["current"] == newest.said["key"]
    assert {one["key_id"] for one in answer["keys"]} == {old, newest.said["key"]}
    assert said() == []


def test_the_private_key_is_neither_in_the_database_nor_public(
    three: list[Checkpoint], settings: Any
) -> None:
    answer = Client().get("/.well-known/stet-signing-key.json").content.decode()
    kept = "".join(path.read_text() for path in Path(settings.CHECKPOINT_DIR).iterdir())
    assert settings.SIGNING_KEY not in answer + kept + str(list(Checkpoint.objects.values()))


# --- what is found


def test_checkpoints_signed_anew_with_another_key_are_not_believed(
    three: list[Checkpoint], settings: Any
) -> None:
    own = settings.SIGNING_KEY
    settings.SIGNING_KEY = OTHER_KEY
    with unguarded() as cursor:
        for one in three:
            forged = canonical({**one.said, "key": signing.key_id_of(signing.public_key())})
            cursor.execute(
                "UPDATE verification_checkpoint SET statement = %s, signature = %s WHERE number = %s",
                [forged, signing.sign(forged.encode()), one.number],
            )
    settings.SIGNING_KEY = own
    assert any("has never signed here" in one for one in said())


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_a_checkpoint_that_is_gone_is_missed(three: list[Checkpoint], gone: int) -> None:
    with unguarded() as cursor:
        cursor.execute("DELETE FROM verification_seal WHERE checkpoint_id = %s", [gone])
        cursor.execute("DELETE FROM verification_checkpoint WHERE number = %s", [gone])
    assert f"checkpoint {gone} is in journal.jsonl, line {gone}, and not in the database" in said()


def test_a_database_set_back_to_an_earlier_checkpoint_is_told_by_the_journal_alone(
    three: list[Checkpoint], tmp_path: Path
) -> None:
    """As from a backup: all is sound in itself. The control: without the journal nothing is found."""
    path = checkpoints.journal()
    ahead = json.loads(path.read_text().splitlines()[-1]) | {"number": 4}
    whole = path.read_text()
    path.write_text(whole + json.dumps(ahead) + "\n")
    assert said() == ["checkpoint 4 is in journal.jsonl, line 4, and not in the database"]
    path.write_text(whole)
    assert said() == []
    kept = tmp_path / "kept.jsonl"
    kept.write_text(json.dumps(ahead) + "\n")
    code, report = outside(kept)
    assert code == 1
    assert [one["section"] for one in report["breaks"]] == ["checkpoints"]


def test_what_the_checkpoint_command_prints_is_what_verify_takes(
    three: list[Checkpoint], tmp_path: Path
) -> None:
    out = StringIO()
    call_command("checkpoint", stdout=out)
    kept = tmp_path / "kept.jsonl"
    kept.write_text(out.getvalue())
    assert outside(kept)[0] == 0
    with unguarded() as cursor:
        cursor.execute("UPDATE verification_checkpoint SET signature = 'ab' WHERE number = 3")
    code, report = outside(kept)
    assert code == 1
    assert "checkpoint 3" in {one["where"] for one in report["breaks"]}


def test_verify_says_what_to_give_it(three: list[Checkpoint], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not there") as refused:
        call_command("verify", "--checkpoint", str(tmp_path / "nothing"))
    assert refused.value.returncode == 2
    (tmp_path / "rubbish").write_text("no checkpoint\n")
    code, report = outside(tmp_path / "rubbish")
    assert (code, report["breaks"][0]["where"]) == (1, "rubbish line 1")


def test_a_report_names_its_sections_and_a_missing_journal_is_remarked(three: list[Checkpoint]) -> None:
    checkpoints.journal().unlink()
    out = StringIO()
    call_command("verify", stdout=out)
    for title in (
        "Triggers",
        "Checkpoints",
        "Audit chains",
        "Kept texts",
        "Rows that only grow",
        "Originals",
    ):
        assert title in out.getvalue()
    assert "There is no journal of checkpoints" in out.getvalue()
    assert "Everything is what was recorded." in out.getvalue()


def test_a_row_deleted_before_it_was_sealed_is_sealed_as_gone(
    three: list[Checkpoint], checker: Caller
) -> None:
    claim = file_claim(checker)["id"]
    checker.post(f"claims/{claim}/notes/", {"body": "A remark."})
    with unguarded() as cursor:
        cursor.execute("DELETE FROM verification_note")
    checkpoints.sign_what_is_new()
    assert any("was gone or garbled before checkpoint 4" in one for one in said())


def test_what_no_reader_could_convert_is_a_break_and_no_crash(three: list[Checkpoint]) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL refuses values of another type")
    before = transaction.savepoint()
    with unguarded() as cursor:
        cursor.execute("UPDATE verification_auditentry SET actor_id = 'nobody' WHERE seq = 2")
        cursor.execute("UPDATE verification_verdict SET at = 'yesterday'")
        cursor.execute("UPDATE claims_publication SET claim_id = 'none'")
    found = said()
    transaction.savepoint_rollback(before)
    assert any("audit entry" in one and "can't be read" in one for one in found)
    assert any(one.startswith("verification_verdict") for one in found)
    assert any(one.startswith("claims_publication") for one in found)


# --- the journal


def test_what_a_crash_left_of_a_line_is_cut_and_the_line_written_whole(
    three: list[Checkpoint], checker: Caller
) -> None:
    path = checkpoints.journal()
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    file_claim(checker)
    checkpoints.sign_what_is_new()
    assert path.read_bytes().startswith(whole)
    assert [json.loads(line)["number"] for line in path.read_text().splitlines()] == [1, 2, 3, 4]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_journal_that_can_not_be_written_stops_nothing(three: list[Checkpoint], checker: Caller) -> None:
    path = checkpoints.journal()
    kept = path.read_bytes()
    path.unlink()
    path.mkdir()
    file_claim(checker)
    assert checkpoints.sign_what_is_new() is not None
    path.rmdir()
    path.write_bytes(kept)
    file_claim(checker)
    checkpoints.sign_what_is_new()
    assert [json.loads(line)["number"] for line in path.read_text().splitlines()] == [1, 2, 3, 4, 5]
