"""`manage.py up`: the whole of Stet on one machine, started, watched and ended by one process."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from config import broker
from config.children import Child, Watchman, adopt_orphans, tail
from config.places import HOST, RefusedError, choose_port, last_port, lock, read_up, write_up

READY_SECONDS = 90.0
FALLS_BEFORE_READY = 4


class StoppedError(Exception):
    """Somebody asked for the end."""


class Ending:
    """Remembers that the end was asked for, so that no signal cuts a start or a write in two."""

    def __init__(self) -> None:
        self.asked = 0

    def listen(self) -> None:
        """Takes the signals over, an interrupt also where a shell had it ignored; nohup keeps its meaning."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1

    def hurried(self) -> bool:
        """True once somebody has asked twice: don't wait for graces."""
        return self.asked > 1

    def pause(self, seconds: float) -> None:
        """Waits; raises `StoppedError` as soon as the end is asked for."""
        until = time.monotonic() + seconds
        while True:
            if self.asked:
                raise StoppedError
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.1))


def say(line: str) -> None:
    """A line for whoever started us. That nobody reads any more is no reason to stop."""
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)  # noqa: T201


def get(url: str, path: str) -> tuple[int, dict[str, Any]]:
    """A GET to our own server: status and JSON object, `(0, {})` where nothing answers yet."""
    connection = http.client.HTTPConnection(HOST, urlsplit(url).port, timeout=3)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = json.loads(response.read() or b"{}")
    except (OSError, http.client.HTTPException):
        return 0, {}
    except ValueError:
        return response.status, {}
    finally:
        connection.close()
    return response.status, body if isinstance(body, dict) else {}


def went_round(url: str, *, started: float, through: str) -> bool:
    """Whether the desk is ready and, since `started` (monotonic), somebody `through` whom work goes was alive."""
    status, body = get(url, "/readyz")
    age = body.get("seconds_since_beat", {}).get(through)
    return status == 200 and age is not None and age < time.monotonic() - started


