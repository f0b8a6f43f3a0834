"""The audit: who did what, in one hash chain a claim, a desk and the system.

Entries hold ids and commitments only, so that a text can be erased without breaking a chain.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone

from claims.models import Body, Claim, Desk, Person
from verification.models import AuditChain, AuditEntry
from verification.services.chains import Break, ChainState, hash_of, state_of
from verification.services.verifying import Verification

__all__ = [
    "SYSTEM",
    "Break",
    "ChainState",
    "chain_of",
    "hold",
    "record",
    "record_system",
    "state_of",
    "verify",
]

SYSTEM = "system"


def chain_of(subject: Claim | Desk) -> str:
    """The name of the chain that speaks of a claim or a desk."""
    return f"{'claim' if isinstance(subject, Claim) else 'desk'}:{subject.pk}"


def hold(name: str) -> AuditChain:
    """Locks the head of a chain until the transaction ends; the first thing that every writer takes."""
    chains = AuditChain.objects.select_for_update().filter(name=name)
    chain = next(iter(chains), None)
    if chain is None:
        AuditChain.objects.bulk_create([AuditChain(name=name)], ignore_conflicts=True)
        chain = chains.get()
    return chain


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


def verify() -> Iterator[Break]:
    """Reads everything again, originals included; yields each break. See `verifying`."""
    with Verification() as verification:
        for section in verification.sections():
            yield from section.read()
