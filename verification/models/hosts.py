"""Whose turn it is at a stranger's host, so that all workers together stay polite to it."""

from __future__ import annotations

from django.db import models

from verification.models.jobs import Job


class Host(models.Model):
    """A host that we fetch from. Its row is the lock under which turns are given out."""

    name = models.CharField(max_length=253, primary_key=True)
    next_turn_at = models.DateTimeField(help_text="When a job that comes now has its turn at the earliest")
    started_at = models.DateTimeField(null=True, help_text="When a fetch was begun last")
    closed_until = models.DateTimeField(null=True, help_text="Until when it asked us to stay away")

    def __str__(self) -> str:
        return self.name


class HostTurn(models.Model):
    """A job's turn at a host: from `at` on it may fetch there, until `until` (renewed while it does) it fetches."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="turns")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="turns")
    token = models.PositiveIntegerField(help_text="The job's token when it took its turn")
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "job"], name="one_turn_a_job_and_host"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} at {self.host_id}"
