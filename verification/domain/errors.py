"""Refusals of the verification side that need a class of their own."""

from __future__ import annotations

from claims.errors import StetError


class StaleJob(StetError):
    """Somebody else holds the job by now; what was done for it is thrown away."""

    code = "stale_job"
    title = "The job is held by another worker"
