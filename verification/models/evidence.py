"""Evidence of when or where that people enter beside what the checks find."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from claims.models import Body, Claim, MediaItem, Membership, Person
from claims.models.base import Identified, word_field
from claims.vocabulary import Dimension
from verification.domain.evidence import EvidenceKind, finding_of_evidence
from verification.domain.findings import Finding
from verification.models.review import by_another_reviewer
from verification.models.veil import veiled_from


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, person: Person) -> EvidenceQuerySet:
        """Those of the person's desks; behind a veil none that another reviewer entered or struck."""
        visible = self.filter(claim__desk__in=Membership.objects.desks_of_staff(person))
        struck = EvidenceStrike.objects.annotate(claim_id=F("evidence__claim_id")).filter(
            by_another_reviewer(person), evidence=OuterRef("pk")
        )
        return visible.exclude(
            Q(veiled_from(person, "claim_id")) & (by_another_reviewer(person) | Q(Exists(struck)))
        )

    def standing(self) -> EvidenceQuerySet:
        """What counts: neither struck nor erased."""
        return self.filter(strike=None, body__redacted_at=None).select_related("body", "by")


class Evidence(Identified):
    """A bound, or a place, that a person gives for one media item; struck, never changed or deleted.

    `body` holds `{"reason", "url", "side", "date", "at", "place"}`: a side of an instant, or a place.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="evidence")
    media = models.ForeignKey(MediaItem, on_delete=models.PROTECT, related_name="evidence")
    dimension = word_field(Dimension)
    kind = word_field(EvidenceKind)
    hard = models.BooleanField()
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        return f"{self.kind} for {self.media_id} by {self.by_id}"

    @property
    def content(self) -> dict[str, Any] | None:
        """What it says; None once redacted."""
        value: dict[str, Any] | None = self.body.value
        return value

    def as_finding(self) -> Finding | None:
        """What it bounds, as inference takes it; None once redacted."""
        if self.content is None:
            return None
        return finding_of_evidence(EvidenceKind(self.kind), self.content, hard=self.hard, by=self.by.username)


class EvidenceStrike(models.Model):
    """Evidence that its author or an editor took back."""

    evidence = models.OneToOneField(
        Evidence, on_delete=models.PROTECT, primary_key=True, related_name="strike"
    )
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.evidence_id} struck"
