"""The audit: who did what, in one hash chain a claim, a desk and the system.

Entries hold ids and commitments only, so that a text can be erased without breaking a chain.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import connection
from django.utils import timezone

from claims.models import Body, Claim, Desk, Person
from claims.models.bodies import canonical
from verification.models import AuditChain, AuditEntry, append_only

SYSTEM = "system"


def chain_of(subject: Claim | Desk) -> str:
    """The name of the chain that speaks of a claim or a desk."""
    return f"{'claim' if isinstance(subject, Claim) else 'desk'}:{subject.pk}"


def hold(name: str) -> AuditChain:
    """Locks the head of a chain until the transaction ends; the first thing that every writer takes."""
    AuditChain.objects.get_or_create(name=name)
    return AuditChain.objects.select_for_update().get(name=name)


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 of the canonical JSON of all that the entry says."""
    said = {
        "id": str(entry.pk),
        "chain": entry.chain_id,
        "seq": entry.seq,
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor": str(entry.actor_id) if entry.actor_id else None,
        "action": entry.action,
        "data": entry.data,
        "previous": entry.previous,
    }
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def record(
    chain: AuditChain, *, action: str, actor: Person | None, data: dict[str, Any], at: datetime
) -> AuditEntry:
    """Appends an act to a chain that the caller holds. `data` must be JSON of ids and commitments."""
    chain.seq += 1
    entry = AuditEntry(
        chain=chain,
        seq=chain.seq,
        at=at,
        actor=actor,
        action=action,
        data=_plain(data),
        previous=chain.head,
    )
    entry.hash = chain.head = hash_of(entry)
    entry.save(force_insert=True)
    chain.save(update_fields=["seq", "head"])
    return entry


def record_system(*, action: str, actor: Person | None, data: dict[str, Any]) -> AuditEntry:
    """Appends an act that belongs to no claim to the system's chain."""
    return record(hold(SYSTEM), action=action, actor=actor, data=data, at=timezone.now())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Body):
        return {"body": str(value.pk), "commitment": value.commitment}
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return value


@dataclass(frozen=True)
class Break:
    """One place where what is stored is not what was recorded."""

    where: str
    detail: str


@dataclass(frozen=True)
class ChainState:
    """What re-reading a chain came to."""

    entries: int
    head: str
    breaks: tuple[Break, ...]


def state_of(name: str) -> ChainState:
    """Re-reads one chain; one that nobody has written to yet is empty and whole."""
    head = AuditChain.objects.filter(name=name).first()
    entries = list(AuditEntry.objects.filter(chain_id=name).order_by("seq"))
    return ChainState(
        entries=len(entries),
        head=entries[-1].hash if entries else "",
        breaks=tuple(_breaks_of(name, entries, head)),
    )


def verify() -> Iterator[Break]:
    """Re-reads every chain, every body and the triggers; yields each break."""
    for name in append_only.missing(connection):
        yield Break(f"trigger {name}", "is not in the database")
    heads = {chain.name: chain for chain in AuditChain.objects.all()}
    entries = AuditEntry.objects.order_by("chain_id", "seq").iterator()
    for name, chain in groupby(entries, key=lambda entry: entry.chain_id):
        yield from _breaks_of(name, chain, heads.pop(name, None))
    for name, head in heads.items():
        yield from _breaks_of(name, (), head)
    committed = _commitments()
    for body in Body.objects.iterator():
        if not body.holds():
            yield Break(f"body {body.pk}", "is not what was committed to")
        elif body.commitment not in committed:
            yield Break(f"body {body.pk}", "is spoken of by no audit entry")


def _breaks_of(name: str, entries: Iterable[AuditEntry], head: AuditChain | None) -> Iterator[Break]:
    """Where a chain does not hold; its entries come in order."""
    seq, previous = 0, "0" * 64
    for entry in entries:
        where = f"{name} entry {entry.seq}"
        if entry.seq != seq + 1:
            yield Break(where, f"follows entry {seq}")
        if entry.previous != previous:
            yield Break(where, "does not continue the entry before it")
        if hash_of(entry) != entry.hash:
            yield Break(where, "is not what was hashed")
        seq, previous = entry.seq, entry.hash
    if head is None or (head.seq, head.head) == (seq, previous):
        return
    if not seq:
        yield Break(name, f"has lost all of its {head.seq} entries")
    elif head.seq != seq:
        yield Break(name, f"ends at entry {seq}, its head says {head.seq}")
    else:
        yield Break(name, f"has a head that is not the hash of entry {seq}, its last")


def _commitments() -> set[str]:
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(commitment := value.get("commitment"), str):
                found.add(commitment)
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)

    for data in AuditEntry.objects.values_list("data", flat=True).iterator():
        walk(data)
    return found
