"""How a picture's file is built: coding, number of frames, and what follows after the picture's end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from verification.decoding.pictures import Still
from verification.domain.decoded import Decoded
from verification.domain.inside import JpegCoding, Trailer

_MOST_BYTES = 128 * 1024 * 1024
_MOST_CHUNKS = 100_000
_PNG_SIGNATURE = 8
_SCAN, _END = b"\xff\xda", b"\xff\xd9"
_ANIMATED = frozenset({"PNG", "WEBP", "GIF", "AVIF"})
_LOOK = 64
_SAMSUNG = b"SEFT"
# How Photo Mechanic, FotoStation and AFCP end what they append: captions and the like.
_CAPTIONS, _AFCP = (b"cbipcbbl", b"\xa1\xb2\xc3\xd4"), (b"AXS!", b"AXS*")
_BEGINNINGS = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"PK\x03\x04", "zip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"<?php", "program"),
    (b"<script", "program"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"CANON OPTIONAL DATA", "canon"),
)


def read_coding(still: Still, facts: Decoded) -> Decoded:
    """A JPEG's tables and subsampling; how many frames an animation has."""
    with still.header() as picture:
        return replace(
            facts,
            jpeg=_jpeg(picture) if still.form == "JPEG" else None,
            frames=getattr(picture, "n_frames", 1) if still.form in _ANIMATED else None,
        )


def read_ending(still: Still, facts: Decoded) -> Decoded:
    """What follows after the end of a JPEG, PNG or WebP; files beyond 128 MiB are not looked through."""
    find = _ENDS.get(still.form)
    body = still.file.read(_MOST_BYTES + 1)
    end = find(body) if find and len(body) <= _MOST_BYTES else None
    if end is None or end >= len(body):
        return facts
    return replace(facts, trailer=Trailer(len(body) - end, _kind(body[end:])))


def _jpeg(picture: Any) -> JpegCoding | None:
    tables = tuple(
        tuple(int(number) for number in picture.quantization[key]) for key in sorted(picture.quantization)
    )
    return JpegCoding(tables, _subsampling(picture.layer)) if tables else None


def _subsampling(layers: list[tuple[int, int, int, int]]) -> str | None:
    """In the usual words, of the first component's samples against the second's."""
    if len(layers) == 1:
        return "grey"
    if len(layers) < 3:
        return None
    (_, wide, high, _), (_, chroma_wide, chroma_high, _) = layers[:2]
    if not (chroma_wide and chroma_high):
        return None
    ratio = (wide // chroma_wide, high // chroma_high)
    known = {
        (1, 1): "4:4:4",
        (2, 1): "4:2:2",
        (2, 2): "4:2:0",
        (1, 2): "4:4:0",
        (4, 1): "4:1:1",
        (4, 2): "4:1:0",
    }
    return known.get(ratio, f"{wide}x{high}:{chroma_wide}x{chroma_high}")


def _jpeg_end(body: bytes) -> int | None:
    # In coded pixels an FF is always followed by 00 or a restart marker: the first end marker there is the end.
    end = body.find(_END, _first_scan(body))
    return end + len(_END) if end >= 0 else None


def _first_scan(body: bytes) -> int:
    """Where the first scan begins. A thumbnail's own end marker lies within a segment before it, which is passed."""
    place = 2
    for _ in range(_MOST_CHUNKS):
        if body[place : place + 1] != b"\xff":
            break
        if body[place + 1 : place + 2] == b"\xff":
            place += 1
            continue
        if body[place : place + 2] == _SCAN:
            return place
        place += 2 + max(2, int.from_bytes(body[place + 2 : place + 4], "big"))
    return len(body)


def _png_end(body: bytes) -> int | None:
    place = _PNG_SIGNATURE
    for _ in range(_MOST_CHUNKS):
        header = body[place : place + 8]
        if len(header) < 8:
            return None
        place += 12 + int.from_bytes(header[:4], "big")
        if header[4:] == b"IEND":
            return place
    return None


def _riff_end(body: bytes) -> int | None:
    size = int.from_bytes(body[4:8], "little")
    return 8 + size + size % 2


_ENDS: dict[str, Callable[[bytes], int | None]] = {"JPEG": _jpeg_end, "PNG": _png_end, "WEBP": _riff_end}


def _kind(rest: bytes) -> str:
    """What the rest is, by its own signature only: a film, another picture, an archive, a program, padding."""
    if rest.endswith(_SAMSUNG):
        return "samsung with film" if b"ftyp" in rest else "samsung"
    if rest.endswith(_CAPTIONS) or rest[-12:-8] in _AFCP:
        return "captions"
    if not rest.strip(rest[:1]):
        # No byte but one: what encoders and cameras fill their blocks with.
        return "padding"
    if rest[4:8] == b"ftyp":
        return "film"
    head = rest[:_LOOK].lstrip(b"\x00 \r\n")
    return next((kind for beginning, kind in _BEGINNINGS if head.startswith(beginning)), "unknown")
