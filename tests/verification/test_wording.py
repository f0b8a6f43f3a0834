"""How times are said in sentences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from verification.domain.wording import say_hour

NOW = datetime(2026, 3, 2, 23, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (NOW + timedelta(minutes=9), "23:59 UTC"),
        (NOW + timedelta(minutes=10), "00:00 UTC on 3 March 2026"),
        (NOW - timedelta(days=1), "23:50 UTC on 1 March 2026"),
        # Days are UTC's, wherever the moment was read.
        (datetime(2026, 3, 3, 1, 55, tzinfo=timezone(timedelta(hours=2))), "23:55 UTC"),
    ],
)
def test_an_hour_is_said_with_its_day_where_that_is_another(moment: datetime, said: str) -> None:
    assert say_hour(moment, now=NOW) == said
