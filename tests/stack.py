"""All of Stet as real processes over a database of its own: what journeys start, stop and kill.

Nothing here runs in the test's process but the media host and the callers; children live in groups of their
own, write logs of their own, and end with the test run however that ends.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from config import broker
from config.children import Watchman
from config.demo_media import make_photo

HOME = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
READY_SECONDS = 60.0
JOB_LEASE_SECONDS = 2
SQLITE, POSTGRES = "sqlite", "postgres"
CHECKERS = [f"checker-{number}" for number in range(1, 17)]
EDITORS = [f"editor-{number}" for number in range(1, 9)]

T = TypeVar("T")


def wait_for(predicate: Callable[[], T], seconds: float, what: str = "it") -> T:
    """What the predicate gives as soon as that is true; fails when patience is at its end."""
    until = time.monotonic() + seconds
    while not (found := predicate()):
        assert time.monotonic() < until, f"{what} did not come within {seconds:g} s"
        time.sleep(0.03)
    return found


def _without_settings() -> dict[str, str]:
    """The environment without what a developer or another test has set for a desk of their own."""
    named = {"DATABASE_URL", "REDIS_URL", "PORT", "SECRET_KEY"}
    return {k: v for k, v in os.environ.items() if k not in named and not k.startswith("STET_")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


# --- databases ------------------------------------------------------------------------------------------------


def postgres_server() -> str:
    """Where PostgreSQL is looked for; the name of the database in it does not matter."""
    given = os.environ.get("STET_TEST_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    if not given.startswith(("postgres://", "postgresql://")):
        given = "postgres://postgres@127.0.0.1:5432/"
    return urlunsplit(urlsplit(given)._replace(path="/postgres"))


def why_no_postgres() -> str:
    """Empty if PostgreSQL answers."""
    try:
        psycopg.connect(postgres_server(), connect_timeout=3).close()
    except psycopg.Error as error:
        return f"PostgreSQL does not answer ({str(error).strip().splitlines()[0]})"
    return ""


def missing(why: str) -> None:
    """Skips what needs a service that is not there, or fails it where all services are required."""
    if os.environ.get("STET_REQUIRE_SERVICES") == "1":
        pytest.fail(why)
    pytest.skip(why)


def _furnished(names: list[str], environment: dict[str, str]) -> dict[str, str]:
    """Makes accounts in a database, and its tables and desk where they are not there yet; gives the keys."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.journeys.furnish", *names],
        cwd=HOME,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    keys: dict[str, str] = json.loads(made.stdout.splitlines()[-1])
    return keys


