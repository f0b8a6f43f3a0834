"""What a desk asks of a claim before it may be published."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from claims.models import Desk
from claims.vocabulary import Dimension, Priority
from verification.domain.order import AGING, GOALS
from verification.domain.second_look import Conditions


class Policy(models.Model):
    """One a desk. The defaults: nothing required, no second review, the approver is not a reviewer."""

    desk = models.OneToOneField(Desk, on_delete=models.CASCADE, primary_key=True, related_name="policy")
    required_dimensions = models.JSONField(default=list)
    second_review = models.BooleanField(default=False)
    second_review_topics = models.JSONField(default=list)
    second_review_priorities = models.JSONField(default=list)
    second_review_dimensions = models.JSONField(default=list)
    second_review_on_contradiction = models.BooleanField(
        default=False, help_text="Where a verdict stands against a finding"
    )
    blind_second_review = models.BooleanField(
        default=False, help_text="What was decided before is kept from who does it"
    )
    distinct_approver = models.BooleanField(default=True)
    lease_seconds = models.PositiveIntegerField(default=30 * 60)
    lease_limit = models.PositiveSmallIntegerField(default=3)
    skip_seconds = models.PositiveIntegerField(default=4 * 60 * 60)
    goals = models.JSONField(
        default=dict,
        help_text="By priority: seconds from filing until a verdict is wanted; absent = the house's",
    )
    aging_seconds = models.PositiveIntegerField(
        default=int(AGING.total_seconds()), help_text="Overdue by this much, an entry rises a class"
    )

    class Meta:
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return f"policy of {self.desk_id}"

    def goal(self, priority: Priority) -> timedelta:
        """How soon after filing a verdict is wanted."""
        seconds = self.goals.get(priority.value)
        return GOALS[priority] if seconds is None else timedelta(seconds=seconds)

    @property
    def required(self) -> set[Dimension]:
        return {Dimension(word) for word in self.required_dimensions}

    @property
    def second_look(self) -> Conditions:
        """On what a second review is asked for."""
        return Conditions(
            always=self.second_review,
            topics=self.second_review_topics,
            priorities=[Priority(word) for word in self.second_review_priorities],
            dimensions=[Dimension(word) for word in self.second_review_dimensions],
            on_contradiction=self.second_review_on_contradiction,
        )
