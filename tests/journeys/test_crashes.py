"""The database crashes while people write: nothing that was acknowledged is missing, nothing is there twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cluster import Cluster
from tests.journeys.callers import file_many
from tests.journeys.crashes import (
    Crashed,
    crash,
    crash_and_recover,
    kill_and_start,
    not_there,
    start,
    survivors,
)
from tests.stack import POSTGRES, READY_SECONDS, SQLITE, Databases, Stack, wait_for

pytestmark = pytest.mark.services

CRASHES = 2

Tell = Callable[[str], None]


def in_words(vendor: str, crashed: Crashed) -> str:
    return (
        f"{vendor}: {crashed.crashes} crashes, {crashed.acknowledged.total()} writes acknowledged and "
        f"{crashed.cut_off} cut off, {len(crashed.missing)} missing, {len(crashed.twice)} twice"
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def its_databases(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("templates"), postgres=cluster.url)


def test_a_crash_of_postgresql_loses_no_acknowledged_write(
    cluster: Cluster, its_databases: Databases, tmp_path: Path, tell: Tell
) -> None:
    with Stack(its_databases, tmp_path / "data", vendor=POSTGRES) as stack:
        start(stack)
        before = survivors(stack)
        crashed = crash(stack, tmp_path, crashes=CRASHES, strike=lambda: crash_and_recover(cluster))
        assert survivors(stack) == before  # all wait and go on by themselves
    assert (crashed.missing, crashed.twice) == ([], [])
    assert crashed.cut_off >= CRASHES
    tell(in_words(POSTGRES, crashed))


def test_a_database_that_answers_before_it_has_written_is_found_out(
    cluster: Cluster, its_databases: Databases, tmp_path: Path, tell: Tell
) -> None:
    """The naive control: a server that answers before its log is on disk, and whose log writer hangs just then."""
    with Stack(its_databases, tmp_path / "data", vendor=POSTGRES, with_broker=False) as stack:
        name = urlsplit(stack.environment["DATABASE_URL"]).path[1:]
        stack.sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        stack.start_web()
        stack.web_answers()
        ((log_writer,),) = stack.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'")
        recoveries = cluster.recoveries()
        os.kill(log_writer, signal.SIGSTOP)
        filed = [("filed", claim) for claim in file_many(stack, 10)]
        os.kill(log_writer, signal.SIGKILL)  # the server takes that for a crash of its own, and recovers
        wait_for(lambda: cluster.recoveries() > recoveries, READY_SECONDS, "a recovery")
        cluster.wait()
        missing = not_there(stack, filed)
    assert missing
    tell(f"the naive control misses {len(missing)} of {len(filed)}")


def test_a_kill_of_all_who_write_sqlite_loses_no_acknowledged_write(
    databases: Databases, tmp_path: Path, tell: Tell
) -> None:
    with Stack(databases, tmp_path / "data", vendor=SQLITE) as stack:
        start(stack)
        crashed = crash(stack, tmp_path, crashes=CRASHES, strike=lambda: kill_and_start(stack))
    assert (crashed.missing, crashed.twice) == ([], [])
    assert crashed.cut_off >= CRASHES
    tell(in_words(SQLITE, crashed))
