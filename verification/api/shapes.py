"""What staff are shown: typed shapes, one function each. The schema is made from the same types."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, time
from typing import Any, TypedDict

from claims.media.working import WorkingCopy
from claims.models import Capture, Claim, MediaItem, Person
from claims.vocabulary import Dimension, ReviewKind, Status
from verification.api.queue_shapes import EntryShape, LeaseShape, entry_shape, lease_shape
from verification.checks import registry
from verification.domain.rollup import Dispute
from verification.domain.transitions import allowed_actions
from verification.inference.daylight import ChosenSun
from verification.models import (
    AuditEntry,
    CheckRun,
    Evidence,
    FindingRow,
    FixityCheck,
    Note,
    QueueEntry,
    TellingWishes,
    Told,
    Verdict,
)
from verification.services import playable, stills
from verification.services.acting import situation
from verification.services.duplicates import Candidate, Original, original_of
from verification.services.leases import Lease
from verification.services.matches import Appearance
from verification.services.publication import gate
from verification.services.reasoning import reasoning_of
from verification.services.reliance import reasons_of
from verification.services.second_looks import second_look_of
from verification.services.standing import disputes_of, standing
from verification.services.veil import is_veiled


class SpokenVerdict(TypedDict):
    id: str
    media: str | None
    status: str
    by: str
    at: datetime


class RecheckReasonShape(TypedDict):
    code: str
    sentence: str
    media: str | None
    verdict: str
    at: str


class StatusShape(TypedDict):
    status: str
    counts: dict[str, int]
    verdicts: list[SpokenVerdict]
    recheck_needed: list[RecheckReasonShape]


FIXITY_SHOWN = 20
"""How many checks of an original a media item tells, newest first."""


class SourceShape(TypedDict):
    id: str
    name: str
    kind: str
    url: str | None
    reliability: str


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
    permission: str
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


class DuplicateShape(TypedDict):
    id: str
    ref: str
    stage: str
    statement: str | None
    why: str
    score: float | None
    line: str | None
    version: int | None
    line_of: str | None


class DuplicatesShape(TypedDict):
    possible_duplicates: list[DuplicateShape]


class OriginalShape(TypedDict):
    id: str
    ref: str
    stage: str
    line: str | None
    version: int | None


class BlockerShape(TypedDict, total=False):
    code: str
    detail: str
    dimension: str


class GateShape(TypedDict):
    can_publish: bool
    blockers: list[BlockerShape]
    line: str | None
    line_blockers: list[BlockerShape]


class NotPublishedShape(TypedDict):
    claim: str
    stage: str
    version: int | None
    embargo_until: datetime | None


class LineShape(TypedDict):
    text: str
    version: int | None
    language: str
    form: str


class ClaimRowShape(TypedDict):
    id: str
    ref: str
    stage: str
    under_review: bool
    statement: str | None
    language: str
    source: SourceShape
    desk: str
    claimed_date: dict[str, Any] | None
    claimed_location: dict[str, Any] | None
    external_id: str | None
    priority: str
    tags: list[str]
    skills: list[str]
    topics: list[str]
    assignee: str | None
    duplicate_of: str | None
    created_at: datetime
    updated_at: datetime
    statuses: dict[str, StatusShape]
    media: list[MediaShape]
    latest_version: int | None


class SecondReviewShape(TypedDict):
    needed: bool
    reasons: list[str]
    blind: bool
    veiled: bool


class DisagreementShape(TypedDict):
    dimension: str
    media: str | None
    verdicts: list[str]
    settled_by: str | None


class ClaimShape(ClaimRowShape):
    original: OriginalShape | None
    draft_statuses: dict[str, StatusShape]
    queue_entry: EntryShape | None
    lease: LeaseShape | None
    allowed_actions: list[str]
    blockers: list[BlockerShape]
    second_review: SecondReviewShape
    disagreements: list[DisagreementShape]


class FiledShape(ClaimShape):
    possible_duplicates: list[DuplicateShape]


class VerdictShape(TypedDict):
    id: str
    review: str
    review_kind: str
    submitted: bool
    dimension: str
    status: str
    media: str | None
    reason: str
    interim: bool
    basis: list[dict[str, Any]]
    value: dict[str, Any] | None
    relation: str | None
    credibility: int | None
    by: str
    at: datetime
    undoes: str | None


class NoteShape(TypedDict):
    id: str
    body: str | None
    dimension: str | None
    media: str | None
    by: str
    at: datetime
    struck: bool
    redacted: bool
    mentions: list[str]


class ToldClaimShape(TypedDict):
    id: str
    ref: str
    statement: str | None


class ToldShape(TypedDict):
    id: str
    occasion: str
    claim: ToldClaimShape
    by: str | None
    at: datetime
    about: dict[str, str]
    read_at: datetime | None


class InboxReadShape(TypedDict):
    read: int
    unread: int
    more_unread: bool


class FollowShape(TypedDict):
    following: bool


class WishesShape(TypedDict):
    email: str
    email_address: str
    webhook: str
    webhook_url: str
    digest_hour: int
    quiet_from: str | None
    quiet_to: str | None
    time_zone: str


class BundleShape(TypedDict):
    state: str
    detail: str


class BulkResultShape(TypedDict):
    """`was` and `now` hold what the act changes; `error` is a problem where it is not done."""

    name: str
    claim: str | None
    ref: str | None
    done: bool
    was: dict[str, Any] | None
    now: dict[str, Any] | None
    error: dict[str, Any] | None


class BulkShape(TypedDict):
    """`undo` takes it back; null where nothing was done, and in a preview."""

    act: str
    preview: bool
    results: list[BulkResultShape]
    done: int
    refused: int
    undo: str | None


class EvidenceShape(TypedDict):
    id: str
    media: str
    dimension: str
    kind: str
    reason: str | None
    url: str | None
    side: str | None
    date: dict[str, Any] | None
    place: dict[str, Any] | None
    hard: bool
    by: str
    at: datetime
    struck: StruckShape | None
    redacted: bool


class StruckShape(TypedDict):
    by: str
    at: datetime
    reason: str | None


class AuditShape(TypedDict):
    seq: int
    at: datetime
    actor: str | None
    action: str
    data: dict[str, Any]
    withheld: bool
    previous: str
    hash: str


class LeasedShape(TypedDict):
    lease_token: str
    expires_at: datetime
    entry: EntryShape
    claim: ClaimShape


def statuses_shape(claim: Claim, viewer: Person, *, draft: bool = False) -> dict[str, StatusShape]:
    now = standing(claim, draft=draft, viewer=viewer)
    reasons = reasons_of(claim)
    return {
        dimension.value: {
            "status": now.status(dimension).value,
            "counts": {status.value: number for status, number in now.counts(dimension).items()},
            "verdicts": [
                {
                    "id": str(verdict.pk),
                    "media": str(verdict.media_id) if verdict.media_id else None,
                    "status": verdict.status,
                    "by": verdict.by.username,
                    "at": verdict.at,
                }
                for verdict in now.of(dimension)
            ],
            "recheck_needed": _recheck_reasons(reasons.get(dimension, ())),
        }
        for dimension in Dimension
    }


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
        "permission": item.permission,
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


def duplicate_shape(found: Candidate) -> DuplicateShape:
    original = found.original
    return {
        "id": str(found.claim.pk),
        "ref": found.claim.ref,
        "stage": found.claim.stage,
        "statement": found.claim.statement.content,
        "why": found.why,
        "score": found.score,
        "line": original.line,
        "version": original.version,
        "line_of": None if original.version is None else original.claim.ref,
    }


def duplicates_shape(found: Iterable[Candidate]) -> DuplicatesShape:
    return {"possible_duplicates": [duplicate_shape(one) for one in found]}


def original_shape(original: Original | None) -> OriginalShape | None:
    if original is None:
        return None
    return {
        "id": str(original.claim.pk),
        "ref": original.claim.ref,
        "stage": original.claim.stage,
        "line": original.line,
        "version": original.version,
    }


def claim_row_shape(claim: Claim) -> ClaimRowShape:
    return {
        "id": str(claim.pk),
        "ref": claim.ref,
        "stage": claim.stage,
        "under_review": any(entry.state in {"waiting", "leased"} for entry in claim.queue_entries.all()),
        "statement": claim.statement.content,
        "language": claim.language,
        "source": {
            "id": str(claim.source_id),
            "name": str(claim.source),
            "kind": claim.source.kind,
            "url": None if claim.source.confidential else claim.source.url or None,
            "reliability": claim.source.reliability,
        },
        "desk": claim.desk.slug,
        "claimed_date": claim.claimed_date,
        "claimed_location": claim.claimed_location,
        "external_id": claim.external_id,
        "priority": claim.priority,
        "tags": claim.tags,
        "skills": claim.skills,
        "topics": claim.topics,
        "assignee": claim.assignee.username if claim.assignee else None,
        "duplicate_of": str(claim.duplicate_of_id) if claim.duplicate_of_id else None,
        "created_at": claim.created_at,
        "updated_at": claim.updated_at,
        "statuses": _kept_statuses(claim),
        "media": [media_shape(item) for item in claim.media.all()],
        "latest_version": max(
            (publication.version for publication in claim.publications.all()), default=None
        ),
    }


def _kept_statuses(claim: Claim) -> dict[str, StatusShape]:
    """As kept beside the claim; behind a veil no row is visible, and nothing is checked."""
    shown: dict[str, StatusShape] = {
        dimension.value: {
            "status": Status.NOT_CHECKED.value,
            "counts": {},
            "verdicts": [],
            "recheck_needed": [],
        }
        for dimension in Dimension
    }
    for row in claim.dimension_statuses.all():
        shown[row.dimension] = {
            "status": row.status,
            "counts": row.counts,
            "verdicts": [],
            "recheck_needed": _recheck_reasons(row.recheck_needed),
        }
    return shown


def claim_shape(claim: Claim, viewer: Person) -> ClaimShape:
    entry = claim.queue_entries.open().with_all_shown().first()
    return {
        **claim_row_shape(claim),
        "statuses": statuses_shape(claim, viewer),
        "draft_statuses": statuses_shape(claim, viewer, draft=True),
        "original": original_shape(original_of(claim)),
        "queue_entry": entry_shape(entry, viewer) if entry else None,
        "lease": lease_shape(entry),
        "allowed_actions": [action.value for action in allowed_actions(situation(claim, viewer))],
        "blockers": [_blocker(blocker.as_json()) for blocker in gate(claim, viewer)],
        "second_review": second_review_shape(claim, entry, viewer),
        "disagreements": [disagreement_shape(dispute) for dispute in disputes_of(claim, viewer=viewer)],
    }


def _recheck_reasons(reasons: Iterable[Mapping[str, Any]]) -> list[RecheckReasonShape]:
    return [
        {
            "code": reason["code"],
            "sentence": reason["sentence"],
            "media": reason["media"],
            "verdict": reason["verdict"],
            "at": reason["at"],
        }
        for reason in reasons
    ]


def second_review_shape(claim: Claim, entry: QueueEntry | None, viewer: Person) -> SecondReviewShape:
    """`needed` where one is waiting, or the policy asks for one that the latest pass has not had; `reasons` are the
    policy's, as things stand; `veiled` where what others decided is kept from the viewer until it is submitted.
    """
    veiled = is_veiled(claim, viewer)
    look = second_look_of(claim, is_veiled=veiled)
    waits = entry is not None and entry.review_kind == ReviewKind.SECOND
    return {
        "needed": waits or look.is_lacking,
        "reasons": list(look.reasons),
        "blind": claim.desk.policy.blind_second_review,
        "veiled": veiled,
    }


def disagreement_shape(dispute: Dispute) -> DisagreementShape:
    target, dimension = dispute.subject
    return {
        "dimension": dimension.value,
        "media": str(target) if target else None,
        "verdicts": [str(dispute.first.id), str(dispute.second.id)],
        "settled_by": str(dispute.settled_by.id) if dispute.settled_by else None,
    }


def filed_shape(claim: Claim, viewer: Person, duplicates: Iterable[Candidate]) -> FiledShape:
    return {
        **claim_shape(claim, viewer),
        "possible_duplicates": [duplicate_shape(found) for found in duplicates],
    }


def _blocker(said: dict[str, str]) -> BlockerShape:
    shown: BlockerShape = {"code": said["code"], "detail": said["detail"]}
    if "dimension" in said:
        shown["dimension"] = said["dimension"]
    return shown


def verdict_shape(verdict: Verdict) -> VerdictShape:
    content = verdict.content
    return {
        "id": str(verdict.pk),
        "review": str(verdict.review_id),
        "review_kind": verdict.review.kind,
        "submitted": verdict.review.state == "submitted",
        "dimension": verdict.dimension,
        "status": verdict.status,
        "media": str(verdict.media_id) if verdict.media_id else None,
        "reason": content["reason"],
        "interim": verdict.interim,
        "basis": content["basis"],
        "value": content["value"],
        "relation": verdict.relation or None,
        "credibility": verdict.credibility,
        "by": verdict.by.username,
        "at": verdict.at,
        "undoes": str(verdict.undoes_id) if verdict.undoes_id else None,
    }


def evidence_shape(evidence: Evidence) -> EvidenceShape:
    said = evidence.content or {}
    strike = evidence.strike if hasattr(evidence, "strike") else None
    return {
        "id": str(evidence.pk),
        "media": str(evidence.media_id),
        "dimension": evidence.dimension,
        "kind": evidence.kind,
        "reason": said.get("reason"),
        "url": said.get("url"),
        "side": said.get("side"),
        "date": said.get("date"),
        "place": said.get("place"),
        "hard": evidence.hard,
        "by": evidence.by.username,
        "at": evidence.at,
        "struck": {"by": strike.by.username, "at": strike.at, "reason": strike.body.content}
        if strike
        else None,
        "redacted": evidence.body.redacted_at is not None,
    }


def told_shape(told: Told) -> ToldShape:
    claim = told.claim
    return {
        "id": str(told.pk),
        "occasion": told.occasion,
        "claim": {"id": str(claim.pk), "ref": claim.ref, "statement": claim.statement.content},
        "by": told.by.username if told.by else None,
        "at": told.at,
        "about": told.about,
        "read_at": told.read_at,
    }


def wishes_shape(wishes: TellingWishes) -> WishesShape:
    def hour(at: time | None) -> str | None:
        return at.isoformat("minutes") if at is not None else None

    return {
        "email": wishes.email,
        "email_address": wishes.email_address,
        "webhook": wishes.webhook,
        "webhook_url": wishes.webhook_url,
        "digest_hour": wishes.digest_hour,
        "quiet_from": hour(wishes.quiet_from),
        "quiet_to": hour(wishes.quiet_to),
        "time_zone": wishes.time_zone,
    }


def note_shape(note: Note, mentions: Mapping[str, list[str]]) -> NoteShape:
    """A note. `mentions` holds by id of a note whom it reached."""
    return {
        "id": str(note.pk),
        "body": note.body.content,
        "dimension": note.dimension or None,
        "media": str(note.media_id) if note.media_id else None,
        "by": note.by.username,
        "at": note.at,
        "struck": hasattr(note, "strike"),
        "redacted": note.body.redacted_at is not None,
        "mentions": mentions.get(str(note.pk), []),
    }


def audit_shape(entry: AuditEntry, hidden: Collection[uuid.UUID] = ()) -> AuditShape:
    """`hidden` are the people whose acts are kept from who asks, by a veil: their entries come without `data`."""
    withheld = entry.actor_id in hidden
    return {
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor.username if entry.actor else None,
        "action": entry.action,
        "data": {} if withheld else entry.data,
        "withheld": withheld,
        "previous": entry.previous,
        "hash": entry.hash,
    }


def leased_shape(lease: Lease, viewer: Person) -> LeasedShape:
    until = lease.entry.lease_until
    if until is None:
        raise TypeError("a lease has an end")
    return {
        "lease_token": lease.token,
        "expires_at": until,
        "entry": entry_shape(lease.entry, viewer),
        "claim": claim_shape(lease.claim, viewer),
    }
