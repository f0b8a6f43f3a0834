"""From validated input to what the services take."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from claims.dates import ClaimedDate
from claims.intake import NewClaim, NewMedia, NewSource
from claims.vocabulary import Priority, SourceKind
from verification.services.verdicts import NewVerdict


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
        skills=said.get("skills", ()),
        topics=said.get("topics", ()),
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
        elif isinstance(value, Mapping):
            plain[name] = _plain(value)
        else:
            plain[name] = value
    return plain
