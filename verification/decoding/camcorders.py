"""Reads what AVCHD camcorders write between a film's pictures: their clock, their maker, their position.

It lies in a message of the H.264 stream for whoever knows it, marked MDPM: a count, then for each tag its number and
four bytes. The numbers are those that exiftool's documentation of H.264 tags lists; the standard is not public.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import BinaryIO

from verification.decoding import positions
from verification.decoding.containers import film_of, opened
from verification.decoding.tags import clean, found_date
from verification.domain.decoded import Decoded, FoundDate, FoundGps
from verification.domain.own_dates import CAMCORDER

READER = "mdpm"
_VERSION = "1"
_MARK = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_PACKETS = 50
_DAY, _TIME, _MAKER = 0x18, 0x19, 0xE0
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 0xB1, 0xB2, 0xB5, 0xB6
_MAKERS = {0x0103: "Panasonic", 0x0108: "Sony", 0x1011: "Canon", 0x1104: "JVC"}


def read(file: BinaryIO, facts: Decoded, demuxer: str, max_pixels: int) -> Decoded:
    """The facts with what the first of those messages says, where there is one among the first packets."""
    tags = _tags(_message(file, demuxer, max_pixels))
    if not tags:
        return facts
    date, maker = _date(tags), int.from_bytes(tags.get(_MAKER, b"")[:2], "big")
    return replace(
        facts,
        readers={**facts.readers, READER: _VERSION},
        dates=(*facts.dates, *([date] if date else [])),
        gps=facts.gps or _position(tags),
        device=replace(facts.device, make=facts.device.make or _MAKERS.get(maker)),
    )


def _message(file: BinaryIO, demuxer: str, max_pixels: int) -> bytes:
    with opened(file, demuxer, max_pixels) as container:
        stream = film_of(container)
        if stream is None or stream.codec_context.name != "h264":
            return b""
        for number, packet in enumerate(container.demux(stream)):
            body = bytes(packet)
            at = body.find(_MARK)
            if at >= 0:
                # After two zeros the stream has a three put in, so that it never shows its own mark for a beginning.
                return body[at + len(_MARK) :].replace(b"\x00\x00\x03", b"\x00\x00")
            if number >= _PACKETS:
                break
    return b""


def _tags(message: bytes) -> dict[int, bytes]:
    count = message[0] if message else 0
    entries = (message[1 + 5 * number : 6 + 5 * number] for number in range(count))
    return {entry[0]: entry[1:] for entry in entries if len(entry) == 5}


def _date(tags: Mapping[int, bytes]) -> FoundDate | None:
    """The clock in binary-coded decimals, its zone in the first byte: sign, hours, and the half of one."""
    if _DAY not in tags or _TIME not in tags:
        return None
    zone, century, year, month = tags[_DAY]
    day, hour, minute, second = tags[_TIME]
    written = f"{century:02x}{year:02x}:{month:02x}:{day:02x} {hour:02x}:{minute:02x}:{second:02x}"
    offset = f"{'-' if zone & 0x20 else '+'}{(zone >> 1) & 0x0F:02}:{'30' if zone & 1 else '00'}"
    return found_date(CAMCORDER, written + offset, READER)


def _position(tags: Mapping[int, bytes]) -> FoundGps | None:
    latitude, longitude = (
        [_ratio(tags.get(first + part)) for part in range(3)] for first in (_LATITUDE, _LONGITUDE)
    )
    if None in latitude or None in longitude:
        return None
    return positions.from_exif(
        [one for one in latitude if one],
        clean(tags.get(_LATITUDE_REF)) or "",
        [one for one in longitude if one],
        clean(tags.get(_LONGITUDE_REF)) or "",
        field="MDPM GPSLatitude, GPSLongitude",
        reader=READER,
    )


def _ratio(value: bytes | None) -> positions.Ratio | None:
    return None if value is None else (int.from_bytes(value[:2], "big"), int.from_bytes(value[2:], "big"))
