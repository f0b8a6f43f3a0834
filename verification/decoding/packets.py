"""What pictures carry beside EXIF: XMP and IPTC packets, and the texts of PNG, GIF, WebP and JPEG."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, BinaryIO

from verification.decoding import iptc, xmp
from verification.decoding.pictures import Still
from verification.decoding.tags import clean, kept
from verification.domain.decoded import Decoded, Device
from verification.domain.inside import FoundText

_PHOTOSHOP_IPTC, _TIFF_IPTC = 0x0404, 33723
_RESOURCE = re.compile(rb"8BIM\x04\x04(?:\x00\x00|.{0,256}?)(\x00\x00..)(?=\x1c)", re.DOTALL)
_GIF_PACKET = b"\x21\xff\x0bXMP DataXMP"
_MOST_OF_GIF = 64 * 1024 * 1024
# JPEG's and GIF's comment is where libraries that keep no other tags name themselves.
_PROGRAMS = ("Software", "comment", "Comment")
_CREDITS = ("Author", "Copyright", "Source")


def read_iptc(still: Still, facts: Decoded) -> Decoded:
    """Dates, authors and instructions out of a JPEG's, TIFF's or PNG's IPTC records."""
    with still.header() as picture:
        block = _iptc_of(picture)
    return iptc.add(facts, block) if block else facts


def read_xmp(still: Still, facts: Decoded) -> Decoded:
    """What XMP adds, in any format that Pillow finds it in."""
    with still.header() as picture:
        packet = picture.info.get("xmp")
    if packet is None and still.form == "GIF":
        packet = _gif_xmp(still.file)
    if isinstance(packet, str):
        packet = packet.encode()
    return xmp.add(facts, packet) if packet else facts


def read_texts(still: Still, facts: Decoded) -> Decoded:
    """Programs, authors and device that a picture's plain texts name; all of them are kept among the tags."""
    with still.header() as picture:
        texts = {
            str(name): text
            for name, value in picture.info.items()
            if isinstance(value, str | bytes) and name not in _NO_TEXTS and (text := clean(value))
        }
    return replace(
        facts,
        programs=(*facts.programs, *_named(texts, _PROGRAMS)),
        credits=(*facts.credits, *_named(texts, _CREDITS)),
        tags={**kept(texts), **facts.tags},
        device=_device(facts.device, texts),
    )


_NO_TEXTS = frozenset({"exif", "xmp", "icc_profile", "photoshop", "XML:com.adobe.xmp", "mp"})


def _device(device: Device, texts: Mapping[str, str]) -> Device:
    """The device with what no EXIF has said of it, as PNG's texts say it."""
    said = {
        name.lower(): getattr(device, name.lower()) or texts.get(name)
        for name in ("Make", "Model", "Software")
    }
    return replace(device, **said)


def _named(texts: Mapping[str, str], names: tuple[str, ...]) -> list[FoundText]:
    return [FoundText(texts[name], f"text {name}", "pillow") for name in names if name in texts]


def _iptc_of(picture: Any) -> bytes | None:
    """The records as Photoshop's resources hold them; else those that a TIFF or a PNG holds by itself."""
    resources = picture.info.get("photoshop")
    block = resources.get(_PHOTOSHOP_IPTC) if isinstance(resources, dict) else None
    return block or _tiff_iptc(picture) or _png_iptc(picture)


def _tiff_iptc(picture: Any) -> bytes | None:
    # As they lie in the file: programs that took the type from an old standard wrote them as long integers.
    raw = getattr(getattr(picture, "tag_v2", None), "_tagdata", {})
    return raw.get(_TIFF_IPTC) or None


def _png_iptc(picture: Any) -> bytes | None:
    """Out of the text that ImageMagick began to write: a line for the kind, one for the length, and hex digits."""
    profile = picture.info.get("Raw profile type iptc")
    if not isinstance(profile, str):
        return None
    block = bytes.fromhex("".join(profile.strip().splitlines()[2:]))
    resource = _RESOURCE.search(block)
    if resource is None:
        return block
    return block[resource.end() :][: int.from_bytes(resource[1], "big")]


def _gif_xmp(file: BinaryIO) -> bytes | None:
    """The packet that a GIF has as it is among its blocks; Pillow does not look for it."""
    file.seek(0)
    body = file.read(_MOST_OF_GIF)
    start = body.find(_GIF_PACKET)
    end = body.find(b"\x01\xff\xfe\xfd", start)
    return body[start + len(_GIF_PACKET) : end] if 0 <= start < end else None
