"""Which release this is: the newest heading of CHANGELOG.md."""

from __future__ import annotations

import re
from pathlib import Path

_HEADING = re.compile(r"^## \[(\d+\.\d+\.\d+)\]", re.MULTILINE)


def read_version(changelog: Path) -> str:
    """The version in the first heading such as `## [0.1.0] - 2026-11-22`. Raises ValueError where there is none."""
    found = _HEADING.search(changelog.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{changelog.name} names no release.")
    return found[1]
