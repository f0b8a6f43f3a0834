"""What is shown of being told: the inbox, and how somebody wants to be told."""

from __future__ import annotations

from datetime import datetime, time
from typing import TypedDict

from verification.models import TellingWishes, Told


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
    said: str | None
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


def told_shape(told: Told, said: str | None) -> ToldShape:
    """`said` is what was said with what it tells of; None where nothing was, or it is erased."""
    claim = told.claim
    return {
        "id": str(told.pk),
        "occasion": told.occasion,
        "claim": {"id": str(claim.pk), "ref": claim.ref, "statement": claim.statement.content},
        "by": told.by.username if told.by else None,
        "at": told.at,
        "about": told.about,
        "said": said,
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
