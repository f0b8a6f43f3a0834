"""Lists: cursor pages in a strict order, without offsets or counts."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request

from claims.errors import FieldError, InvalidInput

DEFAULT_PAGE, MAX_PAGE = 50, 200

M = TypeVar("M", bound=Model)


def page_size(request: Request) -> int:
    """The page size that the caller asks for. Raises InvalidInput."""
    given = request.query_params.get("page_size", str(DEFAULT_PAGE))
    if not (given.isascii() and given.isdecimal() and len(given) < 6) or not 1 <= int(given) <= MAX_PAGE:
        raise InvalidInput(FieldError("page_size", f"Give a whole number from 1 to {MAX_PAGE}.", "page_size"))
    return int(given)


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows in their order, and the cursors of the pages beside them; None where there is none."""

    rows: list[M]
    next: str | None
    previous: str | None


def page_of(rows: QuerySet[M], *, by: str, size: int, cursor: str | None) -> Page[M]:
    """One page, ordered by the column `by` (with a leading minus: newest first) and then by key.

    The cursor holds the place of the page's edge, so rows that come or go meanwhile shift nothing.
    Raises InvalidInput for a cursor that is not ours.
    """
    column, descending = by.lstrip("-"), by.startswith("-")
    edge = _read_cursor(cursor, rows.model, column)
    backwards = edge is not None and edge["way"] == "previous"
    falling = descending != backwards
    order = (f"-{column}", "-pk") if falling else (column, "pk")
    if edge is not None:
        compare = "lt" if falling else "gt"
        rows = rows.filter(
            Q(**{f"{column}__{compare}": edge["value"]})
            | Q(**{column: edge["value"], f"pk__{compare}": edge["pk"]})
        )
    found = list(rows.order_by(*order)[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next = more if not backwards else True
    has_previous = (edge is not None) if not backwards else more
    return Page(
        rows=found,
        next=_cursor_at(found[-1], column, "next") if found and has_next else None,
        previous=_cursor_at(found[0], column, "previous") if found and has_previous else None,
    )


def paged(
    request: Request, rows: QuerySet[M], *, by: str, shape: Callable[[M], dict[str, Any]]
) -> dict[str, Any]:
    """One page of a list call, as `page_of` makes it. Raises InvalidInput."""
    page = page_asked_for(request, rows, by=by)
    return with_links(request, page, [shape(row) for row in page.rows])


def page_asked_for(request: Request, rows: QuerySet[M], *, by: str) -> Page[M]:
    """The page that a list call asks for by size and cursor. Raises InvalidInput."""
    return page_of(rows, by=by, size=page_size(request), cursor=request.query_params.get("cursor"))


def with_links(request: Request, page: Page[M], results: list[dict[str, Any]]) -> dict[str, Any]:
    """The body of a list call: what is shown of the page's rows, and where the pages beside it are."""
    return {
        "results": results,
        "next": _link(request, page.next),
        "previous": _link(request, page.previous),
    }


def _cursor_at(row: Model, column: str, way: str) -> str:
    value = getattr(row, column)
    said = [way, value.isoformat() if isinstance(value, datetime) else value, str(row.pk)]
    return base64.urlsafe_b64encode(orjson.dumps(said)).decode().rstrip("=")


def _link(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = cursor
    here = (
        f"{settings.PUBLIC_URL}{request.path}"
        if settings.PUBLIC_URL
        else request.build_absolute_uri(request.path)
    )
    return f"{here}?{urlencode(list(_pairs(query)))}"


def _pairs(query: Any) -> list[tuple[str, str]]:
    return [(name, value) for name, values in query.lists() for value in values]


def _read_cursor(cursor: str | None, model: type[Model], column: str) -> dict[str, Any] | None:
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        way, value, pk = orjson.loads(base64.urlsafe_b64decode(padded))
        if (
            way not in {"next", "previous"}
            or not isinstance(pk, str)
            or value is None
            or isinstance(value, bool)
        ):
            raise ValueError(way)
        field: Any = model._meta.get_field(column)
        value = field.to_python(value)
        if "\x00" in str(value) or (isinstance(value, datetime) and value.tzinfo is None):
            raise ValueError(way)
        if isinstance(value, int) and not 0 <= value < 2**62:
            raise ValueError(way)
        return {"way": way, "value": value, "pk": uuid.UUID(pk)}
    except (ValueError, TypeError, binascii.Error, ValidationError) as error:
        raise InvalidInput(
            FieldError("cursor", "This cursor is not one of ours. Start again without it.", "cursor")
        ) from error
