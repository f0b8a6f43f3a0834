"""Coming in, choosing a desk, and how pages are to look."""

from __future__ import annotations

import math
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path

from claims.errors import Missing
from claims.models import Person
from claims.vocabulary import Theme
from verification.desk.frame import DeskRequest, page
from verification.desk.visitors import NOBODY_KNOWS, address_of
from verification.services import logins


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    """How the pages are drawn and driven for one person."""

    theme = forms.ChoiceField(
        choices=[(Theme.SYSTEM, "As my system"), (Theme.LIGHT, "Light"), (Theme.DARK, "Dark")],
        widget=forms.RadioSelect,
        label="Colours",
    )

    class Meta:
        model = Person
        fields = ["theme", "shortcuts"]
        labels = {"shortcuts": "Single-key shortcuts"}


def log_out(request: HttpRequest) -> HttpResponseBase:
    """Ends the session, and what the browser kept of it: pages to go back to, and media."""
    response = LogoutView.as_view()(request)
    response["Clear-Site-Data"] = '"cache"'
    return response


class LoginForm(AuthenticationForm):
    """Name and password, looked at only while not too many failed of late."""

    wait_seconds = 0

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if not said.get("username") or not said.get("password"):
            return super().clean()
        tried = logins.begin(said["username"], address_of(self.request) if self.request else NOBODY_KNOWS)
        if tried.wait_seconds:
            self.wait_seconds = tried.wait_seconds
            minutes = math.ceil(tried.wait_seconds / 60)
            raise forms.ValidationError(
                f"Too many log-ins failed. Wait {minutes} minute{'' if minutes == 1 else 's'}, then try again. Whoever "
                "does not know their password any more gets a new one from an admin of their desk."
            )
        cleaned = super().clean()
        logins.succeeded(tried)
        return cleaned


class Login(LoginView):
    template_name = "desk/login.html"
    form_class = LoginForm

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        wait_seconds = getattr(form, "wait_seconds", 0)
        if wait_seconds:
            response.status_code = 429
            response["Retry-After"] = str(wait_seconds)
        return response


@page()
def home(request: DeskRequest) -> HttpResponse:  # noqa: ARG001  a page's signature
    return redirect("queue")


@page(methods=("POST",))
def switch_desk(request: DeskRequest) -> HttpResponse:
    """Looks at another of the person's desks."""
    wanted = request.POST.get("desk", "")
    if not any(desk.slug == wanted for desk in request.desks):
        raise Missing("You work on no desk of this name.")
    request.session["desk"] = wanted
    return redirect("queue")


@page(methods=("GET", "POST"))
def preferences(request: DeskRequest) -> HttpResponse:
    form = PreferencesForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Kept.")
        return redirect("preferences")
    return render(request, "desk/preferences.html", {"form": form})


@page()
def help_page(request: DeskRequest) -> HttpResponse:
    return render(request, "desk/help.html")


urlpatterns = [
    path("", home, name="home"),
    path("login/", Login.as_view(), name="login"),
    path("logout/", log_out, name="logout"),
    path("desk/switch/", switch_desk, name="switch-desk"),
    path("preferences/", preferences, name="preferences"),
    path("help/", help_page, name="help"),
]
