"""The sun on the claim page: at a time that somebody chooses, by the clocks of the place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from claims.dates import ClaimedDate
from claims.errors import InvalidInput
from verification.inference.daylight import ChosenSun, Standpoint, read_moment, sun_from, usual_moment

_MINUTES = 60


@dataclass(frozen=True)
class SunView:
    """What the form shows: the time as it was typed, and the sun then; or why there is none."""

    standpoint: Standpoint
    typed: str
    chosen: ChosenSun | None
    is_usual: bool = False
    errors: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """The chosen time for a field that knows no zone; what can't be read as it was typed."""
        return self.chosen.local.isoformat()[:16] if self.chosen else self.typed

    @property
    def minute(self) -> int:
        """The minute of the day by clocks there; noon before a time is chosen."""
        return self.chosen.local.hour * _MINUTES + self.chosen.local.minute if self.chosen else 12 * _MINUTES

    @property
    def lines(self) -> dict[str, Any]:
        """For the map: from where to where. Below the horizon there is nothing to draw."""
        sun = self.chosen.sun if self.chosen else None
        is_up = sun is not None and sun.height_deg >= 0
        return {
            "bearing_deg": sun.bearing_deg if sun and is_up else None,
            "shadow_bearing_deg": sun.shadow_bearing_deg if sun and is_up else None,
        }


def sun_view(standpoint: Standpoint, claimed: ClaimedDate | None, typed: str) -> SunView:
    """The sun at the typed time; with none, at the claimed time or at noon of the claimed day, if there is one."""
    if typed:
        try:
            chosen = sun_from(standpoint, read_moment(typed, standpoint))
        except InvalidInput as error:
            return SunView(standpoint, typed, None, errors=tuple(one.detail for one in error.errors))
        return SunView(standpoint, typed, chosen)
    usual = usual_moment(standpoint, claimed)
    return SunView(standpoint, "", sun_from(standpoint, usual) if usual else None, is_usual=bool(usual))
