"""What else lies inside a file, beside its dates, position and device: see `decoded`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FoundText:
    """A name that the file gives: of a program, an author, an owner. `field` says where, such as "IPTC By-line"."""

    value: str
    field: str
    reader: str


@dataclass(frozen=True)
class EditStep:
    """One step of the history that an editor kept in XMP; each as written, None where it says nothing."""

    action: str | None = None
    software: str | None = None
    at: str | None = None
    changed: str | None = None
    reader: str = "xmp"


@dataclass(frozen=True)
class Thumbnail:
    """The thumbnail within a photo beside the photo itself.

    `distance` is one less the correlation of their grey values: 0 the same, 1 nothing in common, at most 2; None
    where either is too plain to compare. It is that of the best of all ways to lay one over the other: `turn` is
    by how many degrees clockwise the thumbnail has to be turned, after it is `mirrored`, and `fit` is "whole",
    "letterboxed" (the thumbnail has bars) or "cropped" (the thumbnail shows the middle of the photo).
    """

    width: int
    height: int
    distance: float | None = None
    turn: int = 0
    mirrored: bool = False
    fit: str = "whole"


@dataclass(frozen=True)
class JpegCoding:
    """How a JPEG was coded: its quantisation tables, each 64 numbers row by row, and its chroma subsampling.

    `subsampling` is "4:4:4", "4:2:2", "4:2:0" and so on, "grey" where there is no colour.
    """

    tables: tuple[tuple[int, ...], ...]
    subsampling: str | None = None

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> JpegCoding:
        return cls(**{**stored, "tables": tuple(tuple(table) for table in stored["tables"])})


@dataclass(frozen=True)
class Trailer:
    """Bytes after a picture's end. `kind` is a word of `decoding.endings`, "unknown" where they tell nothing."""

    size_bytes: int
    kind: str
