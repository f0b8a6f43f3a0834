"""What a verification has to remember while it reads: on disk, so that memory does not grow with the desk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

_TABLES = """
CREATE TABLE head (name TEXT PRIMARY KEY, seq INT, head TEXT) WITHOUT ROWID;
CREATE TABLE standing (name TEXT PRIMARY KEY, seq INT, head TEXT) WITHOUT ROWID;
CREATE TABLE signed (name TEXT, seq INT, head TEXT, number INT, PRIMARY KEY (name, seq)) WITHOUT ROWID;
CREATE TABLE sealed (of_table TEXT, key TEXT, PRIMARY KEY (of_table, key)) WITHOUT ROWID;
CREATE TABLE waiting (of_table TEXT, key TEXT, PRIMARY KEY (of_table, key)) WITHOUT ROWID;
CREATE TABLE said (kind TEXT, value TEXT, seen INT DEFAULT 0, PRIMARY KEY (kind, value)) WITHOUT ROWID;
"""


class Notebook:
    """A database of one verification, private to its connection and gone with it."""

    def __init__(self) -> None:
        self._notes = sqlite3.connect("", isolation_level=None)
        self._notes.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
        self._notes.execute("BEGIN")

    def close(self) -> None:
        self._notes.close()

    # --- heads that checkpoints signed

    def sign_heads(self, heads: Iterable[tuple[str, int, str]], *, number: int) -> None:
        for name, seq, head in heads:
            self._notes.execute("INSERT OR REPLACE INTO head VALUES (?, ?, ?)", (name, seq, head))
            self._notes.execute(
                "INSERT OR REPLACE INTO signed VALUES (?, ?, ?, ?)", (name, seq, head, number)
            )

    def heads(self) -> Iterator[tuple[str, int, str]]:
        """The last signed head of each chain, in the order of their bytes."""
        yield from self._notes.execute("SELECT name, seq, head FROM head ORDER BY name")

    def signed_of(self, name: str) -> dict[int, tuple[str, int]]:
        """By number of an entry: the hash that was signed for it, and by which checkpoint. Forgets them."""
        found = self._notes.execute("SELECT seq, head, number FROM signed WHERE name = ?", (name,)).fetchall()
        self._notes.execute("DELETE FROM signed WHERE name = ?", (name,))
        return {seq: (head, number) for seq, head, number in found}

    def signed_names(self) -> list[str]:
        """Chains that were signed and not asked for yet."""
        return [name for (name,) in self._notes.execute("SELECT DISTINCT name FROM signed ORDER BY name")]

    # --- heads as the database has them

    def stand(self, heads: Iterable[tuple[str, int, str]]) -> None:
        self._notes.executemany("INSERT OR REPLACE INTO standing VALUES (?, ?, ?)", heads)

    def standing(self, name: str) -> tuple[int, str] | None:
        """Number and hash of the last entry of a chain, as its head says; None where it has no head."""
        found = self._notes.execute("SELECT seq, head FROM standing WHERE name = ?", (name,)).fetchone()
        return None if found is None else (found[0], found[1])

    # --- rows that checkpoints sealed, or that wait to be

    def seal(self, table: str, keys: Iterable[str]) -> None:
        self._put("sealed", table, keys)

    def wait(self, table: str, keys: Iterable[str]) -> None:
        self._put("waiting", table, keys)

    def is_sealed_or_waits(self, table: str, key: str) -> bool:
        return self._has("sealed", table, key) or self._has("waiting", table, key)

    def _put(self, where: str, table: str, keys: Iterable[str]) -> None:
        self._notes.executemany(
            f"INSERT OR IGNORE INTO {where} VALUES (?, ?)",  # noqa: S608  one of two names, both ours
            ((table, key) for key in keys),
        )

    def _has(self, where: str, table: str, key: str) -> bool:
        query = f"SELECT 1 FROM {where} WHERE of_table = ? AND key = ?"  # noqa: S608  likewise
        return self._notes.execute(query, (table, key)).fetchone() is not None

    # --- what audit entries speak of

    def say(self, kind: str, value: Any) -> None:
        self._notes.execute("INSERT OR IGNORE INTO said (kind, value) VALUES (?, ?)", (kind, str(value)))

    def is_said(self, kind: str, value: Any) -> bool:
        """Whether some entry speaks of it; notes that it is there."""
        seen = self._notes.execute(
            "UPDATE said SET seen = 1 WHERE kind = ? AND value = ?", (kind, str(value))
        )
        return seen.rowcount == 1

    def said_and_unseen(self, kind: str) -> Iterator[str]:
        """What entries speak of and nobody asked about."""
        query = "SELECT value FROM said WHERE kind = ? AND NOT seen ORDER BY value"
        for (value,) in self._notes.execute(query, (kind,)):
            yield value
