"""What is shown of claims: rows and whole ones, their statuses, gate, line and possible duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict

from claims.models import Claim, Person
from claims.vocabulary import Dimension, ReviewKind, Status
from verification.api.shapes.media import MediaShape, media_shape
from verification.api.shapes.queue import EntryShape, LeaseShape, entry_shape, lease_shape
from verification.domain.rollup import Dispute
from verification.domain.transitions import allowed_actions
from verification.models import QueueEntry
from verification.services.acting import situation
from verification.services.duplicates import Candidate, Original, original_of
from verification.services.entries import open_entry
from verification.services.leases import Lease
from verification.services.publication import gate
from verification.services.reading import read_beside
from verification.services.reliance import reasons_of
from verification.services.second_looks import second_look_of
from verification.services.standing import Record, disputes_of, standing
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


class SourceShape(TypedDict):
    id: str
    name: str
    kind: str
    url: str | None
    reliability: str


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


class LeasedShape(TypedDict):
    lease_token: str
    expires_at: datetime
    entry: EntryShape
    claim: ClaimShape


def statuses_shape(
    claim: Claim, viewer: Person, *, draft: bool = False, record: Record | None = None
) -> dict[str, StatusShape]:
    now = standing(claim, draft=draft, viewer=viewer, record=record)
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
    """`claim` was read with all that is shown of it to the viewer."""
    record = read_beside(claim, viewer)
    entry = open_entry(claim)
    return {
        **claim_row_shape(claim),
        "statuses": statuses_shape(claim, viewer, record=record),
        "draft_statuses": statuses_shape(claim, viewer, draft=True, record=record),
        "original": original_shape(original_of(claim)),
        "queue_entry": entry_shape(entry, viewer) if entry else None,
        "lease": lease_shape(entry),
        "allowed_actions": [
            action.value for action in allowed_actions(situation(claim, viewer, entry=entry))
        ],
        "blockers": [_blocker(blocker.as_json()) for blocker in gate(claim, viewer, record=record)],
        "second_review": second_review_shape(claim, entry, viewer, record),
        "disagreements": [
            disagreement_shape(dispute) for dispute in disputes_of(claim, viewer=viewer, record=record)
        ],
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


def second_review_shape(
    claim: Claim, entry: QueueEntry | None, viewer: Person, record: Record
) -> SecondReviewShape:
    """`needed` where one is waiting, or the policy asks for one that the latest pass has not had; `reasons` are the
    policy's, as things stand; `veiled` where what others decided is kept from the viewer until it is submitted.
    """
    veiled = is_veiled(claim, viewer)
    look = second_look_of(claim, is_veiled=veiled, record=record)
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


def leased_shape(lease: Lease, claim: Claim, viewer: Person) -> LeasedShape:
    """`claim` is the one that is leased, with all that is shown of it to the viewer."""
    until = lease.entry.lease_until
    if until is None:
        raise TypeError("a lease has an end")
    shown = claim_shape(claim, viewer)
    entry = next(one for one in claim.queue_entries.all() if one.pk == lease.entry.pk)
    return {
        "lease_token": lease.token,
        "expires_at": until,
        "entry": entry_shape(entry, viewer),
        "claim": shown,
    }
