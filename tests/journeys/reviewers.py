"""Many reviewers at one queue, as people are: they give back, pass over, hand on, ask in, forget and come late.

Meanwhile an editor takes reviews away and the server is killed. What everybody did and was answered is kept, for
`lease_history` to judge.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from tests.journeys.callers import at_once, file_many
from tests.journeys.lease_history import Call, Did, Faults, Noted, faults_in
from tests.stack import Answer, Stack, as_json

LAWFUL = {200, 201, 204, 409, 423, 503}
"""Anything else that a call is answered is no answer to these people. 503: the database was busy, nothing was done."""

DECIDES = 70
HABITS = {
    "release": 5,
    "skip": 3,
    "hand over": 3,
    "hand to a colleague": 3,
    "ask in": 6,
    "walk away": 4,
    "come back late": 3,
    "write after the end": 6,
}
"""How many of a hundred reviews go so; `DECIDES` are decided and submitted, the others besides."""

STANDSTILL_SECONDS = 120
"""After so long without a review that ends, beyond a lease's time, nothing will come of waiting."""


@dataclass(frozen=True)
class Worked:
    """What came of it."""

    claims: int
    reviewers: int
    kills: int
    seconds: float
    counts: Counter[str]
    faults: Faults

    def in_words(self, vendor: str) -> str:
        said = ", ".join(f"{self.counts[word]} {word}" for word in sorted(self.counts))
        found = ", ".join(f"{len(found)} {name}" for name, found in vars(self.faults).items())
        return (
            f"{vendor}: {self.reviewers} reviewers, {self.claims} claims, {self.kills} kills of the server, "
            f"{self.seconds:.0f} s ({said}): {found}"
        )


@dataclass
class Floor:
    """What the reviewers share: the desk, what each has done, and who was asked into what."""

    stack: Stack
    names: list[str]
    lease_seconds: float
    up: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    asked_in: dict[str, deque[dict[str, Any]]] = field(default_factory=dict)
    held: deque[str] = field(default_factory=lambda: deque(maxlen=100))
    calls: deque[Call] = field(default_factory=deque)
    odd: deque[str] = field(default_factory=deque)

    def call(self, by: str, did: Did, path: str, body: Any = None, **more: Any) -> Answer | None:
        """Calls and keeps what came of it; None where the server died over it."""
        self.up.wait()
        sent = time.monotonic()
        try:
            answer = self.stack.api(by).post(path, body)
        except (OSError, http.client.HTTPException):
            self.calls.append(Call(by, did, sent, time.monotonic(), None, **more))
            return None
        if did == Did.LEASE and answer.status == 200:
            entry, _, fence = answer.json["lease_token"].partition(".")
            more = {"entry": entry, "fence": int(fence)}
        self.calls.append(Call(by, did, sent, time.monotonic(), answer.status, **more))
        if answer.status not in LAWFUL:
            self.odd.append(f"{did} {path}: {answer.status} {answer.body[:200]!r}")
        return answer


class Reviewer:
    """One of them, with habits of their own."""

    def __init__(self, floor: Floor, index: int) -> None:
        self._floor = floor
        self._name = floor.names[index]
        self._choice = random.Random(index)
        self._written = 0
        self._late: deque[dict[str, Any]] = deque(maxlen=5)

    def work(self) -> None:
        """Until everything is submitted."""
        while not self._floor.over.is_set():
            if self._floor.asked_in[self._name]:
                self._write(self._floor.asked_in[self._name].popleft())
            answer = self._floor.call(self._name, Did.LEASE, "queue/next/")
            if answer is not None and answer.status == 200:
                self._floor.held.append(answer.json["entry"]["id"])
                self._review(answer.json)
            else:
                self._floor.over.wait(0.1 + self._choice.random() * 0.4)

    def _review(self, leased: dict[str, Any]) -> None:
        habit = self._choice.choices([*HABITS, ""], [*HABITS.values(), DECIDES])[0]
        colleague = self._choice.choice([name for name in self._floor.names if name != self._name])
        if habit == "release":
            self._end(leased, Did.RELEASE)
        elif habit == "skip":
            self._end(leased, Did.SKIP, {"reason": "not mine"})
        elif habit == "hand over":
            self._end(leased, Did.HAND_OVER, {"to": None})
        elif habit == "hand to a colleague":
            self._end(leased, Did.HAND_OVER, {"to": colleague}, whom=colleague)
        elif habit == "walk away":
            self._late.append(leased)
        else:
            if habit == "ask in":
                self._end(leased, Did.INVITE, {"person": colleague}, whom=colleague)
                self._floor.asked_in[colleague].append(leased)
            if habit == "come back late":
                self._floor.over.wait(self._floor.lease_seconds * 1.1)
            self._write(leased)
            self._submit(leased)
        if habit == "write after the end":
            self._late.append(leased)
        if self._late and self._choice.random() < 0.2:
            late = self._late.popleft()
            self._write(late)
            self._submit(late)

    def _write(self, leased: dict[str, Any]) -> None:
        self._written += 1
        mark = f"{self._name}-{self._written}"
        verdict = {"dimension": "location", "status": "unverified", "reason": mark}
        path = f"claims/{leased['claim']['id']}/verdicts/"
        body = {"lease_token": leased["lease_token"], **verdict}
        self._floor.call(self._name, Did.WRITE, path, body, mark=mark, **_named(leased))

    def _submit(self, leased: dict[str, Any]) -> None:
        path, body = f"claims/{leased['claim']['id']}/submit/", {"lease_token": leased["lease_token"]}
        self._floor.call(self._name, Did.SUBMIT, path, body, **_named(leased))

    def _end(self, leased: dict[str, Any], did: Did, body: Any = None, whom: str = "") -> None:
        path = f"queue/leases/{leased['lease_token']}/{did}/"
        self._floor.call(self._name, did, path, body, whom=whom, **_named(leased))


