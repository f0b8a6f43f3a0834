"""Checkpoints: signed statements of how far everything that only grows has come, each bound to the one before.

A statement holds two Merkle roots. `chains` is over the heads of all audit chains; `sealed` over what has come since
the last checkpoint: heads that moved, and new rows of the other tables that only grow. What was sealed is kept in
`Seal` rows, so that it can be said later which chain or row is not what was signed. Every checkpoint is also a line
of a journal outside the database.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Collate
from django.utils import timezone

from claims.models import ChangeHead
from claims.models.bodies import canonical
from verification.domain import merkle
from verification.models import AuditChain, Checkpoint, Seal, SealedHead, Unsealed
from verification.services import rows, signing

log = structlog.get_logger(__name__)
Item = TypeVar("Item")
Head = tuple[str, int, str]

FORMAT = "stet-checkpoint/1"
NOTHING_BEFORE = "0" * 64
MOST_A_CHECKPOINT = 20_000
"""Heads, and rows, that one checkpoint seals at most; the next one goes on at once."""

SEAL_ROWS = 1_000
QUIET = frozenset({"verification_stamp"})
"""Tables whose new rows alone make no checkpoint: a stamp of each would bring the next."""


def head_leaf(head: Head) -> bytes:
    """What a tree over heads holds of one: canonical JSON of its name, its last entry's number and hash."""
    return canonical(list(head)).encode()


def by_bytes(field: str) -> Collate:
    """An order that is the same in every database and every locale."""
    return Collate(field, "C" if connection.vendor == "postgresql" else "BINARY")


@dataclass(frozen=True)
class _Fresh:
    """What has come since the last checkpoint."""

    heads: list[Head]
    waiting: list[Unsealed]

    @property
    def is_full(self) -> bool:
        return MOST_A_CHECKPOINT in (len(self.heads), len(self.waiting))

    @property
    def is_worth_signing(self) -> bool:
        return bool(self.heads) or any(one.table_name not in QUIET for one in self.waiting)


def sign_what_is_new() -> Checkpoint | None:
    """Makes checkpoints until everything that is committed by now is sealed; the last one, None if nothing was new.

    Several processes may do so at the same time: each number is given to one of them.
    """
    made = None
    while (fresh := _fresh()).is_worth_signing:
        try:
            made = _sign(fresh, at=timezone.now())
        except IntegrityError:
            log.info("checkpoint.made_elsewhere")
            return made
        log.info("checkpoint.signed", number=made.number, sha256=made.hash)
        if not fresh.is_full:
            break
    try:
        write_journal()
    except (OSError, ValueError) as error:
        # Written with the next one: the desk goes on, and `verify` compares what is there.
        log.warning("checkpoint.journal_not_written", error=type(error).__name__)
    return made


def _fresh() -> _Fresh:
    sealed = SealedHead.objects.filter(name=OuterRef("name"), seq=OuterRef("seq"), head=OuterRef("head"))
    moved = AuditChain.objects.filter(~Exists(sealed), seq__gt=0).order_by(by_bytes("name"))
    return _Fresh(
        heads=list(moved.values_list("name", "seq", "head")[:MOST_A_CHECKPOINT]),
        waiting=list(Unsealed.objects.order_by("id")[:MOST_A_CHECKPOINT]),
    )


