"""What pictures carry beside dates and position: XMP, IPTC, texts, tables, frames, and that it survives storing."""

import io
import json
import struct

import pytest
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from tests.media import make, mutants
from verification.decoding import iptc, xmp
from verification.domain.decoded import Decoded
from verification.domain.inside import EditStep, FoundText
from verification.sandbox import decode

PACKET = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmp:CreatorTool="Adobe Photoshop CS5" xmp:CreateDate="2022-10-04T14:07:00+03:00" aux:SerialNumber="6012345">
 <photoshop:DateCreated>2022-10-04</photoshop:DateCreated>
 <dc:creator><rdf:Seq><rdf:li>Olena Demo</rdf:li><rdf:li>Ivan Demo</rdf:li></rdf:Seq></dc:creator>
 <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">Demo House</rdf:li></rdf:Alt></dc:rights>
 <xmpMM:History><rdf:Seq>
  <rdf:li stEvt:action="saved" stEvt:softwareAgent="Adobe Photoshop CS5" stEvt:when="2022-10-05T09:00:00Z"
   stEvt:changed="/"/>
  <rdf:li rdf:parseType="Resource"><stEvt:action>converted</stEvt:action></rdf:li>
 </rdf:Seq></xmpMM:History>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def records(*fields, record=2):
    return b"".join(
        b"\x1c" + bytes([record, number]) + struct.pack(">H", len(text)) + text for number, text in fields
    )


IPTC = records(
    (0, b"\x00\x04"),
    (55, b"20221004"),
    (60, b"140700+0300"),
    (80, "Olena Demó".encode()),
    (110, b"Demo House"),
    (40, b"FBMD01000a99030000c504"),
    (65, b"Photo Mechanic"),
)


def with_segments(path, *, packet=None, block=None, size=(64, 48)):
    body = io.BytesIO()
    Image.linear_gradient("L").resize(size).save(body, format="JPEG", comment=b"a comment")
    segments = []
    if packet is not None:
        segments.append((0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + packet))
    if block is not None:
        padded = block + b"\x00" * (len(block) % 2)
        resource = b"8BIM\x04\x04\x00\x00" + struct.pack(">L", len(block)) + padded
        segments.append((0xED, b"Photoshop 3.0\x00" + resource))
    extra = b"".join(bytes([0xFF, kind]) + struct.pack(">H", len(one) + 2) + one for kind, one in segments)
    path.write_bytes(b"\xff\xd8" + extra + body.getvalue()[2:])
    return decode(path, media_type="image/jpeg")


def dates(facts):
    return [(date.field, date.at, date.reader) for date in facts.dates]


def test_xmp_is_read_from_attributes_elements_and_lists(tmp_path):
    facts = with_segments(tmp_path / "x.jpg", packet=PACKET)
    assert facts.errors == ()
    assert dates(facts) == [
        ("XMP photoshop:DateCreated", "2022-10-04", "xmp"),
        ("XMP xmp:CreateDate", "2022-10-04T14:07:00+03:00", "xmp"),
    ]
    assert FoundText("Adobe Photoshop CS5", "XMP xmp:CreatorTool", "xmp") in facts.programs
    assert [(one.field, one.value) for one in facts.credits] == [
        ("XMP dc:creator", "Olena Demo"),
        ("XMP dc:creator", "Ivan Demo"),
        ("XMP dc:rights", "Demo House"),
    ]
    assert facts.steps == (
        EditStep("saved", "Adobe Photoshop CS5", "2022-10-05T09:00:00Z", "/"),
        EditStep("converted"),
    )
    assert facts.device.serial == "6012345"
    assert facts.readers["xmp"].startswith("defusedxml ")


def test_iptc_is_read(tmp_path):
    facts = with_segments(tmp_path / "x.jpg", block=IPTC)
    assert facts.errors == ()
    assert dates(facts) == [("IPTC DateCreated", "2022-10-04T14:07:00+03:00", "iptc")]
    assert [(one.field, one.value) for one in facts.credits] == [
        ("IPTC By-line", "Olena Demó"),
        ("IPTC Credit", "Demo House"),
    ]
    assert facts.instructions == "FBMD01000a99030000c504"
    assert FoundText("Photo Mechanic", "IPTC OriginatingProgram", "iptc") in facts.programs


