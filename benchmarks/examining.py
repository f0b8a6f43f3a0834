"""How many photos a second all checks examine, beside two peers on the same files in the same run.

    .venv/bin/python benchmarks/examining.py FOLDER [--count 100] [--peer PYTHON]

The peers: exiftool, one process kept open (where it is installed); and the hash, metadata and PDQ steps of
auto-archiver, called directly, by the PYTHON of an environment that has it (`pip install auto-archiver`). Each way has a
first round that is not counted. Prints JSON: files a second of each, and how many times faster than each peer we are;
besides, the resident memory of ourselves and of the decoder child after the first and after the last round, in MB.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from claims.dates import parse_date
from claims.places import Place
from verification.examination import examine_file
from verification.sandbox import end_child

ROUNDS = 3
AUTO_ARCHIVER = """
import json, sys, time
import auto_archiver.core.orchestrator
from auto_archiver.modules.hash_enricher.hash_enricher import HashEnricher
from auto_archiver.modules.metadata_enricher.metadata_enricher import MetadataEnricher
from auto_archiver.modules.pdq_hash_enricher.pdq_hash_enricher import PdqHashEnricher
files = json.load(sys.stdin)
hashes, metadata, pdq = HashEnricher(), MetadataEnricher(), PdqHashEnricher()
hashes.algorithm, hashes.chunksize = "SHA-256", 16_000_000
def round():
    for file in files:
        hashes.calculate_hash(file)
        metadata.get_metadata(file)
        pdq.calculate_pdq_hash(file)
round()
begun = time.monotonic()
round()
print(len(files) / (time.monotonic() - begun))
"""


def per_second(files: list[Path], examine: Callable[[Path], object], rounds: int) -> float:
    begun = time.monotonic()
    for _ in range(rounds):
        for path in files:
            examine(path)
    return rounds * len(files) / (time.monotonic() - begun)


def memory_mb() -> dict[str, float]:
    """Resident memory of this process and its children, by /proc."""
    own = os.getpid()
    children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
    sizes = [_resident_mb(int(pid)) for pid in (own, *children)]
    return {"own": sizes[0], "child": round(sum(sizes[1:]), 1)}


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def ours(files: list[Path]) -> dict[str, object]:
    place = Place("Kyiv", 50.45, 30.5234, 5_000)
    claimed = parse_date("2022-10-04", "Europe/Kyiv")

    def examine(path: Path) -> object:
        return examine_file(path, claimed_date=claimed, claimed_location=place, now=datetime.now(UTC))

    per_second(files, examine, 1)
    before = memory_mb()
    rate = per_second(files, examine, ROUNDS)
    after = memory_mb()
    end_child()
    return {"per_s": round(rate, 1), "memory_mb_before": before, "memory_mb_after": after}


def exiftool(files: list[Path]) -> float:
    with subprocess.Popen(
        ["exiftool", "-stay_open", "True", "-@", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as tool:
        ask, answer = tool.stdin, tool.stdout
        assert ask is not None
        assert answer is not None

        def examine(path: Path) -> None:
            ask.write(f"-j\n-G\n{path}\n-execute\n")
            ask.flush()
            for line in answer:
                if line.startswith("{ready}"):
                    return

        per_second(files, examine, 1)
        rate = per_second(files, examine, ROUNDS)
        ask.write("-stay_open\nFalse\n")
        ask.flush()
    return rate


def auto_archiver(files: list[Path], python: str) -> float:
    done = subprocess.run(
        [python, "-c", AUTO_ARCHIVER],
        input=json.dumps([str(path) for path in files]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--peer", metavar="PYTHON", help="of an environment with auto-archiver")
    given = parser.parse_args()
    files = sorted(path for path in given.folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"})
    files = files[: given.count]
    if not files:
        sys.exit(f"There are no JPEGs in {given.folder}.")
    shown: dict[str, object] = {"files": len(files), "stet": (own := ours(files))}
    peers: dict[str, float] = {}
    if shutil.which("exiftool"):
        peers["exiftool kept open"] = exiftool(files)
    if given.peer:
        peers["auto-archiver"] = auto_archiver(files, given.peer)
    for name, rate in peers.items():
        shown[name] = {"per_s": round(rate, 1), "times": round(float(str(own["per_s"])) / rate, 1)}
    print(json.dumps(shown, indent=2))


if __name__ == "__main__":
    main()