def _sign(fresh: _Fresh, *, at: datetime) -> Checkpoint:
    # What is read here only grows, so it need not be read in the transaction that writes.
    before = Checkpoint.objects.order_by("-number").first()
    number = before.number + 1 if before else 1
    seals = [
        Seal(checkpoint_id=number, position=position, of=of, content=canonical(content))
        for position, (of, content) in enumerate([*_head_seals(fresh.heads), *_row_seals(fresh.waiting)])
    ]
    sealed = merkle.Tree(seal.leaf for seal in seals)
    chains = merkle.Tree(head_leaf(head) for head in _all_heads(fresh.heads))
    log_head = ChangeHead.objects.first()
    statement = canonical(
        {
            "format": FORMAT,
            "number": number,
            "at": at.isoformat(timespec="microseconds"),
            "previous": before.hash if before else NOTHING_BEFORE,
            "chains": {"count": chains.count, "root": chains.root().hex()},
            "sealed": {"count": sealed.count, "root": sealed.root().hex()},
            "changes": {"log": str(log_head.log), "last": log_head.last} if log_head else None,
            "key": signing.key_id_of(signing.public_key()),
        }
    )
    with transaction.atomic():
        made = Checkpoint.objects.create(
            number=number, statement=statement, signature=signing.sign(statement.encode())
        )
        Seal.objects.bulk_create(seals, batch_size=100)
        SealedHead.objects.bulk_create(
            [SealedHead(name=name, seq=seq, head=head) for name, seq, head in fresh.heads],
            batch_size=300,
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["seq", "head"],
        )
        for part in _parts([one.pk for one in fresh.waiting], 900):
            Unsealed.objects.filter(pk__in=part).delete()
    return made


def _head_seals(heads: Sequence[Head]) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in _parts(heads, SEAL_ROWS):
        yield Seal.HEADS, {"rows": [list(head) for head in part]}


def _row_seals(waiting: Iterable[Unsealed]) -> Iterator[tuple[str, dict[str, Any]]]:
    keys: dict[str, list[str]] = defaultdict(list)
    for one in waiting:
        keys[one.table_name].append(one.row_id)
    models = rows.sealed_tables()
    for table in sorted(keys.keys() & models.keys()):
        model = models[table]
        columns = rows.columns_of(model)
        known = sorted({key for row_id in keys[table] if (key := rows.key_of(model, row_id)) is not None})
        for part in _parts(known, SEAL_ROWS):
            found: dict[str, str | None] = {}
            for few in _parts(part, 500):
                found |= rows.hashes_of(model, columns, few)
            yield table, {"columns": columns, "rows": [[key, found.get(key)] for key in part]}


def _all_heads(moved: Sequence[Head]) -> Iterator[Head]:
    """The heads of all chains that are or are being sealed, in their order."""
    coming = iter(moved)
    new = next(coming, None)
    kept = SealedHead.objects.order_by(by_bytes("name")).values_list("name", "seq", "head")
    for old in kept.iterator(chunk_size=2000):
        while new is not None and new[0] < old[0]:
            yield new
            new = next(coming, None)
        if new is not None and new[0] == old[0]:
            yield new
            new = next(coming, None)
        else:
            yield old
    if new is not None:
        yield new
        yield from coming


def _parts(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


# --- outside the database ---------------------------------------------------------------------------------


def journal() -> Path:
    """A line for each checkpoint ever made here, in the order in which they were made."""
    return Path(settings.CHECKPOINT_DIR) / "journal.jsonl"


def as_line(checkpoint: Checkpoint) -> str:
    """A checkpoint as it is kept outside the database: with its signature and the public key that made it."""
    known = signing.known_keys()
    key = known.get(str(checkpoint.said.get("key")))
    return canonical(
        {
            "number": checkpoint.number,
            "statement": checkpoint.statement,
            "signature": checkpoint.signature,
            "public_key": base64.b64encode(key).decode() if key else None,
        }
    )


def write_journal() -> None:
    """Appends to the journal what it does not hold yet, and puts our key on the list.

    Raises OSError, and ValueError where the journal's last line is not one of ours.
    """
    path = journal()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        missing = Checkpoint.objects.filter(number__gt=_last_number(file)).order_by("number")
        for checkpoint in missing.iterator():
            if checkpoint.said["key"] == signing.key_id_of(signing.public_key()):
                signing.remember(datetime.fromisoformat(checkpoint.said["at"]))
            file.write(as_line(checkpoint).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _last_number(file: Any) -> int:
    """The number in the last whole line; what a crash left of one that was being written is cut off."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 64 * 1024))
    tail = file.read()
    whole = tail.rfind(b"\n") + 1
    file.truncate(end - (len(tail) - whole))
    lines = tail[:whole].splitlines()
    return int(json.loads(lines[-1])["number"]) if lines else 0
