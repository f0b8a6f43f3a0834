"""Crashes of the database while people write over HTTP, as many as are asked for: what was acknowledged is there.

On PostgreSQL the server is crashed; SQLite is a file, so there the processes that write it are killed. It is the
database that crashes, not the machine: what a disk forgets when its power fails is not tried here.
"""

from __future__ import annotations

import hashlib
import http.client
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster import Cluster
from tests.stack import Answer, Api, Process, Stack, claim_with, wait_for

WRITERS = 6
WRITES_BETWEEN = 24
PATIENCE_SECONDS = 300.0
DONE_SECONDS = 300.0

KEPT = {
    "filed": "SELECT id FROM claims_claim",
    "uploaded": "SELECT id FROM claims_mediaitem WHERE asset_id IS NOT NULL",
    "leased": "SELECT entry_id, fence FROM verification_leaseevent WHERE kind = 'leased'",
    "decided": "SELECT id FROM verification_verdict",
    "submitted": "SELECT claim_id FROM verification_review WHERE state = 'submitted'",
    "published": "SELECT claim_id FROM claims_publication",
}
"""Where each kind of write is found again, by what its answer named."""

ONCE = (
    "SELECT b.content FROM claims_claim c JOIN claims_body b ON b.id = c.statement_id",
    "SELECT m.claim_id, a.sha256 FROM claims_mediaitem m JOIN claims_asset a ON a.id = m.asset_id",
    "SELECT claim_id, media_id, dimension FROM verification_verdict",
    "SELECT claim_id FROM verification_review",
    "SELECT claim_id FROM claims_publication",
)
"""What a write leaves one row of, however often it was repeated under its key."""


@dataclass(frozen=True)
class Crashed:
    """What came of it: writes that were acknowledged, that a crash cut off, that are missing, that are there twice.

    `given_up` jobs were caught by three crashes, quarantined for that, and done when somebody asked again.
    """

    crashes: int
    acknowledged: Counter[str]
    cut_off: int
    given_up: int
    missing: list[str]
    twice: list[str]


def _paper(text: str) -> bytes:
    """A document of its own: no picture, for one that looks like another asks for a re-check of what is decided."""
    return f"%PDF-1.4\n% {text}\n%%EOF\n".encode()


