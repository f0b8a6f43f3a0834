"""Kills with SIGKILL at named points, as many as are asked for: of workers, of their decoder's children, of the loop.

A kill counts only where the victim's own log says that it stood at the point. `tests/soak` runs the same at length.
"""

from __future__ import annotations

import hashlib
import os
import signal
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.journeys import faults
from tests.journeys.faults import AFTER_ANSWER, AFTER_COMMIT, CHILD_POINTS, MID_FILE, POINTS, Fault
from tests.stack import Process, Stack, as_json, claim_with, photo, wait_for

AT_ONCE = 4
POOL = 8
"""Celery fills the gaps in a pool about once a second, so that the more stand still at once, the faster it goes."""

FAULT_SECONDS = 60.0
DONE_SECONDS = 120.0

Saw = Callable[[Fault], None]
"""Is told of every kill, right after it."""


@dataclass(frozen=True)
class Killed:
    """What was killed, how many jobs there were, and how long after the last kill the last of them was done."""

    faults: list[Fault]
    jobs: int
    seconds: float


def ignore(fault: Fault) -> None:
    """For who does not want to hear of kills one by one."""


class Log:
    """What a log says that was not read yet, in whole lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._begun = b""

    def fresh(self) -> str:
        whole, _, self._begun = (self._begun + self._more()).rpartition(b"\n")
        return whole.decode("utf-8", "replace")

    def _more(self) -> bytes:
        with self._path.open("rb") as file:
            file.seek(self._read)
            more = file.read()
        self._read += len(more)
        return more


class ChildrensLog(Log):
    """The pipe that the decoder's children say in where they stand: they may not write to any file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        os.mkfifo(path)

    def __enter__(self) -> Self:
        # Open for writing too, so that it does not end with the first child that lets go of it.
        self._pipe = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)

    def _more(self) -> bytes:
        try:
            return os.read(self._pipe, 65536)
        except BlockingIOError:
            return b""


class Victims:
    """Processes that stand still at planned points, and are killed there from outside."""

    def __init__(self, stack: Stack, start: Callable[..., Process], saw: Saw = ignore) -> None:
        self._start = start
        self._saw = saw
        self._path = stack.data / "faults.json"
        self._planned: dict[str, tuple[str, int]] = {}
        self._running: list[tuple[Process, Log]] = []
        self._standing: list[tuple[Process, Fault]] = []
        self.killed: list[Fault] = []
        self.environment = {"STET_TEST_FAULTS": str(self._path)}

    def plan(self, kind: str, what: str, point: str, times: int = 1) -> None:
        """Has the point strike over the job or file; `times` is up to which attempt, or how often still."""
        self._planned[f"{kind}:{what}"] = point, times
        faults.plan(self._path, self._planned)

    def start(self, **how: Any) -> Process:
        process = self._start(**self.environment, **how)
        self._running.append((process, Log(process.log)))
        return process

    def kill_whole(self, number: int, **how: Any) -> None:
        """Kills so many, each when it stands still, and starts others in their place; one is left in the end."""
        for left in reversed(range(number)):
            victim, fault = wait_for(self._next, FAULT_SECONDS, "a fault")
            victim.kill()
            self._running = [one for one in self._running if one[0] is not victim]
            self._count(fault)
            if len(self._running) <= left:
                self.start(**how)

    def kill_pooled(self, number: int) -> None:
        """Kills so many processes of a worker's pool; the worker itself lives on."""
        for _ in range(number):
            victim, fault = wait_for(self._next, FAULT_SECONDS, "a fault")
            assert os.getpgid(fault.pid) == victim.pid != fault.pid
            os.kill(fault.pid, signal.SIGKILL)
            self._count(fault)

    def kill_children(self, number: int, worker: Process, log: ChildrensLog) -> None:
        """Kills so many children of a worker's processes; all of those live on."""
        standing: list[Fault] = []

        def child() -> Fault | None:
            assert worker.popen.poll() is None, worker.said()[-4000:]
            standing.extend(faults.seen_in(log.fresh()))
            return standing.pop(0) if standing else None

        for _ in range(number):
            fault = wait_for(child, FAULT_SECONDS, "a child that stands still")
            point, times = self._planned[f"child:{fault.over}"]
            self.plan("child", fault.over, point, times - 1)
            assert os.getpgid(_parent_of(fault.pid)) == worker.pid
            os.kill(fault.pid, signal.SIGKILL)
            self._count(fault)

    def end(self) -> None:
        for victim, _ in self._running:
            victim.kill()
        self._running.clear()

    def _count(self, fault: Fault) -> None:
        self.killed.append(fault)
        self._saw(fault)

    def _next(self) -> tuple[Process, Fault] | None:
        for victim, log in self._running:
            assert victim.popen.poll() is None, victim.said()[-4000:]
            self._standing += [(victim, fault) for fault in faults.seen_in(log.fresh())]
        return self._standing.pop(0) if self._standing else None


def faulty_worker(stack: Stack) -> Callable[..., Process]:
    return lambda **how: stack.start_worker(app="tests.journeys.faulty_worker", **how)


def faulty_loop(stack: Stack) -> Callable[..., Process]:
    return lambda **how: stack.start_loop(module=("-m", "tests.journeys.faulty_loop"), **how)


def make_photos(folder: Path, number: int) -> list[bytes]:
    """Photos of which none is like another, or like any that was made before."""
    return [photo(folder, uuid.uuid4().int % 10**9) for _ in range(number)]


