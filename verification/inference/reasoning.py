"""The whole reasoning about when and where a media item was filmed: what the API tells, and the claim page draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from claims.dates import ClaimedDate
from claims.places import Place
from verification.domain.findings import Finding
from verification.inference.dates import DateSuggestion, axis_of, suggest_date
from verification.inference.daylight import Darkness, Standpoint, darkness_of, standpoint_of
from verification.inference.locations import LocationSuggestion, PinnedPlace, suggest_location


@dataclass(frozen=True)
class Reasoning:
    """Suggested date and place with all their reasons, and what daylight there was.

    `axis` is the time that a drawing of the dates reaches over, `standpoint` from where the sun is reckoned.
    """

    claimed_date: ClaimedDate | None
    claimed_place: Place | None
    date: DateSuggestion
    location: LocationSuggestion
    axis: tuple[datetime, datetime] | None
    standpoint: Standpoint | None
    darkness: Darkness | None

    def as_json(self) -> dict[str, Any]:
        """The API's form; instants are RFC 3339 with Z."""
        axis = [end.astimezone(UTC).isoformat().replace("+00:00", "Z") for end in self.axis or ()]
        return {
            "date": {
                **self.date.as_json(),
                "axis": dict(zip(("starts_at", "ends_at"), axis, strict=True)) if axis else None,
            },
            "location": self.location.as_json(),
            "darkness": self.darkness.as_json() if self.darkness else None,
        }


def reason(
    *,
    claimed_date: ClaimedDate | None,
    claimed_place: Place | None,
    findings: Sequence[Finding],
    pinned: PinnedPlace | None = None,
) -> Reasoning:
    """What findings, and the evidence that people entered, say of the claimed date and place, with every reason."""
    date = suggest_date(claimed=claimed_date, findings=findings)
    location = suggest_location(claimed=claimed_place, findings=findings, pinned=pinned)
    axis = axis_of(claimed_date, date)
    standpoint = standpoint_of(location)
    darkness = darkness_of(standpoint, axis=axis, claimed=claimed_date)
    return Reasoning(claimed_date, claimed_place, date, location, axis, standpoint, darkness)
