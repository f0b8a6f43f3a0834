"""Fixity: originals are hashed again, the one longest not looked at first, and each look is a row for good."""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from claims.media import archive
from claims.models import Asset
from claims.vocabulary import FixityOutcome
from verification.models import FixityCheck

log = structlog.get_logger(__name__)

WORDS = {
    FixityOutcome.INTACT: "is what was archived",
    FixityOutcome.ALTERED: "is not what was archived: its bytes have another hash",
    FixityOutcome.MISSING: "is missing from the archive",
    FixityOutcome.UNREADABLE: "can't be read from the archive",
}
BATCH_SECONDS = 2.0
BATCH_FILES = 50


def look(asset: Asset) -> FixityOutcome | None:
    """Hashes an original again. None where it was erased on record while we looked."""
    try:
        if archive.is_intact(asset.sha256):
            return FixityOutcome.INTACT
        outcome = FixityOutcome.ALTERED if archive.holds(asset.sha256) else FixityOutcome.MISSING
    except OSError:
        outcome = FixityOutcome.UNREADABLE
    if asset.redacted_at is None and Asset.objects.filter(pk=asset.pk).exclude(redacted_at=None).exists():
        return None
    return outcome


def is_as_long_as_said(asset: Asset) -> bool:
    """Whether an original that is there has the length that its row says."""
    return archive.size_of(asset.sha256) == asset.size_bytes


def check(asset: Asset) -> FixityCheck | None:
    """Hashes an original again and puts down what came of it; None where it was erased on record."""
    outcome = None if asset.redacted_at is not None else look(asset)
    if outcome is None:
        return None
    if outcome != FixityOutcome.INTACT:
        log.error("fixity.failed", asset=str(asset.pk), outcome=outcome.value)
    return FixityCheck.objects.create(asset=asset, outcome=outcome.value, at=timezone.now())


def in_turn() -> QuerySet[Asset]:
    """Originals that are to be there, those never looked at first, then by when they were last."""
    looks = FixityCheck.objects.filter(asset=OuterRef("pk")).order_by("-at").values("at")[:1]
    kept = Asset.objects.filter(redacted_at=None).annotate(looked_at=Subquery(looks))
    return kept.order_by(F("looked_at").asc(nulls_first=True), "pk")


def check_due() -> int:
    """Looks at some originals not looked at for `STET_FIXITY_DAYS`, for a few seconds at most; how many."""
    before = timezone.now() - timedelta(days=settings.FIXITY_DAYS)
    until = time.monotonic() + BATCH_SECONDS
    looked = 0
    for asset in in_turn().filter(Q(looked_at=None) | Q(looked_at__lt=before))[:BATCH_FILES]:
        looked += check(asset) is not None
        if time.monotonic() > until:
            break
    return looked


def last_of(asset: Asset) -> FixityCheck | None:
    """The last look at an original; None where nobody has looked yet."""
    return FixityCheck.objects.filter(asset=asset).order_by("-at", "-id").first()
