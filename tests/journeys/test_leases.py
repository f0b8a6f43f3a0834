"""One holder a review, one writer a revision, one row a key: many callers at once over HTTP, on either database."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.journeys.callers import at_once, decide, file_many, submit
from tests.stack import CHECKERS, POSTGRES, SQLITE, Answer, Databases, Stack, claim_with, wait_for

pytestmark = pytest.mark.services

CLAIMS = 500
FOR_EVER = float("inf")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Held:
    """A lease as its holder knows it: surely theirs from `since` (answer read) until `until` (end sent, or run out)."""

    entry: str
    fence: int
    holder: str
    since: float
    until: float


def token_of(leased: dict[str, Any]) -> tuple[str, int]:
    entry, _, fence = leased["lease_token"].partition(".")
    return entry, int(fence)


def overlaps(history: list[Held]) -> list[str]:
    """What one holder at a time would not have left behind."""
    found = []
    by_entry: dict[str, list[Held]] = defaultdict(list)
    for one in history:
        by_entry[one.entry].append(one)
    for entry, leases in by_entry.items():
        in_turn = sorted(leases, key=lambda one: (one.since, one.fence))
        for index, one in enumerate(in_turn):
            for later in in_turn[index + 1 :]:
                if later.since < one.until:
                    found.append(f"{entry}: {one.holder} and {later.holder} at once")
                if later.fence <= one.fence:
                    found.append(f"{entry}: fence {later.fence} after {one.fence}")
    return found


@pytest.fixture(scope="module", params=[SQLITE, POSTGRES])
def stack(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A server alone: neither worker nor loop nor broker has a part in leases."""
    folder = tmp_path_factory.mktemp("leases") / "data"
    with Stack(databases, folder, vendor=request.param, with_broker=False) as stack:
        stack.sql("UPDATE verification_policy SET lease_limit = 1000")
        stack.start_web(workers=2)
        stack.web_answers()
        yield stack


def share(stack: Stack, number: int) -> str:
    """Sixteen fact-checkers share so many claims: none gets lost, none is two people's; gives the figures."""
    claims = set(file_many(stack, number))
    history: list[Held] = []
    kept: list[tuple[str, str]] = []
    submitted: list[str] = []
    faults: list[bytes] = []

    def work(index: int) -> None:
        """Leases until nothing waits; gives some back, submits a few and keeps the rest."""
        name = CHECKERS[index]
        api, choice = stack.api(name), random.Random(index)
        for turn in range(number):
            answer = api.post("queue/next/")
            since = time.monotonic()
            if answer.status == 204:
                return
            if answer.status != 200:
                faults.append(answer.body)
                return
            leased = answer.json
            claim, (entry, fence), until = leased["claim"]["id"], token_of(leased), FOR_EVER
            gives_back = choice.random() < 0.1
            ended = None
            if turn < 2:
                if decide(api, leased).status != 201:
                    faults.append(b"verdict refused to the holder")
                until = time.monotonic()
                ended = submit(api, leased)
                submitted.append(claim)
            elif gives_back:
                until = time.monotonic()
                ended = api.post(f"queue/leases/{leased['lease_token']}/release/")
            else:
                kept.append((claim, name))
            history.append(Held(entry, fence, name, since, until))
            if ended is not None and ended.status != 200:
                faults.append(ended.body)

    began = time.monotonic()
    at_once(len(CHECKERS), work)
    seconds = time.monotonic() - began
    for index in range(3):  # what somebody gave back when all others had gone home
        work(index)
    assert faults == []
    assert overlaps(history) == []
    assert sorted(submitted + [claim for claim, _ in kept]) == sorted(claims)  # none lost, none twice
    assert len({(one.entry, one.fence) for one in history}) == len(history)
    given = Counter(stack.sql("SELECT entry_id, fence FROM verification_leaseevent WHERE kind = 'leased'"))
    assert given == {(one.entry, one.fence): 1 for one in history}
    held = stack.sql(
        "SELECT q.claim_id, p.username FROM verification_queueentry q JOIN claims_person p ON p.id = q.holder_id"
    )
    assert sorted(held) == sorted(kept)
    return (
        f"{stack.vendor}: {len(history)} leases of {number} claims by {len(CHECKERS)} at once in {seconds:.1f} s: "
        "0 double, 0 lost"
    )


def test_sixteen_fact_checkers_share_five_hundred_claims(stack: Stack, tell: Tell) -> None:
    tell(share(stack, CLAIMS))


