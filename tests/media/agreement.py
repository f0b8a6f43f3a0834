"""Sets what we read of date, offset, position and device beside what exiftool reads of the same file."""

import json
import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from claims.media.sniff import HEAD_BYTES, sniff
from verification.domain.clocks import read_clock
from verification.sandbox import DecodeFailed, decode

# Our name of a date → exiftool's tags for it, the first that is there, and the tag of its offset or time of day.
DATES = {
    "DateTimeOriginal": (("ExifIFD:DateTimeOriginal",), "ExifIFD:OffsetTimeOriginal"),
    "DateTimeDigitized": (("ExifIFD:CreateDate",), "ExifIFD:OffsetTimeDigitized"),
    "DateTime": (("IFD0:ModifyDate",), "ExifIFD:OffsetTime"),
    "XMP exif:DateTimeOriginal": (("XMP-exif:DateTimeOriginal",), None),
    "XMP exif:DateTimeDigitized": (("XMP-exif:DateTimeDigitized",), None),
    "XMP photoshop:DateCreated": (("XMP-photoshop:DateCreated",), None),
    "XMP xmp:CreateDate": (("XMP-xmp:CreateDate",), None),
    "XMP xmp:ModifyDate": (("XMP-xmp:ModifyDate",), None),
    "XMP xmp:MetadataDate": (("XMP-xmp:MetadataDate",), None),
    "IPTC DateCreated": (("IPTC:DateCreated",), "IPTC:TimeCreated"),
    "IPTC DigitalCreationDate": (("IPTC:DigitalCreationDate",), "IPTC:DigitalCreationTime"),
    "Creation Time": (("PNG:CreationTime",), None),
    "PDF CreationDate": (("PDF:CreateDate",), None),
    "PDF ModDate": (("PDF:ModifyDate",), None),
    "com.apple.quicktime.creationdate": (("Keys:CreationDate",), None),
    "creation_time": (("QuickTime:CreateDate", "Matroska:DateTimeOriginal", "RIFF:DateTimeOriginal"), None),
    "date": (
        (
            "ItemList:ContentCreateDate",
            "UserData:ContentCreateDate",
            "RIFF:DateCreated",
            "Vorbis:Date",
            "ID3v2_4:RecordingTime",
            "ID3v2_3:Year",
        ),
        None,
    ),
    "H264 DateTimeOriginal": (("H264:DateTimeOriginal",), None),
}
TEXTS = {
    name: tuple(
        f"{group}:{name.title()}" for group in ("IFD0", "PNG", "Keys", "UserData", "RIFF", "XMP-tiff")
    )
    for name in ("make", "model", "software")
}
_PAIRS = (("GPS:GPSLatitude", "GPS:GPSLongitude"), ("XMP-exif:GPSLatitude", "XMP-exif:GPSLongitude"))
_COORDINATES = ("Keys:GPSCoordinates", "UserData:GPSCoordinates", "ItemList:GPSCoordinates")
_CAMCORDERS = {"259": "Panasonic", "264": "Sony", "4113": "Canon", "4356": "JVC"}
_METRE = 1e-5


@dataclass
class Tally:
    """What agreed and what did not: (file's name, field, ours, theirs); `unread` are the files that we can't decode."""

    fields: Counter = field(default_factory=Counter)
    differences: list = field(default_factory=list)
    unread: list = field(default_factory=list)

    @property
    def share(self):
        return 1 - len(self.differences) / max(1, self.fields.total())

    def told(self, known):
        shown = [
            f"{sum(self.fields.values())} fields, {self.share:.2%} agree; not decoded: {self.unread}",
            str(dict(self.fields)),
        ]
        return shown + [f"{one}: {known.get(one[:2], 'not explained')}" for one in self.differences]


def compare(paths):
    """Sets both readings of the files beside each other; what is no media of ours is passed over."""
    tally = Tally()
    sniffed = {path: sniff(path.read_bytes()[:HEAD_BYTES]) for path in paths}
    theirs = readings([path for path, kind in sniffed.items() if kind])
    for path, said in theirs.items():
        try:
            facts = decode(path, media_type=sniffed[path].media_type)
        except DecodeFailed:
            tally.unread.append(path.name)
            continue
        for name, ours, other in compared(facts, said):
            if ours is None and other is None:
                continue
            tally.fields[name] += 1
            if not is_same(ours, other):
                tally.differences.append((path.name, name, ours, other))
    return tally


