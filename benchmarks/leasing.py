"""What handing out a review and recording a verdict cost at ten thousand and at a million open reviews, on PostgreSQL.

    .venv/bin/python benchmarks/leasing.py [OPEN] [SECONDS] [ROUNDS]

Makes two desks on a PostgreSQL of its own, fsync on, one with 10,000 open reviews and one with OPEN (a million), each behind a
server of its own, and measures in turn, at both sizes in every round: one raw statement that leases (the least that it
can cost), `services.queue.lease_next` in a process, and `POST queue/next/` with a key, by 32 callers; the same narrowed
to a language that one in a thousand needs; one raw statement that records a verdict with its audit entry, and
`POST claims/…/verdicts/`; and, as the least that a call over HTTP can cost, `GET /healthz`, which does nothing, and a
call that is refused for its bad key. HTTP is called by wrk for SECONDS (5) each time.

Prints a table and the same as JSON: calls a second, p50 and p99 in milliseconds, CPU-milliseconds a call of the server
and of its database connections (from /proc), and the ratios that PERFORMANCE.md sets targets for.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg

from tests.cluster import Cluster
from tests.stack import CHECKERS, HOME, POSTGRES, Databases, Stack, claim_with

SMALL = 10_000
CALLERS, ANSWERED = 32, 1536
LANGUAGES, RARE = ("fr", "de", "es", "it", "uk", "ru", "ar", "fa"), "cy"
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")

COPIES = {
    "claims_body": {"id": "md5('body' || n)::uuid", "content": "content || n"},
    "claims_claim": {
        "id": "md5('claim' || n)::uuid",
        "ref": "'9999-' || n",
        "statement_id": "md5('body' || n)::uuid",
        "statement_key": "md5('key' || n)",
    },
    "verification_queueentry": {
        "id": "md5('entry' || n)::uuid",
        "claim_id": "md5('claim' || n)::uuid",
        "place": "'2|' || lpad(n::text, 9, '0')",
        "need_id": f"CASE WHEN n %% 1000 = 0 THEN (SELECT id FROM verification_need WHERE language = '{RARE}')"
        " ELSE (ARRAY(SELECT id FROM verification_need WHERE language NOT IN ('en', '"
        + RARE
        + "')))[1 + n %% 8] END",
    },
}
"""How the rows of the desk are made of the one claim that was filed: what differs, by table and column."""

LEASE = """
UPDATE verification_queueentry SET state = 'leased', holder_id = %s, fence = fence + 1,
    lease_until = now() + interval '30 minutes'