def work_on_all(stack: Stack, *, reviewers: int, claims: int, kills: int, lease_seconds: int) -> Worked:
    """So many reviewers share so many claims until every one is submitted; gives what happened."""
    names = [f"checker-{number}" for number in range(1, reviewers + 1)]
    stack.furnish([name for name in names if name not in stack.keys])
    stack.sql("UPDATE verification_policy SET lease_limit = 1000, lease_seconds = %s", lease_seconds)
    stack.start_web(workers=2)
    stack.web_answers()
    filed = file_many(stack, claims)
    entry_of = {
        claim: entry for entry, claim in stack.sql("SELECT id, claim_id FROM verification_queueentry")
    }
    floor = Floor(stack, names, lease_seconds, asked_in={name: deque() for name in names})
    floor.up.set()
    stack.start_loop()
    began = time.monotonic()

    def play(index: int) -> None:
        try:
            if index < reviewers:
                Reviewer(floor, index).work()
            elif index == reviewers:
                _take_away(floor)
            else:
                _kill(floor, claims, kills)
        except BaseException:
            floor.over.set()  # so that the others do not wait for what will not come
            raise

    at_once(reviewers + 2, play)
    seconds = time.monotonic() - began
    calls = list(floor.calls)
    assert not floor.odd, Counter(floor.odd).most_common(5)
    return Worked(
        claims,
        reviewers,
        kills,
        seconds,
        Counter(f"{call.did} {'done' if call.is_done else call.status or 'unanswered'}" for call in calls),
        faults_in(
            calls,
            _noted(stack),
            entries=[entry_of[claim] for claim in filed],
            kept=_kept_marks(stack),
            lease_seconds=lease_seconds,
        ),
    )


def _take_away(floor: Floor) -> None:
    """An editor breaks leases at random, some of them ended meanwhile."""
    choice = random.Random(0)
    while not floor.over.wait(0.2):
        if floor.held:
            entry = choice.choice(list(floor.held))
            floor.call("editor-1", Did.BREAK, f"queue/{entry}/break/", {"reason": "urgent"}, entry=entry)


def _kill(floor: Floor, claims: int, kills: int) -> None:
    """Kills the server in the middle of its work, at even steps of the way, and says when all is submitted."""
    steps = [claims * number // (kills + 1) for number in range(1, kills + 1)]
    left, moved = claims, time.monotonic()
    while left and not floor.over.wait(0.2):
        before = left
        ((left,),) = floor.stack.sql(
            "SELECT count(*) FROM verification_queueentry WHERE state IN ('waiting', 'leased')"
        )
        if left != before:
            moved = time.monotonic()
        elif time.monotonic() - moved > floor.lease_seconds + STANDSTILL_SECONDS:
            raise AssertionError(f"{left} reviews move no more: {_left_over(floor.stack)}")
        if steps and claims - left >= steps[0]:
            steps.pop(0)
            floor.up.clear()
            floor.stack.web.kill()
            floor.stack.start_web(workers=2)
            floor.stack.web_answers()
            floor.up.set()
    floor.over.set()


def _left_over(stack: Stack) -> list[Any]:
    return stack.sql(
        "SELECT id, state, fence, lease_until, holder_id, assignee_id, barred FROM verification_queueentry"
        " WHERE state IN ('waiting', 'leased') LIMIT 5"
    )


def _named(leased: dict[str, Any]) -> dict[str, Any]:
    entry, _, fence = leased["lease_token"].partition(".")
    return {"entry": entry, "fence": int(fence)}


def _noted(stack: Stack) -> list[Noted]:
    rows = stack.sql(
        "SELECT e.entry_id, e.fence, e.kind, p.username FROM verification_leaseevent e "
        "LEFT JOIN claims_person p ON p.id = e.person_id ORDER BY e.id"
    )
    return [Noted(*row) for row in rows]


def _kept_marks(stack: Stack) -> list[str]:
    rows = stack.sql("SELECT b.content FROM verification_verdict v JOIN claims_body b ON b.id = v.body_id")
    return [as_json(content)["reason"] for (content,) in rows]
