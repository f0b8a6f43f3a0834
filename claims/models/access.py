"""Keys of machines, and the memory that makes a repeated write harmless."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import models

from claims.models.base import Identified
from claims.models.desks import Person


class ApiKey(Identified):
    """A key of a person or service account. Only a SHA-256 of its secret is kept; it is shown once."""

    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_keys")
    label = models.CharField(max_length=120)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.prefix} ({self.label})"

    def is_good_at(self, moment: datetime) -> bool:
        """Whether it was neither revoked nor has expired by then."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > moment)

    @staticmethod
    def digest_of(secret: str) -> str:
        """The secret carries 192 random bits, so a plain digest can't be guessed back."""
        return hashlib.sha256(secret.encode()).hexdigest()


class IdempotencyKey(Identified):
    """The answer to a write, committed together with its effect and given again for the same key."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="one_answer_a_key")]

    def __str__(self) -> str:
        return self.key
