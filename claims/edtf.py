"""Reads EDTF (ISO 8601-2:2019, as the Library of Congress profiles it), levels 0 and 1, and nothing beyond.

Ours, since the `edtf` library ignores times of day and raises TypeErrors of its own. It knows calendars, not
time zones: what it returns is wall-clock time of an unsaid place.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from claims.errors import FieldError, InvalidInput

MAX_LENGTH = 64
MICROSECOND = timedelta(microseconds=1)


class Precision(StrEnum):
    """How much of a date is said."""

    SECOND = "second"
    DAY = "day"
    MONTH = "month"
    SEASON = "season"
    YEAR = "year"
    DECADE = "decade"
    CENTURY = "century"


@dataclass(frozen=True)
class Part:
    """One date of an expression: the wall-clock span it covers, both ends inclusive and naive.

    `offset` is how far east of UTC a date-time says it is; `qualifier` is "", "?", "~" or "%".
    """

    first: datetime
    last: datetime
    precision: Precision
    qualifier: str = ""
    offset: timedelta | None = None
    season: int | None = None


@dataclass(frozen=True)
class Expression:
    """A date, or an interval of two; an end that is open (`..`) or unknown (empty) is None."""

    start: Part | None
    end: Part | None
    is_interval: bool


_TIMED = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(Z|[+-][0-9]{2}(?::[0-9]{2})?)?"
)
_DATED = re.compile(r"([0-9]{4}|[0-9]{3}X|[0-9]{2}XX)(?:-([0-9]{2}|XX)(?:-([0-9]{2}|XX))?)?([?~%]?)")

_SYNTAX = "edtf_syntax"
_LEVEL_2 = "edtf_level_2"
_IMPOSSIBLE = "date_impossible"
_YEAR = "year_out_of_range"

_NOT_FROM_THE_RIGHT = (
    "Unspecified digits anywhere but at the right are EDTF level 2. Write 201X, 2022-XX or 2022-10-XX."
)
_YEAR_DETAIL = "Years run from 0001 to 9999: write 0044 for the year 44."
_REFUSALS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), code, detail)
    for pattern, code, detail in (
        (r"[\[\]{}]", _LEVEL_2, "Sets of dates are EDTF level 2. Write one interval: 2022-10-03/2022-10-05."),
        (r"^Y?-?[0-9]+E[0-9]", _LEVEL_2, "Exponential years are EDTF level 2. Write four digits: 2022."),
        (r"^Y?-?[0-9]+S[0-9]", _LEVEL_2, "Significant digits are EDTF level 2. Write 195X for the 1950s."),
        (r"^Y-?[0-9]+", _YEAR, _YEAR_DETAIL),
        (r"^-[0-9]", _YEAR, _YEAR_DETAIL),
        (
            r"[?~%][0-9X-]",
            _LEVEL_2,
            "Qualifying a part of a date is EDTF level 2. Put ?, ~ or % at the end: 2022-10-04~.",
        ),
        (
            r"^(?=[0-9X-]*X)[0-9X]{4}(-[0-9X]{2}){0,2}[?~%]?$",
            _LEVEL_2,
            _NOT_FROM_THE_RIGHT,
        ),
        (r"T.*[?~%]$", _SYNTAX, "A time of day takes no qualifier. Qualify the date: 2022-10-04~."),
        (r"T[0-9:]+[.,][0-9]", _SYNTAX, "Leave out fractions of a second: 2022-10-04T10:20:30Z."),
        (r"T[0-9]{2}(:[0-9]{2})?(Z|[+-].*)?$", _SYNTAX, "Write the seconds too: 2022-10-04T10:20:00Z."),
        (
            r"^(open|unknown)$",
            _SYNTAX,
            "Write an open end as two dots and leave an unknown end empty: 2022-10-04/..",
        ),
        (r"^[0-9]{8}$", _SYNTAX, "Write hyphens between year, month and day: 2022-10-04."),
    )
)


def read(text: str) -> Expression:
    """The date or interval that `text` says; InvalidInput, with the remedy, where it says none."""
    if not isinstance(text, str):
        raise refuse(_SYNTAX, "Write the date as a text, such as 2022-10-04 or 2022-10-04T10:20:00Z.")
    if len(text) > MAX_LENGTH:
        raise refuse(
            "too_long", f"A date has at most {MAX_LENGTH} characters, such as 2022-10-04/2022-10-06."
        )
    if "/" in text:
        return _read_interval(text)
    part = _read_part(text)
    return Expression(start=part, end=part, is_interval=False)


def refuse(code: str, detail: str, *, pointer: str = "") -> InvalidInput:
    """The refusal of a date; the pointer is relative to where the date stood."""
    return InvalidInput(FieldError(pointer, detail, code), detail=detail)


def _read_interval(text: str) -> Expression:
    ends = text.split("/")
    if len(ends) != 2:
        raise refuse(_SYNTAX, "An interval has one slash between two dates: 2022-10-03/2022-10-05.")
    if all(end in {"", ".."} for end in ends):
        raise refuse(_SYNTAX, "An interval needs a date at one end at least: 2022-10-03/.. or ../2022-10-05.")
    start, end = (None if end in {"", ".."} else _read_part(end) for end in ends)
    for part, written in ((start, ends[0]), (end, ends[1])):
        if part and part.precision is Precision.SECOND:
            raise refuse(_SYNTAX, "An interval takes dates without time of day: 2022-10-03/2022-10-05.")
        if part and "X" in written:
            raise refuse(
                _LEVEL_2, "Unspecified digits within an interval are EDTF level 2. Write 2022-10/2022-11."
            )
    if start and end and start.first > end.last:
        raise refuse("interval_reversed", f"The interval ends before it begins. Write {ends[1]}/{ends[0]}.")
    return Expression(start=start, end=end, is_interval=True)


def _read_part(text: str) -> Part:
    if timed := _TIMED.fullmatch(text):
        return _read_timed(timed)
    if dated := _DATED.fullmatch(text):
        return _read_dated(dated)
    for pattern, code, detail in _REFUSALS:
        if pattern.search(text):
            raise refuse(code, detail)
    raise refuse(
        _SYNTAX,
        "Write the date as EDTF, such as 2022-10-04, 2022-10, 2022-10-04~, 2022-10-04T10:20:00Z or"
        " 2022-10-03/2022-10-05.",
    )


def _read_timed(match: re.Match[str]) -> Part:
    year, month, day, hour, minute, second = (int(match[n]) for n in range(1, 7))
    date = _day(year, month, day)
    if hour > 23 or minute > 59 or second > 59:
        raise refuse(
            _IMPOSSIBLE,
            "Times run from 00:00:00 to 23:59:59: midnight is 00:00:00 of the next day, a leap second is 59.",
        )
    at = date.replace(hour=hour, minute=minute, second=second)
    return Part(at, at + timedelta(seconds=1) - MICROSECOND, Precision.SECOND, offset=_offset(match[7]))


def _offset(written: str | None) -> timedelta | None:
    if written is None:
        return None
    if written == "Z":
        return timedelta()
    hours, _, minutes = written[1:].partition(":")
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if written[0] == "-":
        offset = -offset
    if written in {"-00", "-00:00"} or int(minutes or 0) > 59 or not -12 <= offset / timedelta(hours=1) <= 14:
        raise refuse(
            _IMPOSSIBLE, "Offsets run from -12:00 to +14:00, and UTC is Z: 2022-10-04T10:20:00+03:00."
        )
    return offset


def _read_dated(match: re.Match[str]) -> Part:
    year, month, day, qualifier = match.groups()
    if ("X" in year and month) or (month == "XX" and day not in {None, "XX"}):
        raise refuse(_LEVEL_2, _NOT_FROM_THE_RIGHT)
    if year.endswith("XX"):
        century = int(year[:2]) * 100
        return _years(century, century + 99, Precision.CENTURY, qualifier)
    if year.endswith("X"):
        decade = int(year[:3]) * 10
        return _years(decade, decade + 9, Precision.DECADE, qualifier)
    if month in {None, "XX"}:
        return _years(int(year), int(year), Precision.YEAR, qualifier)
    if int(month) > 12:
        return _season(int(year), int(month), day, qualifier)
    if day in {None, "XX"}:
        first = _day(int(year), int(month), 1)
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        return Part(first, _end_of(last), Precision.MONTH, qualifier)
    date = _day(int(year), int(month), int(day))
    return Part(date, _end_of(date), Precision.DAY, qualifier)


def _years(first: int, last: int, precision: Precision, qualifier: str) -> Part:
    # Year 0 is a year to EDTF and none to Python's calendar; 000X and 00XX begin with the year 1.
    begin = first or 1 if precision is not Precision.YEAR else first
    return Part(_day(begin, 1, 1), _end_of(_day(last, 12, 31)), precision, qualifier)


def _season(year: int, code: int, day: str | None, qualifier: str) -> Part:
    if 25 <= code <= 41:
        raise refuse(
            _LEVEL_2,
            "Hemispheres, quarters and halves of a year are EDTF level 2. Write months: 2022-01/2022-03.",
        )
    if not 21 <= code <= 24 or day:
        raise refuse(
            _IMPOSSIBLE, "Months run from 01 to 12, seasons from 21 (spring) to 24 (winter): 2022-10-04."
        )
    middle = _day(year, 1, 1)
    if code in {21, 23}:
        # March to June in one hemisphere, September to December in the other.
        return Part(
            middle.replace(month=3), _end_of(_day(year, 12, 31)), Precision.SEASON, qualifier, season=code
        )
    # Summer and winter straddle New Year in one hemisphere, and which year names them is not agreed.
    first = _day(year - 1, 12, 1) if year > 1 else middle
    last = _day(year + 1, 3, 31) if year < 9999 else _day(year, 12, 31)
    return Part(first, _end_of(last), Precision.SEASON, qualifier, season=code)


def _day(year: int, month: int, day: int) -> datetime:
    if year == 0:
        raise refuse(_YEAR, _YEAR_DETAIL)
    try:
        return datetime(year, month, day)  # noqa: DTZ001 wall-clock time; its zone is decided by claims.dates
    except ValueError:
        raise refuse(
            _IMPOSSIBLE,
            f"No calendar has the day {year:04}-{month:02}-{day:02}. Write one that exists: 2022-10-04.",
        ) from None


def _end_of(day: datetime) -> datetime:
    return day.replace(hour=23, minute=59, second=59, microsecond=999_999)
