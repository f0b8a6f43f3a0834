"""From an error of any kind to RFC 9457 problem+json with a stable code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from rest_framework import exceptions
from rest_framework.response import Response

from claims import errors
from claims.api.rendering import dumps
from claims.api.statuses import status_of

log = structlog.get_logger(__name__)

TITLES = {
    400: "The input is not valid",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Not a method of this call",
    406: "Not available in this form",
    413: "Too large",
    415: "Not a form this call reads",
    422: "The key belongs to another request",
    428: "If-Match is missing",
    429: "Too many requests",
    500: "Something broke on our side",
    503: "Busy just now",
}


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:  # noqa: ARG001
    """The answer to an error; None for a fault of ours, which is logged and answered by `server_error`."""
    problem = _problem(error)
    if problem is None:
        return None
    status, members = problem
    response = Response(members, status=status, content_type="application/problem+json")
    if isinstance(error, exceptions.APIException):
        if wait := getattr(error, "wait", None):
            response["Retry-After"] = str(max(1, int(wait)))
        if challenge := getattr(error, "auth_header", None):
            response["WWW-Authenticate"] = challenge
    return response


def _problem(error: Exception) -> tuple[int, dict[str, Any]] | None:  # noqa: PLR0911  a table of kinds
    if isinstance(error, errors.StetError):
        status = status_of(error)
        return status, _members(status, error.code, error.detail, error.title) | error.extra()
    if isinstance(error, exceptions.ValidationError):
        fields = list(_fields(error.detail, ""))
        detail = "; ".join(f"{field['pointer'] or 'body'}: {field['detail']}" for field in fields[:5])
        return 400, _members(400, "invalid", detail) | {"errors": fields}
    if isinstance(error, Http404):
        return 404, _members(404, "not_found", "There is no such thing, or it is not yours to see.")
    if isinstance(error, RequestDataTooBig | TooManyFieldsSent):
        return 413, _members(413, "too_large", _too_large(error))
    if isinstance(error, DjangoPermissionDenied):
        return 403, _members(403, "forbidden", "Your role does not carry this.")
    if isinstance(error, exceptions.APIException):
        given = error.get_codes()
        code = given if isinstance(given, str) else "invalid"
        # One word for one refusal, whether a scope or a role was wanting.
        code = "forbidden" if code == "permission_denied" else code
        return error.status_code, _members(error.status_code, code, str(error.detail))
    return None


def _members(status: int, code: str, detail: str, title: str | None = None) -> dict[str, Any]:
    return {
        "type": f"urn:stet:problem:{code}",
        "title": title or TITLES.get(status, "The request could not be carried out"),
        "status": status,
        "code": code,
        "detail": detail,
    }


def _fields(detail: Any, pointer: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, Mapping):
        for name, part in detail.items():
            escaped = str(name).replace("~", "~0").replace("/", "~1")
            here = pointer if name == "non_field_errors" else f"{pointer}/{escaped}"
            yield from _fields(part, here)
    elif isinstance(detail, list):
        for index, part in enumerate(detail):
            nested = isinstance(part, Mapping | list)
            yield from _fields(part, f"{pointer}/{index}" if nested else pointer)
    else:
        yield {"pointer": pointer, "detail": str(detail), "code": getattr(detail, "code", "invalid")}


def _too_large(error: Exception) -> str:
    return str(error) or "The body is larger than this call takes."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        return _answer(request, 413, "too_large", _too_large(exception))
    return _answer(request, 400, "malformed", "The request could not be read.")


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    return _answer(
        request,
        403,
        "forbidden",
        "This page was opened before you logged in or out, or your browser keeps no cookies. Go back, copy what you "
        "typed, load the page anew and repeat it there.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _answer(request, 404, "not_found", "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Of a database that is busy or away it is said that trying again helps: SQLite lets one write at a time."""
    if isinstance(sys.exc_info()[1], OperationalError):
        detail = (
            "The database is busy or away. Nothing of what you sent was half-done. Try again in a moment."
        )
        response = _answer(request, 503, "busy", detail)
        response["Retry-After"] = "1"
        return response
    return _answer(
        request, 500, "fault", "Something broke on our side. Nothing of what you sent was half-done."
    )


def _answer(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """A problem to programs, a page to people, words to a part of a page.

    None of them needs the database, which may be what is broken.
    """
    if request.headers.get("HX-Request"):
        return HttpResponse(detail, status=status, content_type="text/plain; charset=utf-8")
    if not request.path.startswith("/api/"):
        said = {"title": TITLES.get(status, TITLES[400]), "detail": detail}
        return HttpResponse(render_to_string("desk/broken.html", said), status=status)
    return HttpResponse(
        dumps(_members(status, code, detail)), status=status, content_type="application/problem+json"
    )
