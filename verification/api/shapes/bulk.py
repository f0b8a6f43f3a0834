"""What is shown of an act on many claims."""

from __future__ import annotations

from typing import Any, TypedDict


class BulkResultShape(TypedDict):
    """`was` and `now` hold what the act changes; `error` is a problem where it is not done."""

    name: str
    claim: str | None
    ref: str | None
    done: bool
    was: dict[str, Any] | None
    now: dict[str, Any] | None
    error: dict[str, Any] | None


class BulkShape(TypedDict):
    """`undo` takes it back; null where nothing was done, and in a preview."""

    act: str
    preview: bool
    results: list[BulkResultShape]
    done: int
    refused: int
    undo: str | None
