"""Makes a picture ready and hashes it by the recipe of `domain.likeness`, so that copies of it can be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from verification.decoding import pdq
from verification.domain.decoded import FrameHash
from verification.domain.likeness import RECIPE

Light = np.ndarray[Any, np.dtype[np.uint8]]

DRAFT_SIDE = 1024
_MOST_SIDE = 512
_HASHED_SIDE = 320
"""PDQ samples a picture of 64 times an odd number of pixels evenly about its middle: then a mirrored or turned copy
has the very hash that is computed for that turn, and one of another size is not blurred by another window."""

_PLAIN = 12
"""How far, of 255, a border's brightness may stray from its median: what JPEG does to one colour."""

_EDGE, _EDGE_LINES = 24, 10
"""By how much the brightness must jump where a border ends, over a quarter of its length and within so many lines
(JPEG's ripples are up to a block wide): a clear sky ends softly, and would be cut at another line in every copy."""

_LEAST_LEFT = 0.25
"""What must be left of each side: else it is a plain picture, not a border."""


@dataclass(frozen=True)
class Ready:
    """A picture in RGB, at most 512 pixels a side; and the same without the bars around it, if it has any."""

    whole: Image.Image
    bare: Image.Image | None


def made_ready(picture: Image.Image) -> Ready:
    """Takes a decoded picture over: it is scaled down in its place, for a copy of a large one costs as much."""
    if picture.mode.startswith("I;16"):
        # Pillow would clip sixteen bits to white instead of scaling them.
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    whole = picture if picture.mode == "RGB" else picture.convert("RGB")
    bare = trimmed(whole)
    for each in (whole, bare):
        if each is not None:
            each.thumbnail((_MOST_SIDE, _MOST_SIDE))
    return Ready(whole, bare)


def hashes_of(picture: Ready, *, at_ms: int | None = None) -> list[FrameHash]:
    """The hash of a photo, or of a film's frame at so many milliseconds; and another without its bars, if it has any.

    What is taken for a bar may be a plain edge of the picture itself, and another one in each copy: so the whole
    is always hashed too.
    """
    hashes = [_hash_of(picture.whole, at_ms, trimmed=False)]
    return [*hashes, _hash_of(picture.bare, at_ms, trimmed=True)] if picture.bare else hashes


def _hash_of(small: Image.Image, at_ms: int | None, *, trimmed: bool) -> FrameHash:
    turns, quality = pdq.compute(np.asarray(small.resize((_HASHED_SIDE, _HASHED_SIDE))))
    return FrameHash(at_ms=at_ms, quality=quality, recipe=RECIPE, trimmed=trimmed, turns=tuple(turns))


def trimmed(picture: Image.Image) -> Image.Image | None:
    """The picture without the plain bars around it, as players and re-posters add them; None where there are none."""
    wide, high = picture.size
    edges = ((0, 0, wide, 1), (0, high - 1, wide, high), (0, 0, 1, high), (wide - 1, 0, wide, high))
    # Most pictures have no bars, and their edges alone tell it.
    lines = [np.asarray(picture.crop(edge).convert("L")).reshape(1, -1) for edge in edges]
    if not any(_plain_lines(line) for line in lines):
        return None
    light = np.asarray(picture.convert("L"))
    top, bottom = _within(light)
    left, right = _within(light[top:bottom].T)
    box = (left, top, right, bottom)
    return picture.crop(box) if box != (0, 0, wide, high) else None


def _within(lines: Light) -> tuple[int, int]:
    """The first line that is no border, and the one after the last; all of them where too little would be left."""
    count = len(lines)
    begin, end = _plain_lines(lines), count - _plain_lines(lines[::-1])
    return (begin, end) if end - begin >= max(1, count * _LEAST_LEFT) else (0, count)


def _plain_lines(lines: Light) -> int:
    """How many lines from the first one on have that one's single brightness."""
    median = float(np.median(lines[0]))
    if not _are_plain(lines[:1], median).all():
        return 0
    plain = _are_plain(lines, median)
    if plain.all():
        return len(plain)
    count = int(np.argmin(plain))
    apart = np.abs(lines[count : count + _EDGE_LINES] - median)
    jumps = np.percentile(apart, 75, axis=1) >= _EDGE
    return count + int(np.argmax(jumps)) if jumps.any() else 0


def _are_plain(lines: Light, brightness: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Of each line, whether all of it is of that brightness."""
    darkest, brightest = lines.min(axis=1), lines.max(axis=1)
    return np.asarray((darkest >= brightness - _PLAIN) & (brightest <= brightness + _PLAIN))
