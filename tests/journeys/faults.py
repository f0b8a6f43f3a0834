"""Named points at which a process says so in its own log and stands still until it is killed from outside.

Armed in the victims only, by the wrappers `faulty_worker`, `faulty_loop` and `faulty_child`. STET_TEST_FAULTS names
a file of the test: `{"capture:<media id>": [point, up to which attempt]}`, read whenever a job is claimed, so that
every planned job strikes, whichever victim gets it. In the decoder's children `{"child:<sha256>": [point, times]}`
strikes, read whenever a file is opened, and STET_TEST_CHILD_LOG names the pipe that they write their log into.
STET_TEST_NAMES=name=address,… makes names resolve.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

AFTER_CLAIM, MID_WORK, BEFORE_COMMIT, AFTER_COMMIT = POINTS = (
    "after-claim", "mid-work", "before-commit", "after-commit",
)  # fmt: skip
ASKED, MID_FILE, BEFORE_ANSWER, AFTER_ANSWER = CHILD_POINTS = (
    "child-asked", "child-mid-file", "child-before-answer", "child-after-answer",
)  # fmt: skip
"""Of a decoder's child; what a commit is to a worker, its answer is to it."""

_LINE = re.compile(r"^FAULT (\S+) (\S+) attempt (\d+) process (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """A process that stands still: where, over which job, at which attempt.

    Of a decoder's child: over which file, by its SHA-256, and how many files it was asked for, with this one.
    """

    point: str
    over: str
    attempt: int
    pid: int


def plan(path: Path, faults: Mapping[str, tuple[str, int]]) -> None:
    """Replaces what is to strike, whole."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(faults))
    fresh.replace(path)


def seen_in(log: str) -> Iterator[Fault]:
    """The faults that a victim's log tells of."""
    for point, over, attempt, pid in _LINE.findall(log):
        yield Fault(point, over, int(attempt), int(pid))


def stand_still(point: str, over: object, attempt: int, *, into: int = 2) -> NoReturn:
    """Says so in the log `into`, a descriptor, and waits to be killed."""
    os.write(into, f"\nFAULT {point} {over} attempt {attempt} process {os.getpid()}\n".encode())
    while True:
        signal.pause()


def arm() -> None:
    """Patches this process as its environment asks for."""
    if path := os.environ.get("STET_TEST_FAULTS"):
        _arm(Path(path))
        if log := os.environ.get("STET_TEST_CHILD_LOG"):
            _arm_children(path, log)
    if names := os.environ.get("STET_TEST_NAMES"):
        _resolve(dict(pair.split("=") for pair in names.split(",")))


def _arm(path: Path) -> None:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from claims.media.archive import Arriving
    from verification.checks import base as checks
    from verification.services import jobs

    current: list[Any] = ["", None]  # the point that waits for the job under way, and the job
    finishing = [False]
    claim_job, finish, commit = jobs.claim_job, jobs.finish, BaseDatabaseWrapper._commit
    write, run_checks = Arriving.write, checks.run_checks

    def strike(point: str) -> None:
        if current[0] == point:
            stand_still(point, current[1].pk, current[1].attempts)

    def claiming(*args: Any) -> Any:
        job = claim_job(*args)
        point, attempts = "", 0
        if job is not None:
            point, attempts = json.loads(path.read_text()).get(f"{job.kind}:{job.subject_id}", ("", 0))
        current[:] = [point, job] if attempts and job.attempts <= attempts else ["", None]
        strike(AFTER_CLAIM)
        return job

    def writing(self: Arriving, chunk: bytes) -> None:
        write(self, chunk)
        strike(MID_WORK)

    def checking(*args: Any) -> Any:
        strike(MID_WORK)
        return run_checks(*args)

    def ending(job: Any, outcome: Any) -> None:
        finishing[0] = True
        try:
            finish(job, outcome)
        finally:
            finishing[0] = False

    def committing(self: BaseDatabaseWrapper) -> None:
        if finishing[0]:
            strike(BEFORE_COMMIT)
        commit(self)
        if finishing[0]:
            strike(AFTER_COMMIT)  # nobody has been rung yet

    jobs.claim_job, jobs.finish = claiming, ending
    Arriving.write, checks.run_checks = writing, checking
    BaseDatabaseWrapper._commit = committing


def _arm_children(plan: str, log: str) -> None:
    """The children's environment is empty, so what they need is on their command line."""
    from verification import decoder_child, sandbox

    # On a busy machine the clock would end a child that stands still before the test comes to kill it.
    object.__setattr__(sandbox.DEFAULT_LIMITS, "wall_seconds", 300.0)

    program = [sys.executable, "-s", "-B", "-m", "tests.journeys.faulty_child"]
    decoder_child.COMMAND = [*program, plan, log]


def _resolve(names: dict[str, str]) -> None:
    """What a name server of somebody hostile might answer."""
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **more: Any) -> Any:
        return look_up(names.get(host, host), *args, **more)

    socket.getaddrinfo = getaddrinfo
