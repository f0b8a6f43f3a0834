"""What may be shown of a media item outside: every permission, before, at and after its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.delivery import Delivery, delivery_of
from claims.vocabulary import MayDeliver, Permission

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(microseconds=1), NOW + timedelta(microseconds=1)
ENDS = {"never": None, "ended": BEFORE, "now": NOW, "later": AFTER}
TABLE = """
             never  ended  now    later  without-address
unknown      none   none   none   none   none
asked        none   none   none   none   none
granted      file   none   none   file   file
embed_only   embed  none   none   embed  none
refused      none   none   none   none   none
"""
WHEN, *LINES = (line.split() for line in TABLE.strip().splitlines())
CELLS = [(permission, when, may) for permission, *row in LINES for when, may in zip(WHEN, row, strict=True)]


def test_the_table_speaks_of_every_permission() -> None:
    assert [permission for permission, *_ in LINES] == [each.value for each in Permission]


@pytest.mark.parametrize(("permission", "when", "may"), CELLS)
def test_what_may_be_shown(permission: str, when: str, may: str) -> None:
    found = delivery_of(
        Permission(permission), until=ENDS.get(when), has_address=when != "without-address", now=NOW
    )
    assert found.may == may
    assert found.why.endswith(".") and (found.until is not None) == (when == "later" and may != "none")


def test_why_says_when_it_ended_or_ends() -> None:
    until = datetime(2026, 3, 1, 15, tzinfo=timezone(timedelta(hours=2)))
    ended = delivery_of(Permission.GRANTED, until=until, has_address=True, now=until)
    assert ended.why == "The permission ended on 1 Mar 2026, 13:00 UTC."
    going_on = delivery_of(Permission.GRANTED, until=until, has_address=True, now=NOW)
    assert going_on.as_json() == {
        "may": "file",
        "why": "Permission is granted until 1 Mar 2026, 13:00 UTC.",
        "until": "2026-03-01T13:00:00.000Z",
    }


moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


@given(st.sampled_from(Permission), st.none() | moments, st.booleans(), moments, moments)
def test_time_only_ever_takes_away(
    permission: Permission, until: datetime | None, has_address: bool, one: datetime, other: datetime
) -> None:
    def at(now: datetime) -> Delivery:
        return delivery_of(permission, until=until, has_address=has_address, now=now)

    earlier, later = at(min(one, other)), at(max(one, other))
    assert later.may in {earlier.may, MayDeliver.NONE}
    if permission not in {Permission.GRANTED, Permission.EMBED_ONLY}:
        assert earlier.may == MayDeliver.NONE
    if later.may == MayDeliver.FILE:
        assert permission == Permission.GRANTED and (until is None or max(one, other) < until)
