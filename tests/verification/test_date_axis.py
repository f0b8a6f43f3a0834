"""The drawing of dates: everything within its frame, in the order of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from claims.dates import ClaimedDate, parse_date
from claims.vocabulary import Dimension, Stance
from verification.desk.date_axis import WIDTH, draw_dates
from verification.domain.findings import Finding, Side, TimeBound
from verification.inference.dates import suggest_date

MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))
BOUNDS = st.lists(
    st.builds(TimeBound, st.sampled_from(Side), MOMENTS, st.booleans(), st.just("why")), max_size=6
)


def drawn(claimed: ClaimedDate | None, *bounds: TimeBound) -> object:
    found = Finding(Dimension.DATE, Stance.NEUTRAL, "It says so.", bounds=bounds)
    return draw_dates(claimed, suggest_date(claimed=claimed, findings=[found]))


def test_there_is_nothing_to_draw_without_a_bound() -> None:
    assert drawn(parse_date("2022-10-04")) is None
    assert drawn(None) is None


def test_a_bound_after_the_claimed_day_leaves_nothing_of_it() -> None:
    bound = TimeBound(Side.NOT_BEFORE, datetime(2022, 10, 9, tzinfo=UTC), True, "why")
    axis = drawn(parse_date("2022-10-04", "UTC"), bound)
    assert axis is not None
    assert axis.remaining is None
    assert axis.claimed.x + axis.claimed.width < axis.marks[0].x
    assert axis.starts_at < datetime(2022, 10, 4, tzinfo=UTC)
    assert axis.ends_at - axis.starts_at > timedelta(days=5)


@given(bounds=BOUNDS, year=st.integers(2, 9998), has_claim=st.booleans())
def test_everything_is_drawn_within_the_frame(bounds: list[TimeBound], year: int, has_claim: bool) -> None:
    axis = drawn(parse_date(f"{year:04}") if has_claim else None, *bounds)
    if axis is None:
        return
    bands = [band for band in (axis.claimed, axis.remaining, *(mark.leaves for mark in axis.marks)) if band]
    for band in bands:
        assert 0 <= band.x <= WIDTH
        assert 0 < band.width <= WIDTH + 3
    order = sorted(bounds, key=lambda bound: bound.at)
    places = {
        bound.at: mark.x
        for bound, mark in zip(
            [one.bound for one in suggest_of(bounds, year, has_claim)], axis.marks, strict=True
        )
    }
    assert [places[bound.at] for bound in order] == sorted(places[bound.at] for bound in order)


def suggest_of(bounds: list[TimeBound], year: int, has_claim: bool) -> tuple:  # type: ignore[type-arg]
    found = Finding(Dimension.DATE, Stance.NEUTRAL, "It says so.", bounds=tuple(bounds))
    return suggest_date(claimed=parse_date(f"{year:04}") if has_claim else None, findings=[found]).bounds
