"""When the picture says it was taken, beside the claimed date."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.domain.clocks import offset_hours, span_of
from verification.domain.dating import Reading, compare
from verification.domain.decoded import Decoded, FoundDate
from verification.domain.findings import Finding
from verification.domain.own_dates import NAMES, TAKEN, is_usable, offset_of
from verification.domain.wording import say_recorded

_CLOCKS_DRIFT = timedelta(minutes=2)


class CaptureDate:
    slug = "capture_date"
    title = "When the picture was taken"
    version = "1"
    dimensions = (Dimension.DATE,)
    media_types = ("image/*",)
    help = (
        "Sets the date that the camera wrote into a picture beside the claimed date. Most cameras write no time "
        "zone: such a time may be any instant within 14 hours either way. Clocks are wrong at times and tags can be "
        "edited, so the bounds are soft. Dates of digitising and of the last change bound the end alone."
    )
    reads = (
        "The dates of taking, digitising and changing in EXIF, with their offsets where the camera wrote any."
    )
    stances = {
        Stance.SUPPORTS: "The recorded time lies within the claimed date, whatever zone it may be in.",
        Stance.CONTRADICTS: "It lies outside of the claimed date in every zone there is.",
        Stance.NEUTRAL: "There is a date, and nothing is claimed to set it beside.",
        Stance.INCONCLUSIVE: "There is no date, it can't be, or its zone leaves both open.",
    }
    cannot_know = "Whether the clock was right, and whether somebody wrote the date in later."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        found = _best(facts)
        if found is None:
            failure = facts.failed("metadata")
            if failure:
                raise CheckFailed(f"The picture's tags could not be read: {failure.detail}")
            return [_none_of(facts)]
        reading = _read(found)
        data = _data(found, facts, reading)
        said = f"The {_name(found)} says {_said(found, reading)}"
        if reading.span.not_before > (context.captured_at or context.now) + _CLOCKS_DRIFT:
            sentence = f"{said}; that is after the file reached us, so the clock was wrong and tells nothing."
            return [Finding(Dimension.DATE, Stance.INCONCLUSIVE, sentence, {**data, "impossible": True})]
        bounds = reading.bounds(f"{_name(found)}: {say_recorded(reading.at)}, read by {data['reader']}")
        claimed = context.claimed_date
        if claimed is None or (claimed.not_before is None and claimed.not_after is None):
            return [Finding(Dimension.DATE, Stance.NEUTRAL, f"{said}.", data, bounds)]
        stance, why = compare(reading, claimed)
        return [Finding(Dimension.DATE, stance, f"{said}; {why}.", data, bounds)]


def _best(facts: Decoded) -> FoundDate | None:
    """The usable date that is nearest to the taking of the picture."""
    for field in NAMES:
        for date in facts.dates:
            if date.field == field and is_usable(date):
                return date
    return None


def _none_of(facts: Decoded) -> Finding:
    known = [date for date in facts.dates if date.field in NAMES]
    if any(date.unset for date in known):
        sentence = "The camera's clock was never set; what it wrote is no date at all."
    elif known:
        sentence = f"The {_name(known[0])} can't be read as a date: “{known[0].value[:60]}”."
    else:
        sentence = "The picture does not say when it was taken; many platforms remove that, so nothing follows from it."
    return Finding(
        Dimension.DATE,
        Stance.INCONCLUSIVE,
        sentence,
        {"absent": not known, "values": [d.value for d in known]},
    )


def _read(date: FoundDate) -> Reading:
    at = date.at or ""
    exact = offset_of(date) is not None
    span = span_of(at, trust_offset=exact)
    return Reading(at, span, exact, ends_only=date.field != TAKEN, what="picture")


def _name(date: FoundDate) -> str:
    return NAMES[date.field]


def _said(date: FoundDate, reading: Reading) -> str:
    said = say_recorded(reading.at)
    if not reading.is_instant:
        return said
    offset = offset_of(date)
    return f"{said}, without a time zone" if offset is None else f"{said} at {offset_hours(offset)}"


def _data(date: FoundDate, facts: Decoded, reading: Reading) -> dict[str, Any]:
    return {
        "field": date.field,
        "value": date.value,
        "at": date.at,
        "offset": date.offset,
        "reader": facts.read_by(date.reader),
        "not_before": reading.span.not_before.isoformat(),
        "not_after": reading.span.not_after.isoformat(),
    }
