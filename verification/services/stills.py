"""Working copies of an original: made by the decoder's child when it is examined, and never in its place."""

from __future__ import annotations

import structlog

from claims.media import archive, working
from claims.media.sniff import SAFE_INLINE
from claims.models import Asset
from claims.vocabulary import MediaKind
from verification import sandbox

log = structlog.get_logger(__name__)


def make(asset: Asset) -> str | None:
    """Makes the stills of a film, or the copy of a photo that browsers don't draw, unless there are some already.

    Returns why there are none where there should be: a failure's code, and None where all is well. That an original
    can't be drawn says nothing against it.
    """
    if not _wants_any(asset) or working.listed(asset.sha256):
        return None
    try:
        drawn = sandbox.draw(archive.path_of(asset.sha256), media_type=asset.media_type)
    except sandbox.DecodeFailed as failure:
        log.info("stills.failed", asset_id=str(asset.pk), code=failure.code)
        return failure.code
    for still in drawn:
        working.keep(working.WorkingCopy(asset.sha256, still.at_ms), still.jpeg)
    return None


def of(asset: Asset | None) -> list[working.WorkingCopy]:
    """The working copies of an original; none of one that was erased."""
    if asset is None or asset.redacted_at is not None:
        return []
    return working.listed(asset.sha256)


def _wants_any(asset: Asset) -> bool:
    is_hidden_photo = asset.kind == MediaKind.PHOTO and asset.media_type not in SAFE_INLINE
    return asset.kind == MediaKind.VIDEO or is_hidden_photo
