"""Who did what, in hash chains that hold ids and commitments, never text."""

from __future__ import annotations

from django.db import models

from claims.models import Body, Claim, Person
from claims.models.base import Identified


class AuditChain(models.Model):
    """The head of one chain: `claim:<id>`, `desk:<id>` or `system`. Locked first by every writer."""

    name = models.CharField(max_length=60, primary_key=True)
    seq = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.name} at {self.seq}"


class AuditEntry(Identified):
    """One act. `hash` = SHA-256 of the canonical JSON of everything else, `previous` included."""

    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="entries")
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    data = models.JSONField(default=dict, help_text="Ids and commitments only")
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["chain", "seq"]
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="one_entry_a_place_in_a_chain")]

    def __str__(self) -> str:
        return f"{self.chain_id}#{self.seq} {self.action}"


class Redaction(Identified):
    """A recorded erasure: who, when, on which ground; the reason is a body of its own."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="redactions")
    target = models.CharField(
        max_length=20, help_text="statement, note, hand_over, said, evidence, original or uploader"
    )
    target_id = models.UUIDField()
    legal_ground = models.CharField(max_length=200)
    reason = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.target} {self.target_id} redacted"


class LegalHold(Identified):
    """While one is in force on a claim, nothing of it is redacted."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="legal_holds")
    reason = models.TextField()
    placed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField()
    lifted_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["claim"], condition=models.Q(lifted_at=None), name="one_legal_hold_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"legal hold on {self.claim_id}"
