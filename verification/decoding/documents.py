"""Reads when a PDF was made, and with what: its information dictionary and its XMP packet. Draws nothing."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from verification.decoding import xmp
from verification.decoding.tags import clean, found_date
from verification.domain.decoded import Decoded, FoundDate
from verification.domain.inside import FoundText

READER = "pdf"
_VERSION = "1"
_MOST_BYTES = 64 * 1024 * 1024
_MOST_STREAMS = 200
_MOST_UNPACKED = 2 * 1024 * 1024
_MOST_DICTIONARY = 64 * 1024

_INFO = re.compile(rb"/Info\s+(\d{1,10})\s+(\d{1,5})\s+R")
_STREAM = re.compile(rb"/Type\s?/ObjStm\b")
_FIRST = re.compile(rb"/First\s+(\d{1,9})")
_DATE = re.compile(
    r"(?:D:)?(?P<year>\d{4})(?P<month>\d{2})?(?P<day>\d{2})?(?P<hour>\d{2})?(?P<minute>\d{2})?(?P<second>\d{2})?"
    r"(?:(?P<zulu>Z)(?:00'?(?:00'?)?)?|(?P<sign>[+-])(?P<off_hour>\d{2})'?(?P<off_minute>\d{2})?'?)?",
    re.ASCII,
)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_LITERAL = re.compile(rb"\\([0-7]{1,3}|\r\n|[\s\S])|[()]")


def read_info(file: BinaryIO, facts: Decoded) -> Decoded:
    """What the information dictionary says. Raises ValueError where it is encrypted or can't be found."""
    facts = replace(facts, readers={**facts.readers, READER: _VERSION})
    body = _body(file)
    named = list(_INFO.finditer(body))
    if not named:
        return facts
    if b"/Encrypt" in body:
        raise ValueError("the document is encrypted")
    info = _object(body, *named[-1].groups())
    if info is None:
        raise ValueError("the information dictionary can't be found")
    dates = ((f"PDF {name}", _text(info, name)) for name in ("CreationDate", "ModDate"))
    programs = ((f"PDF {name}", clean(_text(info, name))) for name in ("Creator", "Producer"))
    author = clean(_text(info, "Author"))
    return replace(
        facts,
        dates=(*facts.dates, *(_date(field, text) for field, text in dates if text)),
        programs=(*facts.programs, *(FoundText(text, field, READER) for field, text in programs if text)),
        credits=(*facts.credits, *([FoundText(author, "PDF Author", READER)] if author else [])),
    )


def read_packet(file: BinaryIO, facts: Decoded) -> Decoded:
    """What the last XMP packet says that is not compressed."""
    body = _body(file)
    start, end = body.rfind(b"<x:xmpmeta"), body.rfind(b"</x:xmpmeta>")
    return xmp.add(facts, body[start : end + len(b"</x:xmpmeta>")]) if 0 <= start < end else facts


def _body(file: BinaryIO) -> bytes:
    body = file.read(_MOST_BYTES + 1)
    if len(body) > _MOST_BYTES:
        raise ValueError(f"documents beyond {_MOST_BYTES // 1024**2} MiB are not looked through")
    return body


def _object(body: bytes, number: bytes, generation: bytes) -> bytes | None:
    """The newest dictionary of that number, whether it stands by itself or in a stream of objects."""
    header = re.compile(rb"(?<!\d)%s\s+%s\s+obj\b" % (number, generation))
    plain = list(header.finditer(body))
    if plain:
        start = plain[-1].end()
        end = body.find(b"endobj", start)
        return body[start : min(end if end >= 0 else len(body), start + _MOST_DICTIONARY)]
    packed = [found for stream in _streams(body) if (found := _packed(stream, int(number))) is not None]
    return packed[-1] if packed else None


def _streams(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Each stream of objects: where its first object begins, and its bytes unpacked."""
    for match in list(_STREAM.finditer(body))[-_MOST_STREAMS:]:
        begins = body.find(b"stream", match.end(), match.end() + _MOST_DICTIONARY)
        opens = max(0, body.rfind(b"<<", 0, match.start()))
        first = _FIRST.search(body, opens, begins) if begins >= 0 else None
        if first is None:
            continue
        after = begins + len(b"stream")
        data = body[after : after + _MOST_UNPACKED].lstrip(b"\r\n")
        try:
            yield int(first[1]), zlib.decompressobj().decompress(data, _MOST_UNPACKED)
        except zlib.error:
            continue  # of another filter, or broken: the others may still hold it


def _packed(stream: tuple[int, bytes], number: int) -> bytes | None:
    first, body = stream
    heads = [int(one) for one in body[:first].split() if one.isdigit()]
    places = dict(zip(heads[::2], heads[1::2], strict=False))
    if number not in places:
        return None
    start = first + places[number]
    later = [first + place for place in places.values() if first + place > start]
    return body[start : min([*later, start + _MOST_DICTIONARY])]


def _text(info: bytes, name: str) -> str | None:
    """A text of the dictionary: in parentheses with escapes, or in hex digits."""
    match = re.search(rb"/%s\s{0,20}(?=[(<])" % name.encode(), info)
    if match is None:
        return None
    if info[match.end() : match.end() + 1] == b"(":
        return _said(_literal(info, match.end() + 1))
    digits = re.sub(rb"\s", b"", info[match.end() + 1 :].partition(b">")[0])
    try:
        return _said(bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii")))
    except ValueError:
        return None


def _literal(info: bytes, start: int) -> bytes:
    """The bytes up to the parenthesis that closes; what is escaped is put in its place."""
    said, place, depth = bytearray(), start, 1
    for match in _LITERAL.finditer(info, start):
        said += info[place : match.start()]
        place = match.end()
        if match[1] is None:
            depth += 1 if match[0] == b"(" else -1
            if depth == 0:
                break
            said += match[0]
        elif match[1].isdigit() and match[1][:1] in b"01234567":
            said.append(int(match[1], 8) & 0xFF)
        elif match[1] not in (b"\r", b"\n", b"\r\n"):
            said += _ESCAPES.get(match[1], match[1])
    return bytes(said)


def _said(text: bytes) -> str:
    if text.startswith(b"\xfe\xff"):
        return text[2:].decode("utf-16-be", "replace")
    if text.startswith(b"\xef\xbb\xbf"):
        return text[3:].decode("utf-8", "replace")
    return text.decode("latin-1")


def _date(field: str, text: str) -> FoundDate:
    """A date such as "D:20221004140700+03'00'"; kept as it is where it can't be read."""
    match = _DATE.fullmatch(text.strip(" \x00"))
    if match is None:
        return found_date(field, text, READER)
    written = "-".join(match[part] for part in ("year", "month", "day") if match[part])
    if match["minute"]:
        written += f"T{match['hour']}:{match['minute']}:{match['second'] or '00'}"
        if match["zulu"]:
            written += "Z"
        elif match["sign"]:
            written += f"{match['sign']}{match['off_hour']}:{match['off_minute'] or '00'}"
    return replace(found_date(field, written, READER), value=clean(text) or "")
