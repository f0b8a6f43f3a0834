"""What every table of ours has in common."""

from __future__ import annotations

import json
import uuid
from enum import StrEnum
from typing import Any

import uuid_utils.compat
from django.db import models


def new_id() -> uuid.UUID:
    """A UUIDv7: unique without asking anybody, and rising with time."""
    return uuid_utils.compat.uuid7()


def word_field(
    words: type[StrEnum], default: StrEnum | None = None, **options: Any
) -> models.CharField[str, str]:
    """A column for a word of the vocabulary; which words exist is the vocabulary's to say, not the schema's."""
    width = max(len(word) for word in words) + 8
    if default is not None:
        options["default"] = default.value
    return models.CharField(max_length=width, **options)


def all_but(model: type[models.Model], path: str, *kept: str) -> list[str]:
    """The columns of what `path` joins, to be deferred, but for its key and those that are read of it.

    What a joined row costs is by its columns: each is put into the statement and converted, however it is used.
    """
    return [
        f"{path}__{field.name}"
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name not in kept
    ]


class PlainEncoder(json.JSONEncoder):
    """Writes text as it is, so that what is searched for is found in it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False})


class Identified(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True
