"""No publication is missed: many publish at once while clients follow the change log, die and go on."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.callers import at_once, decide, file_many, submit
from tests.stack import CHECKERS, EDITORS, POSTGRES, SQLITE, Databases, Process, Stack, wait_for

pytestmark = pytest.mark.services

CLAIMS = 40
POLLERS = 4
DEATHS = 3

Tell = Callable[[str], None]


def faults_of(seen: list[int], made: list[int]) -> tuple[list[int], list[int], bool]:
    """What a client missed and what it got twice of what was made, and whether it came in order."""
    missed = sorted(set(made) - set(seen))
    repeated = sorted({position for position in seen if seen.count(position) > 1})
    return missed, repeated, seen == sorted(seen)


def seen_by(path: Path) -> list[int]:
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=20)) as database:
        try:
            return [row[0] for row in database.execute("SELECT position FROM seen ORDER BY number")]
        except sqlite3.OperationalError:  # it has not come that far
            return []


@pytest.fixture(scope="module", params=[SQLITE, POSTGRES])
def stack(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("changes") / "data"
    with Stack(databases, folder, vendor=request.param, with_broker=False) as stack:
        stack.start_web(workers=2)
        stack.web_answers()
        yield stack


def to_be_signed_off(stack: Stack, number: int) -> list[str]:
    """Claims with location and date decided."""
    claims = file_many(stack, number)

    def review(index: int) -> None:
        api = stack.api(CHECKERS[index])
        while (answer := api.post("queue/next/")).status == 200:
            for dimension in ("location", "date"):
                assert decide(api, answer.json, dimension=dimension).status == 201
            assert submit(api, answer.json).status == 200
        assert answer.status == 204, answer.body

    at_once(8, review)
    return claims


def follow_while_dying(stack: Stack, folder: Path, *, number: int, each_dies: int) -> str:
    """Clients follow the change log of so many claims, die and go on; gives the figures. The log is empty yet."""
    claims = to_be_signed_off(stack, number)
    start = stack.api("client").get("changes/?after=0").json["last_position"]
    assert start == 0
    paths = [folder / f"poller-{index}.sqlite3" for index in range(POLLERS)]

    def follow(index: int) -> Process:
        words = [str(stack.port), stack.keys["client"], str(paths[index]), "0", str(3 + 4 * index)]
        return stack.start("poller", [sys.executable, "-m", "tests.journeys.poller", *words])

    def publish(index: int) -> None:
        api = stack.api(EDITORS[index])
        for claim in claims[index :: len(EDITORS)]:
            for act in ("publish", "hold", "release", "withdraw"):
                body = {} if act == "publish" else {"reason": "as it had to be"}
                answer = api.post(f"claims/{claim}/{act}/", body)
                assert answer.status == 200, answer.body

    made = list(range(1, 4 * number + 1))
    pollers = [follow(index) for index in range(POLLERS)]
    began = time.monotonic()
    deaths = 0
    with ThreadPoolExecutor(1) as writers:
        writing = writers.submit(at_once, len(EDITORS), publish)
        # Each dies several times on the way, wherever it just is.
        for death in range(1, each_dies + 1):
            for index, path in enumerate(paths):
                wait_for(
                    lambda path=path, death=death: len(seen_by(path)) >= death * len(made) // (each_dies + 2),
                    60,
                    "what a poller follows",
                )
                assert pollers[index].popen.poll() is None, pollers[index].said()
                pollers[index].kill()
                pollers[index] = follow(index)
                deaths += 1
        writing.result(120)
    seconds = time.monotonic() - began
    for path in paths:
        wait_for(lambda path=path: len(seen_by(path)) >= len(made), 30, "the end of the log")
        assert faults_of(seen_by(path), made) == ([], [], True)
    told = f"{stack.vendor}: {len(made)} changes by {len(EDITORS)} in {seconds:.1f} s, {POLLERS} pollers died {deaths} times"
    return f"{told}, 0 missed, 0 repeated, in order"


def test_clients_that_die_and_go_on_miss_nothing(stack: Stack, tmp_path: Path, tell: Tell) -> None:
    tell(follow_while_dying(stack, tmp_path, number=CLAIMS, each_dies=DEATHS))


def test_following_ids_in_place_of_positions_misses_what_commits_late(
    databases: Databases, tmp_path: Path, tell: Tell
) -> None:
    """The naive control: an id is drawn before its row can be seen, so `id > cursor` passes over it."""
    with (
        Stack(databases, tmp_path / "data", vendor=POSTGRES, with_broker=False) as stack,
        closing(stack.scratch()) as slow,
        closing(stack.scratch()) as quick,
        closing(stack.scratch()) as poller,
    ):
        poller.execute("CREATE TABLE naive_log (id BIGSERIAL PRIMARY KEY, writer TEXT)")
        seen: list[int] = []

        def poll() -> None:
            after = seen[-1] if seen else 0
            rows = poller.execute("SELECT id FROM naive_log WHERE id > %s ORDER BY id", (after,)).fetchall()
            seen.extend(row[0] for row in rows)

        for _ in range(20):
            with slow.transaction():
                slow.execute("INSERT INTO naive_log (writer) VALUES ('slow')")
                quick.execute("INSERT INTO naive_log (writer) VALUES ('quick')")
                poll()
            poll()
        made = [row[0] for row in poller.execute("SELECT id FROM naive_log ORDER BY id").fetchall()]
        missed, repeated, in_order = faults_of(seen, made)
        assert (len(made), len(missed), repeated, in_order) == (40, 20, [], True)
        tell(f"the naive control misses {len(missed)} of {len(made)}")
