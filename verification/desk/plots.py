"""Small plots of a desk's numbers: bars a day, one measure each, drawn as the path of an inline SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from verification.services.numbers import DayFigures, Figures, Numbers

STEP, HEIGHT = 10, 100
"""A day's width and the tallest bar, in units of the drawing; the page scales it."""

_GAP = 2
_CLOSE = 60
"""Bars of more days than these touch: gaps of less than a pixel only make them pale."""

_LEAST = 2
_UNITS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))


def say_count(number: float) -> str:
    return f"{number:,.0f}"


def say_span(seconds: float) -> str:
    """A length of time in its two largest units: "2 d 4 h", "3 h 5 min", "40 s"."""
    whole = int(seconds)
    for unit, word, part, small in _UNITS:
        if whole >= unit:
            rest = whole % unit // part
            return f"{whole // unit:,} {word} {rest} {small}" if rest else f"{whole // unit:,} {word}"
    return f"{whole} s"


def say_share(share: float) -> str:
    return f"{share:.0%}"


def _share(figures: Figures) -> float | None:
    compared = figures["dimensions_compared"]
    return figures["dimensions_agreeing"] / compared if compared else None


@dataclass(frozen=True)
class Measure:
    """Something that has a value a day, or None on a day that has none.

    `of` reads it from figures, `say` writes it. `whole` says what the figure of all days together is: their sum, the
    same measure over all, or None where the last day says it already. `behind` names the figure that says of how many
    it is, and what those are; `full` is the value of the tallest bar, where that is not the largest there is.
    """

    slug: str
    title: str
    of: Callable[[Any], float | None]
    say: Callable[[float], str]
    whole: str | None
    behind: tuple[str, str] | None = None
    full: float | None = None


def _named(
    name: str,
    title: str,
    say: Callable[[float], str],
    whole: str | None,
    behind: tuple[str, str] | None = None,
) -> Measure:
    return Measure(name.replace("_", "-"), title, lambda figures: figures[name], say, whole, behind)


def _counted(name: str, title: str) -> Measure:
    return _named(name, title, say_count, "in all")


def _took(name: str, title: str, claims: str) -> Measure:
    return _named(name, title, say_span, "over all days", (claims, "claim"))


SECTIONS: tuple[tuple[str, tuple[Measure, ...]], ...] = (
    (
        "What came and went",
        (
            _counted("filed", "Claims filed"),
            _counted("reviews_submitted", "Reviews submitted"),
            _counted("published", "Published"),
            _counted("dropped", "Dropped"),
        ),
    ),
    (
        "How long it took from filing",
        (
            _took("seconds_to_first_verdict_median", "To the first verdict, median", "first_verdicts"),
            _took("seconds_to_first_verdict_p90", "To the first verdict, 90th percentile", "first_verdicts"),
            _took("seconds_to_publication_median", "To publication, median", "first_publications"),
            _took("seconds_to_publication_p90", "To publication, 90th percentile", "first_publications"),
        ),
    ),
    (
        "What is in the queue when the day ends",
        (
            _named("backlog", "Reviews in the queue", say_count, None),
            _named("backlog_seconds_median", "How long they have been, median", say_span, None),
            _named("backlog_seconds_oldest", "How long the eldest has been", say_span, None),
        ),
    ),
    (
        "What did not go smoothly",
        (
            Measure(
                "agreement",
                "Second reviews that agree",
                _share,
                say_share,
                "over all days",
                behind=("dimensions_compared", "dimension"),
                full=1,
            ),
            _counted("corrected", "Corrected"),
            _counted("withdrawn", "Withdrawn"),
            _counted("skips", "Reviews skipped"),
            _counted("leases_expired", "Leases run out"),
        ),
    ),
)


@dataclass(frozen=True)
class Plot:
    """A measure drawn: bars of all days but the last, and the last one's by itself. Texts are ready to print."""

    slug: str
    title: str
    width: int
    bars: str
    last_bar: str
    latest: str
    behind_latest: str
    whole: str
    most: str
    description: str


