"""The real decoder child with faults armed: `python -m tests.journeys.faulty_child PLAN LOG START`.

It stands still over the files whose SHA-256 the plan names, as `child:<sha256>`. Its log is a named pipe, opened
before it gives up writing files.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

from tests.journeys.faults import AFTER_ANSWER, ASKED, BEFORE_ANSWER, MID_FILE, stand_still
from verification.decoding import __main__ as child
from verification.decoding import reading
from verification.decoding.pipe import Pipe


def arm(plan: Path, log: Path) -> None:
    """Patches this process; its log is open from here on."""
    told = os.open(log, os.O_WRONLY | os.O_CLOEXEC)
    current = [
        "",
        "",
        0,
    ]  # the point that waits for the file being read, its SHA-256, and its place in our row
    answer, opened, readers, send = child.answer, child._opened, reading._readers, Pipe.send

    def strike(point: str) -> None:
        if current[0] == point:
            stand_still(*current, into=told)

    def answering(request: dict[str, Any]) -> dict[str, Any]:
        current[:] = ["", "", request["serial"]]
        return answer(request)

    def opening(handle: int, *, inherited: bool) -> BinaryIO:
        file = opened(handle, inherited=inherited)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        point, times = json.loads(plan.read_text()).get(f"child:{sha256}", ("", 0))
        current[:2] = [point if times else "", sha256]
        strike(ASKED)
        return file

    def reading_on(file: BinaryIO, facts: Any) -> Any:
        strike(MID_FILE)
        return facts

    def with_fault(*args: Any, **more: Any) -> list[Any]:
        first, *others = readers(*args, **more)
        return [first, ("fault", "metadata", reading_on), *others]

    def sending(self: Pipe, said: dict[str, Any]) -> None:
        strike(BEFORE_ANSWER)
        send(self, said)
        strike(AFTER_ANSWER)

    child.answer, child._opened, reading._readers = answering, opening, with_fault
    Pipe.send = sending


if __name__ == "__main__":
    arm(Path(sys.argv.pop(1)), Path(sys.argv.pop(1)))
    sys.exit(child.main())
