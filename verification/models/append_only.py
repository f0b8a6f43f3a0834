"""Which tables only grow, and the triggers that make the database itself refuse everything else.

An ALTER TABLE on SQLite silently drops triggers, so they are installed again after every migrate from this
one list; `missing` compares list with database.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Rule:
    """A table that only grows. `erasure` is the one UPDATE let through, as SQL over OLD and NEW."""

    table: str
    erasure: str = ""


RULES: tuple[Rule, ...] = (
    Rule("verification_verdict"),
    Rule("verification_note"),
    Rule("verification_notestrike"),
    Rule("verification_auditentry"),
    Rule("verification_redaction"),
    Rule("verification_jobevent"),
    Rule("verification_leaseevent"),
    Rule("claims_publication"),
    Rule(
        "claims_body",
        erasure=(
            "NEW.id = OLD.id AND NEW.commitment = OLD.commitment AND NEW.created_at = OLD.created_at "
            "AND OLD.redacted_at IS NULL AND NEW.redacted_at IS NOT NULL "
            "AND NEW.content IS NULL AND NEW.salt IS NULL"
        ),
    ),
)


def _sqlite(rule: Rule) -> list[str]:
    when = f"WHEN NOT ({rule.erasure})" if rule.erasure else ""
    statements = []
    for event, condition in (("update", when), ("delete", "")):
        name = f"{rule.table}_no_{event}"
        statements += [
            f"DROP TRIGGER IF EXISTS {name}",
            (
                f"CREATE TRIGGER {name} BEFORE {event.upper()} ON {rule.table} {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{rule.table} is append-only'); END"
            ),
        ]
    return statements


def _postgresql(rule: Rule) -> list[str]:
    when = f"WHEN (NOT ({rule.erasure}))" if rule.erasure else ""
    statements = []
    for event, condition, level in (
        ("update", when, "ROW"),
        ("delete", "", "ROW"),
        ("truncate", "", "STATEMENT"),
    ):
        name = f"{rule.table}_no_{event}"
        statements += [
            f"DROP TRIGGER IF EXISTS {name} ON {rule.table}",
            (
                f"CREATE TRIGGER {name} BEFORE {event.upper()} ON {rule.table} FOR EACH {level} {condition} "
                "EXECUTE FUNCTION stet_append_only()"
            ),
        ]
    return statements


_REFUSAL = """
CREATE OR REPLACE FUNCTION stet_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Puts every trigger in place; harmless when they are there. Skips tables that are not migrated yet."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_REFUSAL)
        build = _postgresql if connection.vendor == "postgresql" else _sqlite
        for rule in RULES:
            if rule.table in tables:
                for statement in build(rule):
                    cursor.execute(statement)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that should be in the database and are not."""
    events = ["update", "delete"] + (["truncate"] if connection.vendor == "postgresql" else [])
    expected = {f"{rule.table}_no_{event}" for rule in RULES for event in events}
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return sorted(expected - {row[0] for row in cursor.fetchall()})
