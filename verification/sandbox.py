"""Reads outside bytes in a child process under limits: a hostile file harms nothing but its own reading.

The child is `python -m verification.decoding`. It gets an open file, never a name; an environment without
secrets; and limits on memory, processor time, open files and written files. The parent kills its whole
process group when the time is up.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from claims.errors import StetError
from verification.domain.decoded import Decoded

_ROOT = Path(__file__).resolve().parent.parent
_COMMAND = [sys.executable, "-s", "-B", "-m", "verification.decoding"]
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    # Each allocator arena reserves 64 MiB of address space, which the memory limit counts.
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
}
_ANSWER_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class DecodeLimits:
    """What the reading of one file may cost. Seconds are of the child's processor, and of the wall clock."""

    memory_bytes: int = 1024**3
    cpu_seconds: int = 10
    wall_seconds: float = 15.0
    open_files: int = 16
    max_pixels: int = 50_000_000
    max_frames: int = 24


DEFAULT_LIMITS = DecodeLimits()

_DETAILS = {
    "decode_timeout": "Reading the file took longer than it may.",
    "decode_memory": "Reading the file took more memory than it may.",
    "decode_crashed": "The program that reads the file ended without an answer.",
    "undecodable": "No reader could make sense of the file.",
    "too_many_pixels": "The picture has more pixels than may be read.",
}


class DecodeFailed(StetError):
    """A file could not be decoded.

    `code` is decode_timeout, decode_memory, decode_crashed, undecodable or too_many_pixels. Only a crash is
    worth another try: the rest will happen again.
    """

    code = "undecodable"
    title = "The file could not be decoded"

    def __init__(self, code: str, detail: str | None = None) -> None:
        super().__init__(detail or _DETAILS[code], code=code)

    @property
    def retriable(self) -> bool:
        return self.code == "decode_crashed"


def decode(path: Path, *, media_type: str, limits: DecodeLimits = DEFAULT_LIMITS) -> Decoded:
    """The facts of the file at `path`, read as `media_type` (from `sniff`, never from a name).

    A reader that fails is named in the facts' `errors`, and the others still say what they read; only a
    file of which nothing can be said raises DecodeFailed. Raises OSError where the file can't be opened.
    """
    # Non-blocking, so that a pipe put in place of the file can't hold us up before we see what it is.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise DecodeFailed("undecodable", "It is not a regular file.")
        if status.st_size == 0:
            raise DecodeFailed("undecodable", "The file is empty.")
        request = {
            "handle": handle,
            "media_type": media_type,
            "parent": os.getpid(),
            "limits": asdict(limits),
        }
        answer = _ask_child(request, handle=handle, wall_seconds=limits.wall_seconds)
    finally:
        os.close(handle)
    if "failed" in answer:
        raise DecodeFailed(answer["failed"], answer.get("detail"))
    return Decoded.from_json(answer["facts"])


def _ask_child(request: dict[str, Any], *, handle: int, wall_seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + wall_seconds
    child = subprocess.Popen(  # noqa: S603 - our own program; nothing of the user's
        _COMMAND,
        cwd=_ROOT,
        env=_ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(handle,),
        start_new_session=True,
        bufsize=0,
    )
    try:
        assert child.stdin is not None  # noqa: S101 - for the type checker: we asked for pipes
        assert child.stdout is not None  # noqa: S101
        # A child that died before it listened is told by its ending.
        with suppress(BrokenPipeError):
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.close()
        said = _read_until(child.stdout.fileno(), deadline)
        ended = child.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise DecodeFailed("decode_timeout") from None
    finally:
        _kill_group(child)
    return _understand(said, ended)


def _read_until(descriptor: int, deadline: float) -> bytes:
    """All that the child writes. Raises DecodeFailed at the deadline, or for a flood."""
    said = bytearray()
    with selectors.DefaultSelector() as waiting:
        waiting.register(descriptor, selectors.EVENT_READ)
        while waiting.select(max(0.0, deadline - time.monotonic())):
            part = os.read(descriptor, 65536)
            if not part:
                return bytes(said)
            said += part
            if len(said) > _ANSWER_BYTES:
                raise DecodeFailed("decode_crashed", "The program that reads the file said more than it may.")
    raise DecodeFailed("decode_timeout")


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """Kills whatever is left of the child and of anything it started, and reaps it."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()


def _understand(said: bytes, ended: int) -> dict[str, Any]:
    if ended == -signal.SIGXCPU:
        raise DecodeFailed("decode_timeout")
    if ended != 0:
        ending = f"signal {-ended}" if ended < 0 else f"status {ended}"
        raise DecodeFailed("decode_crashed", f"{_DETAILS['decode_crashed']} It ended with {ending}.")
    try:
        answer = json.loads(said)
    except ValueError:
        raise DecodeFailed("decode_crashed") from None
    if not isinstance(answer, dict) or not ("facts" in answer or answer.get("failed") in _DETAILS):
        raise DecodeFailed("decode_crashed")
    return answer
