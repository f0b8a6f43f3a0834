"""The admin's pages on people, keys and policy; and everybody's own keys."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from claims.api.statuses import status_of
from claims.errors import IllegalState, InvalidInput, Missing
from claims.models import ApiKey, Desk, Membership, Person
from claims.vocabulary import Role, Scope
from verification.desk.forms.house import (
    SCOPE_MEANING,
    BringsForm,
    KeyForm,
    MemberForm,
    PersonForm,
    PolicyForm,
    RoleForm,
    RotateForm,
    take_errors,
)
from verification.desk.frame import DeskRequest, page
from verification.domain.transitions import ADMINS
from verification.models import QueueEntry
from verification.services import accounts, desks, keys

ENDED_SHOWN = 50


@dataclass(frozen=True)
class Secret:
    """What a page shows once, and what to do with it."""

    title: str
    facts: tuple[tuple[str, str], ...]
    name: str
    value: str
    hint: str


def shown_once(request: DeskRequest, secret: Secret, *, back: str, back_name: str, tab: str) -> HttpResponse:
    """The answer to the POST itself: no redirect that a secret would have to travel with, and no copy kept."""
    response = _render(
        request, "secret", {"secret": secret, "back": back, "back_name": back_name, "tab": tab}
    )
    response["Cache-Control"] = "no-store"
    return response


# --- people -----------------------------------------------------------------------------------------------


@page(roles=ADMINS)
def people(request: DeskRequest) -> HttpResponse:
    members = _by_name(accounts.people_of(request.desk))
    return _render(
        request,
        "people",
        {
            "tab": "people",
            "members": [member for member in members if not member.person.is_service],
            "services": [member for member in members if member.person.is_service],
        },
    )


@page(roles=ADMINS, methods=("GET", "POST"))
def add_person(request: DeskRequest) -> HttpResponse:
    """A new account with a place on the desk."""
    form = PersonForm(request.POST or None, auto_id="new-%s")
    if request.method == "POST" and form.is_valid():
        said = {**form.cleaned_data, "role": Role(form.cleaned_data["role"])}
        try:
            person, password = accounts.add_person(request.desk, actor=request.user, **said)
        except InvalidInput as error:
            take_errors(form, error)
        else:
            if person.is_service:
                messages.success(request, f"{person.username} is added. It needs a key to do anything.")
                return redirect("issue-key", person_id=person.pk)
            return _password_once(request, person, password, f"{person.display_name} is added")
    return _adding(request, form, MemberForm(auto_id="there-%s"))


@page(roles=ADMINS, methods=("POST",))
def add_member(request: DeskRequest) -> HttpResponse:
    """A place on the desk for somebody who has an account."""
    form = MemberForm(request.POST, auto_id="there-%s")
    if form.is_valid():
        try:
            person = accounts.add_member(
                request.desk,
                actor=request.user,
                username=form.cleaned_data["username"],
                role=Role(form.cleaned_data["role"]),
            )
        except InvalidInput as error:
            take_errors(form, error)
        else:
            messages.success(request, f"{person.display_name} works on {request.desk.name} now.")
            return redirect("person", person_id=person.pk)
    return _adding(request, PersonForm(auto_id="new-%s"), form)


@page(roles=ADMINS)
def person_page(request: DeskRequest, person_id: uuid.UUID) -> HttpResponse:
    return _person(request, _member(request.desk, person_id))


@page(roles=ADMINS, methods=("POST",))
def change_role(request: DeskRequest, person_id: uuid.UUID) -> HttpResponse:
    member = _member(request.desk, person_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _person(request, member, form=form, status=422)

    def act() -> HttpResponse:
        role = Role(form.cleaned_data["role"])
        if accounts.change_role(request.desk, actor=request.user, person=member.person, role=role):
            messages.success(request, "The role is changed.")
        # Whoever stepped down sees these pages no more.
        return redirect("home") if member.person == request.user else redirect("person", person_id=person_id)

    return _acted(request, member, act)


@page(roles=ADMINS, methods=("POST",))
def say_what_they_bring(request: DeskRequest, person_id: uuid.UUID) -> HttpResponse:
    member = _member(request.desk, person_id)
    form = BringsForm.of(member, request.POST)
    if not form.is_valid():
        return _person(request, member, brings=form, status=422)

    def act() -> HttpResponse:
        accounts.say_what_they_bring(
            request.desk, actor=request.user, person=member.person, **form.cleaned_data
        )
        messages.success(request, f"Kept. The queue offers {member.person.display_name} what they can do.")
        return redirect("person", person_id=person_id)

    return _acted(request, member, act)


@page(roles=ADMINS, methods=("POST",))
def renew_password(request: DeskRequest, person_id: uuid.UUID) -> HttpResponse:
    member = _member(request.desk, person_id)

    def act() -> HttpResponse:
        password = accounts.renew_password(request.desk, actor=request.user, person=member.person)
        if member.person == request.user:
            request.user.refresh_from_db()
            update_session_auth_hash(request, request.user)
        return _password_once(
            request, member.person, password, f"A new password for {member.person.display_name}"
        )

    return _acted(request, member, act)


@page(roles=ADMINS, methods=("POST",))
def deactivate(request: DeskRequest, person_id: uuid.UUID) -> HttpResponse:
    member = _member(request.desk, person_id)

    def act() -> HttpResponse:
        accounts.deactivate(request.desk, actor=request.user, person=member.person)
        messages.success(request, f"{member.person.display_name} is deactivated.")
        return redirect("person", person_id=person_id)

    return _acted(request, member, act)


@page(roles=ADMINS, methods=("POST",))
def reactivate(request: DeskRequest, person_id: uuid.UUID) -> HttpResponse:
    member = _member(request.desk, person_id)

    def act() -> HttpResponse:
        password = accounts.reactivate(request.desk, actor=request.user, person=member.person)
        if not password:
            messages.success(request, f"{member.person.username} is active again. Its keys stay revoked.")
            return redirect("person", person_id=person_id)
        return _password_once(
            request, member.person, password, f"{member.person.display_name} is active again"
        )

    return _acted(request, member, act)


@page(roles=ADMINS, methods=("POST",))
def remove_member(request: DeskRequest, person_id: uuid.UUID) -> HttpResponse:
    member = _member(request.desk, person_id)

    def act() -> HttpResponse:
        accounts.remove_member(request.desk, actor=request.user, person=member.person)
        messages.success(request, f"{member.person.display_name} is no longer on {request.desk.name}.")
        return redirect("home" if member.person == request.user else "people")

    return _acted(request, member, act)


def _by_name(members: Iterable[Membership]) -> list[Membership]:
    return sorted(members, key=lambda member: member.person.display_name.casefold())


def _member(desk: Desk, person_id: uuid.UUID) -> Membership:
    member = accounts.people_of(desk).filter(person_id=person_id).first()
    if member is None:
        raise Missing("Nobody of this name works on this desk.")
    return member


def _acted(request: DeskRequest, member: Membership, act: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer to an act; where it is not possible now, the person's page says why."""
    try:
        return act()
    except IllegalState as error:
        return _person(request, member, problem=error.detail, status=status_of(error))


