"""From validated input to what the services take, and from a path to an object that the viewer may see."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import Prefetch
from rest_framework.request import Request

from claims.api.base import caller
from claims.dates import ClaimedDate
from claims.errors import Missing
from claims.intake import NewClaim, NewMedia, NewSource
from claims.models import Claim, MediaItem, Person
from claims.models.claims import ClaimQuerySet
from claims.vocabulary import Priority, SourceKind
from verification.services.review import NewVerdict


def claim_rows(person: Person) -> ClaimQuerySet:
    """The claims that the person may see, with all that a row shows."""
    return (
        Claim.objects.visible_to(person)
        .select_related("desk__policy", "statement", "source", "assignee")
        .prefetch_related(
            "dimension_statuses",
            "publications",
            "queue_entries",
            Prefetch("media", MediaItem.objects.select_related("asset").prefetch_related("check_runs")),
        )
    )


def claim_named(request: Request, name: str) -> Claim:
    """The claim of this id or ref. Raises Missing for one that is not the viewer's to see."""
    if len(name) >= 32:
        try:
            name = str(uuid.UUID(name))
        except ValueError:
            name = ""
    claim = claim_rows(caller(request)).named(name).first() if name and "\x00" not in name else None
    if claim is None:
        raise Missing("There is no such claim, or it is not yours to see.")
    return claim


def media_named(request: Request, media_id: uuid.UUID) -> MediaItem:
    """The media item of this id. Raises Missing for one that is not the viewer's to see."""
    item = (
        MediaItem.objects.visible_to(caller(request))
        .select_related("asset", "claim__desk")
        .prefetch_related("check_runs")
        .filter(pk=media_id)
        .first()
    )
    if item is None:
        raise Missing("There is no such media item, or it is not yours to see.")
    return item


def new_claim(said: Mapping[str, Any]) -> NewClaim:
    source = said["source"]
    return NewClaim(
        statement=said["statement"],
        language=said["language"],
        source=source
        if isinstance(source, uuid.UUID)
        else NewSource(source["name"], source.get("kind", SourceKind.UNKNOWN), source.get("url", "")),
        claimed_date=said.get("claimed_date"),
        claimed_location=said.get("claimed_location"),
        media=[new_media(item) for item in said.get("media", ())],
        external_id=said.get("external_id"),
        priority=said.get("priority", Priority.NORMAL),
        tags=said.get("tags", ()),
        draft=said.get("draft", False),
    )


def new_media(said: Mapping[str, Any]) -> NewMedia:
    return NewMedia(**{name: value for name, value in said.items() if name != "file" and value is not None})


def new_verdict(said: Mapping[str, Any]) -> NewVerdict:
    return NewVerdict(
        dimension=said["dimension"],
        status=said["status"],
        reason=said["reason"],
        media=said.get("media"),
        interim=said["interim"],
        basis=[_plain(part) for part in said.get("basis", ())],
        value=said.get("value"),
        relation=said.get("relation"),
        credibility=said.get("credibility"),
    )


def _plain(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part of a basis as it is kept: JSON."""
    plain: dict[str, Any] = {}
    for name, value in part.items():
        if isinstance(value, ClaimedDate):
            plain[name] = value.as_json()
        elif isinstance(value, uuid.UUID):
            plain[name] = str(value)
        else:
            plain[name] = value
    return plain
