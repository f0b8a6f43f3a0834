"""Coming in, choosing a desk, and how pages are to look."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path

from claims.errors import Missing
from claims.models import Person
from claims.vocabulary import Theme
from verification.desk.frame import DeskRequest, page


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
    path("login/", LoginView.as_view(template_name="desk/login.html"), name="login"),
    path("logout/", log_out, name="logout"),
    path("desk/switch/", switch_desk, name="switch-desk"),
    path("preferences/", preferences, name="preferences"),
    path("help/", help_page, name="help"),
]