def draw(measure: Measure, numbers: Numbers) -> Plot:
    """Draws a measure, scaled to its own tallest day; what has no value, or 0, has no bar."""
    values = [measure.of(figures) for figures in numbers.by_day]
    most = max((value for value in values if value is not None), default=0)
    scale = measure.full or most
    gap = _GAP if len(values) <= _CLOSE else 0
    bars = [_bar(place, value / scale, gap=gap) for place, value in enumerate(values) if value]
    has_last = bool(values[-1])
    return Plot(
        slug=measure.slug,
        title=measure.title,
        width=STEP * len(values),
        bars="".join(bars[:-1] if has_last else bars),
        last_bar=bars[-1] if has_last else "",
        latest="none" if values[-1] is None else measure.say(values[-1]),
        behind_latest=_behind(measure, numbers.by_day[-1]),
        whole=_say_whole(measure, numbers.total),
        most=measure.say(most) if most else "",
        description=_describe(measure, values, numbers),
    )


def _behind(measure: Measure, figures: Any) -> str:
    """Of how many a figure is: "3 claims"; nothing of what is counted itself."""
    if measure.behind is None or measure.of(figures) is None:
        return ""
    name, what = measure.behind
    return f"{figures[name]:,} {what}{'' if figures[name] == 1 else 's'}"


def _say_whole(measure: Measure, total: Figures) -> str:
    value = measure.of(total)
    if measure.whole is None or value is None:
        return ""
    behind = _behind(measure, total)
    return f"{measure.say(value)} {measure.whole}{', ' if behind else ''}{behind}"


def _bar(place: int, part: float, *, gap: int) -> str:
    left = place * STEP
    top = HEIGHT - max(round(part * HEIGHT), _LEAST)
    return f"M{left} {HEIGHT}V{top}H{left + STEP - gap}V{HEIGHT}Z"


def _describe(measure: Measure, values: Sequence[float | None], numbers: Numbers) -> str:
    days = list(numbers.days)
    known = [(value, day) for value, day in zip(values, days, strict=True) if value]
    span = f"Bars a day from {say_day(days[0])} to {say_day(days[-1])}."
    if not known:
        return f"{span} There is nothing to draw."
    most, on = max(known)
    last = "none" if values[-1] is None else measure.say(values[-1])
    return f"{span} The most is {measure.say(most)}, on {say_day(on)}; the last day has {last}."


def say_day(day: date) -> str:
    """A day as the page writes it: "2 Nov 2026"."""
    return f"{day.day} {day:%b} {day.year}"


@dataclass(frozen=True)
class Column:
    """A column of the table beneath: the same measures, and how many stood behind them."""

    title: str
    text: Callable[[Any], str]


def _text(name: str, say: Callable[[float], str]) -> Callable[[Any], str]:
    return lambda figures: "" if figures[name] is None else say(figures[name])


def _agreement(figures: Figures) -> str:
    compared = figures["dimensions_compared"]
    return f"{figures['dimensions_agreeing']:,} of {compared:,}" if compared else ""


COLUMNS: tuple[Column, ...] = (
    Column("Filed", _text("filed", say_count)),
    Column("Reviews submitted", _text("reviews_submitted", say_count)),
    Column("Published", _text("published", say_count)),
    Column("Corrected", _text("corrected", say_count)),
    Column("Withdrawn", _text("withdrawn", say_count)),
    Column("Dropped", _text("dropped", say_count)),
    Column("Skipped", _text("skips", say_count)),
    Column("Leases run out", _text("leases_expired", say_count)),
    Column("First verdicts", _text("first_verdicts", say_count)),
    Column("To first verdict, median", _text("seconds_to_first_verdict_median", say_span)),
    Column("90th percentile", _text("seconds_to_first_verdict_p90", say_span)),
    Column("First publications", _text("first_publications", say_count)),
    Column("To publication, median", _text("seconds_to_publication_median", say_span)),
    Column("90th percentile", _text("seconds_to_publication_p90", say_span)),
    Column("In the queue", _text("backlog", say_count)),
    Column("In it for, median", _text("backlog_seconds_median", say_span)),
    Column("Eldest", _text("backlog_seconds_oldest", say_span)),
    Column("Second reviews agree", _agreement),
)


@dataclass(frozen=True)
class Row:
    """A day's cells, in the columns' order; `day` None for all days together."""

    day: date | None
    cells: Sequence[str]


def table_of(numbers: Numbers) -> list[Row]:
    """All days together, then each, the last first."""

    def cells(figures: Figures | DayFigures) -> list[str]:
        return [column.text(figures) for column in COLUMNS]

    days = [Row(day, cells(figures)) for day, figures in zip(numbers.days, numbers.by_day, strict=True)]
    return [Row(None, cells(numbers.total)), *reversed(days)]


def nothing_happened(numbers: Numbers) -> bool:
    """Whether there is nothing to draw at all."""
    return not any(numbers.total.values()) and not any(figures["backlog"] for figures in numbers.by_day)
