"""What this process and all that it started take of the machine, by /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_USER_TICKS, _CHILDREN_SYSTEM_TICKS = 11, 14


def cpu_seconds(pid: int) -> float:
    """Of the processor, by the process and its children, also those that have ended and were waited for."""
    return sum(map(_ticks, _family(pid))) / _TICKS


def memory_mb(pid: int) -> dict[str, float]:
    """Resident memory of the process itself, and of its living children together."""
    own, *children = map(_resident_mb, _family(pid))
    return {"own": round(own, 1), "children": round(sum(children), 1)}


def _family(pid: int) -> Iterator[int]:
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(listed).split():
            yield from _family(int(child))


def _ticks(pid: int) -> int:
    # The second field is the program's name in brackets, and may hold blanks itself.
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return sum(map(int, fields[_USER_TICKS : _CHILDREN_SYSTEM_TICKS + 1]))


def _resident_mb(pid: int) -> float:
    fields = _read(Path(f"/proc/{pid}/statm")).split()
    return int(fields[1]) * _PAGE / 1e6 if fields else 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it has just ended
