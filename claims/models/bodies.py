"""Texts that may have to be erased one day stand apart from the rows and chains that speak of them."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from django.db import models

from claims.models.base import Identified


def canonical(value: Any) -> str:
    """JSON with one spelling: sorted keys, no spaces, UTF-8 as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def commitment_of(salt: str, content: str) -> str:
    """SHA-256 over the salt's bytes and the content's UTF-8: says nothing of the content once the salt is gone."""
    return hashlib.sha256(bytes.fromhex(salt) + content.encode()).hexdigest()


class BodyQuerySet(models.QuerySet["Body"]):
    def keep(self, content: str) -> Body:
        """Keeps a text under a fresh salt."""
        salt = secrets.token_hex(16)
        return self.create(content=content, salt=salt, commitment=commitment_of(salt, content))

    def keep_json(self, value: Any) -> Body:
        return self.keep(canonical(value))


class Body(Identified):
    """A text with its salt and commitment. Redacting nulls text and salt and leaves the commitment: a tombstone.

    Triggers refuse every other change (see verification.append_only).
    """

    content = models.TextField(null=True)  # noqa: DJ001  NULL is a tombstone, not an empty text
    salt = models.CharField(max_length=32, null=True)  # noqa: DJ001  likewise
    commitment = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    redacted_at = models.DateTimeField(null=True)

    objects = BodyQuerySet.as_manager()

    def __str__(self) -> str:
        return self.commitment[:12]

    @property
    def value(self) -> Any:
        """The structured content; None once redacted."""
        return None if self.content is None else json.loads(self.content)

    def holds(self) -> bool:
        """Whether the content is still what was committed to; a tombstone holds."""
        if self.redacted_at is not None:
            return self.content is None and self.salt is None
        if self.content is None or self.salt is None:
            return False
        try:
            return commitment_of(self.salt, self.content) == self.commitment
        except ValueError:  # a salt that is no hexadecimal any more
            return False
