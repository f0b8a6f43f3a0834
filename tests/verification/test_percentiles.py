"""Nearest-rank percentiles, by examples worked out by hand and by what must hold of all of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.domain.percentiles import percentile

VALUES = st.lists(st.integers(0, 10**9), min_size=1, max_size=60)
PERCENTS = st.integers(1, 100)


@pytest.mark.parametrize(
    ("ordered", "percent", "found"),
    [
        ([], 50, None),
        ([7], 50, 7),
        ([7], 90, 7),
        ([1, 2], 50, 1),
        ([1, 2], 90, 2),
        ([1, 2, 3], 50, 2),
        ([15, 20, 35, 40, 50], 30, 20),
        ([15, 20, 35, 40, 50], 40, 20),
        ([15, 20, 35, 40, 50], 41, 35),
        ([15, 20, 35, 40, 50], 100, 50),
        (list(range(1, 11)), 90, 9),
        (list(range(1, 11)), 91, 10),
        (list(range(1, 101)), 90, 90),
    ],
)
def test_the_rank_is_the_next_whole_one(ordered, percent, found):
    assert percentile(ordered, percent) == found


@pytest.mark.parametrize("percent", [0, 101, -50])
def test_other_percentages_are_refused(percent):
    with pytest.raises(ValueError, match="1 to 100"):
        percentile([1], percent)


@given(VALUES, PERCENTS)
def test_it_is_one_of_the_values_and_enough_of_them_do_not_exceed_it(values, percent):
    found = percentile(sorted(values), percent)
    assert found in values
    # What the definition says: at least so many per cent are not above it, and fewer are below it.
    assert 100 * sum(value <= found for value in values) >= percent * len(values)
    assert 100 * sum(value < found for value in values) < percent * len(values)


@given(st.data(), VALUES, PERCENTS)
def test_the_order_in_which_values_came_does_not_matter(data, values, percent):
    shuffled = data.draw(st.permutations(values))
    assert percentile(sorted(shuffled), percent) == percentile(sorted(values), percent)


@given(VALUES, PERCENTS, PERCENTS)
def test_a_higher_percentage_is_never_a_smaller_value(values, one, other):
    low, high = sorted((one, other))
    ordered = sorted(values)
    assert ordered[0] <= percentile(ordered, low) <= percentile(ordered, high) <= ordered[-1]


@given(VALUES)
def test_as_a_share_of_floats_would_have_it(values):
    ordered = sorted(values)
    assert percentile(ordered, 50) == ordered[math.ceil(len(ordered) / 2) - 1]
