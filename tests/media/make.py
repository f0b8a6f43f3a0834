"""Makes the odd files that tests need: EXIF written by hand, containers with tags of one's choice, bombs."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pillow_heif
from PIL import Image

Ratio = tuple[int, int]
KYIV = [(50, 1), (27, 1), (360, 10)], [(30, 1), (31, 1), (2424, 100)]

_ASCII, _LONG, _RATIONAL = 2, 4, 5
_BIG = ">"


def exif_jpeg(
    path: Path,
    *,
    dates: Mapping[int, str] | None = None,
    gps: Mapping[int, str | Sequence[Ratio]] | None = None,
    make: str | None = None,
) -> Path:
    """A small JPEG whose EXIF has exactly these tags: Pillow would repair what we want broken."""
    body = io.BytesIO()
    Image.linear_gradient("L").resize((32, 24)).save(body, format="JPEG", quality=95)
    segment = b"Exif\x00\x00" + _tiff(dates or {}, gps, make)
    app1 = b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment
    path.write_bytes(b"\xff\xd8" + app1 + body.getvalue()[2:])
    return path


def _tiff(
    dates: Mapping[int, str], gps: Mapping[int, str | Sequence[Ratio]] | None, make: str | None
) -> bytes:
    base: dict[int, Any] = {tag: value for tag, value in dates.items() if tag < 0x8000}
    inner: dict[int, Any] = {tag: value for tag, value in dates.items() if tag >= 0x8000}
    if make is not None:
        base[0x010F] = make
    # Two passes: the first with pointers of zero, for the lengths.
    exif_at = gps_at = 0
    for _ in range(2):
        pointers = {0x8769: exif_at} | ({0x8825: gps_at} if gps is not None else {})
        first = _directory({**base, **pointers}, 8)
        exif_at = 8 + len(first)
        second = _directory(inner, exif_at)
        gps_at = exif_at + len(second)
    third = _directory(gps, gps_at) if gps is not None else b""
    return b"MM\x00*" + struct.pack(">L", 8) + first + second + third


def _directory(tags: Mapping[int, Any], at: int) -> bytes:
    entries, extra = b"", b""
    extra_at = at + 2 + 12 * len(tags) + 4
    for tag in sorted(tags):
        value = tags[tag]
        if isinstance(value, int):
            entries += struct.pack(">HHLL", tag, _LONG, 1, value)
            continue
        if isinstance(value, str):
            raw, kind, count = value.encode() + b"\x00", _ASCII, len(value.encode()) + 1
        else:
            raw = b"".join(struct.pack(">LL", high, low) for high, low in value)
            kind, count = _RATIONAL, len(value)
        if len(raw) <= 4:
            entries += struct.pack(">HHL", tag, kind, count) + raw.ljust(4, b"\x00")
            continue
        entries += struct.pack(">HHLL", tag, kind, count, extra_at + len(extra))
        extra += raw + b"\x00" * (len(raw) % 2)
    return struct.pack(">H", len(tags)) + entries + b"\x00\x00\x00\x00" + extra


def gps_tags(latitude: Sequence[Ratio], longitude: Sequence[Ratio], **more: Any) -> dict[int, Any]:
    """A whole GPS directory in the north-east, with any tag replaced or, by None, left out."""
    numbers = {"lat_ref": 1, "lon_ref": 3, "time": 7, "status": 9, "date": 29, "error": 31}
    tags: dict[int, Any] = {1: "N", 2: list(latitude), 3: "E", 4: list(longitude)}
    tags.update({numbers[name]: value for name, value in more.items()})
    return {tag: value for tag, value in tags.items() if value is not None}


def tagged_video(path: Path, tags: Mapping[str, str], *, form: str = "mp4", frames: int = 12) -> Path:
    """A one-second film whose container has these tags, whatever their names."""
    with av.open(
        path, mode="w", format=form, options={"movflags": "+use_metadata_tags", "fflags": "+bitexact"}
    ) as container:
        container.metadata.update(tags)
        stream: Any = container.add_stream("mpeg4", rate=12)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), (number * 20, 80, 80)))
            frame.pts, frame.time_base = number, Fraction(1, 12)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def keyframes(path: Path, *, seconds: int, size: tuple[int, int]) -> Path:
    """A film of one grey keyframe a second, each brighter than the one before."""
    with av.open(path, mode="w", format="mp4") as container:
        stream: Any = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height = size
        stream.pix_fmt, stream.gop_size = "yuv420p", 1
        for number in range(seconds):
            shade = 20 + number * 200 // seconds
            frame = av.VideoFrame.from_image(Image.new("RGB", size, (shade, shade, shade)))
            frame.pts, frame.time_base = number, Fraction(1, 1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def png_bomb(path: Path, width: int, height: int) -> Path:
    """A PNG of a few hundred bytes that says it is as large as you like."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))

    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 100_000)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
    return path


