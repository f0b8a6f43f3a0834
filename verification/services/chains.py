"""Reading the audit's chains again: where what is stored is not what was recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from claims.models.bodies import canonical
from verification.models import AuditChain, AuditEntry
from verification.services.rows import UNREADABLE


def said_by(entry: AuditEntry) -> dict[str, Any]:
    """All that an entry says, as it is hashed."""
    return {
        "id": str(entry.pk),
        "chain": entry.chain_id,
        "seq": entry.seq,
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor": str(entry.actor_id) if entry.actor_id else None,
        "action": entry.action,
        "data": entry.data,
        "previous": entry.previous,
    }


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 of the canonical JSON of all that the entry says."""
    return hashlib.sha256(canonical(said_by(entry)).encode()).hexdigest()


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
        breaks=tuple(breaks_of(name, entries, head)),
    )


NOTHING_SIGNED: Mapping[int, tuple[str, int]] = {}


def breaks_of(
    name: str,
    entries: Iterable[AuditEntry],
    head: AuditChain | None,
    signed: Mapping[int, tuple[str, int]] = NOTHING_SIGNED,
) -> Iterator[Break]:
    """Where a chain does not hold; its entries come in order.

    `signed` has, by an entry's number, the hash that a checkpoint signed for it and the checkpoint's number: a chain
    only grows, so each of them must still be there, however far the chain has come since.
    """
    seq, previous = 0, "0" * 64
    for entry in entries:
        where = f"{name} entry {entry.seq}"
        if entry.seq != seq + 1:
            yield Break(where, f"follows entry {seq}")
        if entry.previous != previous:
            yield Break(where, "does not continue the entry before it")
        if not _is_hashed(entry):
            yield Break(where, "is not what was hashed")
        if entry.seq in signed and signed[entry.seq][0] != entry.hash:
            yield Break(where, f"is not the entry that checkpoint {signed[entry.seq][1]} signed")
        seq, previous = entry.seq, entry.hash
    if signed and (last := max(signed)) > seq:
        yield Break(name, f"ends at entry {seq}, and checkpoint {signed[last][1]} signed entry {last}")
    if head is None:
        if seq:
            yield Break(name, "has entries and no head")
    elif (head.seq, head.head) == (seq, previous):
        return
    elif not seq:
        yield Break(name, f"has lost all of its {head.seq} entries")
    elif head.seq != seq:
        yield Break(name, f"ends at entry {seq}, its head says {head.seq}")
    else:
        yield Break(name, f"has a head that is not the hash of entry {seq}, its last")


def _is_hashed(entry: AuditEntry) -> bool:
    try:
        return hash_of(entry) == entry.hash
    except UNREADABLE:
        return False
