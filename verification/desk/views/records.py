"""What is on record and what is under way: the audit's chains and the jobs on the desk's media."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from claims.errors import FieldError, IllegalState, InvalidInput, Missing
from claims.models import Claim, MediaItem
from claims.vocabulary import JobKind, JobState
from verification.desk.audit_words import people_in, say
from verification.desk.frame import DeskRequest, live, page
from verification.domain.transitions import ADMINS
from verification.models import AuditChain, AuditEntry, Message
from verification.services import audit, jobs, reading, work
from verification.services.veil import hidden_people

ENTRIES_SHOWN = 50
CLAIMS_SHOWN = 12
JOBS_SHOWN = 50

# --- audit ------------------------------------------------------------------------------------------------


@page(roles=ADMINS)
def desk_audit(request: DeskRequest) -> HttpResponse:
    """The desk's own chain, and the way to those of its claims."""
    if ref := request.GET.get("ref", "").strip():
        try:
            return redirect("audit-claim", ref=_claim_named(request, ref).ref)
        except Missing:
            messages.error(request, f"This desk has no claim {ref[:40]}.")
            return redirect("audit")
    claims = list(
        Claim.objects.filter(desk=request.desk)
        .select_related("statement")
        .order_by("-updated_at")[:CLAIMS_SHOWN]
    )
    chains = AuditChain.objects.in_bulk([audit.chain_of(claim) for claim in claims])
    return _chain(
        request,
        audit.chain_of(request.desk),
        {
            "title": request.desk.name,
            "claims": [(claim, chains.get(audit.chain_of(claim))) for claim in claims],
        },
    )


@page(roles=ADMINS)
def system_audit(request: DeskRequest) -> HttpResponse:
    return _chain(request, audit.SYSTEM, {"title": "The system"})


@page(roles=ADMINS)
def claim_audit(request: DeskRequest, ref: str) -> HttpResponse:
    claim = _claim_named(request, ref)
    hidden = hidden_people(claim, request.user)
    return _chain(request, audit.chain_of(claim), {"title": claim.ref, "claim": claim}, hidden)


def _claim_named(request: DeskRequest, ref: str) -> Claim:
    claim = reading.claim_named(request.user, ref)
    # An admin of this desk may be less on another one that they can see.
    if claim.desk_id != request.desk.pk:
        raise Missing("This desk has no such claim.")
    return claim


def _chain(
    request: DeskRequest, name: str, context: dict[str, Any], hidden: Collection[uuid.UUID] = ()
) -> HttpResponse:
    """One chain's state and a page of its entries, newest first; without details what hidden people did."""
    before, after = _place(request, "before"), _place(request, "after")
    rows = AuditEntry.objects.filter(chain_id=name).select_related("actor")
    if after is not None:
        found = list(rows.filter(seq__gt=after).order_by("seq")[:ENTRIES_SHOWN])[::-1]
    else:
        rows = rows if before is None else rows.filter(seq__lt=before)
        found = list(rows.order_by("-seq")[:ENTRIES_SHOWN])
    state = audit.state_of(name)
    names = people_in(found)
    shown = [
        {
            "entry": entry,
            "said": say(entry, names, withheld=entry.actor_id in hidden),
            "raw": "" if entry.actor_id in hidden else json.dumps(entry.data, indent=2, ensure_ascii=False),
        }
        for entry in found
    ]
    return render(
        request,
        "desk/house/audit.html",
        {
            "area": "house",
            "tab": "audit",
            "chain": name,
            "state": state,
            "entries": shown,
            "newer": found[0].seq if found and found[0].seq < state.entries else None,
            "older": found[-1].seq if found and found[-1].seq > 1 else None,
            **context,
        },
    )


def _place(request: DeskRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) < 16):
        raise InvalidInput(FieldError(name, "Give the number of an entry.", name))
    return int(given)


# --- jobs -------------------------------------------------------------------------------------------------


@page(roles=ADMINS)
def jobs_page(request: DeskRequest) -> HttpResponse:
    return render(request, "desk/house/jobs.html", _jobs(request))


@page(roles=ADMINS)
def jobs_live(request: DeskRequest) -> HttpResponse:
    return live(request, "desk/house/jobs_live.html", _jobs(request))


@page(roles=ADMINS, methods=("POST",))
def retry_job(request: DeskRequest) -> HttpResponse:
    """Has one given-up job of the desk tried again."""
    try:
        job = jobs.jobs_of(request.desk).filter(pk=uuid.UUID(request.POST.get("job", ""))).first()
    except ValueError:
        job = None
    if job is None:
        raise Missing("This desk has no such job, or a newer one has taken it over.")
    try:
        work.retry(job, actor=request.user)
    except IllegalState as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, "It is tried again.")
    return redirect("jobs")


def _jobs(request: DeskRequest) -> dict[str, Any]:
    here = jobs.jobs_of(request.desk)
    counts = dict(here.order_by().values_list("state").annotate(Count("pk")))
    given_up = _with_subjects(here.filter(state__in=jobs.GIVEN_UP).order_by("-state", "-pk")[:JOBS_SHOWN])
    running = _with_subjects(here.filter(state=JobState.RUNNING).order_by("pk")[:JOBS_SHOWN])
    waiting = _with_subjects(here.filter(state=JobState.QUEUED).order_by("due_at", "pk")[:JOBS_SHOWN])
    return {
        "area": "house",
        "tab": "jobs",
        "counts": [(state.value, counts.get(state.value, 0)) for state in _ORDER],
        "given_up": given_up,
        "given_up_left": sum(counts.get(state.value, 0) for state in jobs.GIVEN_UP) - len(given_up),
        "running": running,
        "waiting": waiting,
        "waiting_left": counts.get(JobState.QUEUED.value, 0) - len(waiting),
        "loop_late": (work.seconds_since_beat(work.LOOP) or 0) > LATE_SECONDS,
    }


LATE_SECONDS = 60
_ORDER = (JobState.QUARANTINED, JobState.FAILED, JobState.RUNNING, JobState.QUEUED, JobState.DONE)


def _with_subjects(rows: Any) -> list[dict[str, Any]]:
    """Jobs with the media item or the message that each is of, in a query for all of each."""
    found: list[Any] = list(rows)  # jobs, annotated
    told = [job.subject_id for job in found if job.kind == JobKind.TELL]
    subjects = [job.subject_id for job in found if job.kind != JobKind.TELL]
    items = MediaItem.objects.select_related("claim").in_bulk(subjects)
    sent = Message.objects.select_related("person").in_bulk(told)
    now = timezone.now()
    return [
        {
            "job": job,
            "item": items.get(job.subject_id),
            "message": sent.get(job.subject_id),
            "attempts": work.HANDLERS[JobKind(job.kind)].attempts,
            # Minutes, not seconds: the page need not change with every glance.
            "since": (now - job.changed_at) // timedelta(minutes=1) if job.changed_at else 0,
        }
        for job in found
        if job.subject_id in items or job.subject_id in sent
    ]


urlpatterns = [
    path("admin/audit/", desk_audit, name="audit"),
    path("admin/audit/system/", system_audit, name="audit-system"),
    path("admin/audit/claims/<str:ref>/", claim_audit, name="audit-claim"),
    path("admin/jobs/", jobs_page, name="jobs"),
    path("admin/jobs/live/", jobs_live, name="jobs-live"),
    path("admin/jobs/retry/", retry_job, name="retry-job"),
]
