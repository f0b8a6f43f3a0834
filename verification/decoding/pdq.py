"""PDQ, the published perceptual hash of 256 bits: the low frequencies of a picture, each above or below their median.

Written after the description that its makers published ("The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm", 2019). All sums are taken in single precision and in the order of their program: then the
hash is the same to the bit, also where a frequency lies next to the median.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float32]]

SIDE = 64
"""What the picture is blurred and thinned out to, in pixels."""

_FREQUENCIES = 16
_FULL_GRADIENT = 90
"""Of the summed steps of brightness in percent, how many make one point of quality."""

_WHITE = np.float32(255)
_LUMA = np.array((0.299, 0.587, 0.114))

_ROWS = np.arange(1, _FREQUENCIES + 1)[:, None]
_COSINES: Floats = (
    np.float32(math.sqrt(2 / SIDE)) * np.cos(math.pi / 2 / SIDE * _ROWS * (2 * np.arange(SIDE) + 1))
).astype(np.float32)
_SIGNS: Floats = np.where(np.arange(_FREQUENCIES) % 2, 1, -1).astype(np.float32)
"""What mirroring does to each frequency: the odd ones (the first among them) change their sign."""


def compute(picture: np.ndarray[Any, np.dtype[np.uint8]]) -> tuple[list[str], int]:
    """The hashes of a picture's eight turns in hex, and its quality from 0 (one plain surface) to 100.

    `picture` is rows by columns by RGB. The turns are in the order of `domain.likeness.Turn`.
    """
    red, green, blue = np.moveaxis(picture * _LUMA, 2, 0)
    small = _thinned((red + green + blue).astype(np.float32))
    block = _product(_product(_COSINES, small), _COSINES.T)
    return [_bits(turned) for turned in _turned(block)], _quality(small)


def _thinned(luma: Floats) -> Floats:
    """Blurred twice each way by a window as wide as a pixel of the result is apart, then sampled."""
    rows, columns = luma.shape
    if (rows, columns) == (SIDE, SIDE):
        return luma
    luma = _smoothed(_smoothed(luma.T).T)
    # The second time only what is sampled is needed.
    luma = _smoothed(luma.T)[_samples(columns)].T
    return _smoothed(luma)[_samples(rows)]


def _window(length: int) -> int:
    return (length + 2 * SIDE - 1) // (2 * SIDE)


def _samples(length: int) -> list[int]:
    return [int((place + 0.5) * length / SIDE) for place in range(SIDE)]


def _smoothed(lines: Floats) -> Floats:
    """The running mean down the lines, over what the window covers of them: whole lines are added up at once."""
    length, width = lines.shape
    window = min(_window(length), length)
    early = window // 2
    padded = np.zeros((window + length + early, width), np.float32)
    padded[window : window + length] = lines
    sums = np.empty((early + length, width), np.float32)
    # One running sum: what comes in is added and what goes out taken off, in turn, as the published program does.
    total = np.zeros(width, np.float32)
    for result, comes, goes in zip(sums, padded[window:], padded, strict=False):
        np.add(total, comes, out=result)
        total = np.subtract(result, goes, out=result)
    covered = [*range(1, window), *[window] * (length - window + 1), *range(window - 1, 0, -1)]
    means = sums[early:] / np.array(covered[early : early + length], np.float32)[:, None]
    return np.asarray(means, np.float32)


def _product(left: Floats, right: Floats) -> Floats:
    """The matrix product, summed from the first term to the last: numpy's own sums in the machine's order."""
    # Only in this layout does numpy add up whole planes, one after the other.
    terms = np.multiply(left.T[:, :, None], right[:, None, :], order="C")
    product: Floats = np.add.reduce(terms, axis=0)
    return product


def _turned(block: Floats) -> list[Floats]:
    """The frequencies of the picture as it is, turned by 90, 180, 270 degrees, and its four mirror images."""
    mirrored, upside_down = block * _SIGNS, block * _SIGNS[:, None]
    return [
        block,
        mirrored.T,
        upside_down * _SIGNS,
        upside_down.T,
        upside_down,
        mirrored,
        block.T,
        (upside_down * _SIGNS).T,
    ]


def _bits(block: Floats) -> str:
    values = block.ravel()
    median = np.partition(values, values.size // 2 - 1)[values.size // 2 - 1]
    return np.packbits((values > median)[::-1]).tobytes().hex()


def _quality(small: Floats) -> int:
    steps = [np.diff(small, axis=0), np.diff(small, axis=1)]
    total = sum(int(np.abs(np.trunc(step * np.float32(100) / _WHITE)).sum()) for step in steps)
    return min(100, total // _FULL_GRADIENT)
