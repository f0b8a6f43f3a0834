"""Marking a claim as a duplicate from its own page, merging it, and taking that back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from claims.errors import FieldError, InvalidInput, Missing
from claims.intake import MAX_TEXT
from claims.models import Claim
from verification.desk.frame import DeskRequest, page
from verification.services import casework
from verification.services.reading import claim_named


@page(methods=("POST",))
def mark_duplicate(request: DeskRequest, ref: str) -> HttpResponse:
    """Marks the claim as a duplicate of the one named; with `merge`, takes its media into that one."""
    claim = claim_named(request.user, ref)
    merge = bool(request.POST.get("merge"))
    of = _other(request)
    casework.mark_duplicate(claim, actor=request.user, of=of, reason=_reason(request), merge=merge)
    what = "Merged into" if merge else "Marked as a duplicate of"
    messages.success(request, f"{what} {of.ref}. It can be reopened on this page.")
    return redirect("claim", ref=claim.ref)


@page(methods=("POST",))
def reopen(request: DeskRequest, ref: str) -> HttpResponse:
    claim = claim_named(request.user, ref)
    casework.reopen(claim, actor=request.user, reason=_reason(request))
    messages.success(request, f"{claim.ref} is back in the queue.")
    return redirect("claim", ref=claim.ref)


def _other(request: DeskRequest) -> Claim:
    try:
        return claim_named(request.user, request.POST.get("of", "").strip())
    except Missing as missing:
        raise InvalidInput(FieldError("/of", "You know no claim of this reference.", "unknown")) from missing


def _reason(request: DeskRequest) -> str:
    reason = request.POST.get("reason", "").strip()
    if not 0 < len(reason) <= MAX_TEXT:
        raise InvalidInput(FieldError("/reason", f"Say why, in at most {MAX_TEXT:,} characters.", "required"))
    return reason


urlpatterns = [
    path("claims/<str:ref>/duplicate/", mark_duplicate, name="mark-duplicate"),
    path("claims/<str:ref>/reopen/", reopen, name="reopen"),
]
