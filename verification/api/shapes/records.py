"""What is shown of what people did: verdicts, notes, evidence, the audit, and bundles of it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, TypedDict

from verification.models import AuditEntry, Evidence, Note, Verdict
from verification.services.offers import Offer
from verification.services.sayings import Saying


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


class OfferShape(TypedDict):
    media: str
    likeness: str
    claim: str
    ref: str
    stage: str
    version: int | None
    claims_the_same: bool
    recheck_needed: bool
    verdict: VerdictShape
    as_said: dict[str, Any]


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


class SayingShape(TypedDict):
    id: str
    act: str
    by: str
    at: datetime
    text: str | None


class BundleShape(TypedDict):
    state: str
    detail: str


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


def offer_shape(offer: Offer) -> OfferShape:
    other = offer.verdict.claim
    return {
        "media": str(offer.item.pk),
        "likeness": offer.likeness,
        "claim": str(other.pk),
        "ref": other.ref,
        "stage": other.stage,
        "version": offer.version,
        "claims_the_same": offer.claims_the_same,
        "recheck_needed": offer.is_to_be_rechecked,
        "verdict": verdict_shape(offer.verdict),
        "as_said": offer.as_said(),
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


def saying_shape(saying: Saying) -> SayingShape:
    return {
        "id": str(saying.id),
        "act": saying.act.value,
        "by": saying.by.username,
        "at": saying.at,
        "text": saying.text,
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
