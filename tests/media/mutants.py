"""Hostile files out of small good ones: a number is a mutant, and the same number gives the same mutant.

    python -m tests.media.mutants NUMBER FILE

writes one to look at. Samples are made by this machine's encoders: another build of them may make others. Those with
content credentials are signed anew each time: their mutants are others too.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pillow_heif
from PIL import Image, PngImagePlugin

from tests.media import make
from tests.media.credentials import Signer

SIGNED = "-signed"


@dataclass(frozen=True)
class Sample:
    """A good file: its name among the samples, what it is, and its bytes."""

    name: str
    media_type: str
    body: bytes


@dataclass(frozen=True)
class Mutant:
    """A file that was good once. `changes` names what was done to it."""

    sample: str
    media_type: str
    changes: tuple[str, ...]
    body: bytes


def samples() -> list[Sample]:
    """One small file of each format, and of each codec that matters within it; some kilobytes each."""
    with tempfile.TemporaryDirectory() as folder:
        plain = [*_pictures(Path(folder)), *_films(Path(folder)), *_recordings(), _document()]
        return [*plain, *_signed(Path(folder), plain)]


def mutant(number: int, among: list[Sample]) -> Mutant:
    """The mutant of this number: its sample goes round, its changes are drawn by the number."""
    chance = random.Random(number)
    sample = among[number % len(among)]
    body, changes = sample.body, []
    # Signatures are others each time: what is spliced in is not, so that the number tells it.
    lasting = [one for one in among if not one.name.endswith(SIGNED)] or among
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5))):
        change = chance.choices(_CHANGES, weights=_WEIGHTS)[0]
        body = change(chance, body, lasting)
        changes.append(change.__name__)
    return Mutant(sample.name, sample.media_type, tuple(changes), body)


# --- changes --------------------------------------------------------------------------------------------------


def bits_flipped(chance: random.Random, body: bytes, _: list[Sample]) -> bytes:
    changed = bytearray(body)
    for _number in range(chance.choice((1, 1, 2, 4, 8, 32, 128))):
        if changed:
            changed[_place(chance, changed)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def bytes_overwritten(chance: random.Random, body: bytes, _: list[Sample]) -> bytes:
    at, length = _place(chance, body), chance.choice((1, 2, 4, 8, 16, 64, 512))
    fill = chance.choice((b"\x00", b"\xff", b"\x7f", b"\x80", chance.randbytes(1)))
    new = chance.randbytes(length) if chance.random() < 0.5 else fill * length
    return body[:at] + new + body[at + length :]


def length_lied_about(chance: random.Random, body: bytes, _: list[Sample]) -> bytes:
    """A number that may be a length or a count (it is small for its place) says something else."""
    width = chance.choice((2, 4, 4, 4, 8))
    order = chance.choice(("big", "little"))
    at = 0
    for _try in range(50):
        at = _place(chance, body)
        if 0 < int.from_bytes(body[at : at + width], order) <= 2 * len(body):
            break
    true, most = int.from_bytes(body[at : at + width], order), 256**width - 1
    lies = (
        0,
        1,
        7,
        8,
        true - 1,
        true + 1,
        true * 2,
        len(body),
        most // 2,
        most // 2 + 1,
        most - 7,
        most,
        2**31,
    )
    lie = max(0, min(most, chance.choice(lies)))
    return body[:at] + lie.to_bytes(width, order) + body[at + width :]


def cut_short(chance: random.Random, body: bytes, _: list[Sample]) -> bytes:
    return body[: max(1, chance.randrange(len(body) + 1))]


def piece_removed(chance: random.Random, body: bytes, _: list[Sample]) -> bytes:
    start, end = _span(chance, body)
    return body[:start] + body[end:] or body


def piece_repeated(chance: random.Random, body: bytes, _: list[Sample]) -> bytes:
    start, end = _span(chance, body)
    times = chance.choice((2, 2, 3, 10, 100, 1000))
    return body[:end] + body[start:end] * min(times, 1 + 200_000 // max(1, end - start)) + body[end:]


def piece_moved(chance: random.Random, body: bytes, _: list[Sample]) -> bytes:
    start, end = _span(chance, body)
    rest = body[:start] + body[end:]
    at = chance.randrange(len(rest) + 1)
    return rest[:at] + body[start:end] + rest[at:]


def spliced(chance: random.Random, body: bytes, among: list[Sample]) -> bytes:
    """The beginning of this with a piece of another, often of another format."""
    other = chance.choice(among).body
    start, end = _span(chance, other)
    at = _place(chance, body)
    return body[:at] + other[start:end] + (body[at + end - start :] if chance.random() < 0.5 else b"")


_WEIGHTED: dict[Callable[[random.Random, bytes, list[Sample]], bytes], int] = {
    bits_flipped: 6,
    bytes_overwritten: 4,
    length_lied_about: 6,
    cut_short: 1,
    piece_removed: 2,
    piece_repeated: 2,
    piece_moved: 2,
    spliced: 2,
}
_CHANGES, _WEIGHTS = list(_WEIGHTED), list(_WEIGHTED.values())


def _place(chance: random.Random, body: bytes | bytearray) -> int:
    """Anywhere, but as often as not in the first or last bytes, where formats keep their tables."""
    kind = chance.random()
    if not body or kind < 0.3:
        return chance.randrange(min(len(body), 512) or 1)
    if kind < 0.5:
        return max(0, len(body) - 1 - chance.randrange(min(len(body), 1024)))
    return chance.randrange(len(body))


def _span(chance: random.Random, body: bytes) -> tuple[int, int]:
    start = _place(chance, body)
    return start, min(len(body), start + chance.choice((1, 2, 4, 8, 12, 32, 128, 1024, 8192)))


# --- samples --------------------------------------------------------------------------------------------------


def _picture() -> Image.Image:
    """Gradients with a sharp edge, so that every part of a decoder has something to do."""
    rows, columns = np.mgrid[0:48, 0:64]
    pixels = np.stack([columns * 4, rows * 5, (columns ^ rows) * 3], axis=-1).astype(np.uint8)
    pixels[20:30, 20:40] = (250, 10, 10)
    return Image.fromarray(pixels)


def _pictures(folder: Path) -> list[Sample]:
    tagged = make.exif_jpeg(
        folder / "tagged",
        dates={0x9003: "2022:10:04 14:07:00", 0x0132: "2022:10:05 09:00:00"},
        gps=make.gps_tags(*make.KYIV),
        make="Demo",
    ).read_bytes()
    exif = Image.Exif()
    exif[0x010F], exif[0x0132] = "Demo", "2022:10:04 14:07:00"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Creation Time", "2022-10-04T14:07:00")
    texts.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", zip=True)
    picture = _picture()
    palette = picture.convert("P")
    kinds: list[tuple[str, str, Image.Image, str, dict[str, Any]]] = [
        ("jpeg-progressive", "image/jpeg", picture, "JPEG", {"progressive": True, "exif": exif}),
        ("jpeg-cmyk", "image/jpeg", picture.convert("CMYK"), "JPEG", {}),
        ("png", "image/png", picture, "PNG", {"pnginfo": texts, "exif": exif}),
        ("png-palette", "image/png", palette, "PNG", {}),
        ("webp", "image/webp", picture, "WEBP", {"exif": exif}),
        ("webp-lossless", "image/webp", picture.convert("RGBA"), "WEBP", {"lossless": True}),
        ("webp-moving", "image/webp", picture, "WEBP", {"save_all": True, "append_images": [palette]}),
        ("avif", "image/avif", picture, "AVIF", {"exif": exif, "speed": 10}),
        (
            "gif-moving",
            "image/gif",
            palette,
            "GIF",
            {"save_all": True, "append_images": [palette.rotate(90)]},
        ),
        ("tiff", "image/tiff", picture, "TIFF", {"exif": exif}),
        ("tiff-lzw", "image/tiff", picture, "TIFF", {"compression": "tiff_lzw"}),
        ("tiff-deflate", "image/tiff", palette, "TIFF", {"compression": "tiff_adobe_deflate"}),
        ("tiff-jpeg", "image/tiff", picture, "TIFF", {"compression": "jpeg"}),
        ("tiff-fax", "image/tiff", picture.convert("1"), "TIFF", {"compression": "group4"}),
    ]
    made = [Sample("jpeg-tagged", "image/jpeg", tagged)]
    for name, media_type, image, form, options in kinds:
        file = io.BytesIO()
        image.save(file, format=form, **options)
        made.append(Sample(name, media_type, file.getvalue()))
    file = io.BytesIO()
    pillow_heif.from_pillow(picture).save(file, exif=exif.tobytes())
    return [*made, Sample("heic", "image/heic", file.getvalue())]


def _films(folder: Path) -> list[Sample]:
    apple = {
        "creation_time": "2022-10-04T11:07:00Z",
        "com.apple.quicktime.creationdate": "2022-10-04T14:07:00+0300",
        "com.apple.quicktime.location.ISO6709": "+50.4501+030.5234+100.0/",
    }
    made = [
        Sample("mp4-tagged", "video/mp4", make.tagged_video(folder / "tagged", apple).read_bytes()),
        Sample("mov", "video/quicktime", make.tagged_video(folder / "mov", apple, form="mov").read_bytes()),
    ]
    for name, media_type, form, codec, sound in (
        ("mp4-h264", "video/mp4", "mp4", "libx264", "aac"),
        ("mp4-hevc", "video/mp4", "mp4", "libx265", None),
        ("mkv-h264", "video/x-matroska", "matroska", "libx264", "flac"),
        ("webm-vp8", "video/webm", "webm", "libvpx", "libopus"),
        ("webm-vp9", "video/webm", "webm", "libvpx-vp9", None),
        ("avi-mpeg4", "video/x-msvideo", "avi", "mpeg4", "libmp3lame"),
        ("avi-mjpeg", "video/x-msvideo", "avi", "mjpeg", None),
        ("ts-h264", "video/mp2t", "mpegts", "libx264", "aac"),
    ):
        made.append(Sample(name, media_type, _streamed(form, codec, sound)))
    return made


def _recordings() -> list[Sample]:
    return [
        Sample(name, media_type, _streamed(form, None, codec))
        for name, media_type, form, codec in (
            ("mp3", "audio/mpeg", "mp3", "libmp3lame"),
            ("wav", "audio/wav", "wav", "pcm_s16le"),
            ("ogg-opus", "audio/ogg", "ogg", "libopus"),
            ("ogg-flac", "audio/ogg", "ogg", "flac"),
            ("flac", "audio/flac", "flac", "flac"),
            ("m4a", "audio/mp4", "ipod", "aac"),
        )
    ]


def _streamed(form: str, codec: str | None, sound: str | None) -> bytes:
    """A quarter of a second of film, sound or both."""
    file = io.BytesIO()
    with av.open(file, mode="w", format=form) as container:
        container.metadata.update({"title": "Demo", "creation_time": "2022-10-04T11:07:00Z"})
        film: Any = container.add_stream(codec, rate=12) if codec else None
        tone: Any = container.add_stream(sound, rate=48_000) if sound else None
        if film is not None:
            film.width, film.height = 64, 48
            film.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            if codec == "libx265":
                film.options = {"x265-params": "log-level=none"}
            for number in range(3):
                frame = av.VideoFrame.from_image(_picture().rotate(number * 5)).reformat(format=film.pix_fmt)
                frame.pts, frame.time_base = number, Fraction(1, 12)
                container.mux(film.encode(frame))
            container.mux(film.encode(None))
        if tone is not None:
            wave = (np.sin(np.arange(12_000) / 17) * 9_000).astype(np.int16)
            heard = av.AudioFrame.from_ndarray(wave[None, :], format="s16", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = 48_000, 0, Fraction(1, 48_000)
            container.mux(tone.encode(heard))
            container.mux(tone.encode(None))
    return file.getvalue()


def _document() -> Sample:
    file = io.BytesIO()
    _picture().save(file, format="PDF")
    return Sample("pdf", "application/pdf", file.getvalue())


def _signed(folder: Path, plain: list[Sample]) -> list[Sample]:
    """A photo, a picture and a film with content credentials. Keys are new each time, so their mutants are others."""
    signer = Signer()
    made = []
    for name in ("jpeg-tagged", "png", "mp4-h264"):
        sample = next(one for one in plain if one.name == name)
        source = folder / "source"
        source.write_bytes(sample.body)
        body = signer.sign(folder / "signed", source, media_type=sample.media_type).read_bytes()
        made.append(Sample(f"{name}{SIGNED}", sample.media_type, body))
    return made


if __name__ == "__main__":
    one = mutant(int(sys.argv[1]), samples())
    Path(sys.argv[2]).write_bytes(one.body)
    sys.stdout.write(f"{one.sample} ({one.media_type}): {', '.join(one.changes)}\n")
