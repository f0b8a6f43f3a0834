"""Schemas of typed shapes, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.plumbing import resolve_type_hint


def schema_of(shape: Any) -> dict[str, Any]:
    """The JSON schema of a TypedDict or another type."""
    schema: dict[str, Any] = resolve_type_hint(shape)  # type: ignore[no-untyped-call]
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
    public: bool,  # noqa: ARG001, FBT001
) -> dict[str, Any]:
    """Adds what every call has in common: how errors look, and the headers of safe writes."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    for operations in result["paths"].values():
        for method, operation in operations.items():
            operation["responses"]["default"] = PROBLEM
            header = {"post": IDEMPOTENCY_KEY, "patch": IF_MATCH}.get(method)
            if header:
                operation.setdefault("parameters", []).append(header)
    return result
