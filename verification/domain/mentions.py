"""Whom a text mentions: `@` and a user name, as people write it in a sentence."""

from __future__ import annotations

import re
from collections.abc import Collection

_MENTION = re.compile(r"(?<![\w@.+-])@([\w.@+-]+)")
"""What Django lets a user name be made of; an address such as `desk@example.org` mentions nobody."""


_ENDS = ".@+-"
"""What may follow a name in a sentence and could be part of one."""


def named_in(text: str) -> frozenset[str]:
    """The user names, in lower case, that the text may mean: of `@olena.` both `olena.` and `olena`."""
    found = {name.lower() for name in _MENTION.findall(text)}
    return frozenset(found | {bare for name in found if (bare := name.rstrip(_ENDS))})


def missed_in(text: str, known: Collection[str]) -> list[str]:
    """What the text mentions that is none of the `known` user names (in lower case), without what follows it."""
    found = {name.lower() for name in _MENTION.findall(text)}
    missed = {bare for name in found if not {name, bare := name.rstrip(_ENDS)} & set(known)}
    return sorted(missed - {""})