@pytest.mark.parametrize("time", [None, b"000000+0000", b"24", b"noon  +0000"])
def test_an_iptc_day_without_a_time_is_a_day(time):
    fields = [(55, b"20221004")] + ([(60, time)] if time else [])
    assert [date.at for date in iptc.add(Decoded("image/jpeg"), records(*fields)).dates] == ["2022-10-04"]


def test_a_zero_iptc_day_is_unset():
    (date,) = iptc.add(Decoded("image/jpeg"), records((55, b"00000000"))).dates
    assert (date.at, date.unset) == (None, "zeros")


def test_records_that_are_cut_short_are_a_failure_of_theirs_alone(tmp_path):
    facts = with_segments(tmp_path / "x.jpg", packet=PACKET, block=IPTC[:-4])
    assert [(error.reader, error.part) for error in facts.errors] == [("iptc", "packets")]
    assert facts.device.serial == "6012345"
    assert facts.failed("metadata") is None


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
FOREIGN = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize("packet", [LAUGHS, FOREIGN, b"<x:xmpmeta>", b"\x00\xff\xfe", b"<a>" * 20_000])
def test_hostile_xml_is_refused_and_harms_nothing_else(tmp_path, packet):
    facts = with_segments(tmp_path / "x.jpg", packet=packet[:60_000], block=IPTC)
    assert [(error.reader, error.part) for error in facts.errors] == [("xmp", "packets")]
    assert facts.instructions
    assert facts.width == 64


def test_a_packet_beyond_its_bound_is_not_parsed():
    with pytest.raises(ValueError, match="an XMP packet of"):
        xmp.add(Decoded("image/jpeg"), b" " * (xmp.MOST_BYTES + 1))


def test_texts_of_a_png_and_its_frames(tmp_path):
    texts = PngImagePlugin.PngInfo()
    for name, value in {
        "Software": "GIMP 2.10",
        "Author": "Olena Demo",
        "Creation Time": "2022-10-04T14:07:00",
    }.items():
        texts.add_text(name, value)
    Image.new("RGB", (8, 8)).save(
        tmp_path / "x.png", pnginfo=texts, save_all=True, append_images=[Image.new("RGB", (8, 8), "red")]
    )
    facts = decode(tmp_path / "x.png", media_type="image/png")
    assert (facts.programs[0].value, facts.credits[0].value, facts.frames) == ("GIMP 2.10", "Olena Demo", 2)
    assert [date.field for date in facts.dates] == ["Creation Time"]


@pytest.mark.parametrize(("name", "frames"), [("gif-moving", 2), ("webp-moving", 2), ("webp", 1), ("png", 1)])
def test_frames_are_counted(tmp_path, name, frames):
    sample = next(one for one in mutants.samples() if one.name == name)
    (tmp_path / "x").write_bytes(sample.body)
    assert decode(tmp_path / "x", media_type=sample.media_type).frames == frames


def exif(**more):
    made = Image.Exif()
    made[0x0112], made[0x013B], made[0x8298] = 6, "Olena Demo", "Demo House"
    inner = made.get_ifd(0x8769)
    inner.update(
        {
            0xA431: "6012345",
            0xA434: "50mm f/1.8",
            0xA002: 4000,
            0xA003: 3000,
            0xA404: IFDRational(5, 2),
            **more,
        }
    )
    return made


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_device_size_and_author_are_read_alike_by_both_readers(tmp_path, form):
    Image.new("RGB", (40, 30)).save(tmp_path / "x", format=form, exif=exif().tobytes())
    facts = decode(tmp_path / "x", media_type=f"image/{form.lower()}")
    assert facts.errors == ()
    assert (facts.device.serial, facts.device.lens) == ("6012345", "50mm f/1.8")
    assert (facts.orientation, facts.recorded_width, facts.recorded_height) == (6, 4000, 3000)
    assert facts.digital_zoom == 2.5
    assert {("EXIF Artist", "Olena Demo"), ("EXIF Copyright", "Demo House")} <= {
        (one.field, one.value) for one in facts.credits
    }


def test_absurd_numbers_are_none(tmp_path):
    made = exif()
    made[0x0112] = 99
    Image.new("RGB", (40, 30)).save(tmp_path / "x.jpg", exif=made)
    assert decode(tmp_path / "x.jpg", media_type="image/jpeg").orientation is None


