"""`kill -9` of workers and of the loop at named points: every job is done, and done once with effect.

A kill counts only where the victim's own log says that it stood at the point.
"""

from __future__ import annotations

import os
import signal
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import faults
from tests.journeys.faults import AFTER_COMMIT, MID_WORK, POINTS, Fault
from tests.stack import (
    POSTGRES,
    SQLITE,
    Databases,
    Process,
    Stack,
    claim_with,
    photo,
    wait_for,
    why_no_postgres,
)

pytestmark = pytest.mark.services

WORKER_KILLS = 40
AT_ONCE = 4
FAULT_SECONDS = 60.0
DONE_SECONDS = 60.0
MAX_ATTEMPTS = 3

Tell = Callable[[str], None]


class Victims:
    """Processes that stand still at planned points, and are killed there from outside."""

    def __init__(self, stack: Stack, start: Callable[..., Process]) -> None:
        self._stack = stack
        self._start = start
        self._path = stack.data / "faults.json"
        self._planned: dict[str, tuple[str, int]] = {}
        self._running: list[tuple[Process, set[Fault]]] = []
        self.killed: list[Fault] = []

    def plan(self, kind: str, media_id: str, point: str, attempts: int = 1) -> None:
        self._planned[f"{kind}:{media_id}"] = point, attempts
        faults.plan(self._path, self._planned)

    def start(self, **how: Any) -> None:
        self._running.append((self._start(STET_TEST_FAULTS=str(self._path), **how), set()))

    def kill_whole(self, number: int, **how: Any) -> None:
        """Kills so many, each when it stands still, and starts others in their place; one is left in the end."""
        for left in reversed(range(number)):
            victim, fault = wait_for(self._standing, FAULT_SECONDS, "a fault")
            victim.kill()
            self._running = [one for one in self._running if one[0] is not victim]
            self.killed.append(fault)
            if len(self._running) <= left:
                self.start(**how)

    def kill_pooled(self, number: int) -> None:
        """Kills so many processes of a worker's pool; the worker itself lives on."""
        for _ in range(number):
            victim, fault = wait_for(self._standing, FAULT_SECONDS, "a fault")
            assert os.getpgid(fault.pid) == victim.pid != fault.pid
            os.kill(fault.pid, signal.SIGKILL)
            self.killed.append(fault)

    def end(self) -> None:
        for victim, _ in self._running:
            victim.kill()
        self._running.clear()

    def _standing(self) -> tuple[Process, Fault] | None:
        for victim, seen in self._running:
            log = victim.said()
            assert victim.popen.poll() is None, log
            for fault in faults.seen_in(log):
                if fault not in seen:
                    seen.add(fault)
                    return victim, fault
        return None


def faulty_worker(stack: Stack) -> Callable[..., Process]:
    return lambda **how: stack.start_worker(app="tests.journeys.faulty_worker", **how)


def file_photos(stack: Stack, folder: Path, number: int) -> list[str]:
    """Files claims with two photos each, none like another; gives the ids of the media."""
    media = []
    for index in range(0, number, 2):
        made = [uuid.uuid4().int % 10**9, uuid.uuid4().int % 10**9]
        urls = [stack.media_host.serve(f"/{one}.jpg", photo(folder, one)) for one in made]
        answer = stack.api("checker-1").post("claims/", claim_with(*urls, number=index))
        assert answer.status == 201, answer.body
        media += [item["id"] for item in answer.json["media"]]
    return media


@pytest.mark.parametrize("vendor", [SQLITE, POSTGRES])
def test_a_killed_worker_loses_nothing_and_does_nothing_twice(
    databases: Databases, tmp_path: Path, vendor: str, tell: Tell
) -> None:
    # Half of the kills on either database, all of them on one that is alone; whole workers and their pools alike.
    kills = WORKER_KILLS // (1 if why_no_postgres() else 2)
    specs = [(POINTS[number % 4], ("capture", "examine")[number // 4 % 2]) for number in range(kills)]
    with Stack(databases, tmp_path / "data", vendor=vendor) as stack:
        stack.start_web()
        stack.start_loop()
        stack.web_answers()
        victims = Victims(stack, faulty_worker(stack))

        def plan(planned: list[tuple[str, str]]) -> None:
            media = file_photos(stack, tmp_path, len(planned) + 2)
            for media_id, (point, kind) in zip(media, planned, strict=False):
                victims.plan(kind, media_id, point)

        pooled = kills * 3 // 5
        plan(specs[:pooled])
        victims.start(pool=str(AT_ONCE))
        victims.kill_pooled(pooled)
        victims.end()
        plan(specs[pooled:])
        for _ in range(AT_ONCE):
            victims.start()
        victims.kill_whole(kills - pooled)
        seconds = stack.all_done(DONE_SECONDS)

        assert len({fault.job_id for fault in victims.killed}) == len(victims.killed) == kills
        assert Counter(fault.point for fault in victims.killed) == dict.fromkeys(POINTS, kills // 4)
        jobs = stack.done_once()
        claims = Counter(
            row[0] for row in stack.sql("SELECT job_id FROM verification_jobevent WHERE state = 'running'")
        )
        for fault in victims.killed:
            # Whoever died after the commit had done it; whoever died before has left it to another.
            assert (claims[fault.job_id] == 1) == (fault.point == AFTER_COMMIT), fault
        assert stack.holds_true() > jobs
        told = f"{vendor}: {kills} kills seen, {jobs} jobs done once, the last {seconds:.1f} s after the last kill"
        tell(told)


def test_a_killed_loop_without_a_broker_loses_nothing_and_does_nothing_twice(
    databases: Databases, tmp_path: Path, tell: Tell
) -> None:
    planned = [("capture", point) for point in POINTS] + [("examine", MID_WORK)]
    with Stack(databases, tmp_path / "data", with_broker=False) as stack:
        stack.start_web()
        stack.web_answers()
        victims = Victims(
            stack, lambda **how: stack.start_loop(module=("-m", "tests.journeys.faulty_loop"), **how)
        )
        media = file_photos(stack, tmp_path, 6)
        for media_id, (kind, point) in zip(media, planned, strict=False):
            victims.plan(kind, media_id, point)
        victims.start()
        victims.kill_whole(len(planned))
        seconds = stack.all_done(DONE_SECONDS)
        assert Counter(fault.point for fault in victims.killed) == Counter(point for _, point in planned)
        jobs = stack.done_once()
        stack.holds_true()
        told = f"{len(planned)} kills of the loop, {jobs} jobs done once, the last {seconds:.1f} s after the last kill"
        tell(told)


def test_what_kills_its_workers_is_quarantined_shown_and_tried_again_on_demand(
    databases: Databases, tmp_path: Path
) -> None:
    with Stack(databases, tmp_path / "data") as stack:
        stack.start_web()
        stack.start_loop()
        stack.web_answers()
        checker = stack.api("checker-1")
        fatal, good = file_photos(stack, tmp_path, 2)
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
