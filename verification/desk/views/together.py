"""The page on which the holder of a review gives it on, or asks a colleague in."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from claims.api.statuses import status_of
from claims.errors import IllegalState, InvalidInput, LeaseLost
from claims.models import Claim, Person
from verification.desk.forms.together import HandOverForm, InviteForm
from verification.desk.frame import DeskRequest, page
from verification.desk.workbench import Workbench
from verification.services import casework, colleagues
from verification.services.reading import claim_named

FIELDS = {"/call_back_at": "date"}
"""The field that a refused value is told at, where it has another name on the page."""


@page()
def together(request: DeskRequest, ref: str) -> HttpResponse:
    return _shown(request, claim_named(request.user, ref))


@page(methods=("POST",))
def hand_over(request: DeskRequest, ref: str) -> HttpResponse:
    """Gives the review on, to a colleague or to the desk."""
    claim = claim_named(request.user, ref)
    form = HandOverForm(request.POST, claim=claim, person=request.user)

    def act() -> HttpResponse:
        to = _named(claim, form.cleaned_data["to"])
        colleagues.hand_over(
            request.POST.get("lease_token", ""),
            actor=request.user,
            to=to,
            tried=form.cleaned_data["tried"],
            next_step=form.cleaned_data["next"],
            call_back_at=form.moment,
        )
        whose = f"with {to.display_name}" if to else "back in the queue"
        messages.success(
            request, f"{claim.ref} is {whose} now, with what you wrote. What you recorded is kept."
        )
        return redirect("queue")

    return _tried(request, claim, act, hand_over=form)


@page(methods=("POST",))
def invite(request: DeskRequest, ref: str) -> HttpResponse:
    """Asks a colleague into the review."""
    claim = claim_named(request.user, ref)
    form = InviteForm(request.POST, claim=claim, person=request.user)

    def act() -> HttpResponse:
        return _invited(request, claim, form.cleaned_data["person"], colleagues.invite, "is asked in")

    return _tried(request, claim, act, invite=form)


@page(methods=("POST",))
def uninvite(request: DeskRequest, ref: str) -> HttpResponse:
    """Takes an invitation back."""
    claim = claim_named(request.user, ref)
    return _invited(
        request, claim, request.POST.get("person", ""), colleagues.uninvite, "is not asked in any more"
    )


def _invited(
    request: DeskRequest, claim: Claim, name: str, change: Callable[..., object], done: str
) -> HttpResponse:
    colleague = _named(claim, name)
    if colleague is not None:
        change(request.POST.get("lease_token", ""), actor=request.user, colleague=colleague)
        messages.success(request, f"{colleague.display_name} {done}.")
    return redirect("together", ref=claim.ref)


def _named(claim: Claim, name: str) -> Person | None:
    return casework.staff_named(claim, name) if name else None


def _tried(
    request: DeskRequest, claim: Claim, act: Callable[[], HttpResponse], **forms_: forms.Form
) -> HttpResponse:
    """What the act came to; refused, the page with what was typed and why."""
    (form,) = forms_.values()
    status = 422
    if form.is_valid():
        try:
            return act()
        except InvalidInput as error:
            for one in error.errors:
                name = FIELDS.get(one.pointer, one.pointer.strip("/"))
                form.add_error(name if name in form.fields else None, one.detail)
        except (LeaseLost, IllegalState) as error:
            status = status_of(error)
            form.add_error(None, f"{error.detail} What you typed is below.")
    return _shown(request, claim, status=status, **forms_)


def _shown(
    request: DeskRequest,
    claim: Claim,
    *,
    hand_over: forms.Form | None = None,
    invite: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    bench = Workbench(claim, request.user)
    context = {
        "area": "queue",
        "claim": claim,
        "bench": bench,
        "hand_over": hand_over or HandOverForm(claim=claim, person=request.user),
        "invite": invite or InviteForm(claim=claim, person=request.user),
    }
    return render(request, "desk/workbench/together.html", context, status=status)


urlpatterns = [
    path("claims/<str:ref>/together/", together, name="together"),
    path("claims/<str:ref>/hand-over/", hand_over, name="hand-over"),
    path("claims/<str:ref>/invite/", invite, name="invite"),
    path("claims/<str:ref>/uninvite/", uninvite, name="uninvite"),
]
