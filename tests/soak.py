"""The long versions of what the journeys try in short: `make soak`, or `python -m tests.soak --help`.

The same scenarios with larger numbers, on SQLite and on a PostgreSQL of its own. It shows how far it is on a
terminal, writes a report as JSON after every round, and ends with 1 if anything was lost, twice or missing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from math import ceil
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.cluster import Cluster
from tests.journeys import crashes, kills
from tests.journeys.faults import Fault
from tests.journeys.reviewers import work_on_all
from tests.journeys.test_changes import follow_while_dying
from tests.stack import HOME, POSTGRES, SQLITE, Databases, Stack

PARTS = ("kills", "crashes", "leases", "changes")
OF_KILLS = {"worker": 0.6, "child": 0.3, "loop": 0.1}
"""How the kills are shared out. A loop's or a whole worker's costs a new process, so those are fewer."""

A_ROUND = 100
CLAIMS_TO_FOLLOW, DEATHS = 200, 10
SHARED_ON_SQLITE = 0.2
"""How much of the claims that reviewers share on PostgreSQL they share on SQLite."""
CLAIMS_A_KILL, LEASE_SECONDS = 500, 20


@dataclass
class Figures:
    """What has come of one part on one database so far."""

    seen: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    cut_off: int = 0
    given_up: int = 0
    lost: int = 0
    twice: int = 0
    missing: int = 0
    seconds: float = 0.0
    told: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Round:
    """A scenario over a fresh desk. `amount` is what the bar counts."""

    part: str
    name: str
    vendor: str
    amount: int
    play: Callable[[Stack, Path, Figures, Callable[[], None]], None]
    with_broker: bool = True


def up_to(number: int, step: int) -> int:
    """The next multiple of `step` that is no less."""
    return -(-number // step) * step


def in_rounds(number: int, step: int) -> list[int]:
    """Multiples of `step`, about A_ROUND each, that are `number` or a little more together."""
    rounds = []
    while number > 0:
        rounds.append(up_to(min(number, A_ROUND), step))
        number -= rounds[-1]
    return rounds


def kill_rounds(vendors: list[str], number: int) -> Iterator[Round]:
    """Victims and databases in turn, so that a run that is stopped has tried something of each."""

    def of_workers(amount: int) -> Callable[..., kills.Killed]:
        whole = up_to(amount // 10, 4)
        return lambda stack, folder, saw: kills.kill_workers(
            stack, folder, pooled=amount - whole, whole=whole, saw=saw
        )

    def of_children(amount: int) -> Callable[..., kills.Killed]:
        return lambda stack, folder, saw: kills.kill_children(stack, folder, kills=amount, saw=saw)

    def of_loops(amount: int) -> Callable[..., kills.Killed]:
        return lambda stack, folder, saw: kills.kill_loops(stack, folder, kills=amount, saw=saw)

    ways = {"worker": (of_workers, 4), "child": (of_children, 5), "loop": (of_loops, 4)}
    rows = [
        [
            Round(
                "kills",
                f"kills of {victim}",
                vendor,
                amount,
                played_kills(victim, way(amount)),
                victim != "loop",
            )
            for amount in in_rounds(ceil(number * OF_KILLS[victim] / len(vendors)), step)
        ]
        for victim, (way, step) in ways.items()
        for vendor in vendors
    ]
    for column in zip_longest(*rows):
        yield from filter(None, column)


def played_kills(victim: str, scenario: Callable[..., kills.Killed]) -> Callable[..., None]:
    def play(stack: Stack, folder: Path, figures: Figures, tick: Callable[[], None]) -> None:
        def saw(fault: Fault) -> None:
            figures.seen[f"{victim}: {fault.point}"] += 1
            tick()

        stack.start_web()
        stack.web_answers()
        try:
            figures.jobs += scenario(stack, folder, saw).jobs
        except AssertionError:
            lost, twice = stack.lost_and_twice()
            figures.lost += lost
            figures.twice += twice
            raise

    return play


def crash_round(vendor: str, number: int, cluster: Cluster | None) -> Round:
    def play(stack: Stack, folder: Path, figures: Figures, tick: Callable[[], None]) -> None:
        def strike() -> None:
            if cluster is None:
                crashes.kill_and_start(stack)
            else:
                crashes.crash_and_recover(cluster)

        def saw(missing: int) -> None:
            figures.seen["crash"] += 1
            figures.missing = missing
            tick()

        crashes.start(stack)
        came = crashes.crash(stack, folder, crashes=number, strike=strike, saw=saw)
        figures.acknowledged += came.acknowledged
        figures.cut_off += came.cut_off
        figures.given_up += came.given_up
        figures.missing, figures.twice = len(came.missing), len(came.twice)
        assert not came.missing, came.missing
        assert not came.twice, came.twice

    return Round("crashes", "crashes", vendor, number, play)


def lease_round(vendor: str, claims: int, reviewers: int) -> Round:
    def play(stack: Stack, folder: Path, figures: Figures, tick: Callable[[], None]) -> None:
        kills = max(claims // CLAIMS_A_KILL, 1)
        worked = work_on_all(
            stack, reviewers=reviewers, claims=claims, kills=kills, lease_seconds=LEASE_SECONDS
        )
        figures.seen += worked.counts
        figures.told.append(worked.in_words(vendor))
        figures.twice = len(worked.faults.overlapping) + len(worked.faults.stale)
        figures.lost = len(worked.faults.lost)
        figures.missing = len(worked.faults.never_served) + len(worked.faults.falsely_empty)
        assert not worked.faults, worked.faults
        tick()

    return Round("leases", "leases", vendor, 1, play, with_broker=False)


def change_round(vendor: str) -> Round:
    def play(stack: Stack, folder: Path, figures: Figures, tick: Callable[[], None]) -> None:
        stack.sql("UPDATE verification_policy SET lease_limit = 1000")
        stack.start_web(workers=2)
        stack.web_answers()
        figures.told.append(follow_while_dying(stack, folder, number=CLAIMS_TO_FOLLOW, each_dies=DEATHS))
        tick()

    return Round("changes", "changes", vendor, 1, play, with_broker=False)


def rounds(asked: argparse.Namespace, vendors: list[str], cluster: Cluster | None) -> Iterator[Round]:
    if "kills" in asked.only:
        yield from kill_rounds(vendors, asked.kills)
    for vendor in vendors:
        if "crashes" in asked.only:
            yield crash_round(vendor, asked.crashes, cluster if vendor == POSTGRES else None)
        if "leases" in asked.only:
            share = 1 if vendor == POSTGRES else SHARED_ON_SQLITE
            yield lease_round(vendor, ceil(asked.claims * share), asked.reviewers)
        if "changes" in asked.only:
            yield change_round(vendor)


class Soak:
    """Plays rounds, counts what comes of them, and keeps the report."""

    def __init__(self, report: Path, databases: dict[str, Databases], keep: Path) -> None:
        self._report = report
        self._databases = databases
        self._keep = keep
        self._began = time.monotonic()
        self._began_at = datetime.now(UTC)
        self._number = 0
        self.figures: dict[tuple[str, str], Figures] = {}

    def play(self, one: Round, tick: Callable[[], None]) -> str:
        """Plays a round; gives what went wrong, in a line."""
        figures = self.figures.setdefault((one.part, one.vendor), Figures())
        self._number += 1
        folder = self._keep / f"{self._number:03d}-{one.name.replace(' ', '-')}-{one.vendor}"
        folder.mkdir()
        began = time.monotonic()
        error = ""
        try:
            with Stack(
                self._databases[one.vendor],
                folder / "data",
                vendor=one.vendor,
                with_broker=one.with_broker,
            ) as stack:
                one.play(stack, folder, figures, tick)
        except (AssertionError, OSError, psycopg.Error) as wrong:
            place = traceback.extract_tb(wrong.__traceback__)[-1]
            what = f"{type(wrong).__name__} {wrong}".strip()
            error = (
                f"{one.name} on {one.vendor}: {what} ({place.name}: {place.line}). The logs are in {folder}"
            )
            figures.errors.append(error)
        else:
            shutil.rmtree(folder)
        figures.seconds += time.monotonic() - began
        self.write(whole=False)
        return error

    def write(self, *, whole: bool) -> bool:
        """Writes the report; says whether all is well. A report that is not `whole` is of a run that goes on."""
        ok = all(not (one.errors or one.lost or one.twice or one.missing) for one in self.figures.values())
        parts: dict[str, Any] = {}
        for (part, vendor), one in self.figures.items():
            shown = {**vars(one), "seconds": round(one.seconds, 1)}
            parts.setdefault(part, {})[vendor] = {"total": one.seen.total(), **shown}
        said = {
            "ok": ok and whole,
            "whole": whole,
            "began_at": self._began_at.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self._began, 1),
            "parts": parts,
        }
        self._report.parent.mkdir(parents=True, exist_ok=True)
        self._report.write_text(json.dumps(said, indent=2) + "\n")
        return ok


def play_all(soak: Soak, planned: list[Round], console: Console) -> None:
    """With a bar for each kind of round on a terminal, else a line for each round."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        amounts: Counter[str] = Counter()
        for one in planned:
            amounts[f"{one.name}, {one.vendor}"] += one.amount
        bars = {name: progress.add_task(name, total=total, start=False) for name, total in amounts.items()}
        for one in planned:
            bar = bars[f"{one.name}, {one.vendor}"]
            progress.start_task(bar)
            began = time.monotonic()
            error = soak.play(one, lambda bar=bar: progress.advance(bar))
            if error or not console.is_terminal:
                took = f"{one.amount} {one.name} on {one.vendor} in {time.monotonic() - began:.0f} s"
                console.print(error or took, markup=False, highlight=False)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--kills", type=int, default=1000, help="in all (1000)")
    parser.add_argument("--crashes", type=int, default=20, help="of each database (20)")
    parser.add_argument(
        "--claims", type=int, default=10_000, help="shared on PostgreSQL, a fifth on SQLite (10,000)"
    )
    parser.add_argument("--reviewers", type=int, default=64, help="who share them (64)")
    parser.add_argument("--database", nargs="+", choices=(SQLITE, POSTGRES), default=[SQLITE, POSTGRES])
    parser.add_argument("--report", type=Path, default=HOME / "var/soak.json")
    return parser.parse_args()


def main() -> int:
    asked, console = arguments(), Console()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))  # what was started ends as with Ctrl-C
    folder = Path(tempfile.mkdtemp(prefix="stet-soak-"))
    with ExitStack() as ends:
        cluster = ends.enter_context(Cluster()) if POSTGRES in asked.database else None
        databases: dict[str, Databases] = {}
        for vendor in asked.database:
            (folder / f"template-{vendor}").mkdir()
            url = cluster.url if cluster and vendor == POSTGRES else ""
            databases[vendor] = Databases(folder / f"template-{vendor}", postgres=url)
        soak = Soak(asked.report, databases, folder)
        play_all(soak, list(rounds(asked, asked.database, cluster)), console)
        ok = soak.write(whole=True)
    if ok:
        shutil.rmtree(folder)
    for (part, vendor), one in soak.figures.items():
        console.print(
            f"{part} on {vendor}: {one.seen.total() or len(one.told)} seen, {one.lost} lost, {one.twice} twice, "
            f"{one.missing} missing, {len(one.errors)} errors, {one.seconds:.0f} s",
            highlight=False,
        )
    console.print(f"The report is in {asked.report}", highlight=False)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
