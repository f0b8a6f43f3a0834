"""The time zone that the camera recorded, beside the one kept where it is said to have been."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.domain.clocks import offset_hours
from verification.domain.decoded import FoundDate
from verification.domain.findings import Finding
from verification.domain.own_dates import local_of, offset_of, own_date
from verification.domain.zones import ClocksThere, clocks_at_gps, clocks_at_place


class ZoneOffset:
    slug = "zone_offset"
    title = "The camera's time zone"
    version = "1"
    dimensions = (Dimension.DATE, Dimension.LOCATION)
    media_types = ("image/*", "video/*")
    help = (
        "Sets the offset from UTC that the camera recorded beside that kept at the file's own position and at the "
        "claimed place on that day, summer time considered. Wide stretches of the earth share an offset, and "
        "cameras and phones are not always set to the zone they are in: it can support a place, and contradicts none."
    )
    reads = "The offset from UTC that the camera wrote, and the zones kept at the file's position and the claimed place."
    stances = {
        Stance.SUPPORTS: "The offset is that of the claimed place on that day.",
        Stance.NEUTRAL: "It fits or does not fit the file's own position, or there is no place to set it beside.",
        Stance.INCONCLUSIVE: "It is not that of the claimed place.",
    }
    cannot_know = "Whether the clock was set to the zone it was in; many places share one."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        taken = own_date(facts)
        offset = offset_of(taken) if taken else None
        if taken is None or offset is None:
            raise NotApplicable("The file's camera recorded no time zone.")
        places = (
            clocks_at_gps(facts.gps),
            clocks_at_place(context.claimed_camera or context.claimed_location),
        )
        data = {"field": taken.field, "value": taken.value, "reader": facts.read_by(taken.reader)}
        found = [_beside(there, taken, offset, data) for there in places if there]
        if not found:
            sentence = (
                f"The camera's clock was at {offset_hours(offset)}; there is no place to set that beside."
            )
            return [
                Finding(Dimension.DATE, Stance.NEUTRAL, sentence, {**data, "offset": offset_hours(offset)})
            ]
        return found


def _beside(there: ClocksThere, taken: FoundDate, offset: timedelta, data: dict[str, Any]) -> Finding:
    local = local_of(taken)
    kept = there.offset_at(local)
    data = {**data, "offset": offset_hours(offset), "zone": there.zone, "offset_there": offset_hours(kept)}
    dimension = Dimension.DATE if there.by_gps else Dimension.LOCATION
    was = f"The camera's clock was at {offset_hours(offset)}"
    if offset == kept:
        stance = Stance.NEUTRAL if there.by_gps else Stance.SUPPORTS
        return Finding(dimension, stance, f"{was}, as clocks {there.where} were that day.", data)
    why = _why_apart(there, local, offset)
    sentence = f"{was}, where clocks {there.where} showed {offset_hours(kept)} that day; {why}."
    return Finding(dimension, Stance.NEUTRAL if there.by_gps else Stance.INCONCLUSIVE, sentence, data)


def _why_apart(there: ClocksThere, local: datetime, offset: timedelta) -> str:
    if offset in there.offsets_of_year(local.year):
        return "that is the time kept there in the other half of the year, so the clock may not have been changed"
    if not offset:
        return "programs often write UTC whatever the place, so nothing follows"
    return "cameras and phones are not always set to the zone they are in, so nothing follows"
