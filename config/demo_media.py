"""Makes small synthetic films and photos for the demo and the tests, and marks them as such."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageDraw, ImageFont

MARK = "DEMO - synthetic"
COMMENT = "Synthetic demo media made by Stet"

_FRAMES_PER_SECOND = 12
_SOUND_RATE = 22_050
_TONE_HZ = 220.0


def make_video(
    path: Path,
    *,
    lines: Sequence[str],
    seconds: int = 4,
    size: tuple[int, int] = (640, 360),
    created_at: datetime | None = None,
    location: tuple[float, float] | None = None,
    seed: int = 0,
) -> Path:
    """Writes an MP4 (H.264 and AAC) that browsers play, with a quiet tone and `lines` drawn on it.

    `created_at` (aware) becomes the movie header's creation time; None leaves it unset. `location` is
    latitude and longitude in WGS 84 degrees, as phones record it. The same arguments give the same bytes.
    """
    import av  # noqa: PLC0415 - a web process that imports this module should not load ffmpeg

    # The box with the bit rates holds an estimate, which is not the same each time.
    form = {"movflags": "+faststart", "fflags": "+bitexact", "write_btrt": "0"}
    with av.open(path, mode="w", format="mp4", options=form) as container:
        container.metadata["comment"] = COMMENT
        if created_at is not None:
            container.metadata["creation_time"] = created_at.astimezone(UTC).isoformat()
        if location is not None:
            container.metadata["location"] = f"{location[0]:+08.4f}{location[1]:+09.4f}/"
        # PyAV's own types leave this one out.
        from_image: Any = av.VideoFrame.from_image
        picture: Any = container.add_stream("libx264", rate=_FRAMES_PER_SECOND)
        picture.width, picture.height, picture.pix_fmt = size[0], size[1], "yuv420p"
        # One thread, a fixed preset, and no macroblock tree, whose estimates are not the same each time.
        fixed = {"threads": "1", "preset": "veryfast", "crf": "28", "mbtree": "0"}
        picture.options = {**fixed, "g": str(_FRAMES_PER_SECOND)}
        sound: Any = container.add_stream("aac", rate=_SOUND_RATE)
        sound.codec_context.layout = "mono"
        for number, drawn in enumerate(_frames(lines, size, seconds * _FRAMES_PER_SECOND, seed)):
            frame = from_image(drawn)
            frame.pts, frame.time_base = number, Fraction(1, _FRAMES_PER_SECOND)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        for frame in _tone(seconds, sound.codec_context.frame_size or 1024):
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


def make_recording(path: Path, *, seconds: int = 4, pitch_hz: float = 330.0) -> Path:
    """Writes an M4A (AAC) with a quiet tone, titled as what it is. The same arguments give the same bytes."""
    import av  # noqa: PLC0415

    with av.open(
        path, mode="w", format="ipod", options={"fflags": "+bitexact", "write_btrt": "0"}
    ) as container:
        container.metadata["title"] = MARK
        container.metadata["comment"] = COMMENT
        sound: Any = container.add_stream("aac", rate=_SOUND_RATE)
        sound.codec_context.layout = "mono"
        for frame in _tone(seconds, sound.codec_context.frame_size or 1024, pitch_hz):
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


def make_photo(
    path: Path,
    *,
    lines: Sequence[str],
    size: tuple[int, int] = (640, 480),
    taken_at: datetime | None = None,
    gps: tuple[float, float] | None = None,
    seed: int = 0,
) -> Path:
    """Writes a JPEG with `lines` drawn on it, and EXIF where asked.

    `taken_at` is written as cameras do, in local time, with its offset beside it where it is aware. `gps` is
    latitude and longitude in WGS 84 degrees. The same arguments give the same bytes.
    """
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = COMMENT
    exif[ExifTags.Base.Software] = "Stet demo"
    if taken_at is not None:
        written = f"{taken_at:%Y:%m:%d %H:%M:%S}"
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        inner[ExifTags.Base.DateTimeOriginal] = inner[ExifTags.Base.DateTimeDigitized] = written
        if taken_at.tzinfo is not None:
            inner[ExifTags.Base.OffsetTimeOriginal] = f"{taken_at.isoformat()[-6:]}"
    if gps is not None:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(_exif_position(*gps))
    drawn = _draw(_scenery(size, seed), _lettering(lines, size), share=0.5)
    drawn.save(path, format="JPEG", quality=85, exif=exif)
    return path


def _exif_position(latitude: float, longitude: float) -> dict[int, Any]:
    def parts(degrees: float) -> tuple[float, float, float]:
        hundredths = round(abs(degrees) * 360_000)
        return float(hundredths // 360_000), float(hundredths // 6_000 % 60), hundredths % 6_000 / 100

    return {
        ExifTags.GPS.GPSLatitudeRef: "S" if latitude < 0 else "N",
        ExifTags.GPS.GPSLatitude: parts(latitude),
        ExifTags.GPS.GPSLongitudeRef: "W" if longitude < 0 else "E",
        ExifTags.GPS.GPSLongitude: parts(longitude),
    }


def _frames(lines: Sequence[str], size: tuple[int, int], count: int, seed: int) -> Iterator[Image.Image]:
    scenery, lettering = _scenery(size, seed), _lettering(lines, size)
    for number in range(count):
        yield _draw(scenery, lettering, share=number / count)


def _draw(scenery: Image.Image, lettering: Image.Image, *, share: float) -> Image.Image:
    """One picture: the scenery, a sun that has gone `share` of its way, the lettering over both."""
    picture = scenery.copy()
    width, height = picture.size
    x, y = width * (0.1 + 0.8 * share), height * (0.5 - 0.35 * math.sin(math.pi * share))
    radius = _spot(width) * 3
    ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=(236, 190, 80))
    picture.paste(lettering, mask=lettering)
    return picture


def _scenery(size: tuple[int, int], seed: int) -> Image.Image:
    """Sky, ground, and coloured spots that tell one seed's pictures from another's."""
    width, height = size
    picture = Image.new("RGB", size, (38, 58, 92))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, height * 0.62, width, height), fill=(52, 72, 48))
    choice = random.Random(seed)  # noqa: S311 - a drawing, not a secret
    spot = _spot(width)
    for _ in range(24):
        left, top = choice.randrange(width), choice.randrange(height)
        colour = (choice.randrange(60, 200), choice.randrange(60, 200), choice.randrange(60, 200))
        pen.ellipse((left - spot, top - spot, left + spot, top + spot), fill=colour)
    return picture


def _lettering(lines: Sequence[str], size: tuple[int, int]) -> Image.Image:
    """The mark and the lines, to be laid over every picture."""
    width, height = size
    layer = Image.new("RGBA", size)
    pen = ImageDraw.Draw(layer)
    large, small = ImageFont.load_default(max(14, width // 14)), ImageFont.load_default(max(11, width // 26))
    style: dict[str, Any] = {"fill": "white", "anchor": "mm", "stroke_fill": "black"}
    pen.text((width / 2, height * 0.3), MARK, font=large, stroke_width=2, **style)
    for number, line in enumerate(lines):
        pen.text((width / 2, height * (0.5 + 0.1 * number)), line, font=small, stroke_width=1, **style)
    return layer


def _spot(width: int) -> int:
    return max(4, width // 60)


def _tone(seconds: int, samples_a_frame: int, pitch_hz: float = _TONE_HZ) -> Iterator[Any]:
    import av  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    for first in range(0, seconds * _SOUND_RATE, samples_a_frame):
        times = np.arange(first, first + samples_a_frame) / _SOUND_RATE
        wave = (0.02 * np.sin(2 * math.pi * pitch_hz * times)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(wave[np.newaxis, :], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = _SOUND_RATE, first, Fraction(1, _SOUND_RATE)
        yield frame
