"""Which of a file's dates are no dates: those of a clock that was never set, and those yet to come."""

from __future__ import annotations

from datetime import datetime

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media, NotApplicable
from verification.domain.clocks import span_of
from verification.domain.decoded import Decoded, FoundDate
from verification.domain.findings import Finding
from verification.domain.wording import say_recorded


class ClockUnset:
    slug = "clock_unset"
    title = "Clocks that were never set"
    version = "1"
    dimensions = (Dimension.DATE,)
    media_types = ("*/*",)
    help = (
        "Names the dates in a file that are none: zeros and blanks, the first days of computers' clocks (1904, 1970, "
        "1980, 2000), midnight of any 1 January, and days still to come. They say nothing of when it was filmed."
    )
    reads = "Every date that the decoders read out of the file."
    stances = {
        Stance.NEUTRAL: "All dates can be dates.",
        Stance.INCONCLUSIVE: "A date is a clock's first day, blank, or still to come.",
    }
    cannot_know = "Whether a date that can be one is right."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        if not facts.dates:
            failure = facts.failed("metadata")
            if failure:
                raise CheckFailed(f"The file's tags could not be read: {failure.detail}")
            raise NotApplicable("The file carries no dates.")
        found = [
            _no_date(date, why, facts)
            for date in facts.dates
            if (why := _why_none(date, context.now)) is not None
        ]
        if found:
            return found
        count = len(facts.dates)
        which = "The file's one date is" if count == 1 else f"All {count} dates in the file are"
        sentence = f"{which} such as a set clock writes; it may still have been set wrong."
        return [Finding(Dimension.DATE, Stance.NEUTRAL, sentence, {"dates": count})]


def _why_none(date: FoundDate, now: datetime) -> str | None:
    """Why it is no date, in words; None where it may be one, or can't be read at all."""
    if date.unset:
        return f"was never set ({date.unset})"
    if date.at and span_of(date.at, trust_offset=date.zone == "written").not_before > now:
        return f"says {say_recorded(date.at)}, which is still to come"
    return None


def _no_date(date: FoundDate, why: str, facts: Decoded) -> Finding:
    data = {
        "field": date.field,
        "value": date.value,
        "unset": date.unset or "the future",
        "reader": facts.read_by(date.reader),
    }
    sentence = f"The file's {date.field[:60]} {why}; it is no date at all."
    return Finding(Dimension.DATE, Stance.INCONCLUSIVE, sentence, data)
