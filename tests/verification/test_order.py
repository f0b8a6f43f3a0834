"""The order of the queue: its formula, its reasons, and that nothing starves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.vocabulary import Priority
from verification.domain.order import AGING, CLASSES, GOALS, Standing

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def filed(priority: Priority, ago: timedelta = timedelta(0), asked: timedelta | None = None) -> Standing:
    return Standing(priority, NOON - ago, None if asked is None else NOON + asked, GOALS[priority], AGING)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (filed(Priority.BREAKING), filed(Priority.HIGH, 2 * HOUR), "class before age"),
        (filed(Priority.LOW, HOUR), filed(Priority.LOW), "age within a class"),
        (filed(Priority.NORMAL, asked=HOUR), filed(Priority.NORMAL, 20 * HOUR), "the hour asked for before a goal"),
        (filed(Priority.NORMAL, asked=HOUR), filed(Priority.NORMAL, asked=2 * HOUR), "the earlier hour"),
        (filed(Priority.HIGH), filed(Priority.NORMAL, asked=HOUR), "class before the hour asked for"),
        (filed(Priority.NORMAL, 2 * DAY), filed(Priority.HIGH), "a day overdue counts a class more"),
        (filed(Priority.NORMAL, 3 * DAY), filed(Priority.BREAKING), "two days overdue, two"),
        (filed(Priority.LOW, 6 * DAY), filed(Priority.BREAKING), "in the end nothing is before it"),
    ],
)  # fmt: skip
def test_one_stands_before_another(first: Standing, second: Standing, why: str) -> None:
    assert first.place(NOON) < second.place(NOON), why


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (filed(Priority.BREAKING, timedelta(minutes=10)), [
            "Priority: breaking.", "The desk's goal of 1 hour ends at 12:50 UTC on 2026-03-02.",
            "It has waited since 11:50 UTC on 2026-03-02."]),
        (filed(Priority.LOW, HOUR, asked=3 * HOUR), [
            "Priority: low.", "An editor asked for it by 15:00 UTC on 2026-03-02.",
            "It has waited since 11:00 UTC on 2026-03-02."]),
        (filed(Priority.NORMAL, 2 * DAY), [
            "It counts as high: it is normal, and rose once for being overdue.",
            "The desk's goal of 1 day ends at 12:00 UTC on 2026-03-01: 1 day overdue.",
            "It has waited since 12:00 UTC on 2026-02-28."]),
        (filed(Priority.LOW, 6 * DAY, asked=-5 * DAY), [
            "It counts as breaking: it is low, and rose 3 times for being overdue.",
            "An editor asked for it by 12:00 UTC on 2026-02-25: 5 days overdue.",
            "It has waited since 12:00 UTC on 2026-02-24."]),
    ],
)  # fmt: skip
def test_an_editor_is_told_why(standing: Standing, said: list[str]) -> None:
    assert standing.why(NOON) == said


standings = st.builds(
    filed,
    st.sampled_from(list(Priority)),
    st.timedeltas(timedelta(0), 40 * DAY),
    st.none() | st.timedeltas(-20 * DAY, 20 * DAY),
)
moments = st.datetimes(datetime(2026, 3, 1), datetime(2026, 12, 1), timezones=st.just(UTC))


@given(standings, moments, st.timedeltas(timedelta(0), 60 * DAY))
def test_time_only_raises(standing: Standing, at: datetime, later: timedelta) -> None:
    assert standing.place(at + later) <= standing.place(at)


@given(standings, moments)
def test_its_place_changes_when_it_is_said_to_and_not_before(standing: Standing, at: datetime) -> None:
    rises = standing.rises_at(at)
    if rises is None:
        assert standing.rank(at) == 0
        return
    assert rises > at
    assert standing.place(rises - timedelta(microseconds=1)) == standing.place(at)
    assert standing.rank(rises) == standing.rank(at) - 1


@given(standings, standings)
def test_nothing_waits_behind_whatever_is_wanted_later_for_ever(early: Standing, late: Standing) -> None:
    """Once both could have risen all the way, only the hour by which each is wanted counts."""
    end = max(early.wanted_by, late.wanted_by) + len(CLASSES) * AGING
    if early.wanted_by < late.wanted_by:
        assert early.place(end) < late.place(end)
