"""Whether the memory of `manage.py examine` stays flat over thousands of photos.

    .venv/bin/python benchmarks/memory.py FOLDER [--count 5000]

Writes that many distinct photos to a temporary folder (copies of FOLDER's JPEGs, each with another comment), examines
them in one go, and prints JSON: the resident memory in MB of the program itself and of its decoder children, the most
that was seen in each tenth of the files; files a second; and how much more the last tenth took than the third. (At first
libraries are still being loaded.)
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.examining import photos
from benchmarks.processes import memory_mb

ROOT = Path(__file__).resolve().parent.parent
TENTHS = 10
_AFTER_START_MARKER = 2


def write_distinct(folder: Path, samples: list[Path], count: int) -> None:
    for number, sample in enumerate(itertools.islice(itertools.cycle(samples), count)):
        body, comment = sample.read_bytes(), f"copy {number}".encode()
        segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
        path = folder / f"{number:06}.jpg"
        path.write_bytes(body[:_AFTER_START_MARKER] + segment + body[_AFTER_START_MARKER:])


def watch(folder: Path, count: int) -> tuple[list[dict[str, float]], int, float]:
    """The most memory in each tenth, how many files there were, and files a second."""
    most = [{"own": 0.0, "children": 0.0} for _ in range(TENTHS)]
    done, begun = 0, time.monotonic()
    command = [sys.executable, "manage.py", "examine", "--json", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        ended = threading.Event()

        def sample() -> None:
            while not ended.wait(0.2):
                tenth = most[min(done * TENTHS // count, TENTHS - 1)]
                for name, size in memory_mb(program.pid).items():
                    tenth[name] = max(tenth[name], size)

        sampler = threading.Thread(target=sample)
        sampler.start()
        for _ in program.stdout:
            done += 1
        ended.set()
        sampler.join()
    return most, done, done / (time.monotonic() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=5000)
    given = parser.parse_args()
    samples = photos(given.folder)
    with tempfile.TemporaryDirectory() as name:
        write_distinct(Path(name), samples, given.count)
        most, done, per_s = watch(Path(name), given.count)
    grown = {name: round(most[-1][name] - most[2][name], 1) for name in most[0]}
    print(json.dumps({"files": done, "per_s": round(per_s, 1), "mb_by_tenth": most, "grown_mb": grown}))
    if done != given.count:
        sys.exit(f"Only {done} of {given.count} files were examined.")


if __name__ == "__main__":
    main()