WHERE id = (SELECT id FROM verification_queueentry WHERE need_id = %s AND state = 'waiting' AND assignee_id IS NULL
            ORDER BY place, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, fence
"""
GIVE_BACK = "UPDATE verification_queueentry SET state = 'waiting', holder_id = NULL, lease_until = NULL WHERE state = 'leased'"
RECORD = """
WITH text AS (
    INSERT INTO claims_body (id, content, salt, commitment, created_at)
    VALUES (gen_random_uuid(), '{}', repeat('0', 32), repeat('0', 64), now()) RETURNING id
), said AS (
    INSERT INTO verification_verdict
        (id, claim_id, review_id, dimension, status, interim, relation, body_id, by_id, at, seq)
    SELECT gen_random_uuid(), %(claim)s, %(review)s, 'location', 'unverified', false, '', text.id, %(by)s, now(),
        1 + (SELECT coalesce(max(seq), 0) FROM verification_verdict WHERE claim_id = %(claim)s) FROM text
), chain AS (
    UPDATE verification_auditchain SET seq = seq + 1, head = repeat('1', 64) WHERE name = %(chain)s
    RETURNING name, seq
)
INSERT INTO verification_auditentry (id, chain_id, seq, at, actor_id, action, data, previous, hash)
SELECT gen_random_uuid(), name, seq, now(), %(by)s, 'record-verdict', '{}', repeat('0', 64), repeat('1', 64) FROM chain
"""

WRK = """
local calls, turn, me = CALLS, 0, 0
local threads = 0
function setup(thread) thread:set("me", threads); threads = threads + 1 end
function init() turn = me end
function request()
  turn = turn + 1
  local one = calls[turn % #calls + 1]
  return wrk.format("METHOD", one[1], {["Authorization"] = one[2], ["Content-Type"] = "application/json"}, one[3])
end
function done(summary, latency)
  io.write(string.format('{"calls": %d, "bad": %d, "us": %d, "p50": %f, "p99": %f}\\n', summary.requests,
    summary.errors.status + summary.errors.read + summary.errors.timeout, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


@dataclass
class Seen:
    """What came of one way of calling, over the rounds."""

    a_second: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, float]:
        return {name: round(statistics.median(values), 2) for name, values in vars(self).items()}


class Desk:
    """A desk with so many open reviews, its server, and the ways to call it."""

    def __init__(self, stack: Stack, size: int) -> None:
        self.stack, self.size = stack, size
        self.seen: dict[str, Seen] = {}
        stack.start_web(workers=2)
        stack.web_answers()
        self._fill()

    def _fill(self) -> None:
        stack = self.stack
        stack.furnish([f"checker-{number}" for number in range(len(CHECKERS) + 1, CALLERS + 1)])
        stack.sql("UPDATE verification_policy SET lease_limit = 30000, lease_seconds = 36000")
        assert stack.api("checker-1").post("claims/", claim_with()).status == 201
        for number, language in enumerate([*LANGUAGES, RARE]):
            stack.sql(
                "INSERT INTO verification_need (id, language, skills, topics, key, desk_id)"
                " SELECT gen_random_uuid(), %s, '[]', '[]', %s, desk_id FROM verification_need LIMIT 1",
                language,
                str(number),
            )
        for table, changes in COPIES.items():
            columns = [
                name
                for (name,) in stack.sql(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = %s", table
                )
            ]
            values = ", ".join(changes.get(name, f'one."{name}"') for name in columns)
            named = ", ".join(f'"{name}"' for name in columns)
            first = {
                "claims_body": "one.id = (SELECT statement_id FROM claims_claim LIMIT 1)",
                "claims_claim": "one.ref NOT LIKE '9999-%%'",
                "verification_queueentry": "one.claim_id IN (SELECT id FROM claims_claim WHERE ref NOT LIKE '9999-%%')",
            }[table]
            stack.sql(
                f"INSERT INTO {table} ({named}) SELECT {values} FROM {table} one,"
                f" generate_series(1, {self.size}) n WHERE {first}"
            )
        stack.sql("VACUUM ANALYZE")
        self.people = dict(
            stack.sql("SELECT username, id FROM claims_person WHERE username LIKE 'checker-%%'")
        )
        self.need = stack.sql("SELECT id FROM verification_need WHERE language = 'fr'")[0][0]

    # --- what is measured

    def raw_lease(self) -> None:
        people = list(self.people.values())
        self._raw("raw lease", lambda index, _: (LEASE, (people[index], self.need)))
        self._give_back()

    def lease_in_process(self) -> None:
        words = [sys.executable, __file__, "--in-process", str(ANSWERED // 5)]
        made = subprocess.run(words, cwd=HOME, env=self.stack.environment, capture_output=True, text=True, check=True)  # fmt: skip
        self._keep("lease_next", **json.loads(made.stdout.splitlines()[-1]))
        self._give_back()

    def lease_by_http(self, seconds: int, name: str = "POST queue/next/", body: str = "{}") -> None:
        calls = [("/api/v1/queue/next/", self.stack.keys[person], body) for person in self.people]
        self._wrk(name, calls, seconds)
        self._give_back()

    def nothing_by_http(self, seconds: int) -> None:
        self._wrk("GET /healthz", [("/healthz", "none", "")], seconds, method="GET")
        self._wrk("a bad key", [("/api/v1/queue/next/", "none", "{}")], seconds)

    def lease_rare_by_http(self, seconds: int) -> None:
        self.lease_by_http(seconds, f"POST queue/next/ {RARE}", json.dumps({"language": RARE}))

    def verdicts(self, seconds: int) -> None:
        """Both ways of recording, in reviews that are held for it; each in its own, since HTTP's last are still on."""
        calls, held = [], []
        for person in self.people:
            mine = [self.stack.api(person).post("queue/next/").json for _ in range(3)]
            verdict = {"dimension": "location", "status": "unverified", "reason": "no view"}
            for leased in mine[:2]:
                body = json.dumps({"lease_token": leased["lease_token"], **verdict})
                path = f"/api/v1/claims/{leased['claim']['id']}/verdicts/"
                calls.append((path, self.stack.keys[person], body))
            held.append((mine[2]["claim"]["id"], self.people[person]))
        self._wrk("POST verdicts/", calls, seconds)
        reviews = dict(self.stack.sql("SELECT claim_id::text, id FROM verification_review"))
        self.stack.sql(
            "INSERT INTO verification_auditchain (name, seq, head) SELECT 'raw:' || n, 0, '' FROM generate_series(0, 63) n"
            " ON CONFLICT DO NOTHING"
        )

        def of_own(index: int, _: int) -> tuple[str, dict[str, Any]]:
            claim, by = held[index]
            return RECORD, {"claim": claim, "review": reviews[claim], "by": by, "chain": f"raw:{index}"}

        self._raw("raw verdict", of_own)
        self._give_back()

    # --- how

    def _raw(self, name: str, statement: Callable[[int, int], tuple[str, Any]]) -> None:
        url = self.stack.environment["DATABASE_URL"]
        times: list[float] = []
        gate = threading.Barrier(CALLERS + 1, timeout=120)
        over = threading.Barrier(CALLERS + 1, timeout=120)

        def call(index: int) -> None:
            with psycopg.connect(url, autocommit=True) as database:
                try:
                    gate.wait()
                    for turn in range(ANSWERED // CALLERS):
                        query, values = statement(index, turn)
                        begun = time.perf_counter()
                        database.execute(query.encode(), values)
                        times.append((time.perf_counter() - begun) * 1000)
                    over.wait()
                    # The connection is looked at once more before it ends.
                    over.wait()
                except psycopg.Error:
                    over.abort()
                    raise

        with ThreadPoolExecutor(CALLERS) as pool:
            calling = [pool.submit(call, index) for index in range(CALLERS)]
            gate.wait()
            cpu, begun = self._cpu(), time.perf_counter()
            with suppress(threading.BrokenBarrierError):
                over.wait()
            seconds, used = time.perf_counter() - begun, self._cpu() - cpu
            with suppress(threading.BrokenBarrierError):
                over.wait()
            wait(calling)
        if failed := [error for one in calling if isinstance(error := one.exception(), psycopg.Error)]:
            raise failed[0]
        self._keep(name, times=times, seconds=seconds, cpu=used)

    def _wrk(
        self, name: str, calls: list[tuple[str, str, str]], seconds: int, *, method: str = "POST"
    ) -> None:
        quoted = [[json.dumps(word) for word in (path, f"Bearer {key}", body)] for path, key, body in calls]
        listed = ", ".join(f"{{{', '.join(one)}}}" for one in quoted)
        script = self.stack.data / "wrk.lua"
        script.write_text(WRK.replace("CALLS", f"{{{listed}}}", 1).replace("METHOD", method, 1))
        words = [
            "wrk",
            "-t",
            "4",
            "-c",
            str(CALLERS),
            "-d",
            f"{seconds}s",
            "--timeout",
            "30s",
            "-s",
            str(script),
        ]
        cpu = self._cpu()
        made = subprocess.run([*words, f"http://127.0.0.1:{self.stack.port}"], capture_output=True, text=True, check=True)  # fmt: skip
        used = self._cpu() - cpu
        said = json.loads(made.stdout.splitlines()[-1])
        if said["bad"] and name != "a bad key":
            print(f"  {name} at {self.size:,}: {said['bad']} of {said['calls']} calls were refused")
        seen = self.seen.setdefault(name, Seen())
        seen.a_second.append(said["calls"] / (said["us"] / 1e6))
        seen.p50.append(said["p50"])
        seen.p99.append(said["p99"])
        seen.cpu.append(used / max(said["calls"], 1))

    def _keep(self, name: str, *, times: list[float], seconds: float, cpu: float) -> None:
        seen = self.seen.setdefault(name, Seen())
        in_order = sorted(times)
        seen.a_second.append(len(times) / seconds)
        seen.p50.append(in_order[len(in_order) // 2])
        seen.p99.append(in_order[int(len(in_order) * 0.99)])
        seen.cpu.append(cpu / len(times))

    def _cpu(self) -> float:
        """CPU-milliseconds of the server and of the database's connections so far."""
        url = self.stack.environment["DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as database:
            rows = database.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            backends = {pid for (pid,) in rows.fetchall()} - {database.info.backend_pid}
        return sum(_ticks(pid) for pid in [*backends, *_group_of(self.stack.web.pid)]) * TICK_MS

    def _give_back(self) -> None:
        self.stack.sql(GIVE_BACK)
        self.stack.sql("VACUUM verification_queueentry")


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return int(fields[11]) + int(fields[12])


def _group_of(leader: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if os.getpgid(int(entry.name)) == leader:
                    yield int(entry.name)
            except ProcessLookupError:
                continue


def lease_in_this_process(number: int) -> None:
    """What a child does: leases with the service itself, and prints what it took."""
    import django  # noqa: PLC0415

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection  # noqa: PLC0415  the child alone wants Django

    from claims.models import Person  # noqa: PLC0415
    from verification.services import queue  # noqa: PLC0415

    people = list(Person.objects.filter(username__startswith="checker-"))
    queue.lease_next(people[0])
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    times = []
    cpu, begun = time.process_time() * 1000 + _ticks(backend) * TICK_MS, time.perf_counter()
    for turn in range(number):
        at = time.perf_counter()
        assert queue.lease_next(people[turn % len(people)])
        times.append((time.perf_counter() - at) * 1000)
    seconds = time.perf_counter() - begun
    used = time.process_time() * 1000 + _ticks(backend) * TICK_MS - cpu
    print(json.dumps({"times": times, "seconds": seconds, "cpu": used}))


def ratios(small: dict[str, dict[str, float]], large: dict[str, dict[str, float]]) -> dict[str, float]:
    """What the targets are about; by calls a second unless it says p99."""
    next_, rare = "POST queue/next/", f"POST queue/next/ {RARE}"
    found = {f"p99 large / small, {way}": large[way]["p99"] / small[way]["p99"] for way in small}
    found |= {f"CPU large / small, {way}": large[way]["cpu"] / max(small[way]["cpu"], 0.01) for way in small}
    for size, of in (("small", small), ("large", large)):
        found[f"HTTP / raw lease, {size}"] = of[next_]["a_second"] / of["raw lease"]["a_second"]
        found[f"/healthz / raw lease, {size}"] = of["GET /healthz"]["a_second"] / of["raw lease"]["a_second"]
        found[f"HTTP / raw verdict, {size}"] = (
            of["POST verdicts/"]["a_second"] / of["raw verdict"]["a_second"]
        )
        found[f"rare language / any, {size}"] = of[rare]["a_second"] / of[next_]["a_second"]
    return {name: round(value, 2) for name, value in found.items()}


def measure(large: int, seconds: int, rounds: int) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="stet-bench-"))
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        cluster = ends.enter_context(Cluster())
        databases = Databases(folder, postgres=cluster.url)
        ends.callback(databases.close)
        desks = [
            Desk(ends.enter_context(Stack(databases, folder / str(number), vendor=POSTGRES, with_broker=False)), size)
            for number, size in zip(count(), (SMALL, large), strict=False)
        ]  # fmt: skip
        for _ in range(rounds):
            for act in (
                Desk.raw_lease,
                Desk.lease_in_process,
                lambda desk: desk.nothing_by_http(seconds),
                lambda desk: desk.lease_by_http(seconds),
                lambda desk: desk.lease_rare_by_http(seconds),
                lambda desk: desk.verdicts(seconds),
            ):
                for desk in desks:
                    act(desk)
        small, big = ({way: seen.as_json() for way, seen in desk.seen.items()} for desk in desks)
    return {
        "open": {"small": SMALL, "large": large},
        "small": small,
        "large": big,
        "ratios": ratios(small, big),
    }


def show(measured: dict[str, Any]) -> None:
    print(f"{'':<24} {'open':>10} {'a second':>10} {'p50 ms':>8} {'p99 ms':>8} {'CPU-ms':>8}")
    for way in measured["small"]:
        for size in ("small", "large"):
            one = measured[size][way]
            print(
                f"{way:<24} {measured['open'][size]:>10,} {one['a_second']:>10.0f} {one['p50']:>8.1f}"
                f" {one['p99']:>8.1f} {one['cpu']:>8.2f}"
            )
    for name, value in measured["ratios"].items():
        print(f"  {name:<44} {value:>6.2f}")
    print(json.dumps(measured))


def main() -> None:
    if sys.argv[1:2] == ["--in-process"]:
        lease_in_this_process(int(sys.argv[2]))
        return
    if shutil.which("wrk") is None:
        print("The queue is not measured: wrk is not installed")
        return
    large, seconds, rounds = (
        int(given) for given in (*sys.argv[1:], *["1000000", "5", "3"][len(sys.argv) - 1 :])
    )
    show(measure(large, seconds, rounds))


if __name__ == "__main__":
    main()