def _person(
    request: DeskRequest,
    member: Membership,
    *,
    form: RoleForm | None = None,
    brings: BringsForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    person = member.person
    leases = QueueEntry.objects.held().filter(holder=person, desk=request.desk).select_related("claim")
    context = {
        "tab": "people",
        "member": member,
        "person": person,
        "form": form or RoleForm(initial={"role": member.role}),
        "brings": brings or BringsForm.of(member),
        "leases": leases.order_by("lease_until"),
        "keys": keys.valid(keys.keys_of(request.desk).filter(person=person)),
        "in_charge": accounts.in_charge_of(person, actor=request.user),
        "elsewhere": person.memberships.exclude(desk=request.desk).count(),
        "oneself": person == request.user,
        "problem": problem,
    }
    return _render(request, "person", context, status=status)


def _adding(request: DeskRequest, form: PersonForm, member_form: MemberForm) -> HttpResponse:
    return _render(
        request,
        "add",
        {"tab": "people", "form": form, "member_form": member_form},
        status=422 if form.errors or member_form.errors else 200,
    )


def _password_once(request: DeskRequest, person: Person, password: str, title: str) -> HttpResponse:
    secret = Secret(
        title=title,
        facts=(("User name", person.username),),
        name="Password",
        value=password,
        hint="Hand it over in person or by a channel that you trust.",
    )
    return shown_once(
        request,
        secret,
        back=reverse("person", args=[person.pk]),
        back_name=f"To {person.display_name}",
        tab="people",
    )


# --- keys -------------------------------------------------------------------------------------------------


@page(roles=ADMINS)
def keys_page(request: DeskRequest) -> HttpResponse:
    """What opens something first, then what has ended."""
    all_keys = keys.keys_of(request.desk)
    valid = list(keys.valid(all_keys))
    ended = all_keys.exclude(pk__in=[key.pk for key in valid])
    members = _by_name(accounts.people_of(request.desk).filter(person__is_active=True))
    return _render(
        request,
        "keys",
        {
            "tab": "keys",
            "valid": [(key, _may(key)) for key in valid],
            "ended": ended[:ENDED_SHOWN],
            "members": members,
        },
    )


@page(roles=ADMINS)
def choose_holder(request: DeskRequest) -> HttpResponse:
    """From the choice of a person to the form for their key."""
    try:
        chosen = uuid.UUID(request.GET.get("person", ""))
    except ValueError:
        return redirect("keys")
    return redirect("issue-key", person_id=chosen)


@page(roles=ADMINS, methods=("GET", "POST"))
def issue_key(request: DeskRequest, person_id: uuid.UUID) -> HttpResponse:
    """A new key; its secret is shown once."""
    person = _member(request.desk, person_id).person
    carried = keys.scopes_within(request.desk, person)
    form = KeyForm(request.POST or None, carried=carried, initial={"scopes": [str(one) for one in carried]})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                key, secret = keys.issue(
                    request.desk,
                    actor=request.user,
                    person=person,
                    label=form.cleaned_data["label"],
                    scopes=[Scope(word) for word in form.cleaned_data["scopes"]],
                    expires_at=form.expires_at(),
                )
            except (InvalidInput, IllegalState) as error:
                take_errors(form, error)
                status = 422 if isinstance(error, InvalidInput) else status_of(error)
            else:
                return _key_once(request, key, secret, "The key is issued")
    return _render(request, "issue", {"tab": "keys", "form": form, "person": person}, status=status)


@page(roles=ADMINS)
def key_page(request: DeskRequest, key_id: uuid.UUID) -> HttpResponse:
    return _key(request, _key_named(request.desk, key_id), RotateForm())


@page(roles=ADMINS, methods=("POST",))
def rotate_key(request: DeskRequest, key_id: uuid.UUID) -> HttpResponse:
    """A new key in place of this one; its secret is shown once."""
    old = _key_named(request.desk, key_id)
    form = RotateForm(request.POST)
    if not form.is_valid():
        return _key(request, old, form, status=422)
    hours = form.cleaned_data["overlap_hours"]
    try:
        new, secret = keys.rotate(
            request.desk, actor=request.user, key=old, overlap_hours=hours, expires_at=form.expires_at()
        )
    except (InvalidInput, IllegalState) as error:
        take_errors(form, error)
        return _key(request, old, form, status=422 if isinstance(error, InvalidInput) else status_of(error))
    ends = f"The old one goes on for {hours} hours." if hours else "The old one has ended."
    return _key_once(request, new, secret, f"The key is replaced. {ends}")


@page(roles=ADMINS, methods=("POST",))
def revoke_key(request: DeskRequest, key_id: uuid.UUID) -> HttpResponse:
    key = _key_named(request.desk, key_id)
    try:
        keys.revoke(request.desk, actor=request.user, key=key)
    except IllegalState as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, "The key is revoked.")
    return redirect("key", key_id=key_id)


