"""Which tables only grow, and the triggers that make the database itself refuse everything else.

An ALTER TABLE on SQLite silently drops triggers, so they are installed again after every migrate from this
one list; `missing` compares list with database.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Rule:
    """A table that only grows. `erasure` is the one UPDATE let through, as SQL over OLD and NEW.

    `key` names the column by which a new row is put down to be sealed by the next checkpoint; empty where the
    checkpoints hold the table by other means.
    """

    table: str
    erasure: str = ""
    key: str = "id"


RULES: tuple[Rule, ...] = (
    Rule("verification_verdict"),
    Rule("verification_note"),
    Rule("verification_notestrike", key="note_id"),
    Rule("verification_evidence"),
    Rule("verification_evidencestrike", key="evidence_id"),
    Rule("verification_contactmessage"),
    Rule("verification_permissionrecord"),
    Rule("verification_auditentry", key=""),  # sealed by the heads of its chains
    Rule("verification_redaction"),
    Rule("verification_jobevent"),
    Rule("verification_leaseevent"),
    Rule("verification_fixitycheck"),
    Rule("verification_stamp"),
    Rule("verification_matchdecision"),
    Rule("verification_checkpoint", key=""),
    Rule("verification_seal", key=""),
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


QUEUE = "verification_unsealed"
"""Where rows wait for the next checkpoint. A trigger puts them there: a row that commits late is then never missed."""


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
    name = f"{rule.table}_unsealed"
    statements.append(f"DROP TRIGGER IF EXISTS {name}")
    if rule.key:
        put_down = f"INSERT INTO {QUEUE} (table_name, row_id) VALUES ('{rule.table}', NEW.{rule.key})"  # noqa: S608  our own list
        statements.append(f"CREATE TRIGGER {name} AFTER INSERT ON {rule.table} BEGIN {put_down}; END")
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
    name = f"{rule.table}_unsealed"
    statements.append(f"DROP TRIGGER IF EXISTS {name} ON {rule.table}")
    if rule.key:
        statements.append(
            f"CREATE TRIGGER {name} AFTER INSERT ON {rule.table} FOR EACH ROW "
            f"EXECUTE FUNCTION stet_unsealed_by_{rule.key}()"
        )
    return statements


_REFUSAL = """
CREATE OR REPLACE FUNCTION stet_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$
"""

_PUTTING_DOWN = """
CREATE OR REPLACE FUNCTION stet_unsealed_by_{key}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO {queue} (table_name, row_id) VALUES (TG_TABLE_NAME, NEW.{key}); RETURN NULL; END $$
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Puts every trigger in place; harmless when they are there. Skips tables that are not migrated yet."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_REFUSAL)
            for key in {rule.key for rule in RULES if rule.key}:
                cursor.execute(_PUTTING_DOWN.format(key=key, queue=QUEUE))
        build = _postgresql if connection.vendor == "postgresql" else _sqlite
        for rule in RULES:
            if rule.table in tables:
                # Migrated back to before there was a queue, a row must not fail for want of it.
                for statement in build(rule if QUEUE in tables else replace(rule, key="")):
                    cursor.execute(statement)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that should be in the database and are not."""
    events = ["update", "delete"] + (["truncate"] if connection.vendor == "postgresql" else [])
    expected = {f"{rule.table}_no_{event}" for rule in RULES for event in events}
    expected |= {f"{rule.table}_unsealed" for rule in RULES if rule.key}
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return sorted(expected - {row[0] for row in cursor.fetchall()})
