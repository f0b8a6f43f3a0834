"""What films and recordings carry beside their container's own tags: XMP packets, and what cameras write into theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from verification.decoding import xmp
from verification.decoding.boxes import boxes, chunks, find_box
from verification.decoding.tags import clean
from verification.domain.decoded import Decoded

_XMP_ID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""The user type of a box that holds an XMP packet (Adobe's XMP specification, part 3)."""

_FORM = 12
_MOST_TEXT = 256


def read_boxed(file: BinaryIO, facts: Decoded) -> Decoded:
    """What the XMP packets of an MP4 or QuickTime file add. Raises ValueError or ParseError for what is no XMP."""
    for start, end in _boxed(file):
        file.seek(start)
        facts = xmp.add(facts, file.read(min(end - start, xmp.MOST_BYTES + 1)))
    return facts


def read_chunked(file: BinaryIO, facts: Decoded) -> Decoded:
    """What an AVI's or WAV's XMP packet and its list of EXIF's names (after EXIF 2.3, for sound) add."""
    device = facts.device
    for kind, start, end in chunks(file, _FORM, _end_of(file)):
        if kind == b"_PMX":
            file.seek(start)
            facts = xmp.add(facts, file.read(min(end - start, xmp.MOST_BYTES + 1)))
        elif kind == b"exif":
            said = {name: _text(file, place) for name, place, _ in chunks(file, start, end)}
            device = replace(
                device, make=device.make or said.get(b"ecor"), model=device.model or said.get(b"emdl")
            )
    found = {name: getattr(device, name) or getattr(facts.device, name) for name in ("make", "model")}
    return replace(facts, device=replace(facts.device, **found))


def _boxed(file: BinaryIO) -> Iterator[tuple[int, int]]:
    end = _end_of(file)
    for kind, start, ends in boxes(file, 0, end):
        if kind == b"uuid":
            file.seek(start)
            if file.read(16) == _XMP_ID:
                yield start + 16, ends
        elif kind == b"moov":
            told = find_box(file, b"udta", start, min(ends, end))
            packet = told and find_box(file, b"XMP_", told[0], min(told[1], end))
            if packet:
                yield packet


def _text(file: BinaryIO, place: int) -> str | None:
    file.seek(place - 4)
    size = int.from_bytes(file.read(4), "little")
    return clean(file.read(min(size, _MOST_TEXT)))


def _end_of(file: BinaryIO) -> int:
    return file.seek(0, 2)
