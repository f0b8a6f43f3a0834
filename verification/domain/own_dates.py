"""Which of a file's dates the camera itself wrote when it recorded, and which only tell of a later step."""

from __future__ import annotations

from datetime import datetime, timedelta

from verification.domain.decoded import Decoded, FoundDate

TAKEN = "DateTimeOriginal"
APPLE = "com.apple.quicktime.creationdate"
CAMCORDER = "H264 DateTimeOriginal"
NAMES = {
    TAKEN: "camera's clock",
    APPLE: "camera's clock",
    "DateTimeDigitized": "date of digitising",
    "Creation Time": "creation time",
    "DateTime": "date of the last change",
}
"""How sentences name the dates of pictures, the camera's own before what later steps may have written."""


def is_usable(date: FoundDate) -> bool:
    """Whether it is a date at all, and not that of a clock that was never set."""
    return date.at is not None and date.unset is None


def own_date(facts: Decoded) -> FoundDate | None:
    """The camera's own date with a time of day, if there is one that is usable."""
    for field in (TAKEN, APPLE, CAMCORDER):
        for date in facts.dates:
            if date.field == field and is_usable(date) and "T" in (date.at or ""):
                return date
    return None


def local_of(date: FoundDate) -> datetime:
    """What the clock showed, without its zone. ValueError where the date is not usable."""
    return datetime.fromisoformat(date.at or "").replace(tzinfo=None)


def offset_of(date: FoundDate) -> timedelta | None:
    """The offset that is written with the date; None where there is none, or only the format implies it."""
    if date.zone != "written" or not is_usable(date):
        return None
    return datetime.fromisoformat(date.at or "").utcoffset()
