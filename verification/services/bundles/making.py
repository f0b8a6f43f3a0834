"""Makes the evidence bundle of a claim: gathered, proven, packed and signed, streamed to one file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils import timezone

from claims.errors import IllegalState
from claims.media import archive
from claims.models import Claim
from verification.models import Stamp
from verification.services import signing
from verification.services.bundles import keeping, page
from verification.services.bundles.bag import Bag
from verification.services.bundles.gathering import Gathered, file_of, gather, token_of
from verification.services.bundles.proof import Sealed, sealed
from verification.services.bundles.verify_bundle import FORMAT

VERIFIER = Path(__file__).with_name("verify_bundle.py")
Watch = Callable[[int, int], None]
"""Told, as the packing goes on, how many bytes of originals went and how many there are."""


@dataclass(frozen=True)
class Made:
    """What was packed; `state` is the one that the claim was in, as `keeping` words it."""

    claim: Claim
    state: str
    checkpoint: int
    head: str
    originals: int
    redacted: int


def make(claim: Claim, file: IO[bytes], *, watch: Watch | None = None) -> Made:
    """Writes the claim's bundle to a file that is open for writing.

    Raises IllegalState `original_not_intact` where the archive can't give what it took in, jobs.NotYet where the
    claim is changing faster than it can be sealed, StorageFailed.
    """
    with sealed(claim) as proof:
        claim = Claim.objects.select_related("desk", "statement", "source", "public").get(pk=claim.pk)
        gathered = gather(claim, proof.checkpoint)
        state = keeping.state_of(claim.pk)
    made_at = timezone.now()
    with archive.storing():
        with Bag(file, name=f"stet-{claim.ref}", made_at=made_at) as bag:
            _pack_originals(bag, gathered, watch)
            _pack_records(bag, gathered, proof)
            bag.add("README.html", page.render(gathered, proof.checkpoint, made_at).encode())
            bag.add("verify_bundle.py", VERIFIER.read_bytes())
            bag.seal(
                {
                    "Source-Organization": claim.desk.house_name,
                    "External-Identifier": str(claim.pk),
                    "External-Description": f"Evidence bundle of claim {claim.ref}",
                    "Internal-Sender-Description": FORMAT,
                    "Bag-Software-Agent": f"Stet {settings.VERSION}",
                }
            )
        file.flush()
    return Made(
        claim=claim,
        state=state,
        checkpoint=proof.checkpoint.number,
        head=gathered.chain["head"],
        originals=len(gathered.held),
        redacted=len(gathered.assets) - len(gathered.held),
    )


def _pack_originals(bag: Bag, gathered: Gathered, watch: Watch | None) -> None:
    total = sum(asset.size_bytes for asset in gathered.held)
    done = 0
    for asset in gathered.held:
        name = file_of(asset)
        if not archive.holds(asset.sha256):
            raise _not_intact(asset.sha256, "is missing from the archive")
        with archive.local_copy(asset.sha256) as path:
            for size in bag.add_file(name, path):
                done += size
                if watch is not None:
                    watch(done, total)
        if bag.digest_of(name) != asset.sha256:
            raise _not_intact(asset.sha256, "has other bytes in the archive than were taken in")


def _pack_records(bag: Bag, gathered: Gathered, proof: Sealed) -> None:
    for name, value in gathered.records.items():
        bag.add_json(f"data/records/{name}.json", value)
    bag.add_json("data/audit/chain.json", gathered.chain)
    bag.add_json("data/audit/checkpoint.json", proof.document)
    bag.add_json("data/audit/keys.json", signing.published_keys())
    files: dict[str, Any] = {one["file"]: one for one in gathered.records["stamps"]}
    for stamp in Stamp.objects.filter(pk__in=[name.split("/")[-1].removesuffix(".tsr") for name in files]):
        bag.add(token_of(stamp), bytes(stamp.token or b""))


def _not_intact(sha256: str, why: str) -> IllegalState:
    return IllegalState(
        f"The original {sha256} {why}. Bring it back from a backup; then ask for the bundle again.",
        code="original_not_intact",
    )
