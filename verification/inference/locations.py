"""From findings to a suggested location: every found point beside the claimed places. A person decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from claims.places import Place
from verification.domain.areas import Separation, separation
from verification.domain.findings import Finding, FoundPoint
from verification.inference.outcome import Outcome


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
    uncertainties allow, and never the place shown; a point within either place makes it consistent.
    """

    outcome: Outcome
    points: tuple[MeasuredPoint, ...]

    def as_json(self) -> dict[str, Any]:
        """The API's form; metres and WGS 84 degrees."""
        return {
            "outcome": self.outcome.value,
            "points": [
                {
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
        }


def suggest_location(
    *, claimed: Place | None, findings: Sequence[Finding], claimed_camera: Place | None = None
) -> LocationSuggestion:
    """Measures every found point from the claimed place shown and from the claimed camera position."""
    points = {point for finding in findings for point in finding.points}
    measured = [
        MeasuredPoint(point, _apart(claimed, point), _apart(claimed_camera, point)) for point in points
    ]
    measured.sort(key=_nearest_first)
    return LocationSuggestion(_outcome(measured), tuple(measured))


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