class Databases:
    """Fresh migrated databases with desk and accounts, copied from one template a vendor.

    `postgres` is the address of the PostgreSQL that they are made in; the one that tests look for if it is empty.
    """

    def __init__(self, folder: Path, *, postgres: str = "") -> None:
        self._folder = folder
        self._postgres = postgres
        self._keys: dict[str, dict[str, str]] = {}
        self._name = f"stet_{os.getpid()}_{uuid.uuid4().hex[:6]}"
        self._made: list[str] = []

    @contextlib.contextmanager
    def fresh(self, vendor: str, data: Path) -> Iterator[tuple[str, dict[str, str]]]:
        """The URL of a database of one's own and the keys of its accounts; it is gone afterwards."""
        if vendor not in self._keys:
            self._keys[vendor] = self._furnish(vendor)
        if vendor == SQLITE:
            shutil.copy(self._folder / "template.sqlite3", data / "stet.sqlite3")
            yield f"sqlite:///{data / 'stet.sqlite3'}", self._keys[vendor]
            return
        name = self._create(template=f"{self._name}_template")
        try:
            yield self._url(name), self._keys[vendor]
        finally:
            self._drop(name)

    def close(self) -> None:
        for name in list(self._made):
            self._drop(name)

    def _furnish(self, vendor: str) -> dict[str, str]:
        if vendor == POSTGRES:
            if not self._postgres and (why := why_no_postgres()):
                missing(why)
            url = self._url(self._create(name=f"{self._name}_template"))
        else:
            url = f"sqlite:///{self._folder / 'template.sqlite3'}"
        data = self._folder / vendor
        data.mkdir()
        environment = {**_without_settings(), "STET_DATA": str(data), "DATABASE_URL": url}
        keys = _furnished([*CHECKERS, *EDITORS, "admin", "client"], environment)
        if vendor == SQLITE:  # what is in the write-ahead log belongs to the copy too
            with contextlib.closing(sqlite3.connect(self._folder / "template.sqlite3")) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return keys

    def _url(self, name: str) -> str:
        return urlunsplit(urlsplit(self._postgres or postgres_server())._replace(path=f"/{name}"))

    def _create(self, name: str = "", template: str = "template1") -> str:
        name = name or f"{self._name}_{len(self._made)}_{uuid.uuid4().hex[:6]}"
        self._made.append(name)
        self._tell(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def _drop(self, name: str) -> None:
        self._tell(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._made.remove(name)

    def _tell(self, order: str) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=5) as server:
            server.execute(order.encode())


# --- processes ------------------------------------------------------------------------------------------------


@dataclass
class Process:
    """A child in a group of its own, with a log of its own."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    watchman: Watchman

    @property
    def pid(self) -> int:
        return self.popen.pid

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def kill(self) -> None:
        """`kill -9`, of the process and of what it started."""
        if self.popen.returncode is None:  # a number that was waited for may be somebody else's by now
            os.killpg(self.pid, signal.SIGKILL)
            self.popen.wait()
            self.watchman.tell("-group", self.pid)


class Broker:
    """A Valkey or Redis of one's own on a Unix socket: stopped, wiped and started again at will."""

    def __init__(self, stack: Stack) -> None:
        servers = broker.servers()
        if not servers:
            missing("There is no valkey-server and no redis-server to run")
        self._stack = stack
        self._server = servers[0]
        self._socket = stack.short_folder / "broker.sock"
        self.url = f"unix://{self._socket}"
        self.folder = stack.data / "broker"
        self.process: Process | None = None

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        command = self._server.command(socket=self._socket, folder=self.folder)
        self.process = self._stack.start("broker", command)
        wait_for(lambda: broker.answers(self.url), READY_SECONDS, "an answer of the broker")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self._socket.unlink(missing_ok=True)

    def wipe(self) -> None:
        """Loses every message; what is on disk too."""
        shutil.rmtree(self.folder)


class Stack:
    """One desk: its data folder, its database, its broker, and the processes that a test wants of it."""

    def __init__(
        self,
        databases: Databases,
        folder: Path,
        *,
        vendor: str = SQLITE,
        with_broker: bool = True,
        **more: str,
    ) -> None:
        self.vendor = vendor
        self.data = folder
        self._databases = databases
        self._with_broker = with_broker
        self._more = more
        self._ends = contextlib.ExitStack()
        self._lock = threading.Lock()
        self._started = 0
        self.processes: list[Process] = []
        self.keys: dict[str, str] = {}
        self.port = 0

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as ends:
            self.data.mkdir(parents=True, exist_ok=True)
            (self.data / "logs").mkdir()
            # The path of a Unix socket has to be short, whatever folder tests are given.
            self.short_folder = Path(
                ends.enter_context(tempfile.TemporaryDirectory(prefix="stet-", dir="/tmp"))
            )
            self._database, self.keys = ends.enter_context(self._databases.fresh(self.vendor, self.data))
            self.media_host = ends.enter_context(MediaHost())
            self.watchman = Watchman()
            ends.callback(self.watchman.dismiss)
            ends.callback(self._end_all)
            self.environment = {
                **_without_settings(),
                "STET_DATA": str(self.data),
                "DATABASE_URL": self._database,
                "STET_FETCH_ALLOW": self.media_host.authority,
                "STET_JOB_LEASE_SECONDS": str(JOB_LEASE_SECONDS),
                "STET_RECONCILE_SECONDS": "0.3",
                "STET_HOST_CONCURRENCY": "100",  # all media hosts are one host here
                "STET_HOST_DELAY_SECONDS": "0",
                "PYTHONUTF8": "1",
                "CELERY_SKIP_CHECKS": "1",  # many workers are started here; the checks have their own tests
                **self._more,
            }
            self.broker = Broker(self) if self._with_broker else None
            if self.broker is not None:
                self.broker.start()
                self.environment["REDIS_URL"] = self.broker.url
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _end_all(self) -> None:
        for process in self.processes:
            process.kill()

    def start(self, name: str, command: list[str], **environment: str) -> Process:
        """Starts a child and gives it back without waiting for anything."""
        with self._lock:
            self._started += 1
            log = self.data / "logs" / f"{self._started:03d}-{name}.log"
            with log.open("wb") as output:
                popen = subprocess.Popen(
                    command,
                    cwd=HOME,
                    env={**self.environment, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    process_group=0,
                )
            self.watchman.tell("+group", popen.pid)
            process = Process(name, popen, log, self.watchman)
            self.processes.append(process)
        return process

    def start_web(self, workers: int = 1) -> Process:
        self.port = self.port or free_port()
        return self.start(
            "web",
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST),
                *("--port", str(self.port), "--workers", str(workers), "--blocking-threads", "32"),
                *("--no-ws", "--workers-kill-timeout", "2", "config.wsgi:application"),
            ],
        )

    def start_worker(self, *, app: str = "config.celery", pool: str = "solo", **environment: str) -> Process:
        """A Celery worker; `pool` is `solo`, or the number of processes of a prefork pool."""
        size = ("-P", "solo") if pool == "solo" else ("-P", "prefork", "-c", pool)
        command = [sys.executable, "-m", "celery", "-A", app, "worker", *size]
        return self.start("worker", [*command, "--without-gossip", "--without-mingle"], **environment)

    def start_loop(self, *, module: tuple[str, ...] = ("manage.py",), **environment: str) -> Process:
        command = [sys.executable, *module, "reconcile", "--loop", "--skip-checks"]
        return self.start("loop", command, **environment)

    @property
    def web(self) -> Process:
        """The server that was started last."""
        return next(process for process in reversed(self.processes) if process.name == "web")

    def web_answers(self) -> None:
        web = self.web

        def answers() -> bool:
            assert web.popen.poll() is None, web.said()
            try:
                return self.api("").get("/healthz").status == 200
            except OSError:
                return False

        try:
            wait_for(answers, READY_SECONDS, "an answer of the server")
        except AssertionError as error:
            raise AssertionError(f"{error}: {web.said()[-4000:]}") from None

    def manage(self, *words: str) -> str:
        """What one of our own commands prints; fails where the command does."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=HOME,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def furnish(self, names: list[str]) -> None:
        """Makes more accounts, whose names begin with their role, beside those that are there."""
        if names:
            self.keys = self.keys | _furnished(names, self.environment)

    def account(self, name: str, role: str, *words: str) -> dict[str, str]:
        """Makes an account as an operator does; gives login and key."""
        account: dict[str, str] = json.loads(self.manage("account", name, "--role", role, "--json", *words))
        return account

    def api(self, key: str) -> Api:
        """Somebody who calls; `key` is a key, or the name of one of the accounts that are there."""
        return Api(self.port, self.keys.get(key, key))

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query of its own transaction; `%s` for values on either database, ids as text with dashes."""
        if self.vendor == POSTGRES:
            with psycopg.connect(self._database, autocommit=True) as database:
                cursor = database.execute(query.encode(), values)
                return [tuple(map(_plain, row)) for row in cursor.fetchall()] if cursor.description else []
        path = self._database.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as database:
            plain = [value.hex if isinstance(value, uuid.UUID) else value for value in values]
            return [
                tuple(map(_plain, row))
                for row in database.execute(query.replace("%s", "?"), plain).fetchall()
            ]

    def scratch(self) -> Any:
        """A bare connection to the same database in autocommit, for what has to be done the wrong way."""
        if self.vendor == POSTGRES:
            return psycopg.connect(self._database, autocommit=True)
        path = self._database.removeprefix("sqlite:///")
        return sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)

    def unfinished(self) -> int:
        """How many jobs still want doing."""
        rows = self.sql("SELECT count(*) FROM verification_job WHERE state IN ('queued', 'running')")
        return int(rows[0][0])

    def all_done(self, seconds: float) -> float:
        """Waits until no job wants doing any more; gives how long that took."""
        began = time.monotonic()
        wait_for(lambda: self.unfinished() == 0, seconds, "the end of all jobs")
        return time.monotonic() - began

    def lost_and_twice(self) -> tuple[int, int]:
        """What no job has done that was to be done, and effects beyond one for each job: how many there are."""
        jobs = self.sql("SELECT id, kind, state, subject_id FROM verification_job")
        done = {(kind, subject) for _, kind, state, subject in jobs if state == "done"}
        lost = len({(kind, subject) for _, kind, _, subject in jobs} - done)
        ends = self.sql("SELECT job_id FROM verification_jobevent WHERE state = 'done'")
        effects = [Counter(row[0] for row in ends) - Counter(job_id for job_id, *_ in jobs)]
        for kind, action in (("capture", "captured"), ("examine", "examined")):
            told = Counter(
                as_json(data)["media"]
                for (data,) in self.sql("SELECT data FROM verification_auditentry WHERE action = %s", action)
            )
            effects.append(told - Counter(media for _, its_kind, _, media in jobs if its_kind == kind))
        return lost, sum(effect.total() for effect in effects)

    def done_once(self) -> int:
        """Every job has come to its end once, with one effect of each kind; gives how many jobs there are."""
        jobs = self.sql("SELECT id, kind, state, subject_id FROM verification_job")
        assert {state for _, _, state, _ in jobs} == {"done"}
        ends = Counter(
            row[0] for row in self.sql("SELECT job_id FROM verification_jobevent WHERE state = 'done'")
        )
        assert ends == {job_id: 1 for job_id, *_ in jobs}
        for kind, action in (("capture", "captured"), ("examine", "examined")):
            told = Counter(
                as_json(data)["media"]
                for (data,) in self.sql("SELECT data FROM verification_auditentry WHERE action = %s", action)
            )
            wanted = Counter({media for _, its_kind, _, media in jobs if its_kind == kind})
            assert told == wanted, f"{action}: not told {wanted - told}, told too often {told - wanted}"
        captured = {media for _, kind, _, media in jobs if kind == "capture"}
        assert {media for _, kind, _, media in jobs if kind == "examine"} == captured
        kept = self.sql("SELECT media_id, asset_id FROM claims_capture WHERE asset_id IS NOT NULL")
        items = self.sql(
            "SELECT id, asset_id FROM claims_mediaitem WHERE state = 'captured' AND examination = 'done'"
        )
        assert sorted(kept) == sorted(items)
        assert {media for media, _ in items} == captured
        checks = {slug for (slug,) in self.sql("SELECT DISTINCT check_slug FROM verification_checkrun")}
        runs = Counter(row[0] for row in self.sql("SELECT media_id FROM verification_checkrun"))
        assert runs == {media: len(checks) for media in captured}
        for (sha256,) in self.sql("SELECT sha256 FROM claims_asset"):
            path = self.data / "archive" / sha256[:2] / sha256[2:4] / sha256
            assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        return len(jobs)

    def holds_true(self) -> int:
        """Every audit chain, kept text and trigger holds; gives how many entries were read."""
        found = json.loads(self.manage("verify", "--json"))
        assert found["breaks"] == []
        return int(found["sections"]["chains"]["read"])


