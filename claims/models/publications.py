"""What is public: immutable numbered publications, their order, and where each claim stands now."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from claims.models.base import Identified, word_field
from claims.models.bodies import Body
from claims.models.claims import Claim
from claims.vocabulary import ChangeKind, PubStatus


class ChangeHead(models.Model):
    """The change log's identity and its last position. One row; taken last in a publishing transaction."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    log = models.UUIDField(default=uuid.uuid4)
    last = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.log}: {self.last}"


class Publication(Identified):
    """Immutable numbered snapshot of a claim's public face, with its place in the change log."""

    position = models.PositiveBigIntegerField(unique=True)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="publications")
    version = models.PositiveIntegerField()
    kind = word_field(ChangeKind)
    pubstatus = word_field(PubStatus)
    cause = models.CharField(max_length=16, blank=True, default="")
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["claim", "version"], name="one_publication_a_version")]

    def __str__(self) -> str:
        return f"{self.claim_id} v{self.version} ({self.kind})"

    @property
    def rendered(self) -> dict[str, Any] | None:
        """The public face as it was made; None once redacted."""
        value: dict[str, Any] | None = self.body.value
        return value


class PublicClaimQuerySet(models.QuerySet["PublicClaim"]):
    def on_show(self) -> PublicClaimQuerySet:
        return self.filter(pubstatus=PubStatus.USABLE)

    def verified(self) -> PublicClaimQuerySet:
        """At least one dimension verified and none contradicted."""
        return self.on_show().filter(has_verified=True, has_contradicted=False)


class PublicClaim(models.Model):
    """Where a claim stands in public now: which publication is the latest, and what it says, to search by."""

    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, primary_key=True, related_name="public")
    latest = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveBigIntegerField(unique=True)
    pubstatus = word_field(PubStatus)
    statuses = models.JSONField(default=dict)
    has_verified = models.BooleanField()
    has_contradicted = models.BooleanField()
    suppressed_through = models.PositiveIntegerField(
        default=0, help_text="Versions up to this one are not shown"
    )

    objects = PublicClaimQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.claim_id}: {self.pubstatus}"
