"""Schemas of typed shapes, for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

SHAPES: dict[str, Any] = {}
"""Typed shapes that the document names, by their name in it."""

PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    Any: {},
}


def schema_of(hint: Any) -> dict[str, Any]:
    """The JSON schema of a type. A TypedDict becomes a component of its own, referred to."""
    if is_typeddict(hint):
        name = hint.__name__.removesuffix("Shape")
        SHAPES[name] = hint
        return {"$ref": f"#/components/schemas/{name}"}
    origin, inner = get_origin(hint), get_args(hint)
    if origin is list:
        return {"type": "array", "items": schema_of(inner[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(inner[1])}
    if origin is UnionType:
        return {"anyOf": [{"type": "null"} if part is NoneType else schema_of(part) for part in inner]}
    return PLAIN[hint]


def _component(shape: Any) -> dict[str, Any]:
    hints = get_type_hints(shape)
    return {
        "type": "object",
        "required": sorted(shape.__required_keys__),
        "properties": {name: schema_of(hint) for name, hint in hints.items()},
    }


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


PROBLEM = {
    "description": "RFC 9457 problem: `code` is stable; `errors` names the bad fields, with a JSON Pointer each.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail", "code"],
                "properties": {name: {"type": "string"} for name in ("pointer", "detail", "code")},
            },
        },
        "allowed_actions": {"type": "array", "items": {"type": "string"}},
        "blockers": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {name: {"type": "string"} for name in ("code", "detail", "dimension")},
            },
        },
    },
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Makes the call safe to repeat for 24 hours: the same key gives the same answer.",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": "The ETag of what was read.",
}


def with_manners(
    result: dict[str, Any],
    generator: Any,  # noqa: ARG001  the hook's signature
    request: Any,  # noqa: ARG001
    public: bool,  # noqa: ARG001
) -> dict[str, Any]:
    """Adds what every call has in common: how errors look, and the headers of safe writes."""
    schemas = result["components"].setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    while left := [name for name in SHAPES if name not in schemas]:
        schemas |= {name: _component(SHAPES[name]) for name in left}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            operation["summary"] = operation["description"].partition(". ")[0].rstrip(".").replace("\n", " ")
            operation["responses"]["default"] = PROBLEM
            header = {"post": IDEMPOTENCY_KEY, "patch": IF_MATCH}.get(method)
            if header:
                operation.setdefault("parameters", []).append(header)
    return result
