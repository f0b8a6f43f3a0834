"""Dates in running text. English follows the AP Stylebook: months are shortened only beside a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from claims.edtf import Expression, Part, Precision
from claims.errors import FieldError, InvalidInput


@dataclass(frozen=True)
class DateWords:
    """The words of one language."""

    months: tuple[str, ...]
    months_beside_day: tuple[str, ...]
    seasons: dict[int, str]


_LANGUAGES = {
    "en": DateWords(
        months=(
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December",
        ),
        months_beside_day=(
            "Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.",
        ),
        seasons={21: "spring", 22: "summer", 23: "autumn", 24: "winter"},
    ),
}  # fmt: skip

_QUALIFIED = {"": "{date}", "?": "possibly {date}", "~": "about {date}", "%": "possibly about {date}"}
_QUALIFIED_ADVERBIAL = {
    "": "{date}",
    "?": "possibly {date}",
    "~": "around {date}",
    "%": "possibly around {date}",
}


def bare(expression: Expression, language: str) -> str:
    """Without preposition: "March 3, 2022"; an interval is "March 3 to March 5, 2022"."""
    words = _words(language)
    if not expression.is_interval:
        part = _known(expression.start)
        return _QUALIFIED[part.qualifier].format(date=_date(part, words))
    if expression.start is None or expression.end is None:
        return _half_open(expression, words)
    start, end = _pair(expression.start, expression.end, words)
    return f"{start} to {end}"


def adverbial(expression: Expression, language: str) -> str:
    """With its preposition: "on March 3, 2022", "between March 3 and March 5, 2022"."""
    words = _words(language)
    if not expression.is_interval:
        return _placed(_known(expression.start), words)
    if expression.start is None or expression.end is None:
        return _half_open(expression, words)
    start, end = _pair(expression.start, expression.end, words)
    return f"between {start} and {end}"


def _words(language: str) -> DateWords:
    try:
        return _LANGUAGES[language]
    except KeyError:
        raise InvalidInput(
            FieldError("language", f"Dates are written in: {', '.join(_LANGUAGES)}.", "unknown_language")
        ) from None


def _known(part: Part | None) -> Part:
    assert part is not None  # noqa: S101 only an interval lacks an end
    return part


def _date(part: Part, words: DateWords) -> str:
    first, year = part.first, part.first.year
    match part.precision:
        case Precision.SECOND:
            said = f"{_clock(part)} on {_day(first, words)}"
        case Precision.DAY:
            said = _day(first, words)
        case Precision.MONTH:
            said = f"{words.months[first.month - 1]} {year}"
        case Precision.SEASON:
            # A season that straddles New Year ends in the March after the year it is named by.
            said = f"{words.seasons[part.season or 0]} {part.last.year - (part.last.month == 3)}"
        case Precision.DECADE if year % 100 and year > 10:
            said = f"the {year}s"
        case Precision.DECADE | Precision.CENTURY:
            # "The 2000s" would be ten years to one reader and a hundred to another.
            said = f"{year} to {part.last.year}"
        case Precision.YEAR:
            said = str(year)
    return said


def _placed(part: Part, words: DateWords) -> str:
    date = _date(part, words)
    if part.qualifier in {"~", "%"}:
        return _QUALIFIED_ADVERBIAL[part.qualifier].format(date=date)
    if part.precision in {Precision.DECADE, Precision.CENTURY} and " to " in date:
        placed = f"between {date.replace(' to ', ' and ')}"
    else:
        preposition = {Precision.SECOND: "at", Precision.DAY: "on"}.get(part.precision, "in")
        placed = f"{preposition} {date}"
    return _QUALIFIED_ADVERBIAL[part.qualifier].format(date=placed)


def _half_open(expression: Expression, words: DateWords) -> str:
    side, part = ("after", expression.start) if expression.start else ("before", expression.end)
    part = _known(part)
    date = _QUALIFIED[part.qualifier].format(date=_date(part, words))
    return f"{'on' if part.precision is Precision.DAY else 'in'} or {side} {date}"


def _pair(start: Part, end: Part, words: DateWords) -> tuple[str, str]:
    first, last = (_QUALIFIED[part.qualifier].format(date=_date(part, words)) for part in (start, end))
    same_year = start.first.year == end.first.year
    if same_year and start.precision is end.precision is Precision.DAY:
        first = first.rpartition(",")[0]
    elif start.precision is Precision.DAY:
        first += ","
    elif same_year and start.precision is end.precision is Precision.MONTH:
        first = first.rpartition(" ")[0]
    return first, last


def _day(at: datetime, words: DateWords) -> str:
    return f"{words.months_beside_day[at.month - 1]} {at.day}, {at.year}"


def _clock(part: Part) -> str:
    at = part.first
    half = "a.m." if at.hour < 12 else "p.m."
    clock = str(at.hour % 12 or 12)
    if at.minute or at.second:
        clock += f":{at.minute:02}"
    if at.second:
        clock += f":{at.second:02}"
    return f"{clock} {half} {_zone(part)}"


def _zone(part: Part) -> str:
    if part.offset is None:
        return "local time"
    minutes = int(part.offset / timedelta(minutes=1))
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")
