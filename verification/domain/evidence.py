"""What people enter as evidence of when or where: a bound or a point like any that a check finds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from claims.places import Place
from claims.vocabulary import Dimension, Stance
from verification.domain.areas import radius_of
from verification.domain.findings import Finding, FoundPoint, Side, TimeBound


class EvidenceKind(StrEnum):
    """What a person goes by; the values are the API's words."""

    LANDMARK = "landmark"
    ARCHIVED_COPY = "archived_copy"
    WEATHER = "weather"
    SHADOW = "shadow"
    OTHER = "other"


def finding_of_evidence(kind: EvidenceKind, content: Mapping[str, Any], *, hard: bool, by: str) -> Finding:
    """The evidence in the form of a finding. `content` is `{"reason", "side", "at", "place"}`, as it is kept.

    KeyError or ValueError for anything else.
    """
    reason = f"{kind.replace('_', ' ')}: {content['reason']}"
    if content["place"]:
        place = Place.from_json(content["place"])
        if place.latitude is None or place.longitude is None:
            raise ValueError("A place without a point is no evidence of where.")
        point = FoundPoint(place.latitude, place.longitude, radius_of(place), reason, by=by)
        return Finding(Dimension.LOCATION, Stance.NEUTRAL, reason, points=(point,))
    bound = TimeBound(Side(content["side"]), datetime.fromisoformat(content["at"]), hard, reason, by=by)
    return Finding(Dimension.DATE, Stance.NEUTRAL, reason, bounds=(bound,))
