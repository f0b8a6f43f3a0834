"""What somebody did to many claims at once, for as long as they may take it back."""

from __future__ import annotations

from django.db import models

from claims.models import Person
from claims.models.base import Identified, word_field
from verification.domain.bulk import BulkAction


class BulkAct(Identified):
    """One act on many claims. What was done to each is in its claim's audit; this is there to take it back.

    `results` holds, of each claim that it was done to, its id, the revision that the act left, and what was there
    before: an assignee's id, a priority or tags.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="bulk_acts")
    act = word_field(BulkAction)
    results = models.JSONField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.act} of {len(self.results)} by {self.person_id}"
