"""Makes a picture ready and hashes it by the recipe of `domain.likeness`, so that copies of it can be found."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from verification.decoding import pdq
from verification.domain.decoded import FrameHash
from verification.domain.likeness import RECIPE

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


def hashes_of(picture: Image.Image, *, at_ms: int | None = None) -> list[FrameHash]:
    """The hash of a photo, or of a film's frame at so many milliseconds; and another without its bars, if it has any.

    What is taken for a bar may be a plain edge of the picture itself, and another one in each copy: so the whole
    is always hashed too.
    """
    if picture.mode.startswith("I;16"):
        # Pillow would clip sixteen bits to white instead of scaling them.
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    whole = picture.convert("RGB")
    bare = trimmed(whole)
    hashes = [_hash_of(whole, at_ms, trimmed=False)]
    return hashes if bare.size == whole.size else [*hashes, _hash_of(bare, at_ms, trimmed=True)]


def _hash_of(picture: Image.Image, at_ms: int | None, *, trimmed: bool) -> FrameHash:
    small = picture.copy()
    small.thumbnail((_MOST_SIDE, _MOST_SIDE))
    turns, quality = pdq.compute(np.asarray(small.resize((_HASHED_SIDE, _HASHED_SIDE))))
    return FrameHash(at_ms=at_ms, quality=quality, recipe=RECIPE, trimmed=trimmed, turns=tuple(turns))


def trimmed(picture: Image.Image) -> Image.Image:
    """The picture without the plain bars around it, as players and re-posters add them."""
    light = np.asarray(picture.convert("L"), np.int16)
    top, bottom = _within(light)
    left, right = _within(light[top:bottom].T)
    return picture.crop((left, top, right, bottom))


def _within(lines: np.ndarray[Any, np.dtype[np.int16]]) -> tuple[int, int]:
    """The first line that is no border, and the one after the last; all of them where too little would be left."""
    count = len(lines)
    begin, end = _plain_lines(lines), count - _plain_lines(lines[::-1])
    return (begin, end) if end - begin >= max(1, count * _LEAST_LEFT) else (0, count)


def _plain_lines(lines: np.ndarray[Any, np.dtype[np.int16]]) -> int:
    """How many lines from the first one on have that one's single brightness."""
    apart = np.abs(lines - np.median(lines[0]))
    plain = (apart <= _PLAIN).all(axis=1)
    if plain.all():
        return len(plain)
    count = int(np.argmin(plain))
    jumps = np.percentile(apart[count : count + _EDGE_LINES], 75, axis=1) >= _EDGE
    return count + int(np.argmax(jumps)) if count and jumps.any() else 0
