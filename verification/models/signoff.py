"""An embargo: a publication that an editor has approved for later."""

from __future__ import annotations

from django.db import models

from claims.models import Claim, Person
from claims.models.base import Identified


class ScheduledPublication(Identified):
    """At `due_at` the gate runs again and the claim is published, unless it was cancelled before."""

    WAITING, DONE, CANCELLED, REFUSED = "waiting", "done", "cancelled", "refused"

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="schedules")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, default=WAITING)
    blockers = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["claim"], condition=models.Q(state="waiting"), name="one_embargo_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} at {self.due_at}: {self.state}"
