"""What Dockerfile and compose.yaml say, read from these very files, and run here without any container.

A service runs as the image's user, in a read-only copy of what the image holds, with the environment and the secrets
that Compose gives to it and nothing else. Only places are others: folders, ports and the database's name.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import yaml
from psycopg import sql

from config.broker import servers
from config.children import Watchman
from tests.stack import HOME, HOST, Process, free_port, missing, postgres_server, why_no_postgres

PUBLIC_NAME = "stet.example.org"
GIVEN = {"STET_PUBLIC_URL": f"https://{PUBLIC_NAME}", "STET_HOSTS": PUBLIC_NAME}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


# --- what the files say ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Image:
    """The Dockerfile, as far as running it goes."""

    build_environment: dict[str, str]
    copies: list[tuple[list[str], str]]
    collect: str
    environment: dict[str, str]
    user: str
    command: list[str]
    healthcheck: list[str]


def image() -> Image:
    """Reads the Dockerfile: a stage that builds and one that runs."""
    text = re.sub(r"(?m)^#.*\n", "", (HOME / "Dockerfile").read_text("utf-8")).replace("\\\n", " ")
    stages: list[list[tuple[str, str]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest.strip()))
    build, run = stages
    copied = [shlex.split(rest) for word, rest in build if word == "COPY"]
    last = dict(run)
    return Image(
        build_environment=_pairs(build),
        copies=[(words[:-1], words[-1]) for words in copied],
        collect=next(rest for word, rest in build if word == "RUN" and "collectstatic" in rest),
        environment=_pairs(run),
        user=last["USER"],
        command=json.loads(last["CMD"]),
        healthcheck=json.loads(last["HEALTHCHECK"].partition("CMD")[2]),
    )


def _pairs(stage: list[tuple[str, str]]) -> dict[str, str]:
    return dict(one.split("=", 1) for word, rest in stage if word == "ENV" for one in shlex.split(rest))


def compose(given: Mapping[str, str] = GIVEN) -> dict[str, Any]:
    """compose.yaml with its variables filled in; a KeyError names one that has to be given."""

    def fill(found: re.Match[str]) -> str:
        name, kind, default = found.groups()
        return given.get(name) or default if kind == "-" else given[name]

    def filled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: filled(value) for key, value in node.items()}
        if isinstance(node, list):
            return [filled(value) for value in node]
        return _VARIABLE.sub(fill, node) if isinstance(node, str) else node

    read: dict[str, Any] = filled(yaml.safe_load((HOME / "compose.yaml").read_text("utf-8")))
    return read


def seconds(duration: str) -> float:
    """Compose's `15s`."""
    return float(duration.removesuffix("s"))


# --- the same, run here ---------------------------------------------------------------------------------------


