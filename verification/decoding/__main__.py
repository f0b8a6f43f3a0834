"""Takes one request in a line of JSON, limits itself, reads the file, answers in JSON."""

from __future__ import annotations

import ctypes
import json
import math
import os
import resource
import signal
import sys
from typing import Any

from verification.decoding.limits import BeyondLimits
from verification.decoding.reading import read

_HANDLE = 10
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def main() -> int:
    """Answers {"facts": …} or {"failed": code, "detail"?: …}; status 0 for both."""
    request = prepare()
    try:
        # Always the same number: decoders put it into their complaints, and those must be the same each time.
        os.dup2(request["handle"], _HANDLE)
        with os.fdopen(_HANDLE, "rb") as file:
            answer = _answer(file, request["media_type"], request["limits"])
    except MemoryError:
        answer = {"failed": "decode_memory"}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    return 0


def prepare() -> dict[str, Any]:
    """Reads the request and puts on the limits that it names, before anything of the file is touched."""
    request: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    _die_with(request["parent"])
    _limit(request["limits"])
    return request


def _answer(file: Any, media_type: str, limits: dict[str, Any]) -> dict[str, Any]:
    try:
        facts = read(file, media_type, max_pixels=limits["max_pixels"], max_frames=limits["max_frames"])
    except BeyondLimits as beyond:
        return {"failed": beyond.code, "detail": str(beyond)}
    return {"facts": facts.as_json()}


def _die_with(parent: int) -> None:
    """Has the kernel kill us when the process that asked ends, however it ends."""
    if sys.platform != "linux":
        return
    kernel = ctypes.CDLL(None)
    kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _limit(limits: dict[str, Any]) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    # The limit counts from the process's birth, so what is already used is added.
    cpu = math.ceil(used.ru_utime + used.ru_stime) + limits["cpu_seconds"]
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits["open_files"], limits["open_files"]))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (limits["memory_bytes"], limits["memory_bytes"]))


if __name__ == "__main__":
    sys.exit(main())