@pytest.mark.parametrize("sample", mutants.samples(), ids=lambda sample: sample.name)
def test_facts_come_back_from_storage_as_they_were(tmp_path, sample):
    (tmp_path / "x").write_bytes(sample.body)
    facts = decode(tmp_path / "x", media_type=sample.media_type)
    assert Decoded.from_json(json.loads(json.dumps(facts.as_json()))) == facts


def test_facts_with_everything_come_back_and_older_ones_as_well(tmp_path):
    small = Image.linear_gradient("L").resize((32, 24))
    path = make.jpeg_with_thumbnail(tmp_path / "x.jpg", Image.linear_gradient("L"), small)
    path.write_bytes(path.read_bytes() + b"PK\x03\x04")
    facts = decode(path, media_type="image/jpeg")
    assert facts.thumbnail
    assert facts.trailer
    assert facts.jpeg
    stored = json.loads(json.dumps(facts.as_json()))
    assert Decoded.from_json(stored) == facts
    older = {
        "media_type",
        "width",
        "height",
        "dates",
        "gps",
        "device",
        "streams",
        "readers",
        "errors",
        "tags",
    }
    back = Decoded.from_json({name: value for name, value in stored.items() if name in older})
    assert (back.width, back.thumbnail, back.credits) == (256, None, ())
    del stored["device"]["serial"], stored["device"]["lens"]
    assert Decoded.from_json(stored).device.serial is None


def test_a_film_in_packets_of_cameras_is_read(tmp_path):
    """MTS: each packet has a time code before it, 192 bytes in all."""
    sample = next(one for one in mutants.samples() if one.name == "ts-h264")
    packets = [sample.body[at : at + 188] for at in range(0, len(sample.body), 188)]
    (tmp_path / "x.mts").write_bytes(b"".join(b"\x00\x00\x00\x00" + packet for packet in packets))
    facts = decode(tmp_path / "x.mts", media_type="video/mp2t")
    assert (facts.width, facts.height) == (64, 48)
    assert facts.keyframes_decoded


def test_a_raw_picture_gives_its_tags_though_its_pixels_are_not_read(tmp_path):
    """DNG, CR2, NEF and ARW are TIFFs whose pixels are coded in a camera's own way."""
    made = exif()
    made[0x010F], made[0x0110] = "Demo", "Raw 1"
    made.get_ifd(0x8769)[0x9003] = "2022:10:04 14:07:00"
    Image.new("RGB", (40, 30)).save(tmp_path / "x.dng", format="TIFF", exif=made.tobytes())
    body = bytearray((tmp_path / "x.dng").read_bytes())
    entry = body.find(struct.pack("<HHL", 0x0103, 3, 1))
    body[entry + 8 : entry + 12] = struct.pack("<L", 34713)  # Nikon's compression
    (tmp_path / "x.dng").write_bytes(bytes(body))
    facts = decode(tmp_path / "x.dng", media_type="image/tiff")
    assert facts.failed("pixels")
    assert (facts.device.model, [date.at for date in facts.dates]) == ("Raw 1", ["2022-10-04T14:07:00"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-be", "utf-16-le"])
def test_xmp_is_read_in_every_encoding_that_it_may_be_in(encoding):
    packet = (
        "<?xpacket begin='\ufeff'?><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description "
        "xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/' photoshop:DateCreated='2004-02-26'/></rdf:RDF>   \0"
    )
    facts = xmp.add(Decoded("image/jpeg"), packet.encode(encoding))
    assert [date.at for date in facts.dates] == ["2004-02-26"]


@pytest.mark.parametrize(
    ("time", "at"),
    [
        (b"135926.054-0600", "2022-10-04T13:59:26-06:00"),
        (b"135926", "2022-10-04T13:59:26"),
        (b"13:59", "2022-10-04"),
        (b"000000.000+0000", "2022-10-04"),
    ],
)
def test_iptc_times_are_read_as_programs_write_them(time, at):
    fields = ((55, b"20221004"), (60, time))
    assert [date.at for date in iptc.add(Decoded("image/jpeg"), records(*fields)).dates] == [at]
