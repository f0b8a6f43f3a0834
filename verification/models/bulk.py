"""What somebody did to many claims at once, for as long as they may take it back."""

from __future__ import annotations

from django.db import models

from claims.models import Desk, Person
from claims.models.base import Identified, word_field
from verification.domain.bulk import BulkAction, BulkPhase


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


class BulkRun(Identified):
    """One act on many claims that somebody does on a page, part by part, with what became of each so far.

    `waiting` holds the ids of the claims that the phase has not come to. `results` holds of each other one its `claim`,
    what the act changes as it `was` and is `now`, the `error` in words where it is refused, and under `back` what taking
    it back takes (see BulkAct); once that was tried, `undone` says whether it went. What was done is in each claim's
    audit: a reason that somebody typed leaves `arguments` once all is done, and the row goes after a day.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="bulk_runs")
    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="bulk_runs")
    act = word_field(BulkAction)
    arguments = models.JSONField()
    board = models.TextField(
        default="", blank=True, help_text="The board's filter to go back to, as an address has it"
    )
    phase = word_field(BulkPhase, BulkPhase.PREVIEW)
    waiting = models.JSONField()
    results = models.JSONField(default=list)
    at = models.DateTimeField()
    acted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.act} ({self.phase}), {len(self.waiting)} to go"