def file_photos(stack: Stack, photos: list[bytes]) -> list[str]:
    """Files claims with two photos each, so an even number; gives the ids of the media in the same order."""
    media = []
    for index in range(0, len(photos), 2):
        urls = [stack.media_host.serve(f"/{uuid.uuid4()}.jpg", body) for body in photos[index : index + 2]]
        answer = stack.api("checker-1").post("claims/", claim_with(*urls, number=index))
        assert answer.status == 201, answer.body
        media += [item["id"] for item in answer.json["media"]]
    return media


def plan_jobs(victims: Victims, stack: Stack, folder: Path, kills: int) -> list[str]:
    """Has so many jobs strike once, captures and examinations in turn; gives the point of each.

    The number is a multiple of four, and no worker may be at work yet.
    """
    points = []
    media = file_photos(stack, make_photos(folder, kills // 2 + 2))
    for index, one in enumerate(media[: kills // 2]):
        for ahead, kind in enumerate(("capture", "examine")):
            points.append(POINTS[(index + 2 * ahead) % len(POINTS)])
            victims.plan(kind, one, points[-1])
    return points


def kill_workers(stack: Stack, folder: Path, *, pooled: int, whole: int, saw: Saw = ignore) -> Killed:
    """Kills processes of a worker's pool, then whole workers; both numbers are multiples of four."""
    stack.start_loop()
    victims = Victims(stack, faulty_worker(stack), saw)
    points = plan_jobs(victims, stack, folder, pooled)
    victims.start(pool=str(POOL))
    victims.kill_pooled(pooled)
    victims.end()
    points += plan_jobs(victims, stack, folder, whole)
    for _ in range(min(AT_ONCE, whole)):
        victims.start()
    victims.kill_whole(whole)
    return _settled(stack, victims.killed, points)


def kill_loops(stack: Stack, folder: Path, *, kills: int, saw: Saw = ignore) -> Killed:
    """Kills loops that do the jobs themselves, for the stack has no broker; the number is a multiple of four."""
    victims = Victims(stack, faulty_loop(stack), saw)
    points = plan_jobs(victims, stack, folder, kills)
    for _ in range(2):  # more than one does no harm
        victims.start()
    victims.kill_whole(kills)
    return _settled(stack, victims.killed, points)


def _settled(stack: Stack, killed: list[Fault], points: list[str]) -> Killed:
    """Waits for the end of all jobs, and sees that every planned kill came, and that all was done once."""
    seconds = stack.all_done(DONE_SECONDS)
    assert len({fault.over for fault in killed}) == len(killed)
    assert Counter(fault.point for fault in killed) == Counter(points)
    jobs = stack.done_once()
    claims = Counter(
        row[0] for row in stack.sql("SELECT job_id FROM verification_jobevent WHERE state = 'running'")
    )
    for fault in killed:
        # Whoever died after the commit had done it; whoever died before has left it to another.
        assert (claims[fault.over] == 1) == (fault.point == AFTER_COMMIT), fault
    assert stack.holds_true() > jobs
    return Killed(killed, jobs, seconds)


def kill_children(stack: Stack, folder: Path, *, kills: int, saw: Saw = ignore) -> Killed:
    """Kills the decoder's children of a worker that must not notice; the number is a multiple of ten.

    One that has read other files before is replaced at once, for nobody knows what ended it. One that is killed
    over its first file is that file's failure: recorded, and tried again later.
    """
    stack.start_loop()
    pipe = stack.data / "children.log"
    victims = Victims(stack, faulty_worker(stack), saw)
    victims.environment["STET_TEST_CHILD_LOG"] = str(pipe)
    faults.plan(stack.data / "faults.json", {})
    with ChildrensLog(pipe) as log:
        worker = victims.start(pool=str(AT_ONCE))
        file_photos(stack, make_photos(folder, 2 * AT_ONCE))
        stack.all_done(DONE_SECONDS)  # some children are warm from here on
        photos = make_photos(folder, kills * 4 // 5)
        files = [hashlib.sha256(one).hexdigest() for one in photos]
        for index, sha256 in enumerate(files):
            point = CHILD_POINTS[index % len(CHILD_POINTS)]
            victims.plan("child", sha256, point, 2 if point == MID_FILE else 1)
        media = dict(zip(files, file_photos(stack, photos), strict=True))
        victims.kill_children(kills, worker, log)
        seconds = stack.all_done(DONE_SECONDS)
    jobs = stack.done_once()
    _recorded(stack, victims.killed, media)
    assert worker.popen.poll() is None
    assert "exited with" not in worker.said()  # what Celery says of a process of its pool that died
    victims.end()
    assert stack.holds_true() > jobs
    return Killed(victims.killed, jobs, seconds)


def _recorded(stack: Stack, killed: list[Fault], media: dict[str, str]) -> None:
    """Every child that died over its first file is a recorded failure of that file, and nothing else is."""
    first = Counter(media[one.over] for one in killed if one.attempt == 1 and one.point != AFTER_ANSWER)
    told = [
        as_json(row[0])
        for row in stack.sql("SELECT data FROM verification_auditentry WHERE action = 'examination-failed'")
    ]
    assert {one["code"] for one in told} <= {"decode_crashed"}
    assert Counter(one["media"] for one in told) == first
    attempts = dict(stack.sql("SELECT subject_id, attempts FROM verification_job WHERE kind = 'examine'"))
    assert {one: attempts[one] - 1 for one in media.values()} == {one: first[one] for one in media.values()}


def _parent_of(pid: int) -> int:
    """The process that started another; Linux says so, and the children run in full on Linux only."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
