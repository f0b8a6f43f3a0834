"""Whether a found point lies in a claimed place, both being as uncertain as they are."""

from __future__ import annotations

from dataclasses import dataclass

from claims.places import Place, distance_m
from claims.vocabulary import Precision
from verification.domain.findings import FoundPoint

_RADIUS_OF_PRECISION_M = {
    Precision.EXACT: 50.0,
    Precision.VICINITY: 1_000.0,
    Precision.LOCALITY: 10_000.0,
    Precision.AREA: 50_000.0,
}
UNSAID_RADIUS_M = 10_000.0
"""A claimed point with neither radius nor precision is taken for a town."""


@dataclass(frozen=True)
class Separation:
    """How far a found point lies from a claimed one, and may lie: radius and uncertainty together. Metres."""

    distance_m: float
    reach_m: float

    @property
    def inside(self) -> bool:
        return self.distance_m <= self.reach_m


def radius_of(place: Place) -> float:
    """The radius of a claimed place in metres: as said, else after its precision."""
    if place.radius_m is not None:
        return place.radius_m
    return UNSAID_RADIUS_M if place.precision is None else _RADIUS_OF_PRECISION_M[place.precision]


def separation(place: Place, point: FoundPoint) -> Separation:
    """Distance and reach of a found point and a claimed place. ValueError where the place has no point."""
    return Separation(distance_m(place, point), radius_of(place) + point.uncertainty_m)
