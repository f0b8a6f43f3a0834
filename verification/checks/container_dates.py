"""The dates that a video's or recording's container carries, beside the claimed date."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.domain.clocks import WIDEST_OFFSET, Span, offset_hours, span_of
from verification.domain.dating import Reading, compare
from verification.domain.decoded import Decoded, FoundDate
from verification.domain.findings import Finding
from verification.domain.own_dates import APPLE, CAMCORDER
from verification.domain.wording import say_gap, say_recorded

_HEADER = "creation_time"
_CAMERAS_OWN = frozenset({APPLE, CAMCORDER})
_LATER_STEPS = frozenset({"XMP xmp:ModifyDate", "XMP xmp:MetadataDate"})
_NAMES = {
    APPLE: "Apple creation date",
    CAMCORDER: "camcorder's clock",
    _HEADER: "creation time",
    "date": "date tag",
}
# Players and phones write the header when a recording begins or when it ends, and take their time.
_LEAST_TOLERANCE = timedelta(minutes=2)
_UTC_CONFIRMED = ", in UTC as the camera's own date confirms"
_NOT_UTC_AFTER_ALL = "; the format means that as UTC, but many cameras write local time there"


class ContainerDates:
    slug = "container_dates"
    title = "Dates in the container"
    version = "2"
    dimensions = (Dimension.DATE,)
    media_types = ("video/*", "audio/*")
    help = (
        "Reads the creation dates that cameras and programs write into video and sound files, and sets "
        "them beside the claimed date. A clock can be wrong and a file can be saved again, so all that "
        "follows is soft."
    )
    reads = (
        "Apple's creation date, the header's creation time and the date tag of video and sound containers."
    )
    stances = {
        Stance.SUPPORTS: "The recorded time lies within the claimed date, whatever zone it may be in.",
        Stance.CONTRADICTS: "It lies outside of the claimed date in every zone there is.",
        Stance.NEUTRAL: "There is a date, and nothing is claimed to set it beside.",
        Stance.INCONCLUSIVE: "There is no date, it was never set, or its zone leaves both open.",
    }
    cannot_know = "Whether the clock was right, and whether the date is the filming's or a later saving's."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        failure = facts.failed("metadata")
        if failure and not facts.dates:
            raise CheckFailed(f"The container's tags could not be read: {failure.detail}")
        dates = [date for date in facts.dates if date.field not in _LATER_STEPS]
        if not dates:
            sentence = "The file carries no date; many platforms remove it, so nothing follows from that."
            return [Finding(Dimension.DATE, Stance.INCONCLUSIVE, sentence, {"absent": True})]
        findings = [self._judge(date, facts, context) for date in dates]
        return findings + _disagreements(facts)

    def _judge(self, date: FoundDate, facts: Decoded, context: Context) -> Finding:
        data = _data(date, facts)
        if date.unset or date.at is None:
            return Finding(Dimension.DATE, Stance.INCONCLUSIVE, _no_date(date), data)
        reading = _read(date, date.at, facts)
        data["not_before"], data["not_after"] = (
            reading.span.not_before.isoformat(),
            reading.span.not_after.isoformat(),
        )
        name = _NAMES.get(date.field, date.field)
        said = f"The file's {name} says {_said(reading, date)}"
        latest = context.captured_at or context.now
        if reading.span.not_before > latest + _LEAST_TOLERANCE:
            sentence = f"{said}; that is after the file reached us, so the clock was wrong and tells nothing."
            return Finding(Dimension.DATE, Stance.INCONCLUSIVE, sentence, {**data, "impossible": True})
        bounds = reading.bounds(f"{name}: {say_recorded(reading.at)}, read by {data['reader']}")
        claimed = context.claimed_date
        if claimed is None or (claimed.not_before is None and claimed.not_after is None):
            return Finding(Dimension.DATE, Stance.NEUTRAL, f"{said}.", data, bounds)
        stance, why = compare(reading, claimed)
        return Finding(Dimension.DATE, stance, f"{said}; {why}.", data, bounds)


def _read(date: FoundDate, at: str, facts: Decoded) -> Reading:
    tolerance = _tolerance(facts)
    exact = "T" in at and (date.zone == "written" or (date.zone == "format" and _confirmed(at, facts)))
    span = span_of(at, trust_offset=exact)
    if exact:
        span = Span(span.not_before - tolerance, span.not_after + tolerance)
    return Reading(
        at,
        span,
        exact,
        ends_only=date.field not in _CAMERAS_OWN and not _straight_from_camera(facts),
        likely_utc=date.zone == "format",
    )


def _tolerance(facts: Decoded) -> timedelta:
    return max(timedelta(seconds=facts.duration_seconds or 0), _LEAST_TOLERANCE)


def _confirmed(at: str, facts: Decoded) -> bool:
    """Whether a date that says its own zone agrees that the header's is indeed UTC."""
    moment = datetime.fromisoformat(at)
    return any(abs(datetime.fromisoformat(other) - moment) <= _tolerance(facts) for other in _zoned(facts))