def photo(path: Path, *, form: str = "JPEG", size: tuple[int, int] = (32, 24)) -> Path:
    """A plain picture without any metadata."""
    Image.new("RGB", size, (90, 120, 150)).save(path, format=form)
    return path


_FILMS = {"video/mp4": "mp4", "video/quicktime": "mov", "video/x-msvideo": "avi"}
_SOUNDS = {
    "audio/mp4": ("ipod", "aac"),
    "audio/mpeg": ("mp3", "libmp3lame"),
    "audio/wav": ("wav", "pcm_s16le"),
    "audio/flac": ("flac", "flac"),
}


def plain(path: Path, media_type: str) -> Path:
    """A small file of that type: one colour, silence or an empty page."""
    if media_type in _FILMS:
        return tagged_video(path, {}, form=_FILMS[media_type])
    if media_type in _SOUNDS:
        return silence(path, *_SOUNDS[media_type])
    if media_type == "image/heic":
        pillow_heif.from_pillow(Image.new("RGB", (32, 24), (90, 120, 150))).save(path)
        return path
    return photo(path, form=media_type.rpartition("/")[2].upper())


def silence(path: Path, form: str, codec: str) -> Path:
    """A second of nothing to hear."""
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=44_100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.int16), format="s16", layout="mono")
        frame.sample_rate = 44_100
        resampler = av.AudioResampler(stream.format.name, "mono", 44_100)
        for part in [*resampler.resample(frame), None]:
            container.mux(stream.encode(part))
    return path


def truncated(path: Path, whole: Path, share: float = 0.5) -> Path:
    """The beginning of another file."""
    body = whole.read_bytes()
    path.write_bytes(body[: int(len(body) * share)])
    return path


def jpeg_with_thumbnail(path: Path, picture: Image.Image | Path, thumbnail: Image.Image | bytes) -> Path:
    """A JPEG with a thumbnail in its EXIF; both as they are given, whether they fit or not."""
    whole = picture.read_bytes() if isinstance(picture, Path) else _as_jpeg(picture)
    small = thumbnail if isinstance(thumbnail, bytes) else _as_jpeg(thumbnail)
    first = struct.pack(">HHHLL", 1, 0x0112, 3, 1, 1 << 16) + struct.pack(">L", 26)
    second = struct.pack(">H", 2) + struct.pack(">HHLL", 0x0201, _LONG, 1, 56)
    second += struct.pack(">HHLL", 0x0202, _LONG, 1, len(small)) + b"\x00" * 4
    segment = b"Exif\x00\x00MM\x00*" + struct.pack(">L", 8) + first + second + small
    app1 = b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment
    path.write_bytes(b"\xff\xd8" + app1 + whole[2:])
    return path


def _as_jpeg(picture: Image.Image) -> bytes:
    body = io.BytesIO()
    picture.save(body, format="JPEG", quality=90)
    return body.getvalue()
