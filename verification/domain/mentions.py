"""Whom a text mentions: `@` and a user name, as people write it in a sentence."""

from __future__ import annotations

import re

_MENTION = re.compile(r"(?<![\w@.+-])@([\w.@+-]+)")
"""What Django lets a user name be made of; an address such as `desk@example.org` mentions nobody."""


def named_in(text: str) -> frozenset[str]:
    """The user names, in lower case, that the text may mean: of `@olena.` both `olena.` and `olena`."""
    found = {name.lower() for name in _MENTION.findall(text)}
    return frozenset(found | {bare for name in found if (bare := name.rstrip(".@+-"))})