def readings(paths):
    """exiftool's reading of the files, one process for all."""
    wanted = [tag for tags, offset in DATES.values() for tag in (*tags, *([offset] if offset else []))]
    wanted += [tag for tags in TEXTS.values() for tag in tags]
    wanted += [
        "H264:Make",
        *(tag for pair in _PAIRS for tag in pair),
        *(f"{tag}Ref" for tag in _PAIRS[0]),
        *_COORDINATES,
    ]
    # Texts that are not UTF-8 are read as Latin-1 by us as well.
    options = ["-j", "-G1", "-n", "-charset", "exif=UTF8", "-api", "QuickTimeUTC=1"]
    arguments = "\n".join([*options, *(f"-{tag}" for tag in wanted), *map(str, paths)])
    done = subprocess.run(
        ["exiftool", "-config", "", "-@", "-"],
        input=arguments,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "TZ": "UTC"},
    )
    return {Path(one["SourceFile"]): one for one in json.loads(done.stdout, parse_float=str, parse_int=str)}


def compared(facts, said):
    """(field, ours, theirs) for every field that either has."""
    for name in DATES:
        own = next((date for date in facts.dates if date.field == name), None)
        ours = (own.at[:19], own.offset) if own and own.at and not own.unset else (None, None)
        their_at, their_offset = their_date(said, name)
        yield name, ours[0], their_at
        yield f"{name} offset", ours[1], their_offset
    gps = facts.gps
    ours = (gps.latitude, gps.longitude) if gps and gps.latitude is not None else None
    yield "position", ours, their_position(said)
    for name, tags in TEXTS.items():
        theirs = next((said[tag] for tag in tags if plain(said.get(tag))), None)
        if name == "make" and "H264:Make" in said:
            theirs = _CAMCORDERS[said["H264:Make"]]
        yield name, plain(getattr(facts.device, name)), plain(theirs)


def their_date(said, name):
    """The date and offset, None for what was never set: CHECKS.md's rule for both readers."""
    tags, beside = DATES[name]
    date = next((said[tag] for tag in tags if said.get(tag)), "")
    more = said.get(beside) if beside else None
    if beside and beside.startswith("IPTC"):
        # A midnight of zeros is the lack of a time of day.
        date, more = (f"{date} {more}" if date and more and more.strip("0:+-") else date), None
    reading = read_clock(date, more)
    if reading.unset or reading.at is None:
        return None, None
    return reading.at[:19], reading.offset


def their_position(said):
    for latitude, longitude in _PAIRS:
        found = said.get(latitude, ""), said.get(longitude, "")
        references = said.get(f"{latitude}Ref", "")[:1].upper(), said.get(f"{longitude}Ref", "")[:1].upper()
        is_exif = latitude == _PAIRS[0][0]
        if is_exif and (references[0] not in {"N", "S"} or references[1] not in {"E", "W"}):
            continue
        position = _placed(found)
        if position and is_exif:
            position = tuple(
                -one if ref in {"S", "W"} else one for one, ref in zip(position, references, strict=True)
            )
        if position:
            return position
    together = next((said[tag] for tag in _COORDINATES if tag in said), "")
    return _placed(together.split()[:2])


def _placed(parts):
    try:
        position = tuple(float(part) for part in parts)
    except ValueError:
        return None  # "inf" and "undef" of a division by zero
    if (
        len(position) != 2
        or not (abs(position[0]) <= 90 and abs(position[1]) <= 180)
        or position == (0.0, 0.0)
    ):
        return None
    return position


def plain(text):
    """A text without the padding and control characters that cameras fill their tags with."""
    return (
        re.sub(r"\s+", " ", "".join(one if one.isprintable() else " " for one in text or "")).strip() or None
    )


def is_same(ours, theirs):
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        return all(abs(one - other) < _METRE for one, other in zip(ours, theirs, strict=True))
    return ours == theirs
