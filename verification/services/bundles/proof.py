"""Binds a claim's audit chain to a signed checkpoint: the path from the chain's head to the root that was signed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from claims.models import Claim
from verification.domain import merkle
from verification.models import AuditChain, Checkpoint, SealedHead
from verification.services import checkpoints, signing, stamps
from verification.services.audit import chain_of
from verification.services.jobs import NotYet
from verification.services.verifying import one_moment

TRIES = 5
WAIT_SECONDS = 1.0


@dataclass(frozen=True)
class Sealed:
    """The newest checkpoint, which is over the claim's whole chain, and the proof that it is."""

    checkpoint: Checkpoint
    document: dict[str, Any]


@contextmanager
def sealed(claim: Claim) -> Iterator[Sealed]:
    """The database at one moment at which the claim's whole chain is under the newest checkpoint.

    Signs one where that is wanting, and has it time-stamped where an authority is set. Raises jobs.NotYet where the
    claim is being worked on so busily that its chain is always a step ahead.
    """
    for _ in range(TRIES):
        checkpoints.sign_what_is_new()
        stamps.stamp_what_is_due()
        with one_moment():
            found = _found(claim)
            if found is not None:
                yield found
                return
    raise NotYet(WAIT_SECONDS)


def _found(claim: Claim) -> Sealed | None:
    name = chain_of(claim)
    checkpoint = Checkpoint.objects.order_by("-number").first()
    head = AuditChain.objects.filter(pk=name).values_list("name", "seq", "head").first()
    kept = SealedHead.objects.order_by(checkpoints.by_bytes("name")).values_list("name", "seq", "head")
    heads = list(kept.iterator(chunk_size=2000))
    if checkpoint is None or head is None or head not in heads:
        return None
    hashes = [merkle.leaf_hash(checkpoints.head_leaf(one)) for one in heads]
    index = heads.index(head)
    key = signing.known_keys()[checkpoint.said["key"]]
    return Sealed(
        checkpoint=checkpoint,
        document={
            "number": checkpoint.number,
            "statement": checkpoint.statement,
            "signature": checkpoint.signature,
            "public_key": base64.b64encode(key).decode(),
            "proof": {"index": index, "path": [one.hex() for one in merkle.path_of(hashes, index)]},
        },
    )
