"""Reads XMP packets: dates, programs, history, authors. The XML is outside bytes, so defusedxml parses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

import defusedxml
from defusedxml.ElementTree import fromstring

from verification.decoding import positions
from verification.decoding.tags import clean, found_date
from verification.domain.decoded import Decoded, Device, FoundGps
from verification.domain.inside import EditStep, FoundText

MOST_BYTES = 4 * 1024 * 1024
_STEPS = 100
_TEXTS = 20
READER = "xmp"

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_EVENT = "{http://ns.adobe.com/xap/1.0/sType/ResourceEvent#}"
_PREFIXES = {
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/pdf/1.3/": "pdf",
    "http://purl.org/dc/elements/1.1/": "dc",
}
_DATES = (
    "exif:DateTimeOriginal",
    "photoshop:DateCreated",
    "exif:DateTimeDigitized",
    "xmp:CreateDate",
    "xmp:ModifyDate",
    "xmp:MetadataDate",
)
_PROGRAMS = ("xmp:CreatorTool", "tiff:Software", "pdf:Producer")
_CREDITS = (
    "dc:creator",
    "tiff:Artist",
    "dc:rights",
    "tiff:Copyright",
    "xmpRights:Owner",
    "photoshop:Credit",
    "photoshop:Source",
)
_MAKES, _MODELS, _SOFTWARE = ("tiff:Make",), ("tiff:Model",), ("tiff:Software",)
_LATITUDE, _LONGITUDE = "exif:GPSLatitude", "exif:GPSLongitude"
_SERIALS = ("exifEX:BodySerialNumber", "aux:SerialNumber")
_LENSES = ("exifEX:LensModel", "aux:Lens")


def add(facts: Decoded, packet: bytes) -> Decoded:
    """The facts with what the packet adds to them. Raises ValueError or ParseError for what is no XMP."""
    facts = replace(facts, readers={**facts.readers, READER: f"defusedxml {defusedxml.__version__}"})
    if len(packet) > MOST_BYTES:
        raise ValueError(f"an XMP packet of {len(packet)} bytes")
    root = fromstring(_text(packet))
    found: dict[str, list[str]] = {}
    steps: list[EditStep] = []
    for described in root.iter(f"{_RDF}Description"):
        for name, values in _properties(described):
            found.setdefault(name, []).extend(values)
        steps += _history(described)
    return replace(
        facts,
        dates=(
            *facts.dates,
            *(found_date(f"XMP {name}", found[name][0], READER) for name in _DATES if found.get(name)),
        ),
        programs=(*facts.programs, *_texts(_PROGRAMS, found)),
        credits=(*facts.credits, *_texts(_CREDITS, found)),
        steps=(*facts.steps, *steps)[:_STEPS],
        device=_device(facts.device, found),
        gps=_position(facts.gps, found),
    )


def _text(packet: bytes) -> str | bytes:
    """The XML without what pads it. It may be in UTF-16, where half of all bytes are zeros."""
    for encoding, mark in (("utf-16-be", b"\x00<\x00"), ("utf-16-le", b"<\x00")):
        start = packet.find(mark, 0, 8)
        if start >= 0:
            whole = packet[start : start + (len(packet) - start) // 2 * 2]
            return whole.decode(encoding, "replace").strip(" \t\r\n\x00")
    return packet.strip(b" \t\r\n\x00")


def _properties(described: Element) -> Iterator[tuple[str, list[str]]]:
    """The properties that we know of one description: as attributes, as elements, or as lists in elements."""
    for tag, value in described.attrib.items():
        name = _name(tag)
        if name:
            yield name, [value]
    for inner in described:
        name = _name(inner.tag)
        if name is None:
            continue
        listed = [item.text for item in inner.iter(f"{_RDF}li") if item.text]
        values = listed or ([inner.text] if inner.text and inner.text.strip() else [])
        if values:
            yield name, values


def _name(tag: Any) -> str | None:
    namespace, _, local = str(tag).removeprefix("{").rpartition("}")
    prefix = _PREFIXES.get(namespace)
    return f"{prefix}:{local}" if prefix else None


def _history(described: Element) -> list[EditStep]:
    history = described.find("{http://ns.adobe.com/xap/1.0/mm/}History")
    if history is None:
        return []
    return [_step(item) for item in list(history.iter(f"{_RDF}li"))[:_STEPS]]


def _step(item: Element) -> EditStep:
    said = {**item.attrib}
    for one in item.iter():
        said.update(one.attrib)
        if one.text and one.text.strip():
            said[one.tag] = one.text
    return EditStep(
        action=clean(said.get(f"{_EVENT}action")),
        software=clean(said.get(f"{_EVENT}softwareAgent")),
        at=clean(said.get(f"{_EVENT}when")),
        changed=clean(said.get(f"{_EVENT}changed")),
    )


def _texts(names: tuple[str, ...], found: Mapping[str, list[str]]) -> list[FoundText]:
    texts = [(name, clean(value)) for name in names for value in found.get(name, ())[:_TEXTS]]
    return [FoundText(text, f"XMP {name}", READER) for name, text in dict.fromkeys(texts) if text]


def _device(device: Device, found: Mapping[str, list[str]]) -> Device:
    """The device with what EXIF has not said of it already."""
    return replace(
        device,
        make=device.make or _first(_MAKES, found),
        model=device.model or _first(_MODELS, found),
        software=device.software or _first(_SOFTWARE, found),
        **_serial(device, found),
        lens=device.lens or _first(_LENSES, found),
    )


def _serial(device: Device, found: Mapping[str, list[str]]) -> dict[str, str | None]:
    serial = _first(_SERIALS, found) if device.serial is None else None
    return {"serial": serial, "serial_reader": READER} if serial else {}


def _position(known: FoundGps | None, found: Mapping[str, list[str]]) -> FoundGps | None:
    """The position that EXIF gave, or else the packet's own."""
    if (known is not None and known.problem is None) or not (found.get(_LATITUDE) or found.get(_LONGITUDE)):
        return known
    latitude, longitude = (_first((name,), found) or "" for name in (_LATITUDE, _LONGITUDE))
    own = positions.from_xmp(
        latitude, longitude, field="XMP exif:GPSLatitude, exif:GPSLongitude", reader=READER
    )
    return own if known is None or own.problem is None else known


def _first(names: tuple[str, ...], found: Mapping[str, list[str]]) -> str | None:
    return next((clean(found[name][0]) for name in names if found.get(name)), None)
