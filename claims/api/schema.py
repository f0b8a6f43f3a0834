"""Schemas of typed shapes, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.plumbing import resolve_type_hint


def schema_of(shape: Any) -> dict[str, Any]:
    """The JSON schema of a TypedDict or another type."""
    schema: dict[str, Any] = resolve_type_hint(shape)
    return schema


def page_of(shape: Any) -> dict[str, Any]:
    """The schema of a cursor page of such."""
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "required": ["results", "next", "previous"],
        "properties": {
            "results": {"type": "array", "items": schema_of(shape)},
            "next": link,
            "previous": link,
        },
    }
