"""Filmed, then posted, then fetched: whether the times given come in that order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.domain.clocks import Span, span_of
from verification.domain.decoded import FoundDate
from verification.domain.findings import Finding, Side, TimeBound
from verification.domain.own_dates import offset_of, own_date
from verification.domain.wording import say_claimed_interval, say_gap, say_moment, say_recorded

_CLOCKS_APART = timedelta(minutes=5)
"""Clocks that nobody sets by hand may differ by so much."""


class DateOrder:
    slug = "date_order"
    title = "Filmed, posted, fetched"
    version = "1"
    dimensions = (Dimension.DATE,)
    media_types = ("*/*",)
    help = (
        "Holds the claimed date and the camera's clock against when the media is said to have been posted and when it "
        "reached this archive. A claimed date after either can't be right; a camera's clock after either was wrong, "
        "or the post showed something else. A time without zone counts as late only where it is so in every zone."
    )
    reads = "The claimed date, the camera's clock, when the media is said to have been posted, and when it came here."
    stances = {
        Stance.CONTRADICTS: "The claimed date begins after the media was posted or came here.",
        Stance.NEUTRAL: "No date comes after the post or the capture.",
        Stance.INCONCLUSIVE: "The camera's clock comes after them: it was wrong, or the post showed something else.",
    }
    cannot_know = "Which of two dates is the wrong one."

    def run(self, media: Media, context: Context) -> list[Finding]:
        steps = _steps(context)
        if not steps:
            raise NotApplicable("Neither when it was posted nor when it reached the archive is known.")
        found = (
            _claimed_after(context, steps) + _recorded_after(media, steps) + _posted_after_fetched(context)
        )
        if found:
            return found
        times = " and ".join(f"{what} ({say_moment(at.astimezone(UTC))} UTC)" for what, at, _ in steps)
        data = {what: at.isoformat() for what, at, _ in steps}
        return [Finding(Dimension.DATE, Stance.NEUTRAL, f"No date comes after the media was {times}.", data)]


def _steps(context: Context) -> list[tuple[str, datetime, bool]]:
    """What came after the filming: in words, when, and whether our own clock says so."""
    steps = []
    if context.posted_at:
        steps.append(("posted, as is said", context.posted_at, False))
    if context.captured_at:
        steps.append(("fetched", context.captured_at, True))
    return steps


def _claimed_after(context: Context, steps: list[tuple[str, datetime, bool]]) -> list[Finding]:
    claimed = context.claimed_date
    if claimed is None or claimed.not_before is None:
        return []
    found = []
    for what, at, ours in steps:
        if claimed.not_before <= at:
            continue
        gap = say_gap(claimed.not_before - at)
        said = f"the media was {what}, at {say_moment(at.astimezone(UTC))} UTC"
        sentence = f"{say_claimed_interval(claimed).capitalize()} begins {gap} after {said}."
        bound = TimeBound(Side.NOT_AFTER, at.astimezone(UTC), hard=ours, reason=said)
        data = {"step": what, "at": at.isoformat(), "claimed_not_before": claimed.not_before.isoformat()}
        found.append(Finding(Dimension.DATE, Stance.CONTRADICTS, sentence, data, (bound,)))
    return found


def _recorded_after(media: Media, steps: list[tuple[str, datetime, bool]]) -> list[Finding]:
    taken = own_date(media.decoded) if media.decoded else None
    if taken is None or taken.at is None:
        return []
    span = span_of(taken.at, trust_offset=offset_of(taken) is not None)
    return [
        _clock_after(taken, span, what, at, ours=ours)
        for what, at, ours in steps
        if span.not_before > at + _CLOCKS_APART
    ]


def _clock_after(taken: FoundDate, span: Span, what: str, at: datetime, *, ours: bool) -> Finding:
    data: dict[str, Any] = {"step": what, "at": at.isoformat(), "field": taken.field, "value": taken.value}
    why = "so the clock was wrong" if ours else "so the clock was wrong, or the post showed something else"
    sentence = (
        f"The camera's clock says {say_recorded(taken.at or '')}, at least {say_gap(span.not_before - at)} after the "
        f"media was {what}; {why}."
    )
    return Finding(Dimension.DATE, Stance.INCONCLUSIVE, sentence, data)


def _posted_after_fetched(context: Context) -> list[Finding]:
    posted, fetched = context.posted_at, context.captured_at
    if posted is None or fetched is None or posted <= fetched + _CLOCKS_APART:
        return []
    sentence = (
        f"The media is said to have been posted {say_gap(posted - fetched)} after it reached this archive, so it came "
        "here by another way than that post, or the time is wrong."
    )
    data = {"posted_at": posted.isoformat(), "captured_at": fetched.isoformat()}
    return [Finding(Dimension.DATE, Stance.INCONCLUSIVE, sentence, data)]
