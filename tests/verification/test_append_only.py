"""What only grows is refused every other change by the database itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from claims.models import Body, Publication
from tests.conftest import Caller, published
from verification.models import (
    AuditEntry,
    ContactMessage,
    Evidence,
    EvidenceStrike,
    JobEvent,
    LeaseEvent,
    Note,
    PermissionRecord,
    Verdict,
    append_only,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(checker: Caller, editor: Caller) -> dict[str, Any]:
    """One row in each table that only grows."""
    publication = published(checker, editor, media=[{"url": "https://media.example/a.mp4"}])
    here = f"claims/{publication['claim']}/"
    note = checker.post(f"{here}notes/", {"body": "The shadow falls north."}).json()
    checker.post(f"{here}notes/{note['id']}/strike/")
    media = checker.get(here).json()["media"][0]["id"]
    entered = {"kind": "landmark", "reason": "a", "side": "not_before", "date": "2019"}
    bound = checker.post(f"media/{media}/bounds/", entered).json()
    checker.post(f"media/{media}/bounds/{bound['id']}/strike/", {"reason": "a"})
    asked = {"media": media, "account": "@a", "text": "May we?", "channel": "phone"}
    assert checker.post(f"{here}contacts/", asked).status_code == 201
    return {
        "verification_contactmessage": ContactMessage.objects.first(),
        "verification_permissionrecord": PermissionRecord.objects.first(),
        "verification_evidence": Evidence.objects.first(),
        "verification_evidencestrike": EvidenceStrike.objects.first(),
        "verification_verdict": Verdict.objects.first(),
        "verification_note": Note.objects.first(),
        "verification_auditentry": AuditEntry.objects.first(),
        "verification_jobevent": JobEvent.objects.first(),
        "verification_leaseevent": LeaseEvent.objects.first(),
        "claims_publication": Publication.objects.first(),
        "claims_body": Body.objects.first(),
    }


@pytest.mark.parametrize(
    "table",
    [
        "verification_verdict",
        "verification_note",
        "verification_evidence",
        "verification_evidencestrike",
        "verification_contactmessage",
        "verification_permissionrecord",
        "verification_auditentry",
        "verification_jobevent",
        "verification_leaseevent",
        "claims_publication",
        "claims_body",
    ],
)
def test_neither_an_update_nor_a_delete_gets_through(rows: dict[str, Any], table: str) -> None:
    row = rows[table]
    assert row is not None
    column = next(f.column for f in row._meta.concrete_fields if not f.primary_key)
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            connection.cursor().execute(statement)


def test_a_replacing_insert_does_not_slip_past(rows: dict[str, Any]) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute("INSERT OR REPLACE INTO claims_body SELECT * FROM claims_body")


def test_a_body_may_be_erased_and_in_no_other_way_changed(db: None) -> None:
    body = Body.objects.keep("words")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Body.objects.filter(pk=body.pk).update(content="other words")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Body.objects.filter(pk=body.pk).update(content=None, redacted_at=timezone.now())  # the salt stays
    Body.objects.filter(pk=body.pk).update(content=None, salt=None, redacted_at=timezone.now())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Body.objects.filter(pk=body.pk).update(content="back", salt="00", redacted_at=None)


def test_the_list_and_the_database_agree_and_a_lost_trigger_is_noticed(db: None) -> None:
    assert append_only.missing(connection) == []
    on = " ON claims_publication" if connection.vendor == "postgresql" else ""
    connection.cursor().execute(f"DROP TRIGGER claims_publication_no_update{on}")
    assert append_only.missing(connection) == ["claims_publication_no_update"]
    append_only.install(connection)
    assert append_only.missing(connection) == []
