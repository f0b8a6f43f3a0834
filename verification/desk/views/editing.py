"""Changing what is said of a claim, and putting a draft into the queue."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from claims.dates import known_zones
from claims.errors import IllegalState, InvalidInput, StaleEdit
from verification.desk.forms.editing import EditForm
from verification.desk.frame import DeskRequest, page
from verification.desk.readings import EDTF_EXAMPLES
from verification.services import casework, submissions
from verification.services.reading import claim_named


@page(methods=("GET", "POST"))
def edit(request: DeskRequest, ref: str) -> HttpResponse:
    claim = claim_named(request.user, ref)
    form = EditForm.of(claim, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _changed(request, claim.ref, form)
            except InvalidInput as error:
                for one in error.errors:
                    form.add_error(None, one.detail)
            except (StaleEdit, IllegalState) as error:
                status = 409
                form.add_error(None, f"{error.detail} What you typed is below.")
    context = {
        "area": "queue",
        "claim": claim,
        "form": form,
        "zones": sorted(known_zones()),
        "examples": EDTF_EXAMPLES,
    }
    return render(request, "desk/filing/edit.html", context, status=status)


def _changed(request: DeskRequest, ref: str, form: EditForm) -> HttpResponse:
    changes = form.changes()
    if changes:
        claim = claim_named(request.user, ref)
        revision = form.cleaned_data["revision"]
        submissions.edit_claim(claim, actor=request.user, revision=revision, changes=changes)
        again = {"claimed_date", "claimed_location"} & set(changes)
        messages.success(request, "Changed. The checks run again." if again else "Changed.")
    return redirect("claim", ref=ref)


@page(methods=("POST",))
def queue_draft(request: DeskRequest, ref: str) -> HttpResponse:
    """Files a draft for good."""
    claim = casework.queue_draft(claim_named(request.user, ref), actor=request.user)
    messages.success(request, f"{claim.ref} waits in the queue now.")
    return redirect("claim", ref=claim.ref)


urlpatterns = [
    path("claims/<str:ref>/edit/", edit, name="edit"),
    path("claims/<str:ref>/queue/", queue_draft, name="queue-draft"),
]
