"""What is shown of contacts with uploaders and of permissions."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from claims.api.shapes import DeliveryShape, TermsShape
from claims.models import MediaItem
from verification.api.shapes.media import delivery_shape, terms_shape
from verification.models import Contact, ContactMessage, PermissionRecord
from verification.services.permissions import as_told


class UploaderShape(TypedDict):
    account: str
    platform: str | None


class ContactMessageShape(TypedDict):
    id: str
    kind: str
    channel: str
    text: str | None
    by: str
    at: datetime
    recorded_at: datetime
    withheld: bool
    redacted: bool


class ContactShape(TypedDict):
    id: str
    claim: str
    ref: str
    desk: str
    media: str
    uploader: UploaderShape | None
    for_permission: bool
    state: str
    outcome: str | None
    asked_by: str
    asked_at: datetime
    call_again_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    messages: list[ContactMessageShape]


class PermissionRecordShape(TypedDict):
    id: str
    permission: str
    scope: str | None
    territory: str | None
    until: datetime | None
    credit: str | None
    rights_holder: str | None
    proof: str | None
    reason: str | None
    contact: str | None
    by: str
    at: datetime
    withheld: bool
    redacted: bool


class PermissionShape(TypedDict):
    media: str
    permission: str
    credit: str
    rights_holder: str
    terms: TermsShape
    delivery: DeliveryShape
    records: list[PermissionRecordShape]


def contact_shape(contact: Contact) -> ContactShape:
    said = contact.said_of_uploader
    return {
        "id": str(contact.pk),
        "claim": str(contact.claim_id),
        "ref": contact.claim.ref,
        "desk": contact.desk.slug,
        "media": str(contact.media_id),
        "uploader": {"account": said["account"], "platform": said["platform"] or None} if said else None,
        "for_permission": contact.for_permission,
        "state": "open" if contact.is_open else "closed",
        "outcome": contact.outcome or None,
        "asked_by": contact.opened_by.username,
        "asked_at": contact.opened_at,
        "call_again_at": contact.call_again_at,
        "closed_by": contact.closed_by.username if contact.closed_by else None,
        "closed_at": contact.closed_at,
        "messages": [_message_shape(one) for one in contact.messages.all()],
    }


def _message_shape(message: ContactMessage) -> ContactMessageShape:
    return {
        "id": str(message.pk),
        "kind": message.kind,
        "channel": message.channel,
        "text": None if message.withheld else message.body.content,
        "by": message.by.username,
        "at": message.at,
        "recorded_at": message.recorded_at,
        "withheld": message.withheld,
        "redacted": message.body.redacted_at is not None,
    }


def permission_shape(item: MediaItem, records: list[PermissionRecord]) -> PermissionShape:
    """What is allowed of a media item now, and everything that was recorded of it."""
    return {
        "media": str(item.pk),
        "permission": item.permission,
        "credit": item.credit,
        "rights_holder": item.rights_holder,
        "terms": terms_shape(item),
        "delivery": delivery_shape(item),
        "records": [_record_shape(record) for record in records],
    }


def _record_shape(record: PermissionRecord) -> PermissionRecordShape:
    told = as_told(record)
    return {
        "id": str(record.pk),
        "permission": record.permission,
        "scope": told["scope"],
        "territory": told["territory"],
        "until": record.until,
        "credit": told["credit"],
        "rights_holder": told["rights_holder"],
        "proof": told["proof"],
        "reason": told["reason"],
        "contact": str(record.contact_id) if record.contact_id else None,
        "by": record.by.username,
        "at": record.at,
        "withheld": record.withheld,
        "redacted": record.body.redacted_at is not None,
    }
