"""Rows of tables that only grow, as hashes: what a checkpoint seals, and what is read again to hold against it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models

from claims.models import Body
from claims.models.bodies import canonical
from verification.models import append_only

Row = TypeVar("Row")

ERASABLE: dict[type[models.Model], frozenset[str]] = {Body: frozenset({"content", "salt", "redacted_at"})}
"""Columns that a recorded erasure may change; the commitment speaks for them."""

# What a value that nobody of ours could have stored does to whoever reads it.
UNREADABLE = (ValueError, TypeError, AttributeError, ArithmeticError, ValidationError)


def sealed_tables() -> dict[str, type[models.Model]]:
    """The tables whose rows are sealed one by one, with their models."""
    by_table = {model._meta.db_table: model for model in apps.get_models()}
    return {rule.table: by_table[rule.table] for rule in append_only.RULES if rule.key}


def columns_of(model: type[models.Model]) -> list[str]:
    """What of a row is sealed: all its columns save those that may be erased."""
    kept = ERASABLE.get(model, frozenset())
    return [field.attname for field in model._meta.concrete_fields if field.attname not in kept]


def key_of(model: type[models.Model], row_id: str) -> str | None:
    """A row's key in one spelling, however the database writes it; None where it is no key."""
    try:
        return str(_pk(model).to_python(row_id))
    except UNREADABLE:
        return None


def hashes_of(
    model: type[models.Model], columns: Sequence[str], keys: Sequence[str]
) -> dict[str, str | None]:
    """SHA-256 of each of the rows with these keys; None for one that can't be read. What is gone is left out."""
    rows = model._default_manager.values_list("pk", *columns)
    try:
        return {str(pk): _hash(values) for pk, *values in rows.filter(pk__in=keys)}
    except UNREADABLE:
        return {key: found for key in keys if (found := _alone(rows, key)) != ""}


def _alone(rows: Any, key: str) -> str | None:
    """The hash of one row, None if it can't be read, empty if it is gone."""
    try:
        found = rows.filter(pk=key).first()
        return "" if found is None else _hash(found[1:])
    except UNREADABLE:
        return None


def each(rows: models.QuerySet[Any, Row], *, unreadable: Callable[[int], None]) -> Iterator[Row]:
    """Every row, also beyond one that can't be read; of that `unreadable` is told its place. Memory stays flat."""
    read = 0
    while True:
        try:
            for row in rows[read:].iterator(chunk_size=2000):
                read += 1
                yield row
        except UNREADABLE:
            read += 1
            unreadable(read)
        else:
            return


def _pk(model: type[models.Model]) -> Any:
    field: Any = model._meta.pk
    while field.remote_field is not None:
        field = field.target_field
    return field


def _hash(values: Sequence[Any]) -> str:
    return hashlib.sha256(canonical([_plain(value) for value in values]).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value
