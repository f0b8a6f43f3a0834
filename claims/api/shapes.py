"""What clients are shown, as types: the schema is made from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict


class RolledUpShape(TypedDict):
    status: str
    counts: dict[str, int]


class TermsShape(TypedDict):
    scope: str | None
    territory: str | None
    until: datetime | None


class DeliveryShape(TypedDict):
    may: str
    why: str
    until: datetime | None


class PublicMediaShape(TypedDict):
    id: str
    kind: str
    url: str | None
    caption: str | None
    credit: str | None
    permission: str
    terms: TermsShape
    delivery: DeliveryShape
    content_flags: list[str]
    claimed_date: dict[str, Any] | None
    claimed_location: dict[str, Any] | None
    statuses: dict[str, str]
    values: dict[str, Any]


# `from` is no name that a class body can hold.
StatusChangeShape = TypedDict(
    "StatusChangeShape", {"dimension": str, "media": str | None, "from": str | None, "to": str}
)


class PublicationShape(TypedDict):
    claim: str
    ref: str
    version: int
    kind: str
    pubstatus: str
    as_of: datetime
    headline: str | None
    statement: str | None
    source: dict[str, Any] | None
    house: str
    line: str | None
    line_long: str | None
    statuses: dict[str, RolledUpShape]
    claim_statuses: dict[str, str]
    claimed_date: dict[str, Any] | None
    claimed_location: dict[str, Any] | None
    values: dict[str, Any]
    media: list[PublicMediaShape]
    changes: list[StatusChangeShape]
    editor_note: str | None
    language: str
    usage_terms: str
    permalink: str


class ChangeShape(TypedDict):
    position: int
    kind: str
    claim: str
    version: int
    at: datetime
    reason: str | None
    cause: str | None
    publication: PublicationShape | None


class ChangesShape(TypedDict):
    log: str
    changes: list[ChangeShape]
    last_position: int
    more: bool
