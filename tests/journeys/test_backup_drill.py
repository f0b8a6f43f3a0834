"""The drill: back up a desk at work, destroy it, restore it, and see that nothing acknowledged is missing."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.journeys.callers import decide, submit
from tests.stack import (
    HOME,
    POSTGRES,
    SQLITE,
    Answer,
    Databases,
    Stack,
    claim_with,
    missing,
    photo,
    postgres_server,
    wait_for,
)

pytestmark = pytest.mark.services

WRITERS = 4
BEFORE, DURING = 8, 3
WHY = {"reason": "An order of the court.", "legal_ground": "court order"}

Tell = Callable[[str], None]


@dataclass
class Written:
    """What the desk has acknowledged, each with the time (monotonic) at which the answer was read."""

    filed: dict[str, float] = field(default_factory=dict)
    decided: dict[str, float] = field(default_factory=dict)
    published: dict[str, float] = field(default_factory=dict)

    def before(self, moment: float, what: str) -> set[str]:
        return {name for name, at in dict(getattr(self, what)).items() if at < moment}


class Writers:
    """Threads that file a claim with a photo, decide it, and have an editor publish it, until they are stopped.

    `first` keeps their photos apart from those of other writers: one that is seen again sends a decided claim back
    to be looked at, so that it cannot be published meanwhile.
    """

    def __init__(self, stack: Stack, folder: Path, *, first: int = 0) -> None:
        self.written = Written()
        self._first = first
        self._stack = stack
        self._folder = folder
        self._enough = threading.Event()

    @contextmanager
    def at_work(self) -> Iterator[Written]:
        with ThreadPoolExecutor(WRITERS) as pool:
            writing = [pool.submit(self._write, number) for number in range(1, WRITERS + 1)]
            try:
                yield self.written
            finally:
                self._enough.set()
            for one in writing:
                one.result(60)

    def _write(self, number: int) -> None:
        checker, editor = self._stack.api(f"checker-{number}"), self._stack.api(f"editor-{number}")
        done = 0
        while not self._enough.is_set():
            done += 1
            made = self._first + 1000 * number + done
            url = self._stack.media_host.serve(f"/{made}.jpg", photo(self._folder, made))
            filed = acknowledged(checker.post("claims/", claim_with(url, number=made)), 201)
            self.written.filed[filed["id"]] = time.monotonic()
            leased = acknowledged(checker.post("queue/next/"), 200)
            claim = leased["claim"]["id"]
            for dimension in ("location", "date"):
                verdict = acknowledged(decide(checker, leased, dimension=dimension), 201)["verdicts"][0]
                self.written.decided[verdict["id"]] = time.monotonic()
            acknowledged(submit(checker, leased), 200)
            acknowledged(editor.post(f"claims/{claim}/publish/"), 200)
            self.written.published[claim] = time.monotonic()


def acknowledged(answer: Answer, status: int) -> Any:
    assert answer.status == status, answer.body
    return answer.json


def back_up(stack: Stack, place: Path) -> dict[str, Any]:
    """A backup as docs/operators.md has it: on PostgreSQL, its own dump first."""
    words = ["backup", str(place), "--json"]
    if stack.vendor == POSTGRES:
        dump = place.parent / "stet.dump"
        database = stack.environment["DATABASE_URL"]
        run("pg_dump", "-Fc", f"--dbname={database}", f"--file={dump}")
        words += ["--dump", str(dump)]
    made: dict[str, Any] = json.loads(stack.manage(*words))
    return made


def destroy(stack: Stack) -> None:
    """Nothing is left: no process, no file of the data folder, no row."""
    for process in stack.processes:
        process.kill()
    shutil.rmtree(stack.data)
    (stack.data / "logs").mkdir(parents=True)
    if stack.vendor == POSTGRES:
        name = urlsplit(stack.environment["DATABASE_URL"]).path[1:]
        with psycopg.connect(postgres_server(), autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
            server.execute(f'CREATE DATABASE "{name}"'.encode())


def put_back(stack: Stack, backup: Path) -> dict[str, Any]:
    if stack.vendor == POSTGRES:
        database = stack.environment["DATABASE_URL"]
        run("pg_restore", "--exit-on-error", f"--dbname={database}", str(backup / "database.dump"))
    restored: dict[str, Any] = json.loads(stack.manage("restore", str(backup), "--json"))
    return restored


def run(*command: str) -> None:
    if shutil.which(command[0]) is None:
        missing(f"There is no {command[0]} on PATH")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def start(stack: Stack) -> None:
    stack.start_web(workers=2)
    stack.start_worker()
    stack.start_loop()
    stack.web_answers()


def rows(stack: Stack, query: str) -> set[str]:
    return {str(row[0]) for row in stack.sql(query)}


@pytest.mark.parametrize("vendor", [SQLITE, POSTGRES])
def test_a_desk_at_work_is_backed_up_destroyed_and_restored(
    databases: Databases, tmp_path: Path, vendor: str, tell: Tell
) -> None:
    place = tmp_path / "backups"
    with Stack(databases, tmp_path / "data", vendor=vendor) as stack:
        start(stack)
        client, admin = stack.api("client"), stack.api("admin")
        writers = Writers(stack, tmp_path)
        with writers.at_work() as written:
            wait_for(lambda: len(written.published) >= BEFORE, 90, "what is published before the backup")
            began = time.monotonic()
            made = back_up(stack, place)
            seconds = time.monotonic() - began
            seen = len(written.published)
            wait_for(
                lambda: len(written.published) >= seen + DURING, 90, "what is published after the backup"
            )
        stack.all_done(60)
        assert made["ok"], made
        during = len(written.published) - len(written.before(began, "published"))
        followed = acknowledged(client.get("changes/?after=0&limit=500"), 200)

        # After the backup a text and an original are erased, which only the second backup knows.
        first = sorted(written.before(began, "published"))[:2]
        text, held = first
        erased = acknowledged(admin.get(f"claims/{held}/"), 200)["media"][0]
        acknowledged(admin.post(f"claims/{text}/redact/", {"target": "statement", **WHY}), 200)
        acknowledged(
            admin.post(f"claims/{held}/redact/", {"target": "original", "id": erased["id"], **WHY}), 200
        )
        second = back_up(stack, place)
        # All but the erased original and the exchange that it came in.
        assert second["linked"] >= made["copied"] - 2

        refused = in_vain(stack, "restore", made["folder"], "--replace")
        assert "Stop web, worker and reconcile" in refused
        destroy(stack)
        restored = put_back(stack, Path(made["folder"]))
        assert restored["ok"], restored
        assert restored["erasures_repeated"] == 2
        assert stack.broker is not None
        stack.broker.start()
        start(stack)

        # No acknowledged write from before the backup is missing.
        assert written.before(began, "filed") <= rows(stack, "SELECT id FROM claims_claim")
        assert written.before(began, "decided") <= rows(stack, "SELECT id FROM verification_verdict")
        public = rows(stack, "SELECT claim_id FROM claims_publication")
        assert written.before(began, "published") <= public
        for claim in sorted(written.before(began, "published") - {text}):
            assert client.get(f"published/{claim}/").status == 200
        stack.all_done(60)
        stack.holds_true()

        # Every original is what was served, but for the erased one, which has not come back, nor has the text.
        served = {hashlib.sha256(page.body).hexdigest() for page in stack.media_host.pages.values()}
        kept = rows(stack, "SELECT sha256 FROM claims_asset WHERE redacted_at IS NULL")
        exchanges = rows(stack, "SELECT sha256 FROM claims_asset WHERE kind = 'exchange'")
        originals = kept - exchanges
        assert len(originals) >= BEFORE - 1
        assert originals <= served
        for sha256 in kept:
            path = stack.data / "archive" / sha256[:2] / sha256[2:4] / sha256
            assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        gone = erased["asset"]["sha256"]
        assert gone in served
        assert gone not in originals
        assert not list((stack.data / "archive").rglob(gone))
        assert client.get(f"published/{text}/").status == 410
        assert acknowledged(admin.get(f"claims/{text}/"), 200)["stage"] == "withdrawn"

        # A client that followed the old log is told so, and catches up by the snapshot.
        told = client.get(f"changes/?after={followed['last_position']}&log={followed['log']}")
        assert (told.status, told.json["code"]) == (409, "log_changed")
        lines = [json.loads(line) for line in client.get("published/snapshot/").body.splitlines()]
        assert lines[0]["log"] == restored["log"] != followed["log"]
        here = lines[0]["position"]
        anew = Writers(stack, tmp_path, first=10_000)
        with anew.at_work() as more:
            wait_for(lambda: more.published, 60, "a publication after the restore")
        later = acknowledged(client.get(f"changes/?after={here}&log={lines[0]['log']}&limit=500"), 200)
        assert {change["claim"] for change in later["changes"]} >= set(more.published)
        assert [change["position"] for change in later["changes"]] == list(
            range(here + 1, here + 1 + len(later["changes"]))
        )
        tell(
            f"{vendor}: backup of {made['counts']['audit_entries']} audit entries and {made['copied']} originals "
            f"in {seconds:.1f} s, {during} publications meanwhile or later; destroyed and restored, "
            f"{len(written.before(began, 'published'))} published before, 0 missing, 0 breaks"
        )


def in_vain(stack: Stack, *words: str) -> str:
    """What a command of ours says that must refuse."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=HOME,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr
