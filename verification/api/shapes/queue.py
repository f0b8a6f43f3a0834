"""What is shown of queue entries and leases."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django.utils import timezone

from claims.models import Person
from verification.models import Ask, HandOver, QueueEntry, Review
from verification.services.waiting import why_next


class LeaseShape(TypedDict):
    holder: str
    expires_at: datetime


class HandOverShape(TypedDict):
    id: str
    by: str
    to: str | None
    tried: str
    next: str
    call_back_at: datetime | None
    at: datetime


class AskShape(TypedDict):
    dimension: str
    due_at: datetime
    by: str
    at: datetime


class EntryShape(TypedDict):
    id: str
    claim: str
    ref: str
    review: str
    priority: str
    language: str
    skills: list[str]
    topics: list[str]
    due_at: datetime | None
    wanted_by: datetime
    created_at: datetime
    assignee: str | None
    lease: LeaseShape | None
    lease_token: str | None
    invited: list[str]
    why: list[str]
    flagged: bool
    hand_over: HandOverShape | None
    asks: list[AskShape]


class RenewedShape(EntryShape):
    expires_at: datetime


def lease_shape(entry: QueueEntry | None) -> LeaseShape | None:
    """Who holds it until when."""
    if (
        entry is None
        or entry.holder is None
        or entry.lease_until is None
        or entry.lease_until <= timezone.now()
    ):
        return None
    return {"holder": entry.holder.username, "expires_at": entry.lease_until}


def entry_shape(entry: QueueEntry, viewer: Person) -> EntryShape:
    """An entry; with its token only for who may use it: its holder, and whom they asked in."""
    lease = lease_shape(entry)
    invited = _invited(entry) if lease else []
    may_use = bool(lease) and viewer.pk in {entry.holder_id, *(person.pk for person in invited)}
    handed = next(iter(entry.hand_overs.all()), None)
    return {
        "id": str(entry.pk),
        "claim": str(entry.claim_id),
        "ref": entry.claim.ref,
        "review": entry.review_kind,
        "priority": entry.priority,
        "language": entry.need.language,
        "skills": entry.need.skills,
        "topics": entry.need.topics,
        "due_at": entry.due_at,
        "wanted_by": entry.wanted_by,
        "created_at": entry.created_at,
        "assignee": entry.assignee.username if entry.assignee else None,
        "lease": lease,
        "lease_token": entry.token if may_use else None,
        "invited": sorted(person.username for person in invited),
        "why": why_next(entry, viewer),
        "flagged": entry.flagged_at is not None,
        "hand_over": hand_over_shape(handed) if handed else None,
        "asks": [ask_shape(ask) for ask in entry.standing_asks],
    }


def hand_over_shape(handed: HandOver) -> HandOverShape:
    said = handed.said
    return {
        "id": str(handed.pk),
        "by": handed.by.username,
        "to": handed.to.username if handed.to else None,
        "tried": said["tried"],
        "next": said["next"],
        "call_back_at": handed.call_back_at,
        "at": handed.at,
    }


def ask_shape(ask: Ask) -> AskShape:
    return {"dimension": ask.dimension, "due_at": ask.due_at, "by": ask.by.username, "at": ask.at}


def _invited(entry: QueueEntry) -> list[Person]:
    return [
        one.person
        for review in entry.reviews.all()
        if review.reviewer_id == entry.holder_id and review.state == Review.OPEN
        for one in review.invitations.all()
    ]
