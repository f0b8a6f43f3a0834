"""What must be done. The row is the truth; the broker only rings."""

from __future__ import annotations

from django.db import models

from claims.models.base import Identified, word_field
from claims.vocabulary import JobKind, JobState


class Job(Identified):
    """Work on one subject. Whoever raises `token` by a conditional UPDATE holds it until `lease_until`."""

    kind = word_field(JobKind)
    subject_id = models.UUIDField(
        help_text="The media item that is captured or examined, the claim that is bundled, the message that is sent"
    )
    state = word_field(JobState, JobState.QUEUED)
    token = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)
    error = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                condition=models.Q(state__in=[JobState.QUEUED.value, JobState.RUNNING.value]),
                name="one_open_job_a_subject",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=[JobState.QUEUED.value, JobState.RUNNING.value]),
                name="open_jobs_by_due_time",
            ),
            models.Index(fields=["subject_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}: {self.state}"


class JobEvent(models.Model):
    """A change of a job's state; append-only."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="events")
    state = word_field(JobState)
    token = models.PositiveIntegerField()
    error = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.state}"


class Heartbeat(models.Model):
    """When a process that must never stop was last seen at work."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
