"""The inbox and its bell, following a claim, and how somebody wants to be told outside the pages."""

from __future__ import annotations

import uuid
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from claims.api.lists import page_of
from claims.errors import FieldError, InvalidInput, Missing
from claims.vocabulary import Channel, Notice
from verification.desk.forms.telling import TellingForm
from verification.desk.frame import DeskRequest, live, page
from verification.domain.notices import say
from verification.models import Told
from verification.services import deliveries, telling, telling_wishes
from verification.services.reading import claim_named
from verification.services.sayings import said_in

SHOWN = 50
ON_THE_RECORD = frozenset({Notice.PUBLISHED, Notice.CORRECTED, Notice.HELD, Notice.WITHDRAWN})
"""Told of what is or was public, which stands on the sign-off page."""
ABOUT_A_CONTACT = frozenset({Notice.CALL_AGAIN, Notice.ANSWERED})


@page()
def inbox(request: DeskRequest) -> HttpResponse:
    rows = Told.objects.visible_to(request.user).select_related("claim__statement", "claim__desk", "by")
    only_unread = "unread" in request.GET
    if only_unread:
        rows = rows.unread()
    shown = page_of(rows, by="-at", size=SHOWN, cursor=request.GET.get("cursor"))
    said = said_in(shown.rows, viewer=request.user)
    days = [
        (day, [(told, _sentence(told), said.get(told.pk, "")) for told in lines])
        for day, lines in groupby(shown.rows, key=lambda told: told.at.date())
    ]
    context = {"area": "inbox", "days": days, "page": shown, "only_unread": only_unread}
    return render(request, "desk/telling/inbox.html", context)


@page()
def bell(request: DeskRequest) -> HttpResponse:
    return live(request, "desk/telling/bell.html", {})


@page()
def open_told(request: DeskRequest, told_id: uuid.UUID) -> HttpResponse:
    """Marks a line as read and leads to what it is about."""
    told = Told.objects.visible_to(request.user).select_related("claim").filter(pk=told_id).first()
    if told is None:
        raise Missing("There is no such line in your inbox, or its claim is not yours to see any more.")
    telling.mark_read(request.user, ids=[told.pk])
    return redirect(_place_of(told))


@page(methods=("POST",))
def read_all(request: DeskRequest) -> HttpResponse:
    """Marks as read what was there when the page was drawn; what came since stays unread."""
    try:
        last = uuid.UUID(request.POST.get("until", ""))
    except ValueError as error:
        raise InvalidInput(FieldError("until", "Say up to which line: its id.", "until")) from error
    until = Told.objects.filter(person=request.user, pk=last).first()
    if until is None:
        raise Missing("There is no such line in your inbox.")
    telling.mark_read(request.user, until=until)
    return redirect("inbox")


@page(methods=("POST",))
def follow(request: DeskRequest, ref: str) -> HttpResponse:
    """Follows the claim, or no more."""
    claim = claim_named(request.user, ref)
    if request.POST.get("follow") == "no":
        telling.unfollow(claim, person=request.user)
        messages.info(request, f"You follow {claim.ref} no more. Mentions and assignments still reach you.")
    else:
        telling.follow(claim, person=request.user)
        messages.success(request, f"You follow {claim.ref}: your inbox says what becomes of it.")
    return redirect("claim", ref=claim.ref)


@page(methods=("GET", "POST"))
def wishes(request: DeskRequest) -> HttpResponse:
    known = telling_wishes.wishes_of(request.user)
    form = TellingForm(request.POST or None, initial=TellingForm.filled_from(known))
    if request.method == "POST" and form.is_valid():
        try:
            telling_wishes.change_wishes(request.user, changes=form.wanted())
        except InvalidInput as error:
            form.refuse(error)
        else:
            messages.success(request, "Kept.")
            return redirect("telling")
    context: dict[str, Any] = {"form": form, "wishes": known, "channels": list(Channel)}
    return render(request, "desk/telling/wishes.html", context, status=422 if form.errors else 200)


@page(methods=("POST",))
def send_test(request: DeskRequest) -> HttpResponse:
    """Sends a message that says only that it came."""
    channel = request.POST.get("channel", "")
    if channel not in set(Channel):
        raise InvalidInput(FieldError("channel", f"Use one of: {', '.join(Channel)}.", "unknown_word"))
    deliveries.send_test(request.user, channel=Channel(channel))
    messages.success(request, "A test is on its way. If it does not come, an admin sees why among the jobs.")
    return redirect("telling")


def _sentence(told: Told) -> str:
    return say(Notice(told.occasion), by=told.by.display_name if told.by else None, about=told.about)


def _place_of(told: Told) -> str:
    if told.occasion in ON_THE_RECORD:
        return reverse("sign-off", args=[told.claim.ref])
    if told.occasion in ABOUT_A_CONTACT:
        return reverse("rights", args=[told.about["media"]])
    claim = reverse("claim", args=[told.claim.ref])
    if note := told.about.get("note"):
        return f"{claim}#note-{note}"
    if dimensions := told.about.get("dimensions"):
        return f"{claim}#dimension-{dimensions.split(',')[0]}"
    return claim


urlpatterns = [
    path("inbox/", inbox, name="inbox"),
    path("inbox/bell/", bell, name="bell"),
    path("inbox/read/", read_all, name="inbox-read"),
    path("inbox/<uuid:told_id>/", open_told, name="inbox-open"),
    path("claims/<str:ref>/follow/", follow, name="follow"),
    path("preferences/telling/", wishes, name="telling"),
    path("preferences/telling/test/", send_test, name="telling-test"),
]