@page()
def own_keys(request: DeskRequest) -> HttpResponse:
    """What opens the API in one's own name; whoever lost one ends it here."""
    mine = keys.valid(ApiKey.objects.filter(person=request.user).order_by("-created_at"))
    return render(request, "desk/house/own_keys.html", {"keys": mine})


@page(methods=("POST",))
def revoke_own_key(request: DeskRequest, key_id: uuid.UUID) -> HttpResponse:
    key = ApiKey.objects.filter(pk=key_id, person=request.user).first()
    if key is None:
        raise Missing("You have no such key.")
    try:
        keys.revoke_own(request.desk, actor=request.user, key=key)
    except IllegalState as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, "The key is revoked.")
    return redirect("own-keys")


def _may(key: ApiKey) -> list[tuple[Scope, str]]:
    """The scopes of a key with what each means."""
    return [(word, meaning) for word, meaning in SCOPE_MEANING.items() if word in key.scopes]


def _key_named(desk: Desk, key_id: uuid.UUID) -> ApiKey:
    key = keys.keys_of(desk).filter(pk=key_id).first()
    if key is None:
        raise Missing("Nobody on this desk has such a key.")
    return key


def _key(request: DeskRequest, key: ApiKey, form: RotateForm, status: int = 200) -> HttpResponse:
    context = {
        "tab": "keys",
        "key": key,
        "may": _may(key),
        "form": form,
        "is_valid": keys.valid(ApiKey.objects.filter(pk=key.pk)).exists(),
        "in_charge": key.person == request.user or accounts.in_charge_of(key.person, actor=request.user),
    }
    return _render(request, "key", context, status=status)


