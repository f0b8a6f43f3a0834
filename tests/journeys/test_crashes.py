"""The database crashes while people write: nothing that was acknowledged is missing, nothing is there twice."""

from __future__ import annotations

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
from tests.stack import POSTGRES, SQLITE, Databases, Stack

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
    """The naive control: the same crash, of a server that does not wait for its log to be on disk."""
    with Stack(its_databases, tmp_path / "data", vendor=POSTGRES, with_broker=False) as stack:
        name = urlsplit(stack.environment["DATABASE_URL"]).path[1:]
        stack.sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        stack.sql("ALTER SYSTEM SET wal_writer_delay = '10s'")
        stack.sql("ALTER SYSTEM SET wal_writer_flush_after = '1GB'")
        stack.sql("SELECT pg_reload_conf()")
        stack.start_web()
        stack.web_answers()
        filed = [("filed", claim) for claim in file_many(stack, 10)]
        crash_and_recover(cluster)
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
