"""What a check says: a stance towards what is claimed, one quotable sentence, the values and their bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from claims.vocabulary import Dimension, Stance


class Side(StrEnum):
    """Which side of an instant a time bound closes."""

    NOT_BEFORE = "not_before"
    NOT_AFTER = "not_after"


@dataclass(frozen=True)
class TimeBound:
    """When the media was filmed, bounded on one side. `at` is aware, UTC. Hard bounds decide, soft ones colour.

    `by` is the person who entered it, None where a check found it.
    """

    side: Side
    at: datetime
    hard: bool
    reason: str
    by: str | None = None


@dataclass(frozen=True)
class FoundPoint:
    """Where a file, or the person `by`, says that its camera was: WGS 84 degrees, an uncertainty in metres."""

    latitude: float
    longitude: float
    uncertainty_m: float
    reason: str
    by: str | None = None


@dataclass(frozen=True)
class Finding:
    """One thing one check found."""

    dimension: Dimension
    stance: Stance
    sentence: str
    data: dict[str, Any] = field(default_factory=dict)
    bounds: tuple[TimeBound, ...] = ()
    points: tuple[FoundPoint, ...] = ()
