"""Perceptual hashes of originals, and which of them look alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from claims.models import Asset, Body, Desk, Person
from claims.models.base import Identified, word_field
from claims.vocabulary import MatchState
from verification.domain.likeness import Turn

HASH_BITS = 256

if TYPE_CHECKING:
    _Field = models.Field[str, str]
else:
    _Field = models.Field  # only the stubs know what it holds


class BitsField(_Field):
    """256 bits, in Python as 64 lower-case hex digits; on PostgreSQL a bit string, so that it counts what differs."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return f"bit({HASH_BITS})" if connection.vendor == "postgresql" else "char(64)"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:  # noqa: ARG002
        return as_bits(value) if value is not None and connection.vendor == "postgresql" else value

    def get_placeholder(self, value: Any, compiler: Any, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002
        return f"%s::bit({HASH_BITS})" if connection.vendor == "postgresql" else "%s"

    def from_db_value(self, value: str, expression: Any, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002
        return f"{int(value, 2):064x}" if connection.vendor == "postgresql" else value


def as_bits(digits: str) -> str:
    """Hex digits as PostgreSQL writes bits."""
    return f"{int(digits, 16):0{HASH_BITS}b}"


class ImageHash(Identified):
    """The hash of an original's picture, or of a film's frame at `at_ms`, good enough to be compared."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="hashes")
    at_ms = models.PositiveIntegerField(null=True)
    hash = BitsField()
    trimmed = models.BooleanField()
    quality = models.PositiveSmallIntegerField()
    recipe = models.CharField(max_length=40)

    class Meta:
        verbose_name_plural = "image hashes"

    def __str__(self) -> str:
        return f"{self.recipe} of {self.asset_id}"


class Hashed(models.Model):
    """That an original was hashed by a recipe, whether or not that gave anything to compare."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, primary_key=True, related_name="hashed")
    recipe = models.CharField(max_length=40, db_index=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "hashed"

    def __str__(self) -> str:
        return f"{self.asset_id} by {self.recipe}"


class MediaMatch(Identified):
    """Two originals of a desk that look alike; or one that stands in several of its claims (`older` is `newer`).

    `distance` is in bits of 256, `turn` how one lies to the other, `older_ms` and `newer_ms` the frames that do.
    `to_tell` is the side whose media items have yet to be examined beside what turned up.
    """

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="+")
    older = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="matches_after")
    newer = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="matches_before")
    distance = models.PositiveSmallIntegerField()
    turn = word_field(Turn)
    older_ms = models.PositiveIntegerField(null=True)
    newer_ms = models.PositiveIntegerField(null=True)
    state = word_field(MatchState, MatchState.PROPOSED)
    found_at = models.DateTimeField()
    to_tell = models.ForeignKey(Asset, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta:
        verbose_name_plural = "media matches"
        constraints = [
            models.UniqueConstraint(fields=["desk", "older", "newer"], name="one_match_a_desk_and_pair")
        ]
        indexes = [
            models.Index(
                fields=["found_at"], condition=models.Q(to_tell__isnull=False), name="matches_to_be_told"
            )
        ]

    def __str__(self) -> str:
        return f"{self.older_id} and {self.newer_id}: {self.distance}, {self.state}"

    def is_of(self, asset: Asset) -> bool:
        return asset.pk in {self.older_id, self.newer_id}


class MatchDecision(Identified):
    """What a person said of a match; append-only, the newest speaks."""

    match = models.ForeignKey(MediaMatch, on_delete=models.PROTECT, related_name="decisions")
    state = word_field(MatchState)
    reason = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.match_id}: {self.state}"
