"""Claims searched by how their statements are worded: a database proposes by index, `wording` decides.

So both databases give the same answer: each proposes what shares the longest words with what is asked for.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from claims import wording
from claims.models import Claim, ClaimText
from claims.models.claim_texts import SQLITE_INDEX

MOST_PROPOSED = 50
"""So many are compared: those that share the most words with what is asked for."""

MOST_OF_A_PAIR = 50
"""Of two words that more of the desk's claims have together, any so many: they tell little."""

BY_INDEX = ("enable_seqscan = off", "jit = off", "max_parallel_workers_per_gather = 0")
"""For the length of a look-up on PostgreSQL: it is many small ones, and the planner can't know how rare two words are."""

_HAVING_ON_POSTGRESQL = (
    "SELECT id FROM claims_claimtext WHERE text LIKE %s AND text LIKE %s AND desk_id = %s LIMIT %s"
)
# CROSS JOIN has SQLite read in this order. Left to itself it goes through the desk's claims and asks the index for each.
_HAVING_ON_SQLITE = f"""
SELECT said.id FROM {SQLITE_INDEX} CROSS JOIN claims_claimtext said ON said.id = {SQLITE_INDEX}.rowid
WHERE {SQLITE_INDEX} MATCH %s AND said.desk_id = %s LIMIT %s
"""  # noqa: S608  our own words


@dataclass(frozen=True)
class Alike:
    """A claim whose statement is worded like the one asked for; `likeness` from `wording.SIMILAR` to 1."""

    claim_id: uuid.UUID
    likeness: float


def keep_text(claim: Claim, statement: str) -> None:
    """Puts what a claim says where it is searched; within the transaction that files or changes it."""
    ClaimText.objects.update_or_create(
        claim=claim, defaults={"desk_id": claim.desk_id, "text": wording.plain(statement)}
    )


def forget_text(claim: Claim) -> None:
    """Takes it out again, pieces included; within the transaction that erases the statement."""
    ClaimText.objects.filter(claim=claim).delete()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # Until it is rewritten the index keeps the pieces of what was deleted beside the marks that they are.
            cursor.execute(f"INSERT INTO {SQLITE_INDEX}({SQLITE_INDEX}) VALUES ('optimize')")  # noqa: S608  our own words


def worded_alike(statement: str, *, desk_id: uuid.UUID, but: Claim | None = None) -> list[Alike]:
    """The desk's claims that say nearly the same in nearly the same words, the most alike first."""
    asked = wording.plain(statement)
    if len(wording.pieces(asked)) < wording.LEAST_PIECES:
        return []
    having = _having_on_postgresql if connection.vendor == "postgresql" else _having_on_sqlite
    shared = Counter(having(wording.pairs(asked), desk_id))
    proposed = ClaimText.objects.filter(pk__in=[pk for pk, _ in shared.most_common(MOST_PROPOSED)])
    if but is not None:
        proposed = proposed.exclude(claim=but)
    compared = (
        Alike(claim, wording.likeness(asked, text)) for claim, text in proposed.values_list("claim", "text")
    )
    alike = [one for one in compared if one.likeness >= wording.SIMILAR]
    return sorted(alike, key=lambda one: (-one.likeness, one.claim_id))


def _having_on_postgresql(pairs: list[tuple[str, str]], desk_id: uuid.UUID) -> Iterator[int]:
    """The texts that have both words of a pair, pair after pair."""
    with transaction.atomic(), connection.cursor() as cursor:
        for setting in BY_INDEX:
            cursor.execute(f"SET LOCAL {setting}")
        for one, other in pairs:
            cursor.execute(_HAVING_ON_POSTGRESQL, [f"%{one}%", f"%{other}%", desk_id, MOST_OF_A_PAIR])
            yield from (pk for (pk,) in cursor.fetchall())
        for setting in BY_INDEX:
            cursor.execute(f"SET LOCAL {setting.partition(' ')[0]} TO DEFAULT")


def _having_on_sqlite(pairs: list[tuple[str, str]], desk_id: uuid.UUID) -> Iterator[int]:
    with connection.cursor() as cursor:
        for pair in pairs:
            all_of = " AND ".join(f'"{term[at : at + 3]}"' for term in pair for at in range(len(term) - 2))
            cursor.execute(_HAVING_ON_SQLITE, [all_of, desk_id.hex, MOST_OF_A_PAIR])
            yield from (pk for (pk,) in cursor.fetchall())