class Writers:
    """Threads that file, upload, lease, decide, submit and publish, and repeat under its key what was cut off."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.acknowledged: list[tuple[str, str]] = []
        self.cut_off = 0
        self.under_way = 0
        self._stack = stack
        self._folder = folder
        self._lock = threading.Lock()
        self._enough = threading.Event()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with ThreadPoolExecutor(WRITERS) as pool:
            self._writing = [pool.submit(self._write, number) for number in range(1, WRITERS + 1)]
            try:
                yield
            finally:
                self._enough.set()
            for one in self._writing:
                one.result(PATIENCE_SECONDS)

    def wait_for_more(self, number: int) -> None:
        """Waits until so many more writes are acknowledged and another is under way just then."""
        enough = len(self.acknowledged) + number

        def written() -> bool:
            for one in self._writing:
                if one.done():
                    one.result()  # raises what ended it
            return len(self.acknowledged) >= enough and self.under_way > 0

        wait_for(written, PATIENCE_SECONDS, "what people write")

    def _write(self, number: int) -> None:
        checker, editor = self._stack.api(f"checker-{number}"), self._stack.api(f"editor-{number}")
        turn = 0
        while not self._enough.is_set():
            turn += 1
            made = 100_000 * number + turn
            url = self._stack.media_host.serve(f"/{made}.pdf", _paper(f"No. {made}"))
            filed = self._sent(checker, "claims/", claim_with(url, number=made), status=201)
            self._put_down("filed", filed["id"])
            # Into a claim that nobody reviews yet, so that no decided claim has more to decide on.
            draft = self._sent(checker, "claims/", claim_with(number=-made, draft=True), status=201)
            self._put_down("filed", draft["id"])
            self._upload(checker, draft["id"], made)
            leased = self._sent(checker, "queue/next/", {}, status=200)
            self._put_down("leased", leased["lease_token"])
            self._review(checker, leased)
            claim = leased["claim"]["id"]
            self._sent(editor, f"claims/{claim}/publish/", {}, status=200)
            self._put_down("published", claim)

    def _review(self, checker: Api, leased: dict[str, Any]) -> None:
        claim, token = leased["claim"]["id"], {"lease_token": leased["lease_token"]}
        for dimension in ("location", "date"):
            verdict = {"dimension": dimension, "status": "unverified", "reason": "nothing to compare it with"}
            decided = self._sent(checker, f"claims/{claim}/verdicts/", {**token, **verdict}, status=201)
            self._put_down("decided", decided["verdicts"][0]["id"])
        self._sent(checker, f"claims/{claim}/submit/", token, status=200)
        self._put_down("submitted", claim)

    def _upload(self, checker: Api, claim: str, made: int) -> None:
        other = self._folder / f"{made}.pdf"
        other.write_bytes(_paper(f"No. {made}, uploaded"))
        key = str(uuid.uuid4())
        item = self._repeated(
            lambda: checker.upload(f"claims/{claim}/media/", other, "paper.pdf", key=key), status=202
        )
        self._put_down("uploaded", item["id"])

    def _sent(self, api: Api, path: str, body: dict[str, Any], *, status: int) -> Any:
        key = str(uuid.uuid4())
        return self._repeated(lambda: api.post(path, body, Idempotency_Key=key), status=status)

    def _repeated(self, send: Callable[[], Answer], *, status: int) -> Any:
        """Does as docs/api-clients.md says: the same again, under the same key, until there is an answer."""
        until = time.monotonic() + PATIENCE_SECONDS
        is_cut_off = False
        while True:
            answer: Answer | None = None
            with self._lock:
                self.under_way += 1
            try:
                answer = send()
            except (OSError, http.client.HTTPException):
                pass
            finally:
                with self._lock:
                    self.under_way -= 1
            if answer is not None and answer.status < 500:
                assert answer.status == status, answer.body
                return answer.json
            with self._lock:
                self.cut_off += not is_cut_off
            is_cut_off = True
            assert time.monotonic() < until, f"no answer: {answer}"
            threading.Event().wait(0.05)  # so that nobody is hammered who is just getting up

    def _put_down(self, what: str, name: str) -> None:
        with self._lock:
            self.acknowledged.append((what, name))


def crash(
    stack: Stack,
    folder: Path,
    *,
    crashes: int,
    strike: Callable[[], None],
    saw: Callable[[int], None] = lambda _: None,
) -> Crashed:
    """Strikes the database so often while people write and jobs run; `strike` brings it down and up again.

    `saw` is told after every crash how many writes are missing. Server, worker and loop must be up.
    """
    writers = Writers(stack, folder)
    missing: set[str] = set()
    with writers.at_work():
        for _ in range(crashes):
            writers.wait_for_more(WRITES_BETWEEN)
            before = list(writers.acknowledged)
            strike()
            missing |= not_there(stack, before)
            saw(len(missing))
        writers.wait_for_more(WRITES_BETWEEN)
    stack.all_done(DONE_SECONDS)
    given_up = _ask_again(stack)
    acknowledged = Counter(what for what, _ in writers.acknowledged)
    missing |= not_there(stack, writers.acknowledged)
    missing |= _missing_originals(stack)
    _log_is_whole(stack, {name for what, name in writers.acknowledged if what == "published"})
    assert stack.holds_true() > 0
    lost, twice = stack.lost_and_twice()
    assert (lost, twice) == (0, 0), f"{lost} jobs lost, {twice} effects twice"
    return Crashed(crashes, acknowledged, writers.cut_off, given_up, sorted(missing), _twice(stack))


def _ask_again(stack: Stack) -> int:
    """Has done what was given up, as a fact-checker does who reads that it was; gives how many jobs that were."""
    query = "SELECT kind, subject_id FROM verification_job WHERE state = 'quarantined'"
    given_up = stack.sql(query)
    for kind, media in given_up:
        act = "recapture" if kind == "capture" else "recheck"
        answer = stack.api("checker-1").post(f"media/{media}/{act}/")
        assert answer.status == 202, answer.body
    stack.all_done(DONE_SECONDS)
    return len(given_up)


def kill_and_start(stack: Stack) -> None:
    """Kills every process that writes the database, wherever it is, and starts all of them anew."""
    for process in stack.processes:
        if process.name in ("web", "worker", "loop") and process.popen.poll() is None:
            process.kill()
            assert process.popen.returncode == -signal.SIGKILL
    start(stack)


def start(stack: Stack) -> None:
    stack.start_web()
    stack.start_worker(pool="2")
    stack.start_loop()
    stack.web_answers()


def crash_and_recover(cluster: Cluster) -> None:
    """Crashes the server; it counts only where its own log says that it had to recover."""
    before = cluster.recoveries()
    cluster.crash()
    cluster.start()
    assert cluster.recoveries() == before + 1


def survivors(stack: Stack) -> list[Process]:
    """The processes that still run."""
    return [process for process in stack.processes if process.popen.poll() is None]


def not_there(stack: Stack, acknowledged: list[tuple[str, str]]) -> set[str]:
    """Which of these writes, each by its kind and what its answer named, are missing from the database."""
    there = {what: {".".join(map(str, row)) for row in stack.sql(query)} for what, query in KEPT.items()}
    return {f"{what} {name}" for what, name in acknowledged if name not in there[what]}


def _missing_originals(stack: Stack) -> set[str]:
    """Originals that a row names and that are not in the archive, or not as they came."""
    gone = set()
    for (sha256,) in stack.sql("SELECT sha256 FROM claims_asset"):
        path = stack.data / "archive" / sha256[:2] / sha256[2:4] / sha256
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            gone.add(f"original {sha256}")
    return gone


def _log_is_whole(stack: Stack, published: set[str]) -> None:
    """A client that reads the change log from its start finds every publication, and no gap."""
    after, changes = 0, []
    while True:
        page = stack.api("client").get(f"changes/?after={after}&limit=500").json
        changes += page["changes"]
        after = page["last_position"]
        if not page["more"]:
            break
    assert [change["position"] for change in changes] == list(range(1, len(changes) + 1))
    assert {change["claim"] for change in changes} >= published


def _twice(stack: Stack) -> list[str]:
    found = []
    for query in ONCE:
        found += [str(row) for row, number in Counter(stack.sql(query)).items() if number > 1]
    return found
