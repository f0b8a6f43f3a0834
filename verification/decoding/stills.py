"""Draws what browsers can't: small JPEG stills of a film, or a JPEG copy of a photo. No evidence, only a view of it."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import av
from PIL import Image, ImageOps

from verification.decoding import containers, pictures
from verification.decoding.limits import BeyondLimits

STILLS = 5
STILL_SIDE = 640
COPY_SIDE = 2048
_COPY_BYTES = 2 * 1024 * 1024


def of_film(file: BinaryIO, demuxer: str, max_pixels: int) -> list[tuple[int, bytes]]:
    """Milliseconds and JPEG of the keyframes nearest before evenly spaced moments, the first near the beginning.

    A film with few keyframes gives fewer. Raises BeyondLimits (undecodable) where it gives none.
    """
    stills: dict[int, bytes] = {}
    with containers.opened(file, demuxer, max_pixels) as container:
        stream = containers.film_of(container)
        if stream is None:
            return []
        stream.codec_context.thread_count = 1
        stream.codec_context.skip_frame = "NONKEY"
        duration = container.duration or 0
        for number in range(STILLS if duration else 1):
            try:
                if duration:
                    container.seek(duration * (2 * number + 1) // (2 * STILLS))
                frame = next(iter(container.decode(stream)), None)
            except (av.FFmpegError, ValueError):
                continue  # the other places may still be good
            if frame is not None and frame.width * frame.height <= max_pixels:
                stills.setdefault(max(0, round((frame.time or 0) * 1000)), _still(frame))
    if not stills:
        raise BeyondLimits("undecodable", "not one frame could be drawn")
    return sorted(stills.items())


def of_photo(file: BinaryIO, form: str, max_pixels: int) -> bytes:
    """A JPEG of the photo, upright and at most 2048 pixels a side."""
    with pictures.opened(file, form, max_pixels) as picture:
        if picture.mode.startswith("I;16"):
            # Pillow would clip sixteen bits to white instead of scaling them.
            picture = picture.convert("I").point(lambda value: value / 256).convert("L")  # noqa: PLW2901
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((COPY_SIDE, COPY_SIDE))
        plain = upright.convert("RGB")
    bodies = (_jpeg(plain, quality) for quality in (85, 60, 30))
    return next((body for body in bodies if len(body) <= _COPY_BYTES), _jpeg(plain, 10))


def _still(frame: Any) -> bytes:
    scale = min(1.0, STILL_SIDE / max(frame.width, frame.height))
    small = frame.reformat(
        width=max(1, round(frame.width * scale)), height=max(1, round(frame.height * scale)), format="rgb24"
    )
    image: Image.Image = small.to_image()
    # The film's own word on which way is up, in degrees against the clock, as Pillow turns.
    return _jpeg(image.rotate(frame.rotation, expand=True) if frame.rotation else image, 80)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, format="JPEG", quality=quality)
    return file.getvalue()
