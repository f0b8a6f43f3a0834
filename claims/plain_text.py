"""What a short text that is printed for the public may be made of."""

from __future__ import annotations

import unicodedata

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that set the direction of what follows them (Unicode Standard Annex 9): within a sentence of ours they
would turn the rest of it around. The marks for single characters, U+200E and U+200F, do no such thing."""

NOT_PLAIN = "Leave out control characters, line breaks, broken characters and what turns text around."


def is_plain(text: str) -> bool:
    """Whether it holds no control characters, line breaks, broken characters, nor what turns text around."""
    return not any(
        character in _TURNING or unicodedata.category(character) in {"Cc", "Cs"} for character in text
    )
