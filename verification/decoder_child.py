"""One decoder process, kept between files: started, asked, watched by the clock, and ended with all it started.

It is `python -m verification.decoding`, in a session of its own, with an environment without secrets and no open
file of ours but the ones it is to read. It never learns a file's name: the first file it inherits, the others it
finds among our open files by number.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-s", "-B", "-m", "verification.decoding"]
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    # Each allocator arena reserves 64 MiB of address space, which the memory limit counts.
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
}
_LENGTH_BYTES = 4
NO_ANSWER = "It said what is no answer."
_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class OutOfTime(Exception):
    """The child was not done when it had to be, by the wall clock or by its processor limit."""


class Broken(Exception):
    """The child ended, or said what makes no sense; the message says how. It is of no further use."""


class DecoderChild:
    """A running child. Whoever made it ends it with `end`; at the latest it ends with us."""

    def __init__(self, start: Mapping[str, Any], *, first: int) -> None:
        """Starts it with its lifelong limits (`start`) and the open file that it inherits (`first`)."""
        self.owner = os.getpid()
        self.files = 0
        self._first: int | None = first
        self._process = subprocess.Popen(  # noqa: S603 - our own program; nothing of the user's
            [*COMMAND, json.dumps({**start, "parent": self.owner})],
            cwd=_ROOT,
            env=_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(first,),
            start_new_session=True,
            bufsize=0,
        )
        self.end = weakref.finalize(self, _end, self._process, self.owner)

    def ask(
        self, handle: int, question: Mapping[str, Any], *, deadline: float, most_bytes: int
    ) -> dict[str, Any]:
        """Its answer about the open file, of at most so many bytes; `deadline` is on the monotonic clock, in seconds.

        Raises OutOfTime and Broken, after both of which it has to be ended.
        """
        inherited, self._first = handle == self._first, None
        self.files += 1
        request = {**question, "handle": handle, "inherited": inherited, "serial": self.files}
        body = json.dumps(request).encode()
        assert self._process.stdin is not None  # noqa: S101 - for the type checker: we asked for pipes
        # A child that died before it listened is told by its ending.
        with suppress(BrokenPipeError):
            self._process.stdin.write(len(body).to_bytes(_LENGTH_BYTES, "big") + body)
        length = int.from_bytes(self._read(_LENGTH_BYTES, deadline), "big")
        if length > most_bytes:
            raise Broken("It said more than it may.")
        return _understood(self._read(length, deadline), self.files)

    def _read(self, count: int, deadline: float) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - as above
        descriptor = self._process.stdout.fileno()
        said = bytearray()
        with selectors.DefaultSelector() as waiting:
            waiting.register(descriptor, selectors.EVENT_READ)
            while len(said) < count:
                if not waiting.select(max(0.0, deadline - time.monotonic())):
                    raise OutOfTime
                part = os.read(descriptor, count - len(said))
                if not part:
                    raise self._ending(deadline)
                said += part
        return bytes(said)

    def _ending(self, deadline: float) -> Exception:
        """How a child ended that will say no more."""
        try:
            status = self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return OutOfTime()
        if status == -signal.SIGXCPU:
            return OutOfTime()
        return Broken(f"It ended with {f'signal {-status}' if status < 0 else f'status {status}'}.")


def _understood(said: bytes, serial: int) -> dict[str, Any]:
    try:
        answer = json.loads(said, parse_constant=_refuse_constant)
        again = json.dumps(answer, ensure_ascii=False)
        again.encode()  # half of a surrogate pair is, like a NUL, nothing that a database keeps
    except (ValueError, RecursionError):
        raise Broken(NO_ANSWER) from None
    if not isinstance(answer, dict) or answer.get("serial") != serial or _NUL_IN_JSON.search(again):
        raise Broken(NO_ANSWER)
    return answer


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """Kills whatever is left of the child and of anything it started, and reaps it.

    In a process that was forked off its owner it lets go of it only.
    """
    if os.getpid() == owner:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    else:
        process.poll()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