def _key_once(request: DeskRequest, key: ApiKey, secret: str, title: str) -> HttpResponse:
    said = Secret(
        title=title,
        facts=(("For", key.person.display_name), ("What it is for", key.label)),
        name="Key",
        value=secret,
        hint="It goes into the header Authorization: Bearer. Put it where the program keeps its secrets.",
    )
    return shown_once(request, said, back=reverse("keys"), back_name="To the keys", tab="keys")


# --- policy -----------------------------------------------------------------------------------------------


@page(roles=ADMINS, methods=("GET", "POST"))
def policy(request: DeskRequest) -> HttpResponse:
    """What the desk asks of a claim before it is printed, and in whose name."""
    form = PolicyForm.of(request.desk, request.desk.policy, request.POST or None)
    if request.method == "POST" and form.is_valid():
        changes = form.changes()
        if not changes:
            messages.info(request, "Nothing was different; the policy is as it was.")
            return redirect("policy")
        try:
            desks.change_policy(request.desk, actor=request.user, changes=changes)
        except InvalidInput as error:
            take_errors(form, error)
        else:
            messages.success(request, "The policy is changed. It holds from now on.")
            return redirect("policy")
    context = {"tab": "policy", "form": form, "last": desks.last_change(request.desk)}
    return _render(request, "policy", context, status=422 if form.errors else 200)


def _render(request: DeskRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, f"desk/house/{name}.html", {"area": "house", **context}, status=status)


_ONE = "admin/people/<uuid:person_id>/"
_KEY = "admin/keys/<uuid:key_id>/"
urlpatterns = [
    path("admin/people/", people, name="people"),
    path("admin/people/add/", add_person, name="add-person"),
    path("admin/people/join/", add_member, name="add-member"),
    path(_ONE, person_page, name="person"),
    path(f"{_ONE}role/", change_role, name="change-role"),
    path(f"{_ONE}brings/", say_what_they_bring, name="brings"),
    path(f"{_ONE}password/", renew_password, name="renew-password"),
    path(f"{_ONE}deactivate/", deactivate, name="deactivate"),
    path(f"{_ONE}reactivate/", reactivate, name="reactivate"),
    path(f"{_ONE}remove/", remove_member, name="remove-member"),
    path(f"{_ONE}key/", issue_key, name="issue-key"),
    path("admin/keys/", keys_page, name="keys"),
    path("admin/keys/issue/", choose_holder, name="choose-key-holder"),
    path(_KEY, key_page, name="key"),
    path(f"{_KEY}rotate/", rotate_key, name="rotate-key"),
    path(f"{_KEY}revoke/", revoke_key, name="revoke-key"),
    path("admin/policy/", policy, name="policy"),
    path("preferences/keys/", own_keys, name="own-keys"),
    path("preferences/keys/<uuid:key_id>/revoke/", revoke_own_key, name="revoke-own-key"),
]
