"""How alike two statements are worded: by the three-letter pieces of their words, in any language.

Nothing is translated and no word is bent to its stem: what is alike is spelled alike.
"""

from __future__ import annotations

import unicodedata

MOST_CHARACTERS = 1000
"""So much of a statement is compared, from its beginning; a claim is mostly one sentence."""

LEAST_PIECES = 15
"""A text of fewer pieces (about three words) says too little to be like another; the same words meet by their digest."""

SIMILAR = 0.5
"""From here on two statements are shown as alike: half of all pieces of either are in both."""


MOST_TERMS = 12
"""A statement is looked up by so many of its words, the longest."""

BEGINNING, LONG_WORD, PART = 6, 12, 4
"""A word is looked up by so many of its first letters; one longer than `LONG_WORD` by all its parts of `PART`."""


def plain(text: str) -> str:
    """The words alone, in one spelling: NFKC, case folded, whatever is no letter, mark or digit a space between words."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    words = "".join(letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in folded)
    return " ".join(words.split())[:MOST_CHARACTERS].rstrip()


def terms(words: str) -> list[str]:
    """What a `plain` text is looked up by: its longest words, which are mostly its rarest.

    A word's beginning stands for all its forms; scripts without spaces, and compounds, are taken apart.
    """
    longest = sorted(words.split(), key=len, reverse=True)
    parts = (
        word[at : at + PART] if len(word) > LONG_WORD else word[:BEGINNING]
        for word in longest
        for at in (range(0, len(word), PART) if len(word) > LONG_WORD else (0,))
    )
    return list(dict.fromkeys(part for part in parts if len(part) >= 3))[:MOST_TERMS]


def pairs(words: str) -> list[tuple[str, str]]:
    """Each term of a `plain` text with the next, in a ring: who has more than half of them has both of some pair.

    One word is in thousands of claims, two of them together in few.
    """
    ring = terms(words)
    return list(dict.fromkeys(zip(ring, ring[1:] + ring[:1], strict=True)))


def pieces(words: str) -> frozenset[str]:
    """Every three letters in a row of each word of a `plain` text, with two spaces before the word and one after.

    The pieces that PostgreSQL's pg_trgm makes.
    """
    padded = (f"  {word} " for word in words.split())
    return frozenset(word[start : start + 3] for word in padded for start in range(len(word) - 2))


def likeness(one: str, other: str) -> float:
    """From 0, nothing in common, to 1, the same words in any order: the Jaccard index of the pieces of `plain` texts.

    0 where either has fewer than `LEAST_PIECES`.
    """
    ours, theirs = pieces(one), pieces(other)
    if min(len(ours), len(theirs)) < LEAST_PIECES:
        return 0.0
    return len(ours & theirs) / len(ours | theirs)
