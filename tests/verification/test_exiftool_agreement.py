"""What we read of date, offset, position and device beside what exiftool reads, over every JPEG of the samples."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from claims.media.sniff import HEAD_BYTES, sniff
from verification.domain.clocks import read_clock
from verification.sandbox import DecodeFailed, decode

CORPORA = os.environ.get("STET_CORPORA")
pytestmark = [
    pytest.mark.skipif(not CORPORA, reason="STET_CORPORA does not name the folder of media samples"),
    pytest.mark.skipif(
        not shutil.which("exiftool"), reason="exiftool is not on the PATH to be compared with"
    ),
]

LEAST_AGREEMENT = 0.995
DATES = {
    "DateTimeOriginal": ("ExifIFD:DateTimeOriginal", "ExifIFD:OffsetTimeOriginal"),
    "DateTimeDigitized": ("ExifIFD:CreateDate", "ExifIFD:OffsetTimeDigitized"),
    "DateTime": ("IFD0:ModifyDate", "ExifIFD:OffsetTime"),
}
TEXTS = {"make": "IFD0:Make", "model": "IFD0:Model", "software": "IFD0:Software"}
LATITUDE, LONGITUDE = "GPS:GPSLatitude", "GPS:GPSLongitude"
METRE = 1e-5
KNOWN_DIFFERENCES: dict[tuple[str, str], str] = {}
"""(file's name, field) → why the two differ."""


@pytest.fixture(scope="module")
def theirs():
    """exiftool's reading of every JPEG, one process for all."""
    files = [
        str(path) for path in sorted(Path(CORPORA).rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg")
    ]
    wanted = [tag for pair in DATES.values() for tag in pair]
    wanted += [*TEXTS.values(), LATITUDE, LONGITUDE, f"{LATITUDE}Ref", f"{LONGITUDE}Ref"]
    # Texts that are not UTF-8 are read as Latin-1 by us as well.
    options = ["-j", "-G1", "-n", "-charset", "exif=Latin", *(f"-{tag}" for tag in wanted)]
    arguments = "\n".join([*options, *files])
    done = subprocess.run(
        ["exiftool", "-@", "-"], input=arguments, capture_output=True, text=True, check=False, timeout=300
    )
    return {Path(one["SourceFile"]): one for one in json.loads(done.stdout, parse_float=str, parse_int=str)}


def their_date(said, field):
    """The date and offset, None for what was never set: CHECKS.md's rule for both readers."""
    date, offset = DATES[field]
    reading = read_clock(said.get(date, ""), said.get(offset))
    if reading.unset or reading.at is None:
        return None, None
    return reading.at[:19], reading.offset


def their_position(said):
    latitude, longitude = said.get(LATITUDE, ""), said.get(LONGITUDE, "")
    references = said.get(f"{LATITUDE}Ref", "")[:1].upper(), said.get(f"{LONGITUDE}Ref", "")[:1].upper()
    if not (latitude and longitude) or references[0] not in ("N", "S") or references[1] not in ("E", "W"):
        return None
    try:
        position = float(latitude), float(longitude)
    except ValueError:
        return None  # "inf" and "undef" of a division by zero
    if not all(abs(one) < 1e6 for one in position) or position == (0.0, 0.0):
        return None
    return -position[0] if references[0] == "S" else position[0], -position[1] if references[
        1
    ] == "W" else position[1]


def plain(text):
    """A text without the padding and control characters that cameras fill their tags with."""
    return (
        re.sub(r"\s+", " ", "".join(one if one.isprintable() else " " for one in text or "")).strip() or None
    )


def compared(facts, said):
    """(field, ours, theirs) for every field that either has."""
    for field in DATES:
        own = next((date for date in facts.dates if date.field == field), None)
        ours = (own.at[:19], own.offset) if own and own.at and not own.unset else (None, None)
        their_at, their_offset = their_date(said, field)
        yield field, ours[0], their_at
        yield f"{field} offset", ours[1], their_offset
    gps = facts.gps
    ours = (gps.latitude, gps.longitude) if gps and gps.latitude is not None else None
    yield "position", ours, their_position(said)
    for name, tag in TEXTS.items():
        yield name, plain(getattr(facts.device, name)), plain(said.get(tag))


def is_same(ours, theirs):
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        return all(abs(one - other) < METRE for one, other in zip(ours, theirs, strict=True))
    return ours == theirs


def test_we_read_what_exiftool_reads(theirs, capsys):
    fields, unread, differences = Counter(), [], []
    for path, said in theirs.items():
        sniffed = sniff(path.read_bytes()[:HEAD_BYTES])
        try:
            facts = decode(path, media_type=sniffed.media_type) if sniffed else None
        except DecodeFailed:
            facts = None
        if facts is None:
            unread.append(path.name)
            continue
        for field, ours, other in compared(facts, said):
            if ours is None and other is None:
                continue
            fields[field] += 1
            if not is_same(ours, other):
                differences.append((path.name, field, ours, other))
    total = fields.total()
    share = 1 - len(differences) / total
    told = [f"{len(theirs)} JPEGs, {total} fields, {share:.2%} agree; not decoded: {unread}; {dict(fields)}"]
    told += [f"{one}: {KNOWN_DIFFERENCES.get(one[:2], 'not explained')}" for one in differences]
    with capsys.disabled():
        print("", *told, sep="\n")  # noqa: T201 - the figures are what the run is for
    assert total > 500
    assert share >= LEAST_AGREEMENT
    assert [one for one in differences if one[:2] not in KNOWN_DIFFERENCES] == []
