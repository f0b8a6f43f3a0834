import pytest
from PIL import Image

from claims.media.sniff import HEAD_BYTES, SAFE_INLINE, sniff
from claims.vocabulary import MediaKind
from tests.media import make


def ftyp(brand: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + brand + b"\x00\x00\x02\x00" + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + b"\x00" * 64


MP3_FRAME = b"\xff\xfb\x90\x00" + b"\x00" * 413

KNOWN = [
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg", MediaKind.PHOTO),
    (b"\x89PNG\r\n\x1a\n\x00\x00", "image/png", MediaKind.PHOTO),
    (b"GIF87a\x01\x00", "image/gif", MediaKind.PHOTO),
    (b"GIF89a\x01\x00", "image/gif", MediaKind.PHOTO),
    (b"II*\x00\x08\x00\x00\x00", "image/tiff", MediaKind.PHOTO),
    (b"MM\x00*\x00\x00\x00\x08", "image/tiff", MediaKind.PHOTO),
    (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp", MediaKind.PHOTO),
    (ftyp(b"heic", b"mif1"), "image/heic", MediaKind.PHOTO),
    (ftyp(b"mif1", b"heic"), "image/heic", MediaKind.PHOTO),
    (ftyp(b"mif1", b"avif"), "image/avif", MediaKind.PHOTO),
    (ftyp(b"avif", b"mif1"), "image/avif", MediaKind.PHOTO),
    (ftyp(b"isom", b"avc1"), "video/mp4", MediaKind.VIDEO),
    (ftyp(b"mp42"), "video/mp4", MediaKind.VIDEO),
    (ftyp(b"qt  "), "video/quicktime", MediaKind.VIDEO),
    (ftyp(b"3gp5"), "video/3gpp", MediaKind.VIDEO),
    (ftyp(b"M4A "), "audio/mp4", MediaKind.AUDIO),
    (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", "video/quicktime", MediaKind.VIDEO),
    (b"\x00\x00\x10\x00moov", "video/quicktime", MediaKind.VIDEO),
    (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "video/x-matroska", MediaKind.VIDEO),
    (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm", "video/webm", MediaKind.VIDEO),
    ((b"\x47" + b"\x00" * 187) * 3, "video/mp2t", MediaKind.VIDEO),
    ((b"\x00\x00\x00\x00\x47" + b"\x00" * 187) * 3, "video/mp2t", MediaKind.VIDEO),
    (b"RIFF\x24\x00\x00\x00AVI LIST", "video/x-msvideo", MediaKind.VIDEO),
    (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav", MediaKind.AUDIO),
    (b"OggS\x00\x02" + b"\x00" * 22 + b"\x01\x1eOpusHead", "audio/ogg", MediaKind.AUDIO),
    (b"OggS\x00\x02" + b"\x00" * 22 + b"\x01\x2a\x80theora", "video/ogg", MediaKind.VIDEO),
    (b"ID3\x04\x00\x00", "audio/mpeg", MediaKind.AUDIO),
    (MP3_FRAME * 2, "audio/mpeg", MediaKind.AUDIO),
    (b"fLaC\x00\x00\x00\x22", "audio/flac", MediaKind.AUDIO),
    (b"%PDF-1.7\n", "application/pdf", MediaKind.DOCUMENT),
]


@pytest.mark.parametrize(("head", "media_type", "kind"), KNOWN)
def test_media_is_known_by_its_first_bytes(head, media_type, kind):
    found = sniff(head)
    assert found is not None
    assert (found.media_type, found.kind) == (media_type, kind)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x00",
        b"<!DOCTYPE html><html>",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<svg onload='alert(1)'>",
        b"The free skip moov of a text",
        b"textmdat and more text",
        b"PK\x03\x04\x14\x00",
        b"\x1f\x8b\x08\x00",
        b"MZ\x90\x00",
        b"\x7fELF\x02\x01",
        b"RIFF\x24\x00\x00\x00SFBK",
        b"\xff\xfe<\x00h\x00t\x00m\x00l\x00",
        MP3_FRAME[:4] + b"not another frame" * 40,
        b"\x1a\x45\xdf\xa3\x93\x42\x82\x84nope",
        ftyp(b"crx "),
        b"\x00\x00\x00\x18ftyp",
        b" %PDF-1.7",
    ],
)
def test_what_is_no_media_is_not_taken_for_any(head):
    assert sniff(head) is None


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_what_pillow_writes_is_known(tmp_path, form):
    head = make.photo(tmp_path / "x", form=form).read_bytes()[:HEAD_BYTES]
    found = sniff(head)
    assert found is not None
    assert found.media_type == Image.MIME[form]


def test_nothing_that_could_carry_script_is_shown_in_place():
    assert not SAFE_INLINE & {
        "image/svg+xml",
        "text/html",
        "application/pdf",
        "text/plain",
        "application/xml",
    }
    assert {"video/mp4", "image/jpeg"} <= SAFE_INLINE
