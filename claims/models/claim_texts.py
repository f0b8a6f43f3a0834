"""What claims say, in a table of its own to be searched by likeness; erased with the statement that it came of.

On PostgreSQL a pg_trgm index over it proposes what to compare, made by its migration. On SQLite a full-text index does.
"""

from __future__ import annotations

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from claims.models.claims import Claim
from claims.models.desks import Desk

SQLITE_INDEX = "claims_claimtext_pieces"
LEAST_SQLITE = (3, 34)
"""Since this version SQLite's full-text search knows pieces of three letters."""


class ClaimText(models.Model):
    """A claim's statement as `wording.plain` leaves it."""

    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, related_name="text")
    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="+")
    text = models.TextField()

    def __str__(self) -> str:
        return f"what {self.claim_id} says"


_IN = f"INSERT INTO {SQLITE_INDEX}(rowid, text) VALUES (new.id, new.text)"  # noqa: S608  our own words
_OUT = f"INSERT INTO {SQLITE_INDEX}({SQLITE_INDEX}, rowid, text) VALUES ('delete', old.id, old.text)"  # noqa: S608  as above
_TRIGGERS = {"insert": f"{_IN};", "update": f"{_OUT}; {_IN};", "delete": f"{_OUT};"}


def install_index(connection: BaseDatabaseWrapper) -> None:
    """Puts SQLite's index and the triggers that keep it in place; harmless when they are there.

    An ALTER TABLE silently drops triggers, so this is done after every migrate, like `append_only.install`.
    """
    tables = connection.introspection.table_names()
    if connection.vendor != "sqlite" or ClaimText._meta.db_table not in tables:
        return
    table = ClaimText._meta.db_table
    with connection.cursor() as cursor:
        if SQLITE_INDEX not in tables:
            cursor.execute(
                f"CREATE VIRTUAL TABLE {SQLITE_INDEX} USING fts5("
                f"text, content='{table}', content_rowid='id', tokenize='trigram', detail='none')"
            )
            cursor.execute(f"INSERT INTO {SQLITE_INDEX}({SQLITE_INDEX}) VALUES ('rebuild')")  # noqa: S608  our own words
        for event, body in _TRIGGERS.items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {SQLITE_INDEX}_{event}")
            cursor.execute(
                f"CREATE TRIGGER {SQLITE_INDEX}_{event} AFTER {event.upper()} ON {table} BEGIN {body} END"
            )
