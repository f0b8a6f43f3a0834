"""What pictures carry beside EXIF: XMP and IPTC packets, and the texts of PNG, GIF, WebP and JPEG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from verification.decoding import iptc, xmp
from verification.decoding.pictures import Still
from verification.decoding.tags import clean, kept
from verification.domain.decoded import Decoded
from verification.domain.inside import FoundText

_PHOTOSHOP_IPTC, _TIFF_IPTC = 0x0404, 33723
# JPEG's and GIF's comment is where libraries that keep no other tags name themselves.
_PROGRAMS = ("Software", "comment", "Comment")
_CREDITS = ("Author", "Copyright", "Source")


def read_iptc(still: Still, facts: Decoded) -> Decoded:
    """Dates, authors and instructions out of a JPEG's or TIFF's IPTC records."""
    with still.header() as picture:
        block = _iptc_of(picture)
    return iptc.add(facts, block) if block else facts


def read_xmp(still: Still, facts: Decoded) -> Decoded:
    """What XMP adds, in any format that Pillow finds it in."""
    with still.header() as picture:
        packet = picture.info.get("xmp")
    if isinstance(packet, str):
        packet = packet.encode()
    return xmp.add(facts, packet) if packet else facts


def read_texts(still: Still, facts: Decoded) -> Decoded:
    """Programs and authors that a picture's plain texts name; all of them are kept among the tags."""
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
    )


_NO_TEXTS = frozenset({"exif", "xmp", "icc_profile", "photoshop", "XML:com.adobe.xmp", "mp"})


def _named(texts: Mapping[str, str], names: tuple[str, ...]) -> list[FoundText]:
    return [FoundText(texts[name], f"text {name}", "pillow") for name in names if name in texts]


def _iptc_of(picture: Any) -> bytes | None:
    resources = picture.info.get("photoshop")
    if isinstance(resources, dict):
        block = resources.get(_PHOTOSHOP_IPTC)
    else:
        block = getattr(picture, "tag_v2", {}).get(_TIFF_IPTC)
        if isinstance(block, tuple):
            # Written as long integers by programs that took the type from an old standard.
            block = b"".join(int(part).to_bytes(4, "little") for part in block)
    return block if isinstance(block, bytes) and block else None
