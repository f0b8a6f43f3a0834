"""Signed statements of how far everything that only grows had come, what they seal, and their time-stamps."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import models

from claims.models import Asset
from claims.models.base import Identified, word_field
from claims.vocabulary import FixityOutcome


class Checkpoint(models.Model):
    """A signed statement; `statement` is the canonical JSON that was signed, byte for byte. Append-only."""

    number = models.PositiveBigIntegerField(primary_key=True)
    statement = models.TextField()
    signature = models.CharField(max_length=128, help_text="Ed25519 over the statement's UTF-8, in hex")

    def __str__(self) -> str:
        return f"checkpoint {self.number}"

    @property
    def said(self) -> dict[str, Any]:
        """The statement, read. Raises ValueError."""
        value: dict[str, Any] = json.loads(self.statement)
        return value

    @property
    def hash(self) -> str:
        """SHA-256 of the statement: what the next checkpoint and a time-stamp name."""
        return hashlib.sha256(self.statement.encode()).hexdigest()


class Seal(models.Model):
    """A part of what a checkpoint seals: heads of chains that moved, or rows of one table that only grows.

    `content` is canonical JSON: `{"columns", "rows": [[key, hash], …]}`, for heads `{"rows": [[name, seq, head], …]}`.
    A row that was gone before it could be sealed has null for its hash. Append-only.
    """

    HEADS = "heads"

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="seals")
    position = models.PositiveIntegerField()
    of = models.CharField(max_length=60, help_text="`heads` or the name of a table")
    content = models.TextField()

    class Meta:
        ordering = ["checkpoint", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "position"], name="one_seal_a_place_in_a_checkpoint"
            )
        ]

    def __str__(self) -> str:
        return f"{self.of} in checkpoint {self.checkpoint_id}"

    @property
    def leaf(self) -> bytes:
        """What the checkpoint's tree of seals holds of it."""
        return f"{self.of}\n{self.content}".encode()


class SealedHead(models.Model):
    """How far each chain had come at the last checkpoint: spares reading all seals to know what has moved since."""

    name = models.CharField(max_length=60, primary_key=True)
    seq = models.PositiveBigIntegerField()
    head = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.name} sealed at {self.seq}"


class Unsealed(models.Model):
    """A row that no checkpoint has sealed yet. Written by triggers alone, in the row's own transaction."""

    table_name = models.CharField(max_length=60)
    row_id = models.CharField(max_length=40)

    class Meta:
        verbose_name_plural = "unsealed"

    def __str__(self) -> str:
        return f"{self.table_name} {self.row_id}"


class Stamp(Identified):
    """One attempt to have an RFC 3161 authority stamp a checkpoint or an original. Append-only.

    `sha256` is what was stamped; `token` is the authority's whole answer, in DER.
    """

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, null=True, related_name="stamps")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, related_name="stamps")
    sha256 = models.CharField(max_length=64)
    authority = models.CharField(max_length=4000, help_text="The address that was asked")
    token = models.BinaryField(null=True)
    stamped_at = models.DateTimeField(null=True, help_text="The authority's time, UTC")
    failure = models.JSONField(null=True)
    tried_at = models.DateTimeField()

    class Meta:
        ordering = ["tried_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(checkpoint__isnull=True) ^ models.Q(asset__isnull=True),
                name="a_stamp_is_of_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(token__isnull=True) ^ models.Q(failure__isnull=True),
                name="a_stamp_came_or_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"stamp of {self.sha256[:12]}"


class FixityCheck(Identified):
    """What re-hashing an original came to. Append-only: its history is the proof that somebody looked."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="fixity_checks")
    outcome = word_field(FixityOutcome)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["asset", "at"])]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.outcome} at {self.at:%Y-%m-%d %H:%M}"
