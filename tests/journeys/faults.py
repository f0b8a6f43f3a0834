"""Named points at which a process says so in its own log and stands still until it is killed from outside.

Armed in the victims only, by the wrappers `faulty_worker` and `faulty_loop`. STET_TEST_FAULTS names a file of
the test: `{"capture:<media id>": [point, up to which attempt]}`, read whenever a job is claimed, so that every
planned job strikes, whichever victim gets it. STET_TEST_NAMES=name=address,… makes names resolve.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

AFTER_CLAIM, MID_WORK, BEFORE_COMMIT, AFTER_COMMIT = POINTS = (
    "after-claim", "mid-work", "before-commit", "after-commit",
)  # fmt: skip
_LINE = re.compile(r"^FAULT (\S+) (\S+) attempt (\d+) process (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """A process that stands still: where, over which job, at which attempt."""

    point: str
    job_id: str
    attempt: int
    pid: int


def plan(path: Path, faults: Mapping[str, tuple[str, int]]) -> None:
    """Replaces what is to strike, whole."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(faults))
    fresh.replace(path)


def seen_in(log: str) -> Iterator[Fault]:
    """The faults that a victim's log tells of."""
    for point, job_id, attempt, pid in _LINE.findall(log):
        yield Fault(point, job_id, int(attempt), int(pid))


def stand_still(point: str, job: Any) -> NoReturn:
    os.write(2, f"\nFAULT {point} {job.pk} attempt {job.attempts} process {os.getpid()}\n".encode())
    while True:
        signal.pause()


def arm() -> None:
    """Patches this process as its environment asks for."""
    if path := os.environ.get("STET_TEST_FAULTS"):
        _arm(Path(path))
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
            stand_still(*current)

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


def _resolve(names: dict[str, str]) -> None:
    """What a name server of somebody hostile might answer."""
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **more: Any) -> Any:
        return look_up(names.get(host, host), *args, **more)

    socket.getaddrinfo = getaddrinfo
