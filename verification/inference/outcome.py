"""The three things that inference may say."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What the findings together say of the claim; never that it is verified."""

    CONSISTENT = "consistent"
    CONTRADICTED = "contradicted"
    UNDETERMINED = "undetermined"
