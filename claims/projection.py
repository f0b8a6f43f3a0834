"""The one public face of a claim: what outsiders may see of it, and nothing else.

Everything public is made from this: publication, status line, feeds, embeds. Coordinates are snapped to the
grid of the public radius; who decided, notes, submitters and confidential sources never get in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from claims.dates import ClaimedDate, say_date
from claims.models import Claim, MediaItem
from claims.places import Place, snapped
from claims.vocabulary import Dimension, MediaKind, Method, Status


@dataclass(frozen=True)
class Assessed:
    """What was decided of one dimension of one target. `basis` holds every part, public or not."""

    status: Status
    interim: bool = False
    value: Mapping[str, Any] | None = None
    basis: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Assessment:
    """What verification hands over of a claim: rolled-up statuses, and decisions by target (None = the claim)."""

    statuses: Mapping[Dimension, Status]
    counts: Mapping[Dimension, Mapping[Status, int]]
    decisions: Mapping[tuple[Dimension, MediaItem | None], Assessed]
    required: frozenset[Dimension]
    public_radius_m: float | None = None


@dataclass(frozen=True)
class PublicDecision:
    """A decision as outsiders see it."""

    status: Status
    interim: bool
    place: Place | None
    date: ClaimedDate | None
    phrases: tuple[str, ...]

    @property
    def value(self) -> dict[str, Any] | None:
        if self.place is not None:
            return self.place.as_json()
        return self.date.as_json() if self.date is not None else None


@dataclass(frozen=True)
class PublicTarget:
    """The claim itself (`media` None) or one of its media items, as outsiders see it."""

    media: MediaItem | None
    kind: MediaKind | None
    claimed_place: Place | None
    claimed_date: ClaimedDate | None
    decisions: Mapping[Dimension, PublicDecision] = field(default_factory=dict)


@dataclass(frozen=True)
class PublicFace:
    claim: Claim
    house: str
    statuses: Mapping[Dimension, Status]
    counts: Mapping[Dimension, Mapping[Status, int]]
    required: frozenset[Dimension]
    itself: PublicTarget
    items: tuple[PublicTarget, ...]

    def targets(self) -> tuple[PublicTarget, ...]:
        return (self.itself, *self.items)


def public_face(claim: Claim, assessment: Assessment) -> PublicFace:
    """What outsiders may see of a claim, given what was decided of it."""
    radius = assessment.public_radius_m
    return PublicFace(
        claim=claim,
        house=claim.desk.house_name,
        statuses=assessment.statuses,
        counts=assessment.counts,
        required=assessment.required,
        itself=_target(claim, None, assessment, radius),
        items=tuple(_target(claim, item, assessment, radius) for item in claim.media.all()),
    )


def _target(
    claim: Claim, item: MediaItem | None, assessment: Assessment, radius: float | None
) -> PublicTarget:
    said_place = (item.claimed_location if item else None) or claim.claimed_location
    said_date = (item.claimed_date if item else None) or claim.claimed_date
    return PublicTarget(
        media=item,
        kind=MediaKind(item.kind) if item else None,
        claimed_place=_public_place(said_place, radius),
        claimed_date=ClaimedDate.from_json(said_date) if said_date else None,
        decisions={
            dimension: _decision(dimension, assessed, radius)
            for (dimension, target), assessed in assessment.decisions.items()
            if target == item
        },
    )


def _decision(dimension: Dimension, assessed: Assessed, radius: float | None) -> PublicDecision:
    is_place = dimension == Dimension.LOCATION
    is_date = dimension == Dimension.DATE
    return PublicDecision(
        status=assessed.status,
        interim=assessed.interim,
        place=_public_place(assessed.value, radius) if is_place else None,
        date=ClaimedDate.from_json(assessed.value) if is_date and assessed.value else None,
        phrases=tuple(phrase for part in assessed.basis if part.get("public") and (phrase := _phrase(part))),
    )


def _phrase(part: Mapping[str, Any]) -> str:
    """The words that a public part of a basis may be printed with; a dated archived copy speaks for itself."""
    if part.get("phrase"):
        return str(part["phrase"])
    if part["method"] == Method.ARCHIVED_COPY and part.get("reference_date"):
        return f"a copy was online by {say_date(ClaimedDate.from_json(part['reference_date']))}"
    return ""


def _public_place(stored: Mapping[str, Any] | None, radius: float | None) -> Place | None:
    if not stored:
        return None
    place = Place.from_json(stored)
    return snapped(place, radius) if radius else place
