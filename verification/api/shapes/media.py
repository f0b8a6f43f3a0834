"""What is shown of media: items, captures, checks and findings, and where else a picture stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

from claims.api.shapes import DeliveryShape, TermsShape
from claims.media.working import WorkingCopy
from claims.models import Capture, MediaItem, Person
from verification.checks import registry
from verification.inference.daylight import ChosenSun
from verification.models import CheckRun, FindingRow, FixityCheck
from verification.services import playable, stills
from verification.services.matches import Appearance
from verification.services.permissions import delivery_now
from verification.services.reasoning import reasoning_of

FIXITY_SHOWN = 20
"""How many checks of an original a media item tells, newest first."""


class FailureShape(TypedDict):
    code: str
    detail: str
    retriable: bool


class AssetShape(TypedDict):
    sha256: str
    size_bytes: int
    media_type: str


class FixityShape(TypedDict):
    outcome: str
    at: datetime


class CheckShape(TypedDict):
    slug: str
    title: str
    version: str
    dimensions: list[str]
    media_types: list[str]
    help: str
    reads: str
    stances: dict[str, str]
    cannot_know: str


class CheckRunShape(TypedDict):
    check: str
    version: str
    state: str
    error: str | None
    stale: bool


class FindingShape(TypedDict):
    id: str
    media: str
    check: str
    version: str
    dimension: str
    stance: str
    sentence: str
    data: dict[str, Any]
    bounds: list[dict[str, Any]]
    points: list[dict[str, Any]]


class TakenFromShape(TypedDict):
    media: str
    claim: str
    ref: str


class MediaShape(TypedDict):
    id: str
    claim: str
    taken_from: TakenFromShape | None
    kind: str
    url: str | None
    caption: str
    credit: str
    account: str
    rights_holder: str
    permission: str
    terms: TermsShape
    delivery: DeliveryShape
    content_flags: list[str]
    posted_at: datetime | None
    posted_by_page: str | None
    claimed_date: dict[str, Any] | None
    claimed_location: dict[str, Any] | None
    state: str
    failure: FailureShape | None
    asset: AssetShape | None
    examination: str
    check_runs: list[CheckRunShape]


class StillShape(TypedDict):
    name: str
    url: str
    working_copy: bool
    of_sha256: str
    at_seconds: float | None


class JudgedShape(TypedDict):
    state: str
    reason: str | None
    by: str
    at: datetime


class SimilarShape(TypedDict):
    match: str
    media: str
    claim: str
    ref: str
    earlier: bool
    state: str
    distance: int
    likeness: str
    turn: str
    at_seconds: float | None
    there_at_seconds: float | None
    known_at: datetime
    archived_at: datetime
    posted_at: datetime | None
    url: str | None
    account: str | None
    decisions: list[JudgedShape]


class PlayableShape(TypedDict):
    url: str
    working_copy: bool
    of_sha256: str
    first_seconds: int | None


class SunShape(TypedDict):
    place: dict[str, Any]
    at: str
    local: str
    sentence: str
    sun: dict[str, Any]


class PageShape(TypedDict):
    url: str
    sha256: str
    text_sha256: str | None
    posted: dict[str, Any] | None


class CaptureShape(TypedDict):
    started_at: datetime
    finished_at: datetime
    file_name: str | None
    requested_url: str | None
    final_url: str | None
    hops: list[dict[str, Any]]
    versions: dict[str, str]
    sha256: str | None
    page: PageShape | None
    found_url: str | None
    found_by: str | None
    warc_sha256: str | None
    unchanged: bool
    failure: FailureShape | None


class MediaDetailShape(MediaShape):
    source_changed: bool
    captures: list[CaptureShape]
    metadata: dict[str, Any] | None
    playable_copy: PlayableShape | None
    embedded_thumbnail: StillShape | None
    fixity: list[FixityShape]
    findings: dict[str, list[FindingShape]]
    suggestion: dict[str, Any]


def still_shape(item: MediaItem, copy: WorkingCopy) -> StillShape:
    return {
        "name": copy.name,
        "url": f"/api/v1/media/{item.pk}/stills/{copy.name}",
        "working_copy": True,
        "of_sha256": copy.sha256,
        "at_seconds": None if copy.at_ms is None else copy.at_ms / 1000,
    }


def similar_shape(found: Appearance, item: MediaItem) -> SimilarShape:
    near = found.near
    return {
        "match": near.match,
        "media": near.media,
        "claim": str(found.item.claim_id),
        "ref": near.claim,
        "earlier": found.is_before(item),
        "state": near.state.value,
        "distance": near.distance,
        "likeness": found.likeness,
        "turn": near.turn.value,
        "at_seconds": None if near.at_ms is None else near.at_ms / 1000,
        "there_at_seconds": None if near.there_ms is None else near.there_ms / 1000,
        "known_at": near.known_at,
        "archived_at": near.archived_at,
        "posted_at": near.posted_at,
        "url": near.url,
        "account": near.account,
        "decisions": [
            {
                "state": decision.state,
                "reason": decision.reason.content,
                "by": decision.by.username,
                "at": decision.at,
            }
            for decision in found.match.decisions.all()
        ],
    }


def thumbnail_shape(item: MediaItem) -> StillShape | None:
    copy = stills.thumbnail_of(stills.of(item.asset))
    return still_shape(item, copy) if copy else None


def sun_shape(chosen: ChosenSun) -> SunShape:
    said: SunShape = chosen.as_json()  # type: ignore[assignment]
    return said


def playable_shape(item: MediaItem) -> PlayableShape | None:
    copy = playable.of(stills.of(item.asset))
    if copy is None:
        return None
    return {
        "url": f"/api/v1/media/{item.pk}/file/?copy=playable",
        "working_copy": True,
        "of_sha256": copy.sha256,
        "first_seconds": copy.first_seconds,
    }


def media_shape(item: MediaItem) -> MediaShape:
    asset = item.asset
    return {
        "id": str(item.pk),
        "claim": str(item.claim_id),
        "taken_from": {
            "media": str(item.taken_from.pk),
            "claim": str(item.taken_from.claim_id),
            "ref": item.taken_from.claim.ref,
        }
        if item.taken_from
        else None,
        "kind": item.kind,
        "url": item.url or None,
        "caption": item.caption,
        "credit": item.credit,
        "account": item.account,
        "rights_holder": item.rights_holder,
        "permission": item.permission,
        "terms": terms_shape(item),
        "delivery": delivery_shape(item),
        "content_flags": item.content_flags,
        "posted_at": item.posted_at,
        "posted_by_page": item.posted_by_page or None,
        "claimed_date": item.claimed_date,
        "claimed_location": item.claimed_location,
        "state": item.state,
        "failure": item.failure,
        "asset": {"sha256": asset.sha256, "size_bytes": asset.size_bytes, "media_type": asset.media_type}
        if asset
        else None,
        "examination": item.examination,
        "check_runs": [check_run_shape(run) for run in item.check_runs.all()],
    }


def terms_shape(item: MediaItem) -> TermsShape:
    return {
        "scope": item.permission_scope or None,
        "territory": item.permission_territory or None,
        "until": item.permission_until,
    }


def delivery_shape(item: MediaItem) -> DeliveryShape:
    """What may be shown of it outside now."""
    delivery = delivery_now(item)
    return {"may": delivery.may.value, "why": delivery.why, "until": delivery.until}


def check_run_shape(run: CheckRun) -> CheckRunShape:
    return {
        "check": run.check_slug,
        "version": run.version,
        "state": run.state,
        "error": run.error["detail"] if run.error else None,
        "stale": registry.is_stale(run.check_slug, run.version),
    }


def finding_shape(row: FindingRow) -> FindingShape:
    return {
        "id": str(row.pk),
        "media": str(row.run.media_id),
        "check": row.run.check_slug,
        "version": row.run.version,
        "dimension": row.dimension,
        "stance": row.stance,
        "sentence": row.sentence,
        "data": row.data,
        "bounds": row.bounds,
        "points": row.points,
    }


def page_shape(capture: Capture) -> PageShape | None:
    """The page that a capture's media was found on."""
    if capture.page is None:
        return None
    return {
        "url": capture.page_url,
        "sha256": capture.page.sha256,
        "text_sha256": capture.page_text.sha256 if capture.page_text else None,
        "posted": capture.posted,
    }


