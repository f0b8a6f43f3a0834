"""Fetches in a child process of their own, with their time and memory measured.

The module is also the program of the process that forks the children: small, so that what a fetch itself
needs is seen, and started once.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from claims.outbound import AllowList, FetchLimits, OutboundError, fetch, tcp_connect, verifying_context

PATIENCE_SECONDS = 5.0


@dataclass(frozen=True)
class Job:
    """A fetch to be made. `hang` names what never comes back: "resolver" or "connect"."""

    url: str
    allow: str = ""
    deadline_seconds: float = 1.0
    max_bytes: int = 10**15
    method: str = "GET"
    body_bytes: int | None = None
    authorities: str | None = None
    hang: str = ""
    naive: bool = False


@dataclass(frozen=True)
class Measured:
    """What came of it. `code` is "fetched" or the failure's; `memory_bytes` what the peak rose by."""

    code: str
    retriable: bool = False
    seconds: float = 0.0
    memory_bytes: int = 0
    written_bytes: int = 0
    largest_piece: int = 0
    statuses: list[int] = field(default_factory=list)
    left_open: int = 0


class Bench:
    """Has jobs done, one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )

    def do(self, job: Job) -> Measured:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        return Measured(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate(timeout=10)


def main() -> None:
    """Reads jobs from standard input, forks for each, writes what was measured."""
    for line in sys.stdin:
        job = Job(**json.loads(line))
        reading, writing = os.pipe()
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            os.write(writing, json.dumps(asdict(_measure(job))).encode())
            os._exit(0)
        os.close(writing)
        if not select.select([reading], [], [], PATIENCE_SECONDS)[0]:
            os.kill(child, signal.SIGKILL)
        said = os.read(reading, 65536)
        os.close(reading)
        os.waitpid(child, 0)
        seconds = time.monotonic() - began
        sys.stdout.write(said.decode() or json.dumps(asdict(Measured("never_ended", seconds=seconds))))
        sys.stdout.write("\n")
        sys.stdout.flush()


def _measure(job: Job) -> Measured:
    before = _peak_bytes()
    began = time.monotonic()
    done = _naively(job) if job.naive else _guarded(job)
    return Measured(**done, seconds=round(time.monotonic() - began, 3), memory_bytes=_peak_bytes() - before)


def _peak_bytes() -> int:
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _guarded(job: Job) -> dict[str, Any]:
    opened: list[socket.socket] = []
    pieces = [0]
    largest = 0
    seams: dict[str, Any] = {}

    def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
        if job.hang == "connect":
            time.sleep(timeout_seconds)
            raise TimeoutError
        opened.append(tcp_connect(address, port, timeout_seconds))
        return opened[-1]

    def resolve(host: str, port: int) -> list[str]:
        if job.hang == "resolver":
            time.sleep(PATIENCE_SECONDS)
        return [f"93.184.216.{number}" for number in range(1, 201)]

    def write(piece: bytes) -> None:
        nonlocal largest
        pieces[0] += len(piece)
        largest = max(largest, len(piece))

    if job.hang:
        seams["resolve"] = resolve
    body = None if job.body_bytes is None else bytes(job.body_bytes)
    try:
        fetched = fetch(
            job.url,
            write=write,
            allow=AllowList.parse([job.allow]),
            limits=FetchLimits(job.deadline_seconds, job.max_bytes, job.max_bytes),
            method=job.method,
            body=body,
            connect=connect,
            ssl_context=verifying_context(job.authorities) if job.authorities else None,
            **seams,
        )
        code, retriable, hops = "fetched", False, fetched.hops
    except OutboundError as error:
        code, retriable, hops = error.code, error.retriable, error.hops
    return {
        "code": code,
        "retriable": retriable,
        "written_bytes": pieces[0],
        "largest_piece": largest,
        "statuses": [hop.status for hop in hops],
        "left_open": sum(connection.fileno() != -1 for connection in opened),
    }


def _naively(job: Job) -> dict[str, Any]:
    """The obvious wrong way: a timeout for each wait, and everything in memory."""
    with urllib.request.urlopen(job.url, timeout=job.deadline_seconds) as answer:
        content = answer.read()
        if answer.headers["Content-Encoding"] == "gzip":
            content = zlib.decompress(content, 31)
    return {"code": "fetched", "written_bytes": len(content)}


if __name__ == "__main__":
    main()
