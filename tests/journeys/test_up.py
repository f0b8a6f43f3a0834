"""`manage.py up` as somebody runs it: a real process with real children, in a data folder of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

HOME = Path(__file__).resolve().parents[2]
READY_SECONDS = 120.0
GONE_SECONDS = 30.0

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see what is left"),
]


def eventually(true: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def session(leader: int) -> dict[int, str]:
    """The processes of a session that still run: id and command line. Zombies do nothing and don't count."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state, _parent, _group, its_session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue  # ended meanwhile
        if int(its_session) == leader and state not in "ZX":
            found[int(folder.name)] = words
    return found


class Up:
    """One run of `manage.py up`, the leader of a session of its own."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.output = data.with_suffix(".out")
        # What a developer's shell names is not for this run.
        own = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "PORT"}}
        self._earlier = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("a") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=HOME,
                env={**own, "STET_DATA": str(data), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_bytes()[self._earlier :].decode()

    def is_ready(self) -> None:
        assert eventually(
            lambda: "Ctrl-C ends" in self.said() or self.process.poll() is not None, READY_SECONDS
        ), self.said()
        assert self.process.poll() is None, self.said()

    def kept(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.data / "up.json").read_text())
        return content

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(self.kept()["url"]).port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(GONE_SECONDS)

    def is_gone(self) -> bool:
        return eventually(lambda: not session(self.process.pid), GONE_SECONDS)

    def clear(self) -> None:
        """Whatever a failed test left; by process id, nothing else."""
        for pid in session(self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(name: str = "data", **environment: str) -> Up:
        started.append(Up(tmp_path / name, **environment))
        return started[-1]

    yield start
    for run in started:
        run.clear()


def test_a_desk_starts_ends_and_starts_again_with_the_same_secrets(up: Callable[..., Up]) -> None:
    first = up()
    first.is_ready()
    running = " ".join(session(first.process.pid).values())
    for program in ("granian", "celery", "reconcile --loop", "valkey-server unixsocket", "watchman.py"):
        assert program in running
    kept = first.kept()
    assert stat.S_IMODE((first.data / "up.json").stat().st_mode) == 0o600
    assert set(kept["logins"]) == {"fact_checker", "editor", "admin"}
    assert set(kept["api_keys"]) == {"fact_checker", "editor", "admin", "client"}
    assert kept["url"] in first.said()
    assert kept["logins"]["editor"]["password"] in first.said()
    assert kept["api_keys"]["fact_checker"] in first.said()
    assert first.get("/healthz") == first.get("/readyz") == 200

    other = up("data")
    assert other.process.wait(READY_SECONDS) == 2
    assert "runs already with the data folder" in other.said()

    assert first.interrupt() == 0
    assert first.is_gone(), session(first.process.pid)

    second = up()
    second.is_ready()
    assert second.kept() == kept
    assert second.interrupt() == 0
    assert second.is_gone(), session(second.process.pid)


def test_a_fallen_server_comes_back_and_a_killed_supervisor_leaves_nobody(up: Callable[..., Up]) -> None:
    run = up()
    run.is_ready()
    web = [pid for pid, words in session(run.process.pid).items() if "granian" in words]
    for pid in web:
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: "web ended (signal 9)" in run.said(), GONE_SECONDS)

    def answers() -> bool:
        try:
            return run.get("/healthz") == 200
        except OSError:
            return False

    assert eventually(answers, READY_SECONDS)
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    assert run.is_gone(), session(run.process.pid)

    again = up()
    again.is_ready()
    assert again.interrupt() == 0
    assert again.is_gone()


def test_a_taken_port_is_said_before_anything_starts(up: Callable[..., Up]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = str(taken.getsockname()[1])
        run = up(PORT=port)
        assert run.process.wait(READY_SECONDS) == 2
    assert f"Port {port} is taken" in run.said()
    assert not (run.data / "logs").exists()


def test_an_end_asked_for_while_it_starts_is_an_end(up: Callable[..., Up]) -> None:
    run = up()
    assert eventually(lambda: len(session(run.process.pid)) > 1, READY_SECONDS)
    assert run.interrupt() == 0
    assert run.is_gone(), session(run.process.pid)
