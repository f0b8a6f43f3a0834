"""What kind of media some bytes are, told from the bytes alone, never from a name or a header."""

from __future__ import annotations

from dataclasses import dataclass

from claims.vocabulary import MediaKind

HEAD_BYTES = 4096
"""How much of a file's beginning `sniff` wants to see; it makes do with less."""

SAFE_INLINE = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/gif",
        "image/avif",
        "video/mp4",
        "video/quicktime",
        "video/webm",
        "video/3gpp",
        "video/ogg",
        "audio/mpeg",
        "audio/mp4",
        "audio/wav",
        "audio/flac",
        "audio/ogg",
    }
)
"""Media types that a browser may show in place. None of them can carry script."""


@dataclass(frozen=True)
class Sniffed:
    """What the bytes are: a MIME type and the kind of media that it is to a reader."""

    media_type: str
    kind: MediaKind


_PHOTO, _VIDEO, _AUDIO = MediaKind.PHOTO, MediaKind.VIDEO, MediaKind.AUDIO

_PREFIXES = (
    (b"\xff\xd8\xff", "image/jpeg", _PHOTO),
    (b"\x89PNG\r\n\x1a\n", "image/png", _PHOTO),
    (b"GIF87a", "image/gif", _PHOTO),
    (b"GIF89a", "image/gif", _PHOTO),
    (b"II*\x00", "image/tiff", _PHOTO),
    (b"MM\x00*", "image/tiff", _PHOTO),
    (b"II+\x00", "image/tiff", _PHOTO),
    (b"MM\x00+", "image/tiff", _PHOTO),
    (b"fLaC", "audio/flac", _AUDIO),
    (b"%PDF-", "application/pdf", MediaKind.DOCUMENT),
)
_RIFF = {
    b"WEBP": ("image/webp", _PHOTO),
    b"AVI ": ("video/x-msvideo", _VIDEO),
    b"WAVE": ("audio/wav", _AUDIO),
}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"mif1", b"msf1", b"miaf"})
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P "})
_FOREIGN_BRANDS = frozenset({b"crx ", b"jp2 ", b"jpx ", b"jxl "})
_BARE_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


def sniff(head: bytes) -> Sniffed | None:
    """The media type and kind of a file that begins with `head`; None for what is not media we read."""
    for prefix, media_type, kind in _PREFIXES:
        if head.startswith(prefix):
            return Sniffed(media_type, kind)
    found = (looked for looked in (look(head) for look in _LOOKS) if looked)
    return next(found, None)


def _riff(head: bytes) -> Sniffed | None:
    known = _RIFF.get(head[8:12]) if head[:4] in (b"RIFF", b"RF64") else None
    return Sniffed(*known) if known else None


def _iso_picture(head: bytes) -> Sniffed | None:
    brand = head[8:12]
    if head[4:8] != b"ftyp":
        return None
    # An ftyp box is a few dozen bytes: a lying size must not turn the film's own bytes into brands.
    box = head[: min(int.from_bytes(head[:4], "big"), 256)]
    brands = {brand, *(box[i : i + 4] for i in range(16, len(box) - 3, 4))}
    if brand in _AVIF_BRANDS or (brand in _HEIF_BRANDS and brands & _AVIF_BRANDS):
        return Sniffed("image/avif", _PHOTO)
    if brand in _HEIC_BRANDS or brand in _HEIF_BRANDS:
        return Sniffed("image/heic", _PHOTO)
    return None


def _iso_film(head: bytes) -> Sniffed | None:
    brand = head[8:12]
    if head[4:8] != b"ftyp" or len(brand) < 4 or brand in _FOREIGN_BRANDS:
        return None
    if brand in _AUDIO_BRANDS:
        return Sniffed("audio/mp4", _AUDIO)
    if brand == b"qt  ":
        return Sniffed("video/quicktime", _VIDEO)
    is_3gp = brand.startswith((b"3gp", b"3g2", b"3ge", b"3gg"))
    return Sniffed("video/3gpp" if is_3gp else "video/mp4", _VIDEO)


def _bare_quicktime(head: bytes) -> Sniffed | None:
    # QuickTime files older than ftyp begin with any box; a size above half a gigabyte is text, not a size.
    is_box = head[4:8] in _BARE_BOXES and head[0] < 0x20
    return Sniffed("video/quicktime", _VIDEO) if is_box else None


def _matroska(head: bytes) -> Sniffed | None:
    beginning = head[:128] if head.startswith(b"\x1a\x45\xdf\xa3") else b""
    if b"webm" in beginning:
        return Sniffed("video/webm", _VIDEO)
    return Sniffed("video/x-matroska", _VIDEO) if b"matroska" in beginning else None


def _ogg(head: bytes) -> Sniffed | None:
    if not head.startswith(b"OggS"):
        return None
    return Sniffed("video/ogg", _VIDEO) if b"\x80theora" in head else Sniffed("audio/ogg", _AUDIO)


def _mpeg_ts(head: bytes) -> Sniffed | None:
    """Three packets in step: 188 bytes each, or 192 in the kind that cameras write (a time code first)."""
    in_step = any(
        len(head) > first + 2 * step and all(head[first + n * step] == 0x47 for n in range(3))
        for first, step in ((0, 188), (4, 192))
    )
    return Sniffed("video/mp2t", _VIDEO) if in_step else None


def _mp3(head: bytes) -> Sniffed | None:
    """A tag, or two frames in step: eleven set bits alone are too common in other files."""
    length = _mp3_frame_length(head)
    in_step = length is not None and _mp3_frame_length(head[length : length + 3]) is not None
    return Sniffed("audio/mpeg", _AUDIO) if head.startswith(b"ID3") or in_step else None


_LAYER_3_KBIT = (
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG 2 and 2.5
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # MPEG 1
)
_SAMPLE_RATES = {0: (11025, 12000, 8000), 2: (22050, 24000, 16000), 3: (44100, 48000, 32000)}


def _mp3_frame_length(header: bytes) -> int | None:
    if len(header) < 3 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = (header[1] >> 3) & 3, (header[1] >> 1) & 3
    bitrate, rate = header[2] >> 4, (header[2] >> 2) & 3
    if layer != 1 or version not in _SAMPLE_RATES or bitrate in (0, 15) or rate == 3:
        return None
    kbit = _LAYER_3_KBIT[version == 3][bitrate]
    samples_by_8 = 144 if version == 3 else 72
    return samples_by_8 * kbit * 1000 // _SAMPLE_RATES[version][rate] + ((header[2] >> 1) & 1)


_LOOKS = (_riff, _iso_picture, _iso_film, _bare_quicktime, _matroska, _ogg, _mpeg_ts, _mp3)