def _zoned(facts: Decoded) -> list[str]:
    return [date.at for date in facts.dates if date.at and not date.unset and date.zone == "written"]


def _straight_from_camera(facts: Decoded) -> bool:
    """Whether a camera wrote this container: it names itself, and no re-encoder does."""
    named = facts.device.make or facts.device.model or (facts.device.software or "").startswith("Android")
    resaved = (facts.encoder or "").startswith(("Lavf", "HandBrake"))
    return bool(named) and not resaved


def _said(reading: Reading, date: FoundDate) -> str:
    said = say_recorded(reading.at)
    if not reading.is_instant:
        return said
    if reading.exact and date.zone == "written":
        offset = datetime.fromisoformat(reading.at).utcoffset() or timedelta()
        return f"{said} at {offset_hours(offset)}"
    if date.zone == "format":
        return said + (_UTC_CONFIRMED if reading.exact else _NOT_UTC_AFTER_ALL)
    return f"{said}, without a time zone"


def _no_date(date: FoundDate) -> str:
    name = _NAMES.get(date.field, date.field)
    if date.unset is None:
        return f"The file's {name} can't be read as a date: “{date.value[:60]}”."
    return f"The file's {name} was never set ({date.unset}): it is no date at all."


def _disagreements(facts: Decoded) -> list[Finding]:
    """Header and camera further apart than a recording takes: it was saved again, or one errs."""
    own = next((date for date in facts.dates if date.field == APPLE and date.at in _zoned(facts)), None)
    header = next((d for d in facts.dates if d.field == _HEADER and d.at and d.offset and not d.unset), None)
    if own is None or header is None or own.at is None or header.at is None:
        return []
    earlier, later = datetime.fromisoformat(own.at), datetime.fromisoformat(header.at)
    apart = later - earlier
    # A header in local time is apart by the zone: whole quarters of an hour, within the widest.
    beside_zone = abs(apart - round(apart / timedelta(minutes=15)) * timedelta(minutes=15))
    if abs(apart) <= _tolerance(facts) or (abs(apart) <= WIDEST_OFFSET and beside_zone <= _tolerance(facts)):
        return []
    gap = say_gap(abs(apart))
    own_date = "the camera's own creation date"
    sentence = (
        f"The container was written {gap} after {own_date}, so the file has been saved again."
        if apart > timedelta()
        else f"The container's creation time is {gap} before {own_date}; one of them is wrong."
    )
    data = {"own": own.value, "header": header.value, "apart_seconds": apart.total_seconds()}
    return [Finding(Dimension.DATE, Stance.NEUTRAL, sentence, data)]


def _data(date: FoundDate, facts: Decoded) -> dict[str, Any]:
    return {
        "field": date.field,
        "value": date.value,
        "at": date.at,
        "offset": date.offset,
        "zone": date.zone,
        "unset": date.unset,
        "reader": facts.read_by(date.reader),
    }
