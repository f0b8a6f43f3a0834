"""Values of the public face and of verdicts, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from verification.desk.faces import Value, value_said

register = template.Library()


@register.filter
def said(value: Mapping[str, Any] | None) -> Value | None:
    """A place or date in words, with how exactly it is known."""
    return value_said(value)


@register.filter
def named_in(key: str, names: Mapping[str, str]) -> str:
    """What a key stands for; empty where that is not there any more."""
    return names.get(key, "")
