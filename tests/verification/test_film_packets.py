"""XMP and cameras' own tags in films and recordings."""

import io
import struct

import pytest

from tests.media import make
from verification.decoding import camcorders, film_packets
from verification.decoding.boxes import boxes, chunks
from verification.domain.decoded import Decoded, Device
from verification.sandbox import decode

PACKET = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<rdf:Description xmlns:exif='http://ns.adobe.com/exif/1.0/' xmlns:tiff='http://ns.adobe.com/tiff/1.0/' "
    b"exif:DateTimeOriginal='2022-10-04T14:07:00+03:00' exif:GPSLatitude='50,27.006N' exif:GPSLongitude='30,31.404E' "
    b"tiff:Make='Demo'/></rdf:RDF></x:xmpmeta>"
)
XMP_ID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def box(kind, body):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def chunk(kind, body):
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff(*parts):
    body = b"AVI " + b"".join(parts)
    return io.BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body)


def said(facts):
    return [date.at for date in facts.dates], facts.device.make, facts.gps and facts.gps.problem


FOUND = (["2022-10-04T14:07:00+03:00"], "Demo", None)
NOTHING = ([], None, None)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (box(b"ftyp", b"isom") + box(b"uuid", XMP_ID + PACKET), FOUND),
        (box(b"uuid", b"\0" * 16 + PACKET), NOTHING),
        (box(b"moov", box(b"mvhd", b"\0" * 20) + box(b"udta", box(b"XMP_", PACKET))), FOUND),
        (box(b"moov", box(b"udta", b"")), NOTHING),
        (struct.pack(">I4s", 7, b"uuid") + XMP_ID + PACKET, NOTHING),
        (struct.pack(">I4sQ", 1, b"uuid", 32 + len(PACKET)) + XMP_ID + PACKET, FOUND),
        (struct.pack(">I4s", 0, b"uuid") + XMP_ID + PACKET, FOUND),
        (b"", NOTHING),
    ],
    ids=["uuid", "another uuid", "user data", "none", "too small", "wide", "to the end", "empty"],
)
def test_boxed_packets_are_read(body, found):
    assert said(film_packets.read_boxed(io.BytesIO(body), Decoded("video/mp4"))) == found


def test_a_film_says_what_its_packet_says(tmp_path):
    film = make.tagged_video(tmp_path / "film.mp4", {"make": "Container"})
    film.write_bytes(film.read_bytes() + box(b"uuid", XMP_ID + PACKET))
    facts = decode(film, media_type="video/mp4")
    assert facts.errors == ()
    assert "XMP exif:DateTimeOriginal" in [date.field for date in facts.dates]
    assert facts.device.make == "Container"
    assert facts.gps
    assert (round(facts.gps.latitude, 4), round(facts.gps.longitude, 4)) == (50.4501, 30.5234)


def test_chunked_packets_and_names_are_read():
    names = b"exif" + chunk(b"ecor", b"PENTAX\0") + chunk(b"emdl", b"K-x")
    facts = film_packets.read_chunked(
        riff(chunk(b"junk", b"odd"), chunk(b"LIST", names), chunk(b"_PMX", PACKET)),
        Decoded("video/x-msvideo"),
    )
    assert facts.device == Device(make="PENTAX", model="K-x")
    assert said(facts)[0] == FOUND[0]


def test_a_container_of_nothing_but_headers_ends():
    file = io.BytesIO(struct.pack(">I4s", 8, b"free") * 50_000)
    assert len(list(boxes(file, 0, 400_000))) == 10_000
    assert len(list(chunks(io.BytesIO(b"free\0\0\0\0" * 50_000), 0, 400_000))) == 10_000


def message(*entries):
    return bytes([len(entries)]) + b"".join(bytes([tag]) + value for tag, value in entries)


@pytest.mark.parametrize(
    ("zone", "offset"), [(0x02, "+01:00"), (0x02 | 0x40, "+01:00"), (0x20 | 0x07, "-03:30"), (0x00, "+00:00")]
)
def test_a_camcorders_clock_is_read(zone, offset):
    tags = camcorders._tags(message((0x18, bytes([zone, 0x20, 0x08, 0x12])), (0x19, b"\x31\x23\x16\x24")))
    date = camcorders._date(tags)
    assert (date.at, date.offset, date.zone) == (f"2008-12-31T23:16:24{offset}", offset, "written")


def test_a_camcorders_position_is_read():
    degrees = [(50, 1), (27, 1), (6, 10), (30, 1), (31, 1), (24, 10)]
    ratios = [struct.pack(">HH", *one) for one in degrees]
    entries = [(0xB1, b"N\0\0\0"), (0xB2, ratios[0]), (0xB3, ratios[1]), (0xB4, ratios[2])]
    entries += [(0xB5, b"W\0\0\0"), (0xB6, ratios[3]), (0xB7, ratios[4]), (0xB8, ratios[5])]
    gps = camcorders._position(camcorders._tags(message(*entries)))
    assert (round(gps.latitude, 5), round(gps.longitude, 5)) == (50.45017, -30.51733)
    assert camcorders._position(camcorders._tags(message(*entries[:-1]))) is None


@pytest.mark.parametrize(
    "broken", [b"", b"\xff", b"\x02\x18\x20", message((0x18, b"\xff\xff\xff\xff"), (0x19, b"\xff" * 4))]
)
def test_a_broken_message_says_nothing(broken):
    date = camcorders._date(camcorders._tags(broken))
    assert date is None or date.at is None
