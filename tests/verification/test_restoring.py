"""A desk put back from a backup: a new change log, nobody's leases and jobs, and no erased text come back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, TestCase
from django.utils import timezone

from claims.media import archive
from claims.models import Body, ChangeHead, Claim, MediaItem
from claims.vocabulary import JobKind
from config.demo_media import make_photo
from tests.conftest import Caller, file_claim, lease, published, refused
from tests.verification.test_erasure import traces
from verification.models import (
    AuditEntry,
    Evidence,
    HandOver,
    Heartbeat,
    Job,
    JobEvent,
    LegalHold,
    QueueEntry,
)
from verification.services import audit, erasure, jobs, work
from verification.services.restoring import KnownErasure, known_erasures, repeat_erasure, take_up_restored
from verification.services.sayings import sayings_of

pytestmark = pytest.mark.django_db

WHY = {"reason": "An order of the court.", "legal_ground": "court order"}
SECRET = "Unmistakablewords"
MADE_AT = "2026-11-22T20:00:00+00:00"


def take_up() -> Any:
    return take_up_restored(backup=str(uuid.uuid4()), made_at=MADE_AT, erasures_repeated=0)


def test_clients_of_the_old_log_are_told_and_catch_up_by_the_snapshot(
    checker: Caller, editor: Caller, client_key: Caller
) -> None:
    published(checker, editor)
    old = client_key.get("changes/?after=0").json()
    asked = f"changes/?after={old['last_position']}&log={old['log']}"
    assert client_key.get(asked).status_code == 200  # the control: with the old identity nobody would be told
    taken_up = take_up()
    assert (taken_up.log_before, taken_up.position) == (old["log"], 1)
    refused(client_key.get(asked), 409, code="log_changed")
    head = client_key.get("published/snapshot/").getvalue().splitlines()[0].decode()
    assert taken_up.log in head
    assert client_key.get(f"changes/?after=1&log={taken_up.log}").status_code == 200


def test_one_entry_on_the_systems_chain_says_so_and_every_chain_holds(checker: Caller) -> None:
    before = ChangeHead.objects.get(pk=1).log
    backup = str(uuid.uuid4())
    taken_up = take_up_restored(backup=backup, made_at=MADE_AT, erasures_repeated=3)
    entry = AuditEntry.objects.get(action="restore")
    assert (entry.chain_id, entry.actor) == ("system", None)
    assert (entry.data["backup"], entry.data["made_at"]) == (backup, MADE_AT)
    assert entry.data["log"] == {"from": str(before), "to": taken_up.log}
    assert entry.data["erasures_repeated"] == 3
    assert list(audit.verify()) == []


def test_a_lease_ends_its_claim_waits_and_its_holder_is_told(checker: Caller, second_checker: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    assert take_up().leases_ended == 1
    entry = QueueEntry.objects.get()
    assert (entry.state, entry.holder, entry.lease_until) == ("waiting", None, None)
    assert Claim.objects.get().stage == "queued"
    refused(checker.post(f"queue/leases/{leased['lease_token']}/renew/"), 423)
    assert second_checker.post("queue/next/").status_code == 200


def test_a_running_job_is_queued_from_its_first_attempt_and_its_worker_has_lost_it(checker: Caller) -> None:
    claim = file_claim(checker, media=[{"url": "https://example.org/a.jpg", "kind": "photo"}])
    job = Job.objects.get(subject_id=claim["media"][0]["id"], kind=JobKind.CAPTURE)
    held = jobs.claim_job(job.pk)
    assert held is not None
    assert take_up().jobs_queued == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, job.lease_until, job.rung_at) == ("queued", 0, None, None)
    assert job.token > held.token
    assert list(JobEvent.objects.filter(job=job).values_list("state", flat=True)) == [
        "queued",
        "running",
        "queued",
    ]
    assert list(jobs.due()) == [job]


def test_who_was_logged_in_logs_in_again_and_nobody_counts_as_alive(checker: Caller) -> None:
    pages = Client()
    pages.force_login(checker.person)
    work.beat(work.LOOP)
    assert take_up().sessions_ended == 1
    assert (Session.objects.count(), Heartbeat.objects.count()) == (0, 0)
    assert pages.get("/").status_code == 302


# --- erasures -------------------------------------------------------------------------------------------------


def as_at_the_backup(erase: Callable[[], Any]) -> list[KnownErasure]:
    """What an erasure leaves for a backup made after it; the database is then again as it was before."""
    with transaction.atomic():
        erase()
        known = known_erasures()
        transaction.set_rollback(True)
    assert len(known) == 1
    return known


@pytest.fixture
def claim(checker: Caller, editor: Caller) -> Claim:
    """A published claim whose text holds the secret, with a note that does, too."""
    published(checker, editor, statement=f"{SECRET} one", tags=[SECRET], external_id=SECRET)
    filed = Claim.objects.get()
    assert checker.post(f"claims/{filed.pk}/notes/", {"body": f"{SECRET} note"}).status_code == 201
    return filed


def test_a_statement_erased_after_the_backup_is_erased_again_and_withdrawn(
    claim: Claim, admin: Caller, client_key: Caller
) -> None:
    known = as_at_the_backup(lambda: erasure.redact_statement(claim, actor=admin.person, **WHY))
    assert SECRET not in str(known)
    assert client_key.get(f"published/{claim.pk}/").status_code == 200
    assert repeat_erasure(known[0]) is True
    claim.refresh_from_db()
    assert (claim.stage, claim.tags, claim.external_id) == ("withdrawn", [], None)
    assert client_key.get(f"published/{claim.pk}/").status_code == 410
    assert {found.partition(".")[0] for found in traces(SECRET)} == {"Body"}  # the note's
    assert list(audit.verify()) == []


def test_a_note_erased_after_the_backup_is_erased_again(claim: Claim, admin: Caller) -> None:
    note = claim.notes.get()
    known = as_at_the_backup(lambda: erasure.redact_note(note, actor=admin.person, **WHY))
    assert repeat_erasure(known[0]) is True
    assert Body.objects.get(pk=note.body_id).content is None
    assert Body.objects.get(pk=claim.statement_id).content == f"{SECRET} one"
    assert list(audit.verify()) == []


def test_an_original_erased_after_the_backup_goes_from_the_archive(
    claim: Claim, admin: Caller, checker: Caller, tmp_path: Any
) -> None:
    photo = make_photo(tmp_path / "a.jpg", lines=["x"], gps=(49.5, 37.6))
    sent = checker.client.post(
        f"/api/v1/claims/{claim.pk}/media/",
        {"file": SimpleUploadedFile("a.jpg", photo.read_bytes())},
        headers={"Authorization": f"Bearer {checker.key}"},
    )
    while work.reconcile():
        pass
    item = MediaItem.objects.select_related("asset").get(pk=sent.json()["id"])
    assert item.asset is not None
    known = as_at_the_backup(lambda: erasure.redact_original(item, actor=admin.person, **WHY))
    assert known[0].sha256 == item.asset.sha256
    assert archive.holds(item.asset.sha256)
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert repeat_erasure(known[0]) is True
    assert not archive.holds(item.asset.sha256)
    item.asset.refresh_from_db()
    assert (item.asset.facts, item.asset.redacted_at is None) == (None, False)
    assert list(audit.verify()) == []


def test_a_bound_that_was_erased_since_the_backup_is_erased_again(
    claim: Claim, admin: Caller, checker: Caller
) -> None:
    filed = file_claim(checker, media=[{"url": "https://media.example/b.mp4"}])
    entered = {"kind": "landmark", "reason": "Boundwordsecret", "side": "not_before", "date": "2019"}
    bound = checker.post(f"media/{filed['media'][0]['id']}/bounds/", entered).json()["id"]
    evidence = Evidence.objects.get(pk=bound)
    (known,) = as_at_the_backup(lambda: erasure.redact_evidence(evidence, actor=admin.person, **WHY))
    assert Body.objects.get(pk=evidence.body_id).content is not None
    assert repeat_erasure(known) is True
    assert repeat_erasure(known) is False
    assert Body.objects.get(pk=evidence.body_id).content is None
    assert list(audit.verify()) == []


def test_what_was_said_at_a_hand_over_is_erased_again(claim: Claim, admin: Caller, checker: Caller) -> None:
    file_claim(checker, statement="Handed on.")
    leased = checker.post("queue/next/").json()
    told = {"to": None, "tried": "Handwordsecret", "next": "ask again"}
    assert checker.post(f"queue/leases/{leased['lease_token']}/hand-over/", told).status_code == 200
    handed = HandOver.objects.get()
    (known,) = as_at_the_backup(lambda: erasure.redact_hand_over(handed, actor=admin.person, **WHY))
    assert Body.objects.get(pk=handed.body_id).content is not None
    assert repeat_erasure(known) is True
    assert repeat_erasure(known) is False
    assert Body.objects.get(pk=handed.body_id).content is None
    assert list(audit.verify()) == []


@pytest.mark.parametrize("act", ["assign", "skip", "hand-over"])
def test_what_was_said_with_an_act_is_erased_again(
    claim: Claim, admin: Caller, checker: Caller, act: str
) -> None:
    other = Claim.objects.get(pk=file_claim(checker, statement="Spoken of.")["id"])
    if act == "assign":
        assert (
            admin.post(f"claims/{other.pk}/assign/", {"to": "olena", "reason": "Saidsecret"}).status_code
            == 200
        )
    else:
        token = checker.post("queue/next/").json()["lease_token"]
        body = {"reason": "Saidsecret"} if act == "skip" else {"to": None, "tried": "Saidsecret"}
        assert checker.post(f"queue/leases/{token}/{act}/", body).status_code == 200
    (one,) = sayings_of(other, viewer=admin.person)
    (known,) = as_at_the_backup(lambda: erasure.redact_saying(other, one, actor=admin.person, **WHY))
    assert [said.text for said in sayings_of(other, viewer=admin.person)] == [one.text]
    assert repeat_erasure(known) is True
    assert repeat_erasure(known) is False
    assert [said.text for said in sayings_of(other, viewer=admin.person)] == [None]
    assert list(audit.verify()) == []


def test_what_is_erased_already_or_of_another_desk_is_left_alone(claim: Claim, admin: Caller) -> None:
    (known,) = as_at_the_backup(lambda: erasure.redact_statement(claim, actor=admin.person, **WHY))
    assert repeat_erasure(known) is True
    entries = AuditEntry.objects.count()
    assert repeat_erasure(known) is False
    for target in ("statement", "note", "hand_over", "said", "evidence", "original"):
        foreign = KnownErasure(str(uuid.uuid4()), target, str(uuid.uuid4()), "0" * 64, known.said)
        assert repeat_erasure(foreign) is False
    assert AuditEntry.objects.count() == entries


def test_a_repeated_erasure_is_known_to_the_next_backup_with_all_that_was_said_of_it(
    claim: Claim, admin: Caller
) -> None:
    (known,) = as_at_the_backup(lambda: erasure.redact_statement(claim, actor=admin.person, **WHY))
    assert known.said["legal_ground"] == WHY["legal_ground"]
    assert (known.said["reason"], known.said["by"]) == (WHY["reason"], str(admin.person.pk))
    repeat_erasure(known)
    assert known_erasures() == [known]


def test_a_legal_hold_that_was_lifted_after_the_backup_does_not_bring_a_text_back(
    claim: Claim, admin: Caller
) -> None:
    LegalHold.objects.create(
        claim=claim, reason="A lawsuit.", placed_by=admin.person, placed_at=timezone.now()
    )

    def lift_and_erase() -> None:
        erasure.lift_legal_hold(claim, actor=admin.person)
        erasure.redact_statement(claim, actor=admin.person, **WHY)

    (known,) = as_at_the_backup(lift_and_erase)
    assert LegalHold.objects.filter(lifted_at=None).exists()
    assert repeat_erasure(known) is True
    assert Body.objects.get(pk=claim.statement_id).content is None
