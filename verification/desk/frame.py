"""The frame of every page: who looks, at which desk, with which role; and how a refusal looks."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags, url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from claims.api.statuses import status_of
from claims.errors import FieldError, InvalidInput, NotAllowed, StetError
from claims.models import Desk, Membership, Person
from claims.vocabulary import Role
from verification.domain.transitions import STAFF
from verification.services import telling

LIVE_SECONDS = 5
"""How often a live part of a page asks whether it changed."""


BELL_SECONDS = 15
"""How often the bell asks, which is on every page."""


class DeskRequest(HttpRequest):
    """A request by somebody of the staff, at the desk that they look at."""

    user: Person
    desk: Desk
    desks: list[Desk]
    role: Role
    htmx: HtmxDetails


View = Callable[..., HttpResponseBase]


def page(*, roles: Collection[Role] = STAFF, methods: Collection[str] = ("GET",)) -> Callable[[View], View]:
    """A page for staff of the desk that they look at, in one of the roles there. Refusals become pages too."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def framed(request: Any, **named: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request)
            if (request.method if request.method != "HEAD" else "GET") not in methods:
                return HttpResponseNotAllowed(methods, render_to_string("desk/broken.html", _NO_PAGE))
            memberships = list(
                Membership.objects.of_staff(request.user)
                .select_related("desk__policy")
                .order_by("desk__name")
            )
            if not memberships:
                has_key_only = request.user.memberships.exists()
                return render(request, "desk/no_desk.html", {"has_key_only": has_key_only}, status=403)
            chosen = request.session.get("desk")
            here = next((one for one in memberships if one.desk.slug == chosen), memberships[0])
            request.desk, request.role = here.desk, Role(here.role)
            request.desks = [one.desk for one in memberships]
            try:
                if request.role not in roles:
                    raise NotAllowed("This page is for another role than yours on this desk.")
                _check_text(request)
                response = view(request, **named)
            except StetError as error:
                response = refusal(request, error)
            if not response.has_header("Cache-Control"):
                # Nothing between may keep it, and the browser asks again before it shows it again.
                patch_cache_control(response, private=True, no_cache=True)
            return response

        return framed

    return decorate


_NO_PAGE = {
    "title": "There is no page here",
    "detail": "This address only takes what a form on a page sends.",
}


def _check_text(request: HttpRequest) -> None:
    """Raises InvalidInput for the one character that no database keeps."""
    for data in (request.GET, request.POST):
        for name, values in data.lists():
            if any("\x00" in str(text) for text in (name, *values)):
                field = name.replace("\x00", "")
                raise InvalidInput(
                    FieldError(field, "Text can't hold the character U+0000. Leave it out.", "nul")
                )


def _to_login(request: Any) -> HttpResponse:
    if not request.htmx:
        return redirect_to_login(_page_of(request))
    # Nobody is led away from what they are typing: the page itself says so, and stays.
    return HttpResponse("You are logged out.", status=401, content_type="text/plain; charset=utf-8")


def _page_of(request: HttpRequest) -> str:
    """The page to come back to; of a form that was sent, the one that it stood on."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return "/"
    return urlsplit(came_from)._replace(scheme="", netloc="", fragment="").geturl() or "/"


def refusal(request: HttpRequest, error: StetError) -> HttpResponse:
    """The page that says what could not be done, and what to do instead; to a part of a page only the words."""
    if request.headers.get("HX-Request"):
        return HttpResponse(
            _in_words(error), status=status_of(error), content_type="text/plain; charset=utf-8"
        )
    return render(request, "desk/refusal.html", {"error": error}, status=status_of(error))


def _in_words(error: StetError) -> str:
    return " ".join(one.detail for one in getattr(error, "errors", ())) or error.detail


def live(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A part of a page that asks again: 304 for as long as it looks the same."""
    content = render_to_string(template, context, request)
    tag = f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    known = {one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))}
    response = HttpResponse(status=304) if tag in known else HttpResponse(content)
    response["ETag"] = tag
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _unread(request: HttpRequest) -> str:
    """The number on the bell, asked for only by a page that draws it; nothing where there is none."""
    number = telling.unread_count(request.user) if isinstance(request.user, Person) else 0
    return f"{telling.COUNTED}+" if number > telling.COUNTED else str(number or "")


def frame(request: HttpRequest) -> dict[str, Any]:
    """What every template may ask for."""
    return {
        "desk": getattr(request, "desk", None),
        "desks": getattr(request, "desks", []),
        "role": getattr(request, "role", None),
        "is_editor": getattr(request, "role", None) in {Role.EDITOR, Role.ADMIN},
        "is_admin": getattr(request, "role", None) == Role.ADMIN,
        "live_seconds": LIVE_SECONDS,
        "bell_seconds": BELL_SECONDS,
        "unread": functools.partial(_unread, request),
        "has_mail_server": bool(settings.MAIL_URL),
        "tile_url": settings.TILE_URL,
        "tile_attribution": settings.TILE_ATTRIBUTION,
    }
