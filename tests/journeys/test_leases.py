"""One holder a review, one writer a revision, one row a key: many callers at once over HTTP, on either database."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.callers import at_once, file_many
from tests.journeys.lease_history import Call, Did, Noted, faults_in
from tests.journeys.reviewers import work_on_all
from tests.stack import CHECKERS, POSTGRES, SQLITE, Answer, Databases, Stack, claim_with

pytestmark = pytest.mark.services

REVIEWERS, CLAIMS, LEASE_SECONDS = 16, 80, 3

Tell = Callable[[str], None]


@pytest.fixture(scope="module", params=[SQLITE, POSTGRES])
def stack(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A server alone: neither worker nor loop nor broker has a part in leases."""
    folder = tmp_path_factory.mktemp("leases") / "data"
    with Stack(databases, folder, vendor=request.param, with_broker=False) as stack:
        stack.start_web(workers=2)
        stack.web_answers()
        yield stack


@pytest.mark.parametrize("vendor", [SQLITE, POSTGRES])
def test_reviewers_as_people_are_share_a_queue_and_nothing_is_lost_or_two_peoples(
    databases: Databases, tmp_path: Path, vendor: str, tell: Tell
) -> None:
    with Stack(databases, tmp_path / "data", vendor=vendor, with_broker=False) as stack:
        worked = work_on_all(stack, reviewers=REVIEWERS, claims=CLAIMS, kills=1, lease_seconds=LEASE_SECONDS)
    assert not worked.faults, worked.faults
    assert worked.counts["write 423"] > 0  # somebody came too late, else nothing was tried
    tell(worked.in_words(vendor))


def test_a_lease_taken_without_a_condition_is_found_out(stack: Stack, tell: Tell) -> None:
    """The naive control: who looks first and writes then, without repeating the test or a fence, shares with others."""
    threads, entries = 8, 10
    with closing(stack.scratch()) as database:
        database.execute("CREATE TABLE naive_queue (id INTEGER PRIMARY KEY, holder TEXT, fence INTEGER)")
        for number in range(entries):
            database.execute(f"INSERT INTO naive_queue VALUES ({number}, NULL, 0)")
    everybody_looked = threading.Barrier(threads, timeout=60)
    everybody_took = threading.Barrier(threads, timeout=60)
    calls: list[Call] = []
    noted: list[Noted] = []

    def work(index: int) -> None:
        name = f"checker-{index}"
        with closing(stack.scratch()) as database:
            for _ in range(entries):
                look = "SELECT id FROM naive_queue WHERE holder IS NULL ORDER BY id LIMIT 1"
                (entry,) = database.execute(look).fetchone()
                everybody_looked.wait()
                sent = time.monotonic()
                take = f"UPDATE naive_queue SET holder = '{name}', fence = fence + 1 WHERE id = {entry} RETURNING fence"
                ((fence,),) = database.execute(take).fetchall()
                noted.append(Noted(str(entry), fence, "leased", name))
                calls.append(Call(name, Did.LEASE, sent, time.monotonic(), 200, str(entry), fence))
                everybody_took.wait()
                # A write that repeats neither holder nor fence is never refused.
                sent = time.monotonic()
                calls.append(Call(name, Did.WRITE, sent, time.monotonic(), 201, str(entry), fence))

    at_once(threads, work)
    found = faults_in(
        calls, noted, entries=[str(number) for number in range(entries)], kept=(), lease_seconds=60
    )
    assert found.overlapping
    assert found.stale
    assert len(found.never_served) == entries
    said = f"{len(found.overlapping)} overlaps, {len(found.stale)} stale writes"
    tell(f"{stack.vendor}: the naive control shows {said}, {len(found.never_served)} never served")


def test_of_eight_who_change_the_same_revision_one_succeeds(stack: Stack) -> None:
    for _ in range(5):
        (claim,) = file_many(stack, 1, draft=True)
        path = f"claims/{claim}/"
        tag = stack.api("checker-1").get(path).headers["etag"]

        def change(index: int, path: str = path, tag: str = tag) -> int:
            return stack.api(CHECKERS[index]).patch(path, {"tags": [f"t{index}"]}, If_Match=tag).status

        statuses = at_once(8, change)
        assert Counter(statuses) == {200: 1, 412: 7}
        after = stack.api("checker-1").get(path)
        assert after.json["tags"] == [f"t{statuses.index(200)}"]
        assert after.headers["etag"] != tag


def test_a_key_sent_five_times_at_once_files_one_claim(stack: Stack) -> None:
    keys, replays = [str(uuid.uuid4()) for _ in range(20)], 5
    before = stack.sql("SELECT count(*) FROM claims_claim")[0][0]

    def replay(index: int) -> Answer:
        number = index // replays
        body = claim_with(number=number, draft=True)
        return stack.api("checker-1").post("claims/", body, Idempotency_Key=keys[number])

    answers = at_once(len(keys) * replays, replay)
    assert Counter(answer.status for answer in answers) == {201: len(answers)}
    for number in range(len(keys)):
        assert len({answer.body for answer in answers[number * replays : (number + 1) * replays]}) == 1
    assert len({answer.json["id"] for answer in answers}) == len(keys)
    assert stack.sql("SELECT count(*) FROM claims_claim")[0][0] == before + len(keys)
