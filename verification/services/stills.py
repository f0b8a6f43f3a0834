"""Working copies of an original: made by the decoder's child when it is examined, and never in its place."""

from __future__ import annotations

import structlog

from claims.errors import StorageFailed
from claims.media import archive, working
from claims.media.sniff import SAFE_INLINE
from claims.models import Asset
from claims.vocabulary import MediaKind
from verification import sandbox
from verification.domain.decoded import Decoded

log = structlog.get_logger(__name__)


def make(asset: Asset, facts: Decoded) -> str | None:
    """Makes what is missing of a film's stills, the copy of a photo that browsers don't draw, and a photo's thumbnail.

    Returns why there are none where there should be: a failure's code, and None where all is well. That an original
    can't be drawn says nothing against it.
    """
    try:
        missing = _missing(asset, facts)
        if not missing:
            return None
        with archive.local_copy(asset.sha256) as path:
            drawn = [
                (one, is_thumbnail)
                for is_thumbnail in missing
                for one in sandbox.draw(path, media_type=asset.media_type, thumbnail=is_thumbnail)
            ]
        for one, is_thumbnail in drawn:
            copy = working.WorkingCopy(asset.sha256, one.at_ms, is_thumbnail=is_thumbnail)
            working.keep(copy, one.jpeg)
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
    """Those of an original's working copies that show what it shows."""
    return [copy for copy in copies if not copy.is_playable and not copy.is_thumbnail]


def thumbnail_of(copies: list[working.WorkingCopy]) -> working.WorkingCopy | None:
    """The small picture that a photo holds within itself, among its working copies."""
    return next((copy for copy in copies if copy.is_thumbnail), None)


def _missing(asset: Asset, facts: Decoded) -> list[bool]:
    """What is to be drawn: False stands for pictures, True for the thumbnail."""
    is_hidden_photo = asset.kind == MediaKind.PHOTO and asset.media_type not in SAFE_INLINE
    wants_pictures = asset.kind == MediaKind.VIDEO or is_hidden_photo
    if not wants_pictures and facts.thumbnail is None:
        return []
    kept = working.listed(asset.sha256)
    missing = [False] if wants_pictures and not pictures_of(kept) else []
    return [*missing, True] if facts.thumbnail and thumbnail_of(kept) is None else missing
