"""The dates within one file beside each other: where they are apart, something happened in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media, NotApplicable
from verification.domain.clocks import WIDEST_OFFSET
from verification.domain.decoded import Decoded, FoundDate
from verification.domain.findings import Finding
from verification.domain.wording import say_gap, say_recorded

_TAKEN = ("DateTimeOriginal", "XMP exif:DateTimeOriginal")
_DIGITISED = (
    "DateTimeDigitized",
    "XMP exif:DateTimeDigitized",
    "IPTC DigitalCreationDate",
    "XMP xmp:CreateDate",
)
_CREATED = ("XMP photoshop:DateCreated", "IPTC DateCreated", "Creation Time", "PDF CreationDate")
_CHANGED = ("DateTime", "XMP xmp:ModifyDate", "XMP xmp:MetadataDate", "PDF ModDate")
_NAMES = {
    "DateTimeOriginal": "date of taking",
    "DateTimeDigitized": "date of digitising",
    "DateTime": "date of the last change",
}
_TOLERANCE = timedelta(minutes=2)
_QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Apart:
    """How much later the second date is than the first; zero where nothing but zones or precision parts them."""

    gap: timedelta

    @property
    def agrees(self) -> bool:
        return abs(self.gap) <= _TOLERANCE


class DateDisagreement:
    slug = "date_disagreement"
    title = "Dates that disagree"
    version = "1"
    dimensions = (Dimension.DATE, Dimension.AUTHENTICITY)
    media_types = ("image/*", "application/pdf")
    help = (
        "Sets the dates within a file beside each other: taken, digitised, created, changed. A scan is digitised "
        "long after it was taken, and an honest edit changes the last date, so a difference only says what to ask."
    )
    reads = "The dates within the file: taken, digitised, created, changed, in EXIF, IPTC, XMP and a document's fields."
    stances = {
        Stance.NEUTRAL: "They agree, or how far they lie apart and what that can mean.",
    }
    cannot_know = "Which of them is right, and whether an edit was honest."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        usable = [date for date in facts.dates if date.at and not date.unset]
        if len(usable) < 2:
            failure = facts.failed("metadata") or facts.failed("packets")
            if failure:
                raise CheckFailed(f"The file's tags could not be read: {failure.detail}")
            raise NotApplicable("The file carries fewer than two dates.")
        first = min(usable, key=_rank)
        compared = [(date, _apart(first, date)) for date in usable if date is not first]
        found = [_finding(first, date, apart, facts) for date, apart in compared if not apart.agrees]
        if found:
            return _without_repeats(found)
        fields = [date.field for date in usable]
        sentence = f"The {len(usable)} dates in the file agree: {say_recorded(first.at or '')}."
        return [Finding(Dimension.DATE, Stance.NEUTRAL, sentence, {"fields": fields, "value": first.value})]


def _rank(date: FoundDate) -> int:
    """The date nearest to the event comes first."""
    groups = (_TAKEN, _CREATED, _DIGITISED, _CHANGED)
    return next((place for place, group in enumerate(groups) if date.field in group), len(groups))


def _apart(first: FoundDate, second: FoundDate) -> _Apart:
    """The second less the first, as far as their precision and what is known of their zones can tell."""
    a, b = first.at or "", second.at or ""
    if "T" not in a or "T" not in b:
        shorter = min(len(a.partition("T")[0]), len(b.partition("T")[0]))
        if a[:shorter] == b[:shorter]:
            return _Apart(timedelta())
        gap = _day(b) - _day(a)
        # Two days that touch may be one, written in two zones.
        return _Apart(gap if abs(gap) > _DAY else timedelta())
    one, two = datetime.fromisoformat(a), datetime.fromisoformat(b)
    local = two.replace(tzinfo=None) - one.replace(tzinfo=None)
    if abs(local) <= _TOLERANCE:
        return _Apart(timedelta())
    if one.tzinfo is not None and two.tzinfo is not None:
        return _Apart(two - one)
    beside_zone = abs(local - round(local / _QUARTER) * _QUARTER)
    if one.tzinfo != two.tzinfo and abs(local) <= WIDEST_OFFSET and beside_zone <= _TOLERANCE:
        return _Apart(timedelta())
    return _Apart(local)


def _day(at: str) -> datetime:
    year, month, day = ([int(part) for part in at.partition("T")[0].split("-")] + [1, 1])[:3]
    return datetime(year, month, day)  # noqa: DTZ001 - days are compared, in whatever zone


def _finding(first: FoundDate, second: FoundDate, apart: _Apart, facts: Decoded) -> Finding:
    gap, later = say_gap(abs(apart.gap)), apart.gap > timedelta()
    said = f"The {_name(second)} in the file is {gap} {'after' if later else 'before'} the {_name(first)}"
    changed = second.field in _CHANGED
    if not later:
        why = "nothing is changed or copied before it is made, so a clock or one of the dates was set anew"
    elif changed:
        why = "it was saved again then, as an honest edit also does"
    elif second.field in _DIGITISED and first.field in _TAKEN:
        why = "a scan of an older picture looks like that, and so does a date that was written in by hand"
    else:
        why = "they don't speak of the same moment, or one of them was changed"
    dimension = Dimension.AUTHENTICITY if changed else Dimension.DATE
    return Finding(dimension, Stance.NEUTRAL, f"{said}; {why}.", _data(first, second, apart, facts))


def _data(first: FoundDate, second: FoundDate, apart: _Apart, facts: Decoded) -> dict[str, Any]:
    return {
        "first": {"field": first.field, "value": first.value, "reader": facts.read_by(first.reader)},
        "second": {"field": second.field, "value": second.value, "reader": facts.read_by(second.reader)},
        "apart_seconds": apart.gap.total_seconds(),
    }


def _without_repeats(findings: list[Finding]) -> list[Finding]:
    """One finding of each kind of date and gap: EXIF and XMP mostly say the same twice."""
    kept: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        kept.setdefault(
            (finding.dimension, say_gap(timedelta(seconds=abs(finding.data["apart_seconds"])))), finding
        )
    return list(kept.values())


def _name(date: FoundDate) -> str:
    return _NAMES.get(date.field) or f"date that {date.field[:60]} gives"
