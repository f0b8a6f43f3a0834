"""What a typed date or place is read as, in words: shown while it is typed, so that nobody files what they did not mean."""

from __future__ import annotations

from dataclasses import dataclass

from claims.dates import ClaimedDate, say_date, say_utc
from claims.intake import in_zone_of
from claims.places import Place, timezone_at


@dataclass(frozen=True)
class Example:
    """EDTF as people need it: what is written, and what it means."""

    edtf: str
    meaning: str


EDTF_EXAMPLES = (
    Example("2022-10-04", "that day"),
    Example("2022-10", "that month; 2022 is that year"),
    Example("2022-10-03/2022-10-05", "from one day to another, both included"),
    Example("2022-10-04?", "perhaps that day"),
    Example("2022-10~", "around that month"),
    Example("2022-10-04T14:00:00", "that moment, on the clocks of the place"),
    Example("2022-10-04T14:00:00+03:00", "that moment, with its offset; Z is UTC"),
    Example("../2022-10", "that month or before"),
    Example("2022-10-04/..", "that day or later"),
    Example("2022-21", "spring; 22 summer, 23 autumn, 24 winter"),
    Example("201X", "some time in the 2010s"),
)


def date_reading(date: ClaimedDate, place: Place | None = None) -> str:
    """The date with its bounds: "Oct. 4, 2022, in Kyiv: from 3 Oct 2022, 21:00 UTC to 4 Oct 2022, 20:59 UTC"."""
    read = in_zone_of(date, place) or date
    said = say_date(read)
    return f"{said[0].upper()}{said[1:]}{_clocks(read, given=date.timezone)}: {_bounds(read)}."


def place_reading(place: Place) -> str:
    """The place with its point, how wide it is and whose clocks are kept there."""
    if place.latitude is None or place.longitude is None:
        return f"{place.name}, by its name alone. With a point it can be compared with what the media show."
    around = f"{_distance(place.radius_m)} around" if place.radius_m else "the point alone"
    zone = timezone_at(place.latitude, place.longitude)
    clocks = f"; clocks there: {zone}" if zone else ""
    return f"{place.name}, {_degrees(place.latitude, 'NS')}, {_degrees(place.longitude, 'EW')}: {around}{clocks}."


def _clocks(date: ClaimedDate, *, given: str | None) -> str:
    if _has_offset(date):
        return ""
    if date.timezone is None:
        return ", whatever the clocks (give a zone or a point to narrow it)"
    city = date.timezone.rpartition("/")[2].replace("_", " ")
    known = "/" in date.timezone and not date.timezone.startswith("Etc/")
    where = f", in {city}" if known else f", in the zone {date.timezone}"
    return where if given else f"{where} (the clocks of the place)"


def _has_offset(date: ClaimedDate) -> bool:
    _, timed, clock = date.edtf.partition("T")
    return bool(timed) and any(mark in clock for mark in "Z+-")


def _bounds(date: ClaimedDate) -> str:
    first = say_utc(date.not_before) if date.not_before else ""
    last = say_utc(date.not_after) if date.not_after else ""
    if first and last:
        return f"at {first}" if first == last else f"from {first} to {last}"
    return f"from {first} on" if first else f"until {last}"


def _degrees(value: float, poles: str) -> str:
    return f"{abs(value):.6f}".rstrip("0").rstrip(".") + f"° {poles[value < 0]}"


def _distance(metres: float) -> str:
    if metres < 1000:
        return f"{metres:.0f} m"
    return f"{metres / 1000:,.1f}".removesuffix(".0") + " km"