def media_detail_shape(item: MediaItem, viewer: Person) -> MediaDetailShape:
    rows = (
        FindingRow.objects.current()
        .filter(run__media=item)
        .select_related("run")
        .order_by("run__check_slug", "position")
    )
    by_dimension: dict[str, list[FindingShape]] = {}
    for row in rows:
        by_dimension.setdefault(row.dimension, []).append(finding_shape(row))
    return {
        **media_shape(item),
        "source_changed": item.source_has_changed(),
        "captures": [
            {
                "started_at": capture.started_at,
                "finished_at": capture.finished_at,
                "file_name": capture.file_name or None,
                "requested_url": capture.requested_url or None,
                "final_url": capture.final_url or None,
                "hops": capture.hops,
                "versions": capture.versions,
                "sha256": capture.asset.sha256 if capture.asset else None,
                "page": page_shape(capture),
                "found_url": capture.found_url or None,
                "found_by": capture.found_by or None,
                "warc_sha256": capture.warc.sha256 if capture.warc else None,
                "unchanged": capture.unchanged,
                "failure": capture.failure,
            }
            for capture in item.captures.select_related("asset", "page", "page_text", "warc")
        ],
        "metadata": item.asset.facts if item.asset else None,
        "playable_copy": playable_shape(item),
        "embedded_thumbnail": thumbnail_shape(item),
        "fixity": [
            {"outcome": done.outcome, "at": done.at}
            for done in FixityCheck.objects.filter(asset=item.asset_id)[:FIXITY_SHOWN]
        ],
        "findings": by_dimension,
        "suggestion": reasoning_of(item, viewer).as_json(),
    }
