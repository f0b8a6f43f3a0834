"""How many small files a second are decoded by a child for each, and by one that is kept.

    .venv/bin/python benchmarks/decoding.py [SECONDS]

Prints JSON: files a second of each way, and how many times faster the second is.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.media import mutants
from verification.sandbox import decode, end_child


def rate(files: list[tuple[Path, str]], seconds: float, *, keep: bool) -> float:
    begun = time.monotonic()
    for count, (path, media_type) in enumerate(itertools.cycle(files)):
        spent = time.monotonic() - begun
        if spent >= seconds:
            end_child()
            return count / spent
        if not keep:
            end_child()
        decode(path, media_type=media_type)
    raise AssertionError("there are no files")


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for sample in mutants.samples():
            path = Path(folder, sample.name)
            path.write_bytes(sample.body)
            files.append((path, sample.media_type))
        each = rate(files, seconds, keep=False)
        kept = rate(files, seconds, keep=True)
    print(
        json.dumps(
            {"cold_per_s": round(each, 1), "warm_per_s": round(kept, 1), "times": round(kept / each, 1)}
        )
    )


if __name__ == "__main__":
    main()
