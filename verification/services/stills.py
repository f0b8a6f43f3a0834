"""Working copies of an original: made by the decoder's child when it is examined, and never in its place."""

from __future__ import annotations

import structlog

from claims.errors import StorageFailed
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
    if not _wants_any(asset):
        return None
    try:
        if pictures_of(working.listed(asset.sha256)):
            return None
        with archive.local_copy(asset.sha256) as path:
            drawn = sandbox.draw(path, media_type=asset.media_type)
        for still in drawn:
            working.keep(working.WorkingCopy(asset.sha256, still.at_ms), still.jpeg)
    except sandbox.DecodeFailed as failure:
        log.info("stills.failed", asset_id=str(asset.pk), code=failure.code)
        return failure.code
    except OSError as error:
        log.warning("stills.away", asset_id=str(asset.pk), error=error.strerror)
        return StorageFailed.code
    return None


def of(asset: Asset | None) -> list[working.WorkingCopy]:
    """The working copies of an original; none of one that was erased, nor while the archive is away."""
    if asset is None or asset.redacted_at is not None:
        return []
    try:
        return working.listed(asset.sha256)
    except OSError as error:
        log.warning("stills.away", asset_id=str(asset.pk), error=error.strerror)
        return []


def pictures_of(copies: list[working.WorkingCopy]) -> list[working.WorkingCopy]:
    """Those of an original's working copies that are pictures."""
    return [copy for copy in copies if not copy.is_playable]


def _wants_any(asset: Asset) -> bool:
    is_hidden_photo = asset.kind == MediaKind.PHOTO and asset.media_type not in SAFE_INLINE
    return asset.kind == MediaKind.VIDEO or is_hidden_photo