def test_a_lease_that_ran_out_is_another_ones_and_late_writes_are_refused(stack: Stack, tell: Tell) -> None:
    walkers, claims = CHECKERS[:8], 24
    file_many(stack, claims)
    stack.sql("UPDATE verification_policy SET lease_seconds = 2")
    history: list[Held] = []
    late: list[Answer] = []
    try:
        abandoned: list[tuple[str, dict[str, Any]]] = []

        def walk_away(index: int) -> None:
            api = stack.api(walkers[index])
            for _ in range(claims // len(walkers)):
                sent = time.monotonic()
                answer = api.post("queue/next/")
                assert answer.status == 200, answer.body
                abandoned.append((walkers[index], answer.json))
                # It runs out two seconds after the server gave it, so not before two seconds from now.
                entry, fence = token_of(answer.json)
                history.append(Held(entry, fence, walkers[index], time.monotonic(), sent + 2))

        at_once(len(walkers), walk_away)
        assert len({leased["lease_token"] for _, leased in abandoned}) == claims
        end = max(datetime.fromisoformat(leased["expires_at"]) for _, leased in abandoned)
        wait_for(lambda: datetime.now(UTC) > end + timedelta(milliseconds=50), 10, "the end of the leases")
        late += [decide(stack.api(name), leased) for name, leased in abandoned]
        taken: Counter[str] = Counter()

        def take_over(index: int) -> None:
            name = CHECKERS[8 + index]
            api = stack.api(name)
            until = time.monotonic() + 30
            while sum(taken.values()) < claims:
                assert time.monotonic() < until, "leases do not run out"
                answer = api.post("queue/next/")
                since = time.monotonic()
                if answer.status == 204:
                    continue
                assert answer.status == 200, answer.body
                entry, fence = token_of(answer.json)
                verdict = decide(api, answer.json)
                if verdict.status == 423:  # this one was slow itself
                    late.append(verdict)
                    continue
                sent = time.monotonic()
                ended = submit(api, answer.json)
                if ended.status == 200:
                    history.append(Held(entry, fence, name, since, sent))
                    taken[entry] += 1

        at_once(8, take_over)
        assert set(taken.values()) == {1}
        assert overlaps(history) == []
        for name, leased in abandoned:
            late += [decide(stack.api(name), leased), submit(stack.api(name), leased)]
            late.append(stack.api(name).post(f"queue/leases/{leased['lease_token']}/renew/"))
        assert Counter(answer.status for answer in late) == {423: len(late)}
        assert {answer.json["code"] for answer in late} <= {"lease_lost", "lease_held"}
        written = set(
            stack.sql(
                "SELECT v.claim_id, p.username FROM verification_verdict v JOIN claims_person p ON p.id = v.by_id"
            )
        )
        assert not written & {(leased["claim"]["id"], name) for name, leased in abandoned}
        figures = f"{stack.vendor}: {claims} leases run out, {len(late)} late writes, all refused with 423"
        tell(figures)
    finally:
        stack.sql("UPDATE verification_policy SET lease_seconds = 1800")


def test_a_lease_taken_without_a_condition_is_found_out(stack: Stack, tell: Tell) -> None:
    """The naive control: who looks first and writes then, without repeating the test, shares with others."""
    threads, entries = 8, 10
    with closing(stack.scratch()) as database:
        database.execute("CREATE TABLE naive_queue (id INTEGER PRIMARY KEY, holder TEXT, fence INTEGER)")
        for number in range(entries):
            database.execute(f"INSERT INTO naive_queue VALUES ({number}, NULL, 0)")
    everybody_looked = threading.Barrier(threads, timeout=60)
    everybody_wrote = threading.Barrier(threads, timeout=60)
    history: list[Held] = []

    def work(index: int) -> None:
        with closing(stack.scratch()) as database:
            for _ in range(entries):
                look = "SELECT id, fence FROM naive_queue WHERE holder IS NULL ORDER BY id LIMIT 1"
                entry, fence = database.execute(look).fetchone()
                everybody_looked.wait()
                take = f"UPDATE naive_queue SET holder = 'h{index}', fence = fence + 1 WHERE id = {entry}"
                database.execute(take)
                since = time.monotonic()
                everybody_wrote.wait()
                history.append(Held(str(entry), fence + 1, f"h{index}", since, time.monotonic()))

    at_once(threads, work)
    found = overlaps(history)
    assert len(history) == threads * entries
    assert found
    tell(f"{stack.vendor}: the naive control shows {len(found)} overlaps and stale fences")


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
