"""What checks ran on which media item, and what they found."""

from __future__ import annotations

from django.db import models

from claims.models import MediaItem, Membership, Person
from claims.models.base import Identified, word_field
from claims.vocabulary import CheckRunState, Dimension, Stance


class CheckRunQuerySet(models.QuerySet["CheckRun"]):
    def current(self) -> CheckRunQuerySet:
        """The last run of each check; those before it are kept for what was decided on them."""
        return self.filter(superseded_at=None)


class CheckRun(Identified):
    """One run of one check over a media item's asset, beside what is claimed of it.

    A later run that says something else supersedes it, with its findings; one that says the same renews `ran_at`.
    """

    media = models.ForeignKey(MediaItem, on_delete=models.CASCADE, related_name="check_runs")
    check_slug = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    state = word_field(CheckRunState)
    error = models.JSONField(null=True)
    ran_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    objects = CheckRunQuerySet.as_manager()

    class Meta:
        ordering = ["check_slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["media", "check_slug"],
                condition=models.Q(superseded_at=None),
                name="one_current_run_a_check",
            )
        ]

    def __str__(self) -> str:
        return f"{self.check_slug} {self.version} on {self.media_id}: {self.state}"


class FindingQuerySet(models.QuerySet["FindingRow"]):
    def visible_to(self, person: Person) -> FindingQuerySet:
        return self.filter(run__media__claim__desk__in=Membership.objects.desks_of_staff(person))

    def current(self) -> FindingQuerySet:
        """What the last run of each check found."""
        return self.filter(run__superseded_at=None)


class FindingRow(Identified):
    """One thing a run found; see `verification.domain.findings.Finding`."""

    run = models.ForeignKey(CheckRun, on_delete=models.CASCADE, related_name="findings")
    position = models.PositiveSmallIntegerField()
    dimension = word_field(Dimension)
    stance = word_field(Stance)
    sentence = models.TextField()
    data = models.JSONField(default=dict)
    bounds = models.JSONField(default=list)
    points = models.JSONField(default=list)

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.sentence
