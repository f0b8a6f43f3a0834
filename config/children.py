"""The processes of an embedded start: own group each, restarted when they fall, none left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from config import watchman

BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
STEADY_SECONDS = 60.0
_LOG_BYTES = 10 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def back_off(falls: int) -> float:
    """How long to wait before the next start of a child that has fallen `falls` times in a row."""
    return BACK_OFF_SECONDS[min(falls, len(BACK_OFF_SECONDS)) - 1]


def open_log(path: Path) -> int:
    """A descriptor to append to `path`; a log grown large is put aside once, as `.1`."""
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, indented, for a message on the terminal."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8192))
        text = file.read().decode("utf-8", "replace")
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def _die_with(parent: int) -> Callable[[], None]:
    def in_child() -> None:
        if _LIBC is None:
            return
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return in_child


def adopt_orphans() -> None:
    """Makes this process the parent of what its children leave: in a container, nobody else may reap it."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


class Watchman:
    """The supervisor's end of the pipe to `config.watchman`."""

    def __init__(self, *, keep_open: Iterable[int] = ()) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", watchman.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            process_group=0,
            pass_fds=tuple(keep_open),
        )

    def tell(self, word: str, value: object) -> None:
        """Says that a group or a folder is there (`+group`, `+folder`), or no more (`-group`)."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - opened as PIPE above
        try:
            pipe.write(f"{word} {value}\n")
            pipe.flush()
        except BrokenPipeError:
            return  # the death signal is still there

    def dismiss(self) -> None:
        """Lets it end what is left, its folders included, and waits for it."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(watchman.GRACE_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@dataclass
class Child:
    """A program that is to run for as long as the supervisor does."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    log: Path
    grace_seconds: float = 6.0
    stdout: int | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    falls: int = field(default=0, init=False)
    started_at: float = field(default=0.0, init=False)
    due_at: float | None = field(default=None, init=False)

    def start(self, man: Watchman) -> subprocess.Popen[bytes]:
        """Starts it in a group of its own, which ends when the supervisor does."""
        descriptor = open_log(self.log)
        try:
            self.process = subprocess.Popen(  # noqa: S603
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=descriptor if self.stdout is None else self.stdout,
                stderr=descriptor,
                process_group=0,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 - the supervisor has one thread
            )
        finally:
            os.close(descriptor)
        man.tell("+group", self.process.pid)
        self.started_at = time.monotonic()
        self.due_at = None
        return self.process

    def keep(self, man: Watchman, now: float) -> str | None:
        """Notices an end and starts it again when its pause is over; returns what to tell of it."""
        if self.process is None:
            if self.due_at is not None and now >= self.due_at:
                self.start(man)
            return None
        code = self.process.poll()
        if code is None:
            return None
        self.end(man)
        self.falls = 1 if now - self.started_at > STEADY_SECONDS else self.falls + 1
        pause = back_off(self.falls)
        self.due_at = now + pause
        how = f"signal {-code}" if code < 0 else f"exit {code}"
        return f"{self.name} ended ({how}); starting it again in {pause:g} s. Its log: {self.log}"

    def end(self, man: Watchman, hurried: Callable[[], bool] = lambda: False) -> None:
        """Asks the group to end, and after the grace period kills what is left of it."""
        self.due_at = None
        process, self.process = self.process, None
        if process is None:
            return
        group = process.pid
        if process.poll() is None:
            watchman.end({group}, signal.SIGTERM)
        patience = time.monotonic() + self.grace_seconds
        while process.poll() is None and time.monotonic() < patience and not hurried():
            time.sleep(0.02)
        watchman.end({group}, signal.SIGKILL)
        process.wait()
        gone_by = time.monotonic() + 2
        while watchman.alive(group) and time.monotonic() < gone_by:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-group, os.WNOHANG)
            time.sleep(0.005)
        man.tell("-group", group)
