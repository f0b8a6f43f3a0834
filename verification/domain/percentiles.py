"""Percentiles of a few values, as figures that a reader can look up among them."""

from __future__ import annotations

from collections.abc import Sequence


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """The nearest-rank percentile of values in rising order; None of none.

    The smallest value that at least `percent` per cent (1 to 100) of the values do not exceed: the one of rank
    ⌈percent/100 · n⌉, counted from 1. That is definition 1, the inverse of the empirical distribution function, in
    R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996), 361-365.
    It always is one of the values, so the median of an even number is the lower of the middle two: what a claim
    really took, where interpolating between two claims a day would make a third up.
    """
    if not 1 <= percent <= 100:
        raise ValueError("a percentile is of 1 to 100 per cent")
    if not ordered:
        return None
    return ordered[-(-percent * len(ordered) // 100) - 1]