def photo(folder: Path, number: int) -> bytes:
    """A small photo that no other number gives."""
    path = make_photo(folder / f"{number}.jpg", lines=[f"No. {number}"], size=(160, 120), seed=number)
    return path.read_bytes()


def _plain(value: object) -> object:
    """Ids alike on both databases: 32 hexadecimal digits, as SQLite keeps them, become an id with dashes."""
    if isinstance(value, str) and len(value) == 32 and not set(value) - set("0123456789abcdef"):
        return str(uuid.UUID(value))
    return str(value) if isinstance(value, uuid.UUID) else value


def as_json(value: Any) -> Any:
    """A JSON column as PostgreSQL (parsed) or SQLite (text) gives it."""
    return json.loads(value) if isinstance(value, str) else value


# --- callers --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Api:
    """Calls over HTTP, each on a connection of its own, so that threads may share one caller."""

    port: int
    key: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`body` is sent as JSON unless it is bytes. Header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            named["Authorization"] = f"Bearer {self.key}"
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if sent is not None:
            named.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            full = path if path.startswith("/") else f"/api/v1/{path}"
            connection.request(method, full, body=sent, headers=named)
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Answer:
        return self.call("PATCH", path, body, **headers)

    def upload(self, path: str, file: Path, name: str, *, key: str = "", **fields: str) -> Answer:
        """Sends a file as multipart/form-data; with `key` as its Idempotency-Key where one is given."""
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
            for field, value in fields.items()
        ]
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        parts += [head.encode(), b"Content-Type: application/octet-stream\r\n\r\n", file.read_bytes()]
        body = b"".join(parts) + f"\r\n--{mark}--\r\n".encode()
        named = {"Idempotency_Key": key} if key else {}
        return self.call("POST", path, body, Content_Type=f"multipart/form-data; boundary={mark}", **named)


