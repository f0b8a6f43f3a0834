"""Holds the thumbnail in a photo's EXIF against the photo, however either is turned, letterboxed or cropped."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from verification.decoding.pictures import Still, opened
from verification.domain.decoded import Decoded
from verification.domain.inside import Thumbnail

_START, _LENGTH = 0x0201, 0x0202
_EXIF_HEADER = b"Exif\x00\x00"
_SIDE = 24
_SMALLEST = 16
_MOST_PIXELS = 2_000_000
_PLAIN = 4.0
"""Grey levels of standard deviation: a picture with less is too plain to be told from another."""
_SAME_SHAPE = 0.02
_FITS = 0.04
"""A distance below which no better way is looked for."""
_BLACK, _LIT = 24, 0.1
"""Grey levels up to which a point is black, and the share of others from which on a line is no bar."""
_JPEG = b"\xff\xd8\xff"

Grid = NDArray[np.float64]


def read_thumbnail(still: Still, facts: Decoded) -> Decoded:
    """The thumbnail's size and how far it is from the photo, if there is one. Raises where it can't be decoded."""
    with still.header() as picture:
        body = _thumbnail_of(picture)
    if body is None:
        return facts
    with Image.open(io.BytesIO(body), formats=["JPEG"]) as small:
        _check_size(small)
        if min(small.size) < _SMALLEST:
            return facts
        little = small.convert("L")
    return replace(facts, thumbnail=compare(still.pixels().whole.convert("L"), little, little.size))


def draw_thumbnail(file: BinaryIO, form: str, max_pixels: int) -> bytes | None:
    """The thumbnail as a JPEG of ours, standing as its photo is shown; None where there is none.

    Raises where it can't be decoded.
    """
    with opened(file, form, max_pixels) as picture:
        body = _thumbnail_of(picture)
        upright = picture.getexif().get(ExifTags.Base.Orientation, 1)
    if body is None:
        return None
    with Image.open(io.BytesIO(body), formats=["JPEG"]) as small:
        _check_size(small)
        small.getexif()[ExifTags.Base.Orientation] = upright
        plain = ImageOps.exif_transpose(small).convert("RGB")
    drawn = io.BytesIO()
    plain.save(drawn, format="JPEG", quality=90)
    return drawn.getvalue()


def compare(whole: Image.Image, little: Image.Image, size: tuple[int, int]) -> Thumbnail:
    """The best of all ways to lay the thumbnail over the photo: as it is before any other of the same distance."""
    best = Thumbnail(*size)
    for mirrored in (False, True):
        for turn in (0, 90, 180, 270):
            laid = ImageOps.mirror(little) if mirrored else little
            laid = laid.rotate(-turn, expand=True) if turn else laid
            for fit, first, second in _fits(whole, laid):
                distance = _distance(first, second)
                # A hair better is chance; what lies as it is comes first.
                if distance is not None and (best.distance is None or distance < best.distance - 0.01):
                    best = Thumbnail(*size, distance, turn, mirrored, fit)
                if best.distance is not None and best.distance < _FITS:
                    return best
    return best


def _fits(whole: Image.Image, laid: Image.Image) -> Iterator[tuple[str, Image.Image, Image.Image]]:
    yield "whole", whole, laid
    unbarred = _without_bars(laid)
    if unbarred.size != laid.size:
        yield "letterboxed", whole, unbarred
    if abs(_shape(whole) / _shape(laid) - 1) > _SAME_SHAPE:
        yield "letterboxed", whole, _middle(laid, _shape(whole))
        yield "cropped", _middle(whole, _shape(laid)), laid


def _shape(picture: Image.Image) -> float:
    return picture.width / picture.height


def _without_bars(picture: Image.Image) -> Image.Image:
    """The picture without the black bars along its edges: cameras don't always put them evenly."""
    lit = np.asarray(picture) > _BLACK
    rows, columns = (np.flatnonzero(lit.mean(axis=axis) > _LIT) for axis in (1, 0))
    if not (rows.size and columns.size):
        return picture
    return picture.crop((int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))


def _middle(picture: Image.Image, shape: float) -> Image.Image:
    """The largest part of that shape about the middle."""
    if _shape(picture) > shape:
        wide, high = max(1, round(picture.height * shape)), picture.height
    else:
        wide, high = picture.width, max(1, round(picture.width / shape))
    left, top = (picture.width - wide) // 2, (picture.height - high) // 2
    return picture.crop((left, top, left + wide, top + high))


def _distance(first: Image.Image, second: Image.Image) -> float | None:
    """One less the correlation of the two on a common grid, so that brightness and contrast don't count."""
    grids = [_grid(picture) for picture in (first, second)]
    if any(float(grid.std()) < _PLAIN for grid in grids):
        return None
    a, b = ((grid - grid.mean()) / grid.std() for grid in grids)
    return round(1.0 - float((a * b).mean()), 4)


def _grid(picture: Image.Image) -> Grid:
    return np.asarray(picture.resize((_SIDE, _SIDE), Image.Resampling.BOX), dtype=np.float64)


def _check_size(small: Image.Image) -> None:
    if small.width * small.height > _MOST_PIXELS:
        raise ValueError(f"a thumbnail of {small.width} by {small.height} pixels")


def _thumbnail_of(picture: Any) -> bytes | None:
    exif = picture.getexif()
    directory = exif.get_ifd(ExifTags.IFD.IFD1)
    start, length = directory.get(_START), directory.get(_LENGTH)
    raw = picture.info.get("exif")
    if not (
        isinstance(start, int)
        and isinstance(length, int)
        and isinstance(raw, bytes)
        and start > 0
        and length > 0
    ):
        return None
    body = raw.removeprefix(_EXIF_HEADER)[start : start + length]
    # Programs that strip a thumbnail may leave its place behind.
    return body if body.startswith(_JPEG) else None
