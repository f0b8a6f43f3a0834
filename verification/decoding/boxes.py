"""Finds parts in the two families of containers: boxes (MP4, QuickTime, HEIF) and chunks (AVI, WAV)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

_BOX_HEADER = 8
_MOST = 10_000
"""Of how many parts a file is looked through: those that matter are among the first or in few."""

Part = tuple[bytes, int, int]
"""Its kind, and where its body begins and ends, as it says: it may end beyond the file."""


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[Part]:
    """The boxes between two places, one after the other, up to one whose size makes no sense."""
    place = start
    for _ in range(_MOST):
        if place + _BOX_HEADER > end:
            return
        file.seek(place)
        header = file.read(16)
        size, header_size = int.from_bytes(header[:4], "big"), _BOX_HEADER
        if size == 1:
            size, header_size = int.from_bytes(header[8:16], "big"), 16
        elif size == 0:
            size = end - place
        if size < header_size:
            return
        yield header[4:8], place + header_size, place + size
        place += size


def find_box(file: BinaryIO, kind: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Where the first box of that kind between two places has its body."""
    found = (box[1:] for box in boxes(file, start, end) if box[0] == kind)
    return next(found, None)


def chunks(file: BinaryIO, start: int, end: int) -> Iterator[Part]:
    """The chunks between two places of a RIFF file; a list is named by its type and its body begins after that."""
    place = start
    for _ in range(_MOST):
        if place + _BOX_HEADER > end:
            return
        file.seek(place)
        header = file.read(12)
        size = int.from_bytes(header[4:8], "little")
        begins, ends = place + _BOX_HEADER, place + _BOX_HEADER + size
        yield (header[8:12], begins + 4, ends) if header[:4] == b"LIST" else (header[:4], begins, ends)
        place = ends + size % 2