def claim_with(*media: Mapping[str, Any] | str, number: int = 0, **more: Any) -> dict[str, Any]:
    """What files a claim; media by URL or whole."""
    return {
        "statement": f"Ukrainian soldiers raised flags in two retaken villages on Tuesday. ({number})",
        "language": "en",
        "source": {"name": "A regional administration", "kind": "official"},
        "claimed_date": {"edtf": "2022-10-04", "timezone": "Europe/Kyiv"},
        "media": [{"url": one} if isinstance(one, str) else dict(one) for one in media],
        **more,
    }


# --- the host that media are captured from --------------------------------------------------------------------


@dataclass
class Page:
    """What the media host answers at a path. With `held`, half the body comes before it is released.

    `seconds` is how long the host takes over the second half.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    held: threading.Event | None = None
    seconds: float = 0.0


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    host: MediaHost

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that was killed in the middle is what these tests are about."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            self.host.faults.append(str(sys.exc_info()[1]))


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        host = self.server.host
        with host.lock:
            host.requests[self.path] += 1
            host.begun_at.append(time.monotonic())
            host.open_now += 1
            host.most_open = max(host.most_open, host.open_now)
        try:
            self._answer(host)
        finally:
            with host.lock:
                host.open_now -= 1

    def _answer(self, host: MediaHost) -> None:
        page = host.pages.get(self.path, Page(b"Not here", 404))
        self.send_response(page.status)
        for name, value in {"Content-Length": str(len(page.body)), **page.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        half = len(page.body) // 2 if page.held or page.seconds else len(page.body)
        self.wfile.write(page.body[:half])
        self.wfile.flush()
        if page.seconds or (page.held is not None and page.held.wait(60)):
            time.sleep(page.seconds)
            self.wfile.write(page.body[half:])

    def log_message(self, *_: Any) -> None:
        """The tests count for themselves."""


class MediaHost:
    """A web server on loopback in the test's process that can stall an answer."""

    def __init__(self, port: int = 0) -> None:
        self.pages: dict[str, Page] = {}
        self.requests: Counter[str] = Counter()
        self.begun_at: list[float] = []
        self.open_now = self.most_open = 0
        self.faults: list[str] = []
        self.lock = threading.Lock()
        self.port = port or free_port()

    def __enter__(self) -> Self:
        self._server = _Server((HOST, self.port), _Handler)
        self._server.host = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for page in self.pages.values():
            if page.held is not None:
                page.held.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        assert self.faults == []

    @property
    def authority(self) -> str:
        return f"{HOST}:{self.port}"

    def serve(self, path: str, page: Page | bytes) -> str:
        """Answers so from now on; gives the URL."""
        self.pages[path] = page if isinstance(page, Page) else Page(page)
        return f"http://{self.authority}{path}"
