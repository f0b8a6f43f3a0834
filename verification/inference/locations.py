"""From findings to a suggested location: every found point beside the claimed places. A person decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from claims.places import Place
from verification.domain.areas import Separation, radius_of, separation
from verification.domain.findings import Finding, FoundPoint
from verification.inference.outcome import Outcome


class Stands(StrEnum):
    """What lies at a place: a camera, or what it shows. The two may be kilometres apart."""

    CAMERA = "camera"
    SHOWN = "shown"


@dataclass(frozen=True)
class PinnedPlace:
    """Where a reviewer's verdict puts what is shown."""

    place: Place
    by: str


@dataclass(frozen=True)
class KnownPlace:
    """A place with a point that is claimed, or that a verdict `by` a person established."""

    stands: Stands
    place: Place
    by: str | None = None

    @property
    def radius_m(self) -> float:
        return radius_of(self.place)


@dataclass(frozen=True)
class MeasuredPoint:
    """A found point, and how far it lies from the claimed place shown and the claimed camera position."""

    point: FoundPoint
    from_shown: Separation | None
    from_camera: Separation | None


@dataclass(frozen=True)
class LocationSuggestion:
    """What the found points say of the claimed places, nearest to the place shown first.

    Points are where cameras stood. They contradict a claimed camera position when further from it than both
    uncertainties allow, and never the place shown; a point within either place makes it consistent. `places` are the
    claimed and established ones that have a point, established before claimed; they decide nothing by themselves.
    """

    outcome: Outcome
    points: tuple[MeasuredPoint, ...]
    places: tuple[KnownPlace, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The API's form; metres and WGS 84 degrees."""
        return {
            "outcome": self.outcome.value,
            "points": [
                {
                    "stands": Stands.CAMERA.value,
                    "latitude": one.point.latitude,
                    "longitude": one.point.longitude,
                    "uncertainty_m": one.point.uncertainty_m,
                    "reason": one.point.reason,
                    "by": one.point.by,
                    "distance_m": _distance(one.from_shown),
                    "within": one.from_shown.inside if one.from_shown else None,
                    "camera_distance_m": _distance(one.from_camera),
                    "within_camera": one.from_camera.inside if one.from_camera else None,
                }
                for one in self.points
            ],
            "places": [
                {
                    "stands": one.stands.value,
                    "established_by": one.by,
                    "name": one.place.name,
                    "latitude": one.place.latitude,
                    "longitude": one.place.longitude,
                    "radius_m": one.radius_m,
                }
                for one in self.places
            ],
        }


def suggest_location(
    *,
    claimed: Place | None,
    findings: Sequence[Finding],
    claimed_camera: Place | None = None,
    pinned: PinnedPlace | None = None,
) -> LocationSuggestion:
    """Measures every found point from the claimed place shown and from the claimed camera position."""
    points = {point for finding in findings for point in finding.points}
    measured = [
        MeasuredPoint(point, _apart(claimed, point), _apart(claimed_camera, point)) for point in points
    ]
    measured.sort(key=_nearest_first)
    known = (
        KnownPlace(Stands.SHOWN, pinned.place, pinned.by) if pinned else None,
        KnownPlace(Stands.CAMERA, claimed_camera) if claimed_camera else None,
        KnownPlace(Stands.SHOWN, claimed) if claimed else None,
    )
    places = tuple(one for one in known if one and one.place.has_point)
    return LocationSuggestion(_outcome(measured), tuple(measured), places)


def _outcome(measured: Sequence[MeasuredPoint]) -> Outcome:
    if any(one.from_camera and not one.from_camera.inside for one in measured):
        return Outcome.CONTRADICTED
    if any(apart and apart.inside for one in measured for apart in (one.from_shown, one.from_camera)):
        return Outcome.CONSISTENT
    return Outcome.UNDETERMINED


def _apart(claimed: Place | None, point: FoundPoint) -> Separation | None:
    return separation(claimed, point) if claimed and claimed.has_point else None


def _nearest_first(one: MeasuredPoint) -> tuple[float, float, float, float, float, str, str]:
    point = one.point
    return (
        one.from_shown.distance_m if one.from_shown else 0.0,
        one.from_camera.distance_m if one.from_camera else 0.0,
        point.latitude,
        point.longitude,
        point.uncertainty_m,
        point.reason,
        point.by or "",
    )


def _distance(apart: Separation | None) -> float | None:
    return round(apart.distance_m, 1) if apart else None
