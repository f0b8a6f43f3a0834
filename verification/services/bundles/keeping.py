"""Where made bundles lie until the claim moves on: `bundles/` in the archive's folder, a file a claim and state.

Where originals are kept on S3 that is the data folder, which web and workers then share.

A bundle is a copy of what can be made again. It goes as soon as anything of its claim changes, an erasure above all,
and after a week at the latest.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db.models import Q, QuerySet

from claims.media import archive
from claims.models import Asset, Capture, MediaItem
from claims.models.bodies import canonical
from verification.models import AuditChain, Stamp
from verification.services.bundles.verify_bundle import FORMAT

KEPT_SECONDS = 7 * 24 * 60 * 60
_UNFINISHED_SECONDS = 24 * 60 * 60
_NAME = re.compile(r"([0-9a-f-]{36})-([0-9a-f]{64})\.zip")


def state_of(claim_id: uuid.UUID) -> str:
    """One word for all that a bundle of the claim would hold: the same word, the same bundle.

    Beside the head of its chain, what other chains may do to it: an original is erased for another claim, or stamped.
    """
    head = AuditChain.objects.filter(pk=f"claim:{claim_id}").values_list("head", flat=True).first()
    assets = _assets_of(claim_id)
    erased = assets.exclude(redacted_at=None).order_by("sha256").values_list("sha256", flat=True)
    stamped = Stamp.objects.filter(asset__in=assets).exclude(token=None).order_by("pk").values_list("pk", flat=True)  # fmt: skip
    said = [FORMAT, head, list(erased), [str(pk) for pk in stamped]]
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def path_of(claim_id: uuid.UUID, state: str) -> Path:
    """Where the bundle of a claim in a state lies, or would lie."""
    return _folder() / f"{claim_id}-{state}.zip"


@contextmanager
def arriving() -> Iterator[IO[bytes]]:
    """A file for a bundle that is being made; gone afterwards unless it was kept. Raises StorageFailed."""
    with archive.storing():
        _folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        file = tempfile.NamedTemporaryFile(dir=_folder(), delete=False)  # noqa: SIM115  closed below
    try:
        yield file
    except BaseException:
        Path(file.name).unlink(missing_ok=True)
        raise
    finally:
        file.close()


def erase_of(claims: Iterable[uuid.UUID]) -> None:
    """Removes every bundle of these claims."""
    for claim_id in claims:
        for path in _folder().glob(f"{claim_id}-*.zip"):
            path.unlink(missing_ok=True)


def erase_stale() -> int:
    """Removes bundles of claims that have moved on, old ones, and what a crash left half made; how many."""
    if not _folder().is_dir():
        return 0
    removed = 0
    for path in list(_folder().iterdir()):
        match = _NAME.fullmatch(path.name)
        try:
            age = time.time() - path.stat().st_mtime
        except FileNotFoundError:
            continue
        if age > (KEPT_SECONDS if match else _UNFINISHED_SECONDS) or (
            match and state_of(uuid.UUID(match[1])) != match[2]
        ):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def claims_with(assets: Iterable[Asset]) -> set[uuid.UUID]:
    """The claims whose bundles hold any of these originals."""
    kept = list(assets)
    beside = Q(asset__in=kept)
    for name in Capture.KEPT_BESIDE:
        beside |= Q(**{f"{name}__in": kept})
    found = set(MediaItem.objects.filter(asset__in=kept).values_list("claim_id", flat=True))
    return found | set(Capture.objects.filter(beside).values_list("media__claim_id", flat=True))


def _assets_of(claim_id: uuid.UUID) -> QuerySet[Asset]:
    captures = Capture.objects.filter(media__claim=claim_id)
    found = Q(items__claim=claim_id)
    for name in ("asset", *Capture.KEPT_BESIDE):
        found |= Q(pk__in=captures.exclude(**{name: None}).values(name))
    return Asset.objects.filter(found).distinct()


def _folder() -> Path:
    return (archive.root() or settings.DATA_DIR) / "bundles"
