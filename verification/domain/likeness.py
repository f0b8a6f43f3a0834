"""When two pictures count as one: how far their hashes are apart, and how one lies to the other."""

from __future__ import annotations

from enum import StrEnum

RECIPE = "pdq-1"
"""How pictures are made ready and hashed; stored with every hash, and another one whenever anything of it changes.

"pdq-1" is: decoded at no less than 1024 pixels a side where the format can be drawn smaller, scaled down to at most
512 pixels a side, drawn to 320 by 320, PDQ; and once more with plain bars around it cut off, where there are any.
"""

LEAST_QUALITY = 50
"""Hashes of a lower quality, from 0 to 100, are of plain surfaces that all look alike; they are compared with nothing."""

SAME = 31
"""Up to so many of 256 bits apart two pictures are taken for the same; PDQ's makers' own threshold."""

POSSIBLE = 60
"""Up to here a person had better look. Unrelated photos were never found closer than 94."""


class Turn(StrEnum):
    """What has to be done to a picture so that it lies as the other does. In the order of `decoding.pdq.compute`."""

    NONE = "none"
    BY_90 = "turned_90"
    BY_180 = "turned_180"
    BY_270 = "turned_270"
    UPSIDE_DOWN = "mirrored_upside_down"
    MIRRORED = "mirrored"
    MIRRORED_BY_90 = "mirrored_turned_90"
    MIRRORED_BY_270 = "mirrored_turned_270"


def distance(one: str, other: str) -> int:
    """In how many of their 256 bits two hashes differ; both in hex."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
