"""How many photos a second all checks examine, beside two peers on the same files in the same run.

    .venv/bin/python benchmarks/examining.py FOLDER [--count 100] [--rounds 2] [--peer PYTHON]

The peers: exiftool, one process kept open (where it is installed); and the hash, metadata and PDQ steps of
auto-archiver, called directly, by the PYTHON of an environment that has it (`pip install auto-archiver`). All take turns
at every ten files, so that what else the machine does hits all alike; a first turn of each, with its start, is not
counted. `stet` is one thread with one decoder child; `stet, all processors` has as many as the machine has processors,
as `manage.py examine` does.

Prints a table to stderr and JSON to stdout: files a second by the clock, milliseconds of the processor for a file, by
each process and all that it starts, and how many times less than each peer we take.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.processes import cpu_seconds, memory_mb
from claims.dates import parse_date
from claims.places import Place
from verification.examination import examine_file
from verification.sandbox import end_child

Examine = Callable[[list[Path]], None]

TURN = 10
READY = "{ready}"
AUTO_ARCHIVER = """
import json, sys
import auto_archiver.core.orchestrator
from auto_archiver.modules.hash_enricher.hash_enricher import HashEnricher
from auto_archiver.modules.metadata_enricher.metadata_enricher import MetadataEnricher
from auto_archiver.modules.pdq_hash_enricher.pdq_hash_enricher import PdqHashEnricher
hashes, metadata, pdq = HashEnricher(), MetadataEnricher(), PdqHashEnricher()
hashes.algorithm, hashes.chunksize = "SHA-256", 16_000_000
for line in sys.stdin:
    for file in json.loads(line):
        hashes.calculate_hash(file)
        metadata.get_metadata(file)
        pdq.calculate_pdq_hash(file)
    print("{ready}", flush=True)
"""


@dataclass
class Spent:
    """What one way has taken so far, of the clock and of the processor."""

    files: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def per_s(self) -> float:
        return self.files / self.seconds

    @property
    def cpu_ms(self) -> float:
        return self.cpu_seconds * 1000 / self.files


@contextmanager
def ours(threads: int) -> Iterator[Examine]:
    place = Place("Kyiv", 50.45, 30.5234, 5_000)
    claimed = parse_date("2022-10-04", "Europe/Kyiv")

    def examine_one(path: Path) -> None:
        examine_file(path, claimed_date=claimed, claimed_location=place, now=datetime.now(UTC))

    with ThreadPoolExecutor(threads) as pool:

        def examine(files: list[Path]) -> None:
            for _ in pool.map(examine_one, files):
                pass

        yield examine
        everybody_here = Barrier(threads)
        for _ in range(threads):
            pool.submit(lambda: (everybody_here.wait(), end_child()))


@contextmanager
def kept_open(command: list[str], question: Callable[[list[Path]], str]) -> Iterator[Examine]:
    """A peer that is asked on its standard input, and says when it is done."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as peer:
        ask, answer = peer.stdin, peer.stdout
        assert ask is not None
        assert answer is not None

        def examine(files: list[Path]) -> None:
            ask.write(question(files))
            ask.flush()
            if not any(line.startswith(READY) for line in answer):
                sys.exit(f"{command[0]} ended before it was done.")

        try:
            yield examine
        finally:
            peer.terminate()


def for_exiftool(files: list[Path]) -> str:
    return "".join(f"{line}\n" for line in ("-j", "-G", *files, "-execute"))


def for_auto_archiver(files: list[Path]) -> str:
    return json.dumps([str(path) for path in files]) + "\n"


def compare(ways: dict[str, Examine], files: list[Path], rounds: int) -> dict[str, Spent]:
    """Each way's cost of all files, so many times over, in turns."""
    spent = {name: Spent() for name in ways}
    turns = [files[begin : begin + TURN] for begin in range(0, len(files), TURN)]
    for examine in ways.values():
        examine(turns[0])
    for turn in turns * rounds:
        for name, examine in ways.items():
            cpu, begun = cpu_seconds(os.getpid()), time.monotonic()
            examine(turn)
            spent[name].seconds += time.monotonic() - begun
            spent[name].cpu_seconds += cpu_seconds(os.getpid()) - cpu
            spent[name].files += len(turn)
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--peer", metavar="PYTHON", help="of an environment with auto-archiver")
    given = parser.parse_args()
    files = photos(given.folder)[: given.count]
    with ExitStack() as opened:
        ways = {
            "stet": opened.enter_context(ours(1)),
            "stet, all processors": opened.enter_context(ours(os.cpu_count() or 1)),
        }
        if shutil.which("exiftool"):
            command = ["exiftool", "-stay_open", "True", "-@", "-"]
            ways["exiftool kept open"] = opened.enter_context(kept_open(command, for_exiftool))
        if given.peer:
            command = [given.peer, "-c", AUTO_ARCHIVER]
            ways["auto-archiver"] = opened.enter_context(kept_open(command, for_auto_archiver))
        spent = compare(ways, files, given.rounds)
        memory = memory_mb(os.getpid())["own"]
    show(spent, len(files), given.rounds, memory)


def photos(folder: Path) -> list[Path]:
    """The JPEGs in a folder and in those within it, by name."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"})
    if not found:
        sys.exit(f"There are no JPEGs in {folder}.")
    return found


def show(spent: dict[str, Spent], files: int, rounds: int, memory: float) -> None:
    own, whole = spent["stet"], spent["stet, all processors"]
    lines = [f"{files} photos, {rounds} rounds; Stet's own memory {memory} MB"]
    lines.append(f"{'':22}{'files/s':>10}{'times':>8}{'all':>8}{'CPU ms':>10}{'times':>8}")
    told: dict[str, object] = {"files": files, "rounds": rounds}
    for name, one in spent.items():
        faster, less = own.per_s / one.per_s, one.cpu_ms / own.cpu_ms
        all_faster = whole.per_s / one.per_s
        lines.append(f"{name:22}{one.per_s:10.1f}{faster:8.1f}{all_faster:8.1f}{one.cpu_ms:10.1f}{less:8.1f}")
        told[name] = {
            "per_s": round(one.per_s, 1),
            "cpu_ms": round(one.cpu_ms, 1),
            "times_by_clock": round(faster, 1),
            "times_by_clock_all_processors": round(all_faster, 1),
            "times_by_cpu": round(less, 1),
        }
    print("\n".join(lines), file=sys.stderr)
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
