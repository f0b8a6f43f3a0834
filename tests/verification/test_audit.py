"""The audit chains: every alteration behind their back is found."""

from __future__ import annotations

import pytest
from django.db import connection

from claims.models import Body
from tests.conftest import Caller, published
from verification.models import AuditChain, AuditEntry, append_only
from verification.services import audit

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(checker: Caller, editor: Caller) -> AuditChain:
    claim = published(checker, editor)["claim"]
    assert list(audit.verify()) == []
    return AuditChain.objects.get(name=f"claim:{claim}")


def unguarded(statement: str, *params: object) -> None:
    """What somebody with the database's owner rights could do."""
    with connection.cursor() as cursor:
        for rule in append_only.RULES:
            on = f" ON {rule.table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {rule.table}_no_update{on}")
            cursor.execute(f"DROP TRIGGER {rule.table}_no_delete{on}")
        cursor.execute(statement, params)
    append_only.install(connection)


def test_every_act_of_the_road_is_in_the_claims_chain(chain: AuditChain) -> None:
    actions = list(AuditEntry.objects.filter(chain=chain).order_by("seq").values_list("action", flat=True))
    assert actions == ["file", "record-verdict", "record-verdict", "submit", "publish"]


def test_entries_hold_no_text(chain: AuditChain) -> None:
    said = str(list(AuditEntry.objects.values_list("data", flat=True)))
    assert "soldiers" not in said
    assert "because" not in said


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        ("UPDATE verification_auditentry SET action = 'drop' WHERE seq = 2", "is not what was hashed"),
        ("DELETE FROM verification_auditentry WHERE seq = 3", "follows entry 2"),
        ("UPDATE claims_body SET content = 'other words'", "is not what was committed to"),
        ("UPDATE claims_body SET redacted_at = created_at", "is not what was committed to"),
        (
            "DELETE FROM verification_auditentry WHERE chain_id LIKE 'claim:%%' AND action = 'publish'",
            "ends at entry 4",
        ),
        ("DELETE FROM verification_auditentry WHERE chain_id LIKE 'claim:%%'", "has lost all"),
    ],
)
def test_a_tamper_is_found(chain: AuditChain, tamper: str, found: str) -> None:
    unguarded(tamper)
    assert any(found in one.detail for one in audit.verify())


def test_a_body_put_in_place_of_another_is_found(chain: AuditChain) -> None:
    forged = Body.objects.keep("Somebody else's words")
    assert [one.where for one in audit.verify()] == [f"body {forged.pk}"]


def test_a_garbled_salt_is_a_break_and_no_crash() -> None:
    body = Body(content="words", salt="0" * 31 + "g", commitment="0" * 64)
    assert not body.holds()
