"""The words for what a review needs somebody for, and what a person brings: skills and topics."""

from __future__ import annotations

import re
from collections.abc import Iterable

from claims.errors import FieldError, InvalidInput

MOST, LONGEST = 10, 40

_SHAPE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def parse_words(said: Iterable[str], *, pointer: str = "") -> list[str]:
    """The words in order, each once, such as `geolocation` or `public-health`. Raises InvalidInput at `pointer`."""
    words = sorted({word.strip().lower() for word in said if word.strip()})
    if len(words) > MOST:
        raise InvalidInput(FieldError(pointer, f"Name at most {MOST}.", "too_many"))
    for word in words:
        if len(word) > LONGEST or not _SHAPE.fullmatch(word):
            raise InvalidInput(
                FieldError(
                    pointer,
                    f"“{word[:LONGEST]}” is none: use letters, digits and hyphens, such as “public-health”, "
                    f"at most {LONGEST} characters.",
                    "word",
                )
            )
    return words
