"""JPEG's standard quantisation tables and how libjpeg scales them to a quality. Pure.

The tables are K.1 and K.2 of ITU-T T.81, Annex K, row by row; the scaling is the Independent JPEG Group's.
"""

from __future__ import annotations

from functools import cache

Table = tuple[int, ...]

LUMINANCE: Table = (
    16, 11, 10, 16, 24, 40, 51, 61,
    12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77,
    24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
CHROMINANCE: Table = (
    17, 18, 24, 47, 99, 99, 99, 99,
    18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99,
    *(99,) * 32,
)  # fmt: skip


@cache
def scaled(table: Table, quality: int) -> Table:
    """A table at a quality of 1 to 100."""
    factor = 5000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(min(255, max(1, (number * factor + 50) // 100)) for number in table)


def standard_quality(tables: tuple[Table, ...]) -> int | None:
    """The quality at which the standard's tables are exactly these; None where they are somebody's own."""
    if not tables:
        return None
    quality = _luminance_qualities().get(tables[0])
    if quality is None or any(table != scaled(CHROMINANCE, quality) for table in tables[1:2]):
        return None
    return quality if len(tables) <= 2 else None


def nearest_quality(tables: tuple[Table, ...]) -> int:
    """The quality whose standard table is nearest to the first: how coarse the coding is, in usual words."""
    return min(
        range(1, 101),
        key=lambda quality: (
            sum(abs(a - b) for a, b in zip(tables[0], scaled(LUMINANCE, quality), strict=True)),
            quality,
        ),
    )


@cache
def _luminance_qualities() -> dict[Table, int]:
    return {scaled(LUMINANCE, quality): quality for quality in range(1, 101)}
