"""Reads IPTC-IIM records: when a picture was made, and whom it names. After the IPTC's standard, version 4."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from verification.decoding.tags import clean, found_date
from verification.domain.decoded import Decoded, FoundDate
from verification.domain.inside import FoundText

READER = "iptc"
_VERSION = "1"
_RECORD = 2
_MOST = 1000
# The dates' names, their data sets, and those of their times of day.
_DATES = (("IPTC DateCreated", 55, 60), ("IPTC DigitalCreationDate", 62, 63))
_CREDITS = ((80, "By-line"), (110, "Credit"), (115, "Source"), (116, "CopyrightNotice"))
# Some programs write fractions of a second, which the standard does not know.
_TIME = re.compile(r"(\d{2})(\d{2})(\d{2})(?:\.\d{1,9})?([+-]\d{4})?", re.ASCII)
_INSTRUCTIONS, _PROGRAM = 40, 65


def add(facts: Decoded, block: bytes) -> Decoded:
    """The facts with what the block's records add. Raises ValueError where the records are cut short."""
    facts = replace(facts, readers={**facts.readers, READER: _VERSION})
    found: dict[int, list[bytes]] = {}
    for number, value in _records(block):
        found.setdefault(number, []).append(value)
    credited = [
        (f"IPTC {name}", text)
        for number, name in _CREDITS
        for value in found.get(number, ())
        if (text := clean(value))
    ]
    program = _first(found, _PROGRAM)
    return replace(
        facts,
        dates=(*facts.dates, *_dates(found)),
        credits=(*facts.credits, *(FoundText(text, field, READER) for field, text in credited)),
        programs=(
            *facts.programs,
            *([FoundText(program, "IPTC OriginatingProgram", READER)] if program else []),
        ),
        instructions=_first(found, _INSTRUCTIONS) or facts.instructions,
    )


def _records(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and value of each data set of the application record."""
    place = 0
    for _ in range(_MOST):
        if block[place : place + 1] != b"\x1c":
            return
        header = block[place : place + 5]
        size = int.from_bytes(header[3:5], "big")
        # A first bit set means that the length is of a length: no text that we read is as long.
        if len(header) < 5 or size & 0x8000 or place + 5 + size > len(block):
            raise ValueError("an IPTC record is cut short")
        if header[1] == _RECORD:
            yield header[2], block[place + 5 : place + 5 + size]
        place += 5 + size


def _dates(found: Mapping[int, list[bytes]]) -> list[FoundDate]:
    return [
        found_date(field, _written(day, _first(found, time)), READER)
        for field, date, time in _DATES
        if (day := _first(found, date))
    ]


def _written(day: str, time: str | None) -> str:
    """ "20221004" and "140700+0300" as ISO 8601; a midnight of all zeros is no time of day but the lack of one."""
    if len(day) != 8 or not day.isdecimal():
        return day
    date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    found = _TIME.match(time or "")
    if found is None or not found[0].strip("0.+-"):
        return date
    hour, minute, second, offset = found.groups(default="")
    return f"{date}T{hour}:{minute}:{second}{offset}"


def _first(found: Mapping[int, list[bytes]], number: int) -> str | None:
    return clean(found[number][0]) if number in found else None
