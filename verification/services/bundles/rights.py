"""Contacts with uploaders and permissions, as a bundle holds them: texts apart, under their ids."""

from __future__ import annotations

from typing import Any

from claims.models import Claim
from verification.models import Contact, PermissionRecord
from verification.services.bundles.writing import at, id_of


def contacts_of(claim: Claim) -> list[dict[str, Any]]:
    return [_contact(one) for one in Contact.objects.filter(claim=claim).prefetch_related("messages")]


def permissions_of(claim: Claim) -> list[dict[str, Any]]:
    return [_permission(one) for one in PermissionRecord.objects.filter(claim=claim)]


def _contact(one: Contact) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "media": str(one.media_id),
        "uploader": str(one.uploader_id),
        "for_permission": one.for_permission,
        "by": str(one.opened_by_id),
        "at": at(one.opened_at),
        "call_again_at": at(one.call_again_at),
        "closed_by": id_of(one.closed_by_id),
        "closed_at": at(one.closed_at),
        "outcome": one.outcome or None,
        "messages": [
            {
                "id": str(said.pk),
                "kind": said.kind,
                "channel": said.channel,
                "text": str(said.body_id),
                "by": str(said.by_id),
                "at": at(said.at),
                "recorded_at": at(said.recorded_at),
            }
            for said in one.messages.all()
        ],
    }


def _permission(one: PermissionRecord) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "media": str(one.media_id),
        "contact": id_of(one.contact_id),
        "permission": one.permission,
        "until": at(one.until),
        "text": str(one.body_id),
        "by": str(one.by_id),
        "at": at(one.at),
    }
