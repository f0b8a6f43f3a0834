"""Texts and dates out of hostile files, made fit to keep: of bounded length, without control characters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verification.domain.clocks import read_clock
from verification.domain.decoded import FoundDate

_TAGS = 200
_CHARACTERS = 300


def clean(value: Any) -> str | None:
    """A tag's text; None where there is none. Bytes that are not UTF-8 are read as Latin-1."""
    if value is None or value == []:
        return None
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
    else:
        text = str(value)
    text = text.partition("\x00")[0][:_CHARACTERS]
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text.strip() or None


def kept(tags: Mapping[str, str]) -> dict[str, str]:
    """The first tags by name, each cleaned: what a person may want to see of them."""
    shown = ((clean(name[:100]), clean(tags[name])) for name in sorted(tags)[:_TAGS])
    return {name: text for name, text in shown if name is not None and text is not None}


def found_date(field: str, value: Any, reader: str, offset: Any = None) -> FoundDate:
    """A date as recorded, with the offset in it or one recorded beside it."""
    text = clean(value) or ""
    reading = read_clock(text, clean(offset))
    return FoundDate(
        value=text,
        field=field,
        reader=reader,
        at=reading.at,
        offset=reading.offset,
        zone="written" if reading.offset else None,
        unset=reading.unset,
    )