class House:
    """Everything of compose.yaml but the proxy, on this machine; what it starts ends with it."""

    def __init__(self) -> None:
        self.image = image()
        self.services: dict[str, Any] = compose()["services"]
        self.port, self.broker_port = free_port(), free_port()
        self.uid = int(self.image.user.partition(":")[0]) if os.geteuid() == 0 else os.geteuid()
        self.processes: dict[str, Process] = {}
        self.before: dict[str, float] = {}
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> House:
        if why := why_no_postgres():
            missing(why)
        if not servers():
            missing("There is no valkey-server and no redis-server to run")
        for program in ("setpriv", "psql"):
            if shutil.which(program) is None:
                missing(f"There is no {program}")
        with contextlib.ExitStack() as ends:
            # Not in pytest's own folder, which is closed to other users.
            self.folder = Path(
                ends.enter_context(tempfile.TemporaryDirectory(prefix="stet-house-", dir="/tmp"))
            )
            self.folder.chmod(0o755)
            self.watchman = Watchman()
            ends.callback(self.watchman.dismiss)
            ends.callback(self._end_all)
            for name in ("data", "broker", "tmp"):
                (self.folder / name).mkdir(mode=0o700)
                if os.geteuid() == 0:
                    os.chown(self.folder / name, self.uid, self.uid)
            self._lay_out_python()
            self.code = self._build()
            ends.callback(subprocess.run, ["chmod", "-R", "u+w", self.code], check=True)
            ends.enter_context(self._database())
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _end_all(self) -> None:
        for process in self.processes.values():
            process.kill()

    # --- the image

    def _lay_out_python(self) -> None:
        """Makes what is `/venv` in the image: ours, or a copy where the image's user may not look into ours."""
        self.bin = Path(sys.executable).parent
        if self._may_run(sys.executable, "-c", "import yaml"):
            return
        base, lib = Path(sys.base_prefix), f"python{sys.version_info.major}.{sys.version_info.minor}"
        python = self.folder / "python"
        unneeded = shutil.ignore_patterns("site-packages", "test", "idlelib", "ensurepip", "config-*")
        shutil.copytree(base / "lib" / lib, python / "lib" / lib, ignore=unneeded, symlinks=True)
        for shared in (base / "lib").glob("libpython*.so*"):
            shutil.copy(shared, python / "lib", follow_symlinks=False)
        venv = self.folder / "venv"
        (python / "bin").mkdir()
        (venv / "bin").mkdir(parents=True)
        (venv / "lib" / lib).mkdir(parents=True)
        # Where it looks for its own library is written in the program. What decodes runs with an empty environment,
        # so no variable could say it instead.
        program = Path(sys.executable).resolve().read_bytes()
        written = os.fsencode(base / "lib") + b"\0"
        (python / "bin" / "python").write_bytes(
            program.replace(written, b"$ORIGIN/../lib".ljust(len(written), b"\0"))
        )
        (python / "bin" / "python").chmod(0o755)
        (venv / "pyvenv.cfg").write_text(f"home = {python / 'bin'}\n", "utf-8")
        (venv / "bin" / "python").symlink_to(python / "bin" / "python")
        ours = Path(yaml.__file__).parents[1]
        theirs = venv / "lib" / lib / "site-packages"
        if self._may_run("ls", str(ours)):
            theirs.symlink_to(ours)
        else:
            shutil.copytree(ours, theirs)
        for script in ("granian", "celery"):
            body = (self.bin / script).read_text("utf-8").partition("\n")[2]
            (venv / "bin" / script).write_text(f"#!{venv}/bin/python\n{body}", "utf-8")
            (venv / "bin" / script).chmod(0o755)
        self.bin = venv / "bin"

    def _may_run(self, *command: str) -> bool:
        # By way of a shell: setpriv itself may still open what the user it becomes may not.
        asked = [*self.unprivileged(), "sh", "-c", 'exec "$@"', "sh", *command]
        done = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return done.returncode == 0

    def _build(self) -> Path:
        """Copies what the image copies, makes in it what the image makes in it, and lets nobody write to it."""
        code = self.folder / "code"
        for sources, target in self.image.copies:
            for source in sources:
                place = code / target / ("" if (HOME / source).is_dir() else Path(source).name)
                if (HOME / source).is_dir():
                    shutil.copytree(HOME / source, place, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(HOME / source, place)
        made = subprocess.run(
            ["sh", "-c", self.image.collect.replace("/tmp/build", str(self.folder / "build"))],
            cwd=code,
            env=self._placed(self.image.build_environment, service="build"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stdout + made.stderr
        subprocess.run(["chmod", "-R", "a-w", code], check=True)
        return code

    # --- the database, as the service `db` leaves it after its first start

    @contextlib.contextmanager
    def _database(self) -> Iterator[None]:
        server = urlsplit(postgres_server())
        name = f"stet_house_{os.getpid()}_{self.port}"
        self.owner, self.desk = f"{name}_owner", f"{name}_desk"
        host, port = server.hostname or HOST, server.port or 5432
        secrets = self._secrets()
        self._urls = {
            secret: f"postgres://{role}:{secrets[password]}@{host}:{port}/{name}"
            for secret, role, password in (
                ("database_owner_url", self.owner, "database_owner_password"),
                ("database_url", self.desk, "database_password"),
            )
        }
        for secret, user in (("database_owner_url", "stet"), ("database_url", "stet_desk")):
            told = urlsplit(secrets[secret])
            assert (told.username, told.hostname, told.port, told.path) == (user, "db", 5432, "/stet")
            assert told.password == urlsplit(self._urls[secret]).password
        with psycopg.connect(postgres_server(), autocommit=True, connect_timeout=5) as admin:
            # In the container it may do everything; this much is enough.
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD {}").format(
                    sql.Identifier(self.owner), sql.Literal(secrets["database_owner_password"])
                )
            )
            try:
                admin.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(name), sql.Identifier(self.owner)
                    )
                )
                self._first_start_of_the_database(name, host, port, secrets["database_owner_password"])
                yield
            finally:
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
                for role in (self.desk, self.owner):
                    admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))

    def _first_start_of_the_database(self, name: str, host: str, port: int, password: str) -> None:
        script = self.folder / "init-db.sh"
        text = (HOME / "deploy" / "init-db.sh").read_text("utf-8").replace("stet_desk", self.desk)
        script.write_text(text.replace("/run/secrets", str(self._mounted("db"))), "utf-8")
        made = subprocess.run(
            [*self.unprivileged(), "sh", str(script)],
            env={
                "PATH": os.environ["PATH"],
                "POSTGRES_USER": self.owner,
                "POSTGRES_DB": name,
                "PGHOST": host,
                "PGPORT": str(port),
                "PGPASSWORD": password,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stdout + made.stderr

    def _secrets(self) -> dict[str, str]:
        """What deploy/secrets.sh makes."""
        made = self.folder / "deploy"
        made.mkdir()
        shutil.copy(HOME / "deploy" / "secrets.sh", made)
        subprocess.run(["sh", made / "secrets.sh"], check=True, capture_output=True)
        self._secret_files = made / "secrets"
        return {path.name: path.read_text("utf-8") for path in self._secret_files.iterdir()}

    def _mounted(self, service: str) -> Path:
        """The folder that is `/run/secrets` for a service: the files it names, with the owner and mode they have."""
        folder = self.folder / "run" / service
        if not folder.exists():
            folder.mkdir(parents=True)
            for name in self.services.get(service, {}).get("secrets", ()):
                shutil.copy(self._secret_files / name, folder / name)
                if name in self._urls:
                    (folder / name).chmod(0o644)
                    (folder / name).write_text(self._urls[name], "utf-8")
                    (folder / name).chmod(0o444)
        return folder

    # --- running

    def unprivileged(self) -> list[str]:
        """What goes before a command that is to run as in a container."""
        words = ["setpriv", "--no-new-privs"]
        if os.geteuid() == 0:
            words += [f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        return words

    def _place(self, word: str, service: str) -> str:
        """A word of a command or of the environment, with this machine's places in place of the container's."""
        data = self.folder / ("broker" if service == "redis" else "data")
        whole = {
            "8000": str(self.port),
            "0.0.0.0": HOST,
            "/data": str(data),
            "/tmp": str(self.folder / "tmp"),
        }
        parts = {
            "/venv/bin": str(self.bin),
            "/srv/stet": str(self.folder / "code"),
            "/run/secrets": str(self.folder / "run" / service),
            "web:8000": f"{HOST}:{self.port}",
            "127.0.0.1:8000": f"{HOST}:{self.port}",
            "redis:6379": f"{HOST}:{self.broker_port}",
            "$PATH": os.environ["PATH"],
        }
        for there, here in parts.items():
            word = word.replace(there, here)
        return whole.get(word, word)

    def _placed(self, environment: Mapping[str, Any], service: str) -> dict[str, str]:
        placed = {name: self._place(str(value), service) for name, value in environment.items()}
        placed.setdefault("PATH", os.environ["PATH"])
        return placed

    def environment(self, service: str) -> dict[str, str]:
        """The image's environment and what Compose adds, nothing of ours."""
        self._mounted(service)
        own = self.services[service].get("environment", {})
        environment = self._placed({**self.image.environment, **own}, service)
        return {**environment, "TMPDIR": str(self.folder / "tmp")}

    def command(self, service: str) -> list[str]:
        """The command of a service, which is the image's where Compose names none."""
        words = [
            self._place(word, service) for word in self.services[service].get("command") or self.image.command
        ]
        if service == "redis":
            words = [str(servers()[0].program), *words[1:], "--bind", HOST, "--port", str(self.broker_port)]
        return [*self.unprivileged(), *words]

    def run(
        self, service: str, *command: str, patience_seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Runs a service to its end, or another command in it: `docker compose run --rm SERVICE COMMAND`."""
        return subprocess.run(
            [*self.unprivileged(), *command] if command else self.command(service),
            cwd=self.code,
            env=self.environment(service),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=patience_seconds,
            check=False,
        )

    def start(self, service: str) -> Process:
        """Starts a service and does not wait for anything."""
        log = self.folder / f"{service}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                self.command(service),
                cwd=self.code,
                env=self.environment(service),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self.watchman.tell("+group", popen.pid)
        self.processes[service] = Process(service, popen, log, self.watchman)
        return self.processes[service]

    def healthy(self, service: str) -> bool:
        """What the health check of a service says now."""
        own = self.services[service].get("healthcheck")
        words = own["test"][1:] if own else self.image.healthcheck
        done = self.run(service, *[self._place(word, service) for word in words], patience_seconds=20)
        assert done.returncode in {0, 1}, done.stderr
        assert (done.returncode == 0) is (done.stderr == ""), done.stderr
        return done.returncode == 0

    def as_desk(self) -> psycopg.Connection[Any]:
        """The database, as the role that web, worker and reconcile have."""
        return psycopg.connect(self._urls["database_url"], autocommit=True)
