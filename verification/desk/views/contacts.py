"""Contacts with uploaders: the desk's list of them, and the page of one media item's permission."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone

from claims.api.lists import page_of
from claims.api.statuses import status_of
from claims.errors import FieldError, IllegalState, InvalidInput, Missing
from claims.models import MediaItem
from claims.vocabulary import Permission
from verification.desk.faces import item_names
from verification.desk.forms.contacts import (
    AnswerForm,
    AskForm,
    CloseForm,
    ContactForm,
    PermissionForm,
    SaidForm,
    TermsForm,
)
from verification.desk.frame import DeskRequest, page
from verification.models import Contact
from verification.services import contacts, permissions
from verification.services.contacts import contact_named, contacts_around, uploader_of
from verification.services.reading import claim_named, media_named

SHOWN = 50
TABS = {"open": "Open", "due": "To be asked again", "closed": "Closed"}


@page()
def list_contacts(request: DeskRequest) -> HttpResponse:
    """Who is being asked on this desk, and since when: the one that waits longest first."""
    show, now = request.GET.get("show", "open"), timezone.now()
    if show not in TABS:
        raise InvalidInput(FieldError("show", f"Use one of: {', '.join(TABS)}.", "unknown_word"))
    rows = Contact.objects.visible_to(request.user).filter(
        desk=request.desk, closed_at__isnull=show != "closed"
    )
    if show == "due":
        rows = rows.filter(call_again_at__lte=now)
    mine = "mine" in request.GET
    if mine:
        rows = rows.filter(opened_by=request.user)
    rows = rows.select_related("claim__statement")
    by = "-opened_at" if show == "closed" else "opened_at"
    shown = page_of(rows, by=by, size=SHOWN, cursor=request.GET.get("cursor"))
    context = {
        "area": "contacts",
        "page": shown,
        "show": show,
        "mine": mine,
        "tabs": TABS.items(),
        "now": now,
    }
    return render(request, "desk/contacts/list.html", context)


@page(methods=("GET", "POST"))
def rights(request: DeskRequest, media_id: uuid.UUID) -> HttpResponse:
    """What may be shown of a media item and why, and everything that is recorded of it."""
    item = media_named(request.user, media_id)
    if request.method == "GET":
        return _shown(request, item)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Missing("There is no such act. Open the page again.")
    return act(request, item)


def _ask(request: DeskRequest, item: MediaItem) -> HttpResponse:
    form = AskForm(request.POST, auto_id="ask-%s")

    def act() -> str:
        given = form.cleaned_data
        more = {name: given[name] for name in ("account", "platform", "for_permission")}
        contacts.open_contact(item, actor=request.user, said=form.said(), **more)
        return "Recorded. Colleagues are warned off writing to them while the contact is open."

    return _tried(request, item, form, act, ask=form)


def _again(request: DeskRequest, item: MediaItem) -> HttpResponse:
    contact = _contact(request, item)
    form = SaidForm(request.POST, auto_id="again-%s")

    def act() -> str:
        contacts.ask_again(contact, actor=request.user, said=form.said())
        return "Recorded that they were asked again."

    return _tried(request, item, form, act, again=form)


def _answer(request: DeskRequest, item: MediaItem) -> HttpResponse:
    contact = _contact(request, item)
    form = AnswerForm(_others(item), request.POST, auto_id="answer-%s")

    def act() -> str:
        terms = form.decided()
        contacts.take_answer(contact, actor=request.user, said=form.said(), terms=terms, media=form.covered())
        return "Recorded, and the contact is closed." if terms else "Recorded. The contact stays open."

    return _tried(request, item, form, act, answer=form)


def _close(request: DeskRequest, item: MediaItem) -> HttpResponse:
    contact = _contact(request, item)
    form = CloseForm(request.POST, auto_id="close-%s")

    def act() -> str:
        contacts.close_contact(contact, actor=request.user, reason=form.cleaned_data["reason"])
        return "The contact is closed."

    return _tried(request, item, form, act, close=form)


def _permission(request: DeskRequest, item: MediaItem) -> HttpResponse:
    form = PermissionForm(request.POST, auto_id="permission-%s")

    def act() -> str:
        terms = form.terms(Permission(form.cleaned_data["permission"]))
        permissions.set_permission(item, actor=request.user, terms=terms)
        return "The permission is recorded."

    return _tried(request, item, form, act, permission=form)


ACTS: dict[str, Callable[[DeskRequest, MediaItem], HttpResponse]] = {
    "ask": _ask,
    "again": _again,
    "answer": _answer,
    "close": _close,
    "permission": _permission,
}


def _tried(
    request: DeskRequest, item: MediaItem, form: ContactForm, act: Callable[[], str], **bound: ContactForm
) -> HttpResponse:
    """What the act came to; refused, the page with what was typed and why."""
    status = 422
    if form.is_valid():
        try:
            messages.success(request, act())
        except InvalidInput as error:
            form.refuse(error)
        except IllegalState as error:
            status = status_of(error)
            form.add_error(None, error.detail)
        else:
            return redirect(reverse("rights", args=[item.pk]))
    return _shown(request, item, status=status, **bound)


def _shown(request: DeskRequest, item: MediaItem, *, status: int = 200, **bound: ContactForm) -> HttpResponse:
    item = media_named(request.user, item.pk)  # an act that was refused half-way leaves nothing behind
    around = contacts_around([item], request.user).get(item.pk, [])
    context = {
        "area": "contacts",
        "claim": claim_named(request.user, str(item.claim_id)),
        "item": item,
        "name": _names(item)[item.pk],
        "uploader": uploader_of(item),
        "delivery": permissions.delivery_now(item),
        "contacts": [(contact, _forms(request, item, contact, bound)) for contact in around],
        "is_asked": any(one.is_open and one.desk_id == item.claim.desk_id for one in around),
        "ask": bound.get("ask") or AskForm(auto_id="ask-%s", initial=_asked_of(item)),
        "permission": bound.get("permission")
        or PermissionForm(auto_id="permission-%s", initial=PermissionForm.filled_from(item)),
        "records": [
            (record, permissions.as_told(record)) for record in permissions.records_of(item, request.user)
        ],
    }
    return render(request, "desk/contacts/rights.html", context, status=status)


def _forms(
    request: DeskRequest, item: MediaItem, contact: Contact, bound: dict[str, ContactForm]
) -> dict[str, Any] | None:
    """What can be recorded of a contact here: of an open one about this very item. Ids differ from contact to contact."""
    if not contact.is_open or contact.media_id != item.pk:
        return None
    typed = bound if request.POST.get("contact") == str(contact.pk) else {}
    of = f"{contact.pk}-%s"
    return {
        "answer": typed.get("answer")
        or AnswerForm(_others(item), auto_id=f"answer-{of}", initial=TermsForm.named(item)),
        "again": typed.get("again") or SaidForm(auto_id=f"again-{of}"),
        "close": typed.get("close") or CloseForm(auto_id=f"close-{of}"),
    }


def _contact(request: DeskRequest, item: MediaItem) -> Contact:
    try:
        contact = contact_named(request.user, uuid.UUID(request.POST.get("contact", "")))
    except ValueError:
        contact = None
    if contact is None or contact.media_id != item.pk:
        raise Missing("There is no such contact about this media item.")
    return contact


def _asked_of(item: MediaItem) -> dict[str, Any]:
    uploader = uploader_of(item)
    return {"account": uploader.account, "platform": uploader.platform} if uploader else {}


def _names(item: MediaItem) -> dict[Any, str]:
    return item_names([{"id": one.pk, "kind": one.kind} for one in item.claim.media.all()])


def _others(item: MediaItem) -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in _names(item).items() if pk != item.pk]


urlpatterns = [
    path("contacts/", list_contacts, name="contacts"),
    path("media/<uuid:media_id>/rights/", rights, name="rights"),
]
