"""The database crashes while people write: nothing that was acknowledged is missing, nothing is there twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster import Cluster
from tests.journeys.crashes import Crashed, crash, crash_and_recover, kill_and_start, start, survivors
from tests.stack import POSTGRES, SQLITE, Databases, Stack

pytestmark = pytest.mark.services

CRASHES = 2

Tell = Callable[[str], None]


def in_words(vendor: str, crashed: Crashed) -> str:
    return (
        f"{vendor}: {crashed.crashes} crashes, {crashed.acknowledged.total()} writes acknowledged and "
        f"{crashed.cut_off} cut off, {len(crashed.missing)} missing, {len(crashed.twice)} twice"
    )


def test_a_crash_of_postgresql_loses_no_acknowledged_write(tmp_path: Path, tell: Tell) -> None:
    with Cluster() as cluster:
        databases = Databases(tmp_path, postgres=cluster.url)
        with Stack(databases, tmp_path / "data", vendor=POSTGRES) as stack:
            start(stack)
            before = survivors(stack)
            crashed = crash(stack, tmp_path, crashes=CRASHES, strike=lambda: crash_and_recover(cluster))
            # All wait and go on by themselves.
            assert survivors(stack) == before
    assert (crashed.missing, crashed.twice) == ([], [])
    assert crashed.cut_off >= CRASHES
    tell(in_words(POSTGRES, crashed))


def test_a_kill_of_all_who_write_sqlite_loses_no_acknowledged_write(
    databases: Databases, tmp_path: Path, tell: Tell
) -> None:
    with Stack(databases, tmp_path / "data", vendor=SQLITE) as stack:
        start(stack)
        crashed = crash(stack, tmp_path, crashes=CRASHES, strike=lambda: kill_and_start(stack))
    assert (crashed.missing, crashed.twice) == ([], [])
    assert crashed.cut_off >= CRASHES
    tell(in_words(SQLITE, crashed))
