"""`kill -9` of workers, of the loop and of the decoder's children at named points: each job is done, and done once."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.faults import CHILD_POINTS, MID_WORK, POINTS
from tests.journeys.kills import (
    DONE_SECONDS,
    Killed,
    Victims,
    faulty_worker,
    file_photos,
    kill_children,
    kill_loops,
    kill_workers,
    make_photos,
)
from tests.stack import POSTGRES, SQLITE, Databases, Stack, wait_for

pytestmark = pytest.mark.services

POOLED, WHOLE = 12, 8
OF_CHILDREN = 20
OF_LOOPS = 8
MAX_ATTEMPTS = 3

Tell = Callable[[str], None]


def in_words(vendor: str, killed: Killed, what: str) -> str:
    return (
        f"{vendor}: {len(killed.faults)} kills of {what} seen, {killed.jobs} jobs done once, "
        f"the last {killed.seconds:.1f} s after the last kill"
    )


@pytest.mark.parametrize("vendor", [SQLITE, POSTGRES])
def test_a_killed_worker_loses_nothing_and_does_nothing_twice(
    databases: Databases, tmp_path: Path, vendor: str, tell: Tell
) -> None:
    with Stack(databases, tmp_path / "data", vendor=vendor) as stack:
        stack.start_web()
        stack.web_answers()
        killed = kill_workers(stack, tmp_path, pooled=POOLED, whole=WHOLE)
    assert Counter(fault.point for fault in killed.faults) == dict.fromkeys(POINTS, (POOLED + WHOLE) // 4)
    tell(in_words(vendor, killed, "workers"))


def test_a_killed_loop_without_a_broker_loses_nothing_and_does_nothing_twice(
    databases: Databases, tmp_path: Path, tell: Tell
) -> None:
    with Stack(databases, tmp_path / "data", with_broker=False) as stack:
        stack.start_web()
        stack.web_answers()
        killed = kill_loops(stack, tmp_path, kills=OF_LOOPS)
    assert {fault.point for fault in killed.faults} == set(POINTS)
    tell(in_words(SQLITE, killed, "the loop"))


@pytest.mark.parametrize("vendor", [SQLITE, POSTGRES])
def test_a_killed_child_is_a_recorded_failure_and_no_death_of_its_worker(
    databases: Databases, tmp_path: Path, vendor: str, tell: Tell
) -> None:
    with Stack(databases, tmp_path / "data", vendor=vendor) as stack:
        stack.start_web()
        stack.web_answers()
        killed = kill_children(stack, tmp_path, kills=OF_CHILDREN)
    assert len(killed.faults) == OF_CHILDREN
    assert {fault.point for fault in killed.faults} == set(CHILD_POINTS)
    warm = sum(fault.attempt > 1 for fault in killed.faults)
    assert 0 < warm < OF_CHILDREN
    tell(in_words(vendor, killed, f"the decoder's children ({warm} of them warm)"))


def test_what_kills_its_workers_is_quarantined_shown_and_tried_again_on_demand(
    databases: Databases, tmp_path: Path
) -> None:
    with Stack(databases, tmp_path / "data") as stack:
        stack.start_web()
        stack.start_loop()
        stack.web_answers()
        checker = stack.api("checker-1")
        fatal, good = file_photos(stack, make_photos(tmp_path, 2))
        here = f"media/{fatal}/"
        victims = Victims(stack, faulty_worker(stack))
        victims.plan("capture", fatal, MID_WORK, MAX_ATTEMPTS)
        victims.plan("examine", fatal, MID_WORK, MAX_ATTEMPTS)

        def shown(name: str, value: str) -> dict[str, Any]:
            item: dict[str, Any] = wait_for(
                lambda: (it := checker.get(here).json)[name] == value and it, DONE_SECONDS, f"{name} {value}"
            )
            return item

        victims.start(pool="2")
        victims.kill_pooled(MAX_ATTEMPTS)
        item = shown("state", "failed")
        assert (item["failure"]["code"], item["failure"]["retriable"]) == ("quarantined", True)
        assert "died" in item["failure"]["detail"]
        victims.plan("capture", fatal, MID_WORK, 0)  # whatever it was, it is mended
        assert checker.post(f"{here}recapture/").status == 202

        victims.kill_pooled(MAX_ATTEMPTS)
        item = shown("examination", "quarantined")
        assert (item["state"], item["failure"]) == ("captured", None)
        assert item["check_runs"]
        assert {run["state"] for run in item["check_runs"]} == {"failed"}
        victims.plan("examine", fatal, MID_WORK, 0)
        assert checker.post(f"{here}recheck/").status == 202
        item = shown("examination", "done")
        assert {run["state"] for run in item["check_runs"]} <= {"done", "not_applicable"}

        assert [fault.attempt for fault in victims.killed] == [1, 2, 3, 1, 2, 3]
        query = "SELECT kind, state, attempts FROM verification_job WHERE subject_id = %s ORDER BY created_at"
        assert stack.sql(query, uuid.UUID(fatal)) == [
            ("capture", "quarantined", MAX_ATTEMPTS + 1),
            ("capture", "done", 1),
            ("examine", "quarantined", MAX_ATTEMPTS + 1),
            ("examine", "done", 1),
        ]
        # Its neighbour did not suffer.
        assert stack.sql(query, uuid.UUID(good)) == [("capture", "done", 1), ("examine", "done", 1)]
        stack.holds_true()