class Supervisor:
    """One embedded start, from the first folder to the last process."""

    def __init__(
        self, *, home: Path, data: Path, environment: Mapping[str, str], held: int, ending: Ending
    ) -> None:
        self.home = home
        self.data = data
        self.logs = data / "logs"
        self.environment = {
            **environment,
            "STET_DATA": str(data),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1",
        }
        self.ending = ending
        self.children: list[Child] = []
        for folder in ("logs", "broker", "uploads", "archive"):
            (data / folder).mkdir(exist_ok=True, mode=0o700)
        adopt_orphans()
        self.watchman = Watchman(keep_open=[held])

    def child(self, name: str, command: list[str], *, stdout: int | None = None) -> Child:
        """Starts a child, which is then looked after."""
        child = Child(
            name=name,
            command=command,
            environment=self.environment,
            folder=self.home,
            log=self.logs / f"{name}.log",
            stdout=stdout,
        )
        child.start(self.watchman)
        self.children.append(child)
        return child

    def manage(self, *words: str) -> list[str]:
        """The command line of one of our own verbs."""
        return [sys.executable, str(self.home / "manage.py"), *words]

    def start_broker(self) -> bool:
        """Leaves the broker's address in the children's environment; False if there is to be none."""
        if self.environment.get("REDIS_URL") or self.environment.get("REDIS_URL_FILE"):
            return True
        for server in broker.servers():
            folder = Path(tempfile.mkdtemp(prefix="stet-"))  # 0700
            self.watchman.tell("+folder", folder)
            path = broker.socket_in(folder)
            if path is None:
                folder = Path(tempfile.mkdtemp(prefix="stet-", dir="/tmp"))
                self.watchman.tell("+folder", folder)
                path = folder / "broker.sock"
            kept = self.data / "broker" / server.name
            kept.mkdir(exist_ok=True, mode=0o700)
            child = self.child("broker", server.command(socket=path, folder=kept))
            patience = time.monotonic() + 10
            while child.process and child.process.poll() is None and time.monotonic() < patience:
                if broker.answers(f"unix://{path}"):
                    self.environment["REDIS_URL"] = f"unix://{path}"
                    return True
                self.ending.pause(0.02)
            child.end(self.watchman)
            self.children.remove(child)
            say(f"{server.program} did not start. Its log: {child.log}")
        say(broker.NO_BROKER)
        return False

    def prepare(self) -> dict[str, Any]:
        """Migrations, demo case, accounts, in a process of their own; returns logins and keys."""
        child = self.child("prepare", self.manage("up", "--prepare"), stdout=subprocess.PIPE)
        process = child.process
        assert process is not None  # noqa: S101 - just started
        assert process.stdout is not None  # noqa: S101 - opened as PIPE
        while process.poll() is None:
            self.ending.pause(0.02)
        answer = process.stdout.read()
        process.stdout.close()
        child.end(self.watchman)
        self.children.remove(child)
        if process.returncode:
            raise RefusedError(
                f"The database could not be prepared.\n{tail(child.log)}\nIts log: {child.log}", code=1
            )
        accounts: dict[str, Any] = json.loads(answer)
        return accounts

    def look(self) -> None:
        """Starts again what has fallen."""
        for child in self.children:
            news = child.keep(self.watchman, time.monotonic())
            if news:
                say(news)

    def wait_until_ready(self, url: str, *, through: str) -> None:
        """Returns when the server answers and a message has gone round; refuses what won't come up."""
        started = time.monotonic()
        patience = started + READY_SECONDS
        healthy = False
        while not (healthy and went_round(url, started=started, through=through)):
            self.look()
            weak = next((child for child in self.children if child.falls >= FALLS_BEFORE_READY), None)
            if weak:
                raise RefusedError(
                    f"{weak.name} does not stay up.\n{tail(weak.log)}\nIts log: {weak.log}", code=1
                )
            if time.monotonic() > patience:
                what = "No message went round" if healthy else "The server did not answer"
                raise RefusedError(f"{what} within {READY_SECONDS:g} s. Logs: {self.logs}", code=1)
            self.ending.pause(0.05)
            healthy = healthy or get(url, "/healthz")[0] == 200

    def run(self, port: int) -> None:
        """Starts everything, tells where it is, and looks after it until the end is asked for."""
        url = f"http://{HOST}:{port}"
        self.environment.setdefault("STET_PUBLIC_URL", url)
        has_broker = self.start_broker()
        accounts = self.prepare()
        self.child("web", web_command(port))
        if has_broker:
            self.child("worker", worker_command())
        self.child("reconcile", self.manage("reconcile", "--loop"))
        self.wait_until_ready(url, through="worker" if has_broker else "reconcile")
        write_up(self.data, {"url": url, **accounts})
        for line in announcement(url, accounts, self.data):
            say(line)
        while True:
            self.look()
            self.ending.pause(0.2)

    def stop(self) -> None:
        """Ends web, worker, loop and broker in this order, and leaves no process."""
        order = ("web", "worker", "reconcile", "prepare", "broker")
        for child in sorted(self.children, key=lambda child: order.index(child.name)):
            child.end(self.watchman, self.ending.hurried)
        self.watchman.dismiss()


def web_command(port: int) -> list[str]:
    """Two workers for two cores; many threads, for a few stalled uploads hold as many threads."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)),
        *("--workers", "2", "--blocking-threads", "32", "--no-ws", "--respawn-failed-workers"),
        *("--workers-kill-timeout", "4", "config.wsgi:application"),
    ]


def worker_command() -> list[str]:
    """One machine has nobody to gossip or mingle with."""
    return [
        *(sys.executable, "-m", "celery", "-A", "config.celery", "worker"),
        *("-c", "2", "--without-gossip", "--without-mingle", "--loglevel", "info"),
    ]


def announcement(url: str, accounts: Mapping[str, Any], data: Path) -> Iterator[str]:
    """What somebody needs to begin: the address, logins and a key."""
    yield f"Stet is ready: {url}"
    for role, login in accounts.get("logins", {}).items():
        yield f"  {role.replace('_', '-')}: {login['username']} / {login['password']}"
    key = accounts.get("api_keys", {}).get("fact_checker")
    if key:
        yield f"  API key (fact-checker): {key}"
    yield f"  These and more keys are in {data / 'up.json'}. Ctrl-C ends everything."


def run(*, home: Path, data: Path, environment: Mapping[str, str]) -> int:
    """The whole of `manage.py up`; returns the exit status."""
    ending = Ending()
    ending.listen()
    os.umask(0o077)  # what the data folder gets is nobody else's to read
    try:
        held = lock(data)
        port = choose_port(environment.get("PORT", "").strip(), last_port(read_up(data)))
    except RefusedError as refused:
        say(str(refused))
        return refused.code
    supervisor = Supervisor(home=home, data=data, environment=environment, held=held, ending=ending)
    try:
        supervisor.run(port)
    except StoppedError:
        say("Ending.")
    except RefusedError as refused:
        say(str(refused))
        return refused.code
    finally:
        supervisor.stop()
    return 0
