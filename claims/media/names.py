"""What a file was called by whoever sent it: a person's words, kept as a name and never as a path."""

from __future__ import annotations

import re

LONGEST = 255
"""Characters; what file systems allow at most."""

_SEPARATORS = re.compile(r"[/\\]")


def tidy_name(name: str) -> str:
    """The last part of a name without what cannot be seen, which could make it read otherwise; empty for none.

    What is too long loses its middle: messengers' marks stand at the beginning, the kind of file at the end.
    """
    last = _SEPARATORS.split(name)[-1]
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in last).split())
    if shown in {".", ".."}:
        return ""
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 21]}…{shown[-20:]}"
