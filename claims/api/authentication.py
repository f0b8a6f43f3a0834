"""Who calls: the session of a page, or `Authorization: Bearer stet_<id>_<secret>`."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from claims.models import ApiKey, Person
from claims.models.base import all_but
from claims.vocabulary import Scope

_REMEMBER_USE = timedelta(minutes=1)
_KEYS = ApiKey.objects.select_related("person").defer(
    "label", "created_at", *all_but(Person, "person", *Person.NAMED_BY, "is_active")
)


def issue_key(
    person: Person, *, label: str, scopes: Iterable[Scope], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Makes a key; the second part is shown once and kept nowhere."""
    secret = secrets.token_urlsafe(24)
    key = ApiKey.objects.create(
        prefix=secrets.token_hex(6),
        digest=ApiKey.digest_of(secret),
        person=person,
        label=label,
        scopes=[scope.value for scope in scopes],
        expires_at=expires_at,
    )
    return key, f"stet_{key.prefix}_{secret}"


class KeyAuthentication(BaseAuthentication):
    """API keys. A bad, expired or revoked key is 401; nobody is told which of these it was."""

    def authenticate(self, request: Request) -> tuple[Person, ApiKey] | None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        kind, _, rest = given.strip().partition("_")
        prefix, _, secret = rest.partition("_")
        now = timezone.now()
        found = (
            _KEYS.filter(prefix=prefix) if kind == "stet" and prefix.isascii() and prefix.isalnum() else ()
        )
        key = next((one for one in found if one.is_good_at(now)), None)
        digest = ApiKey.digest_of(secret)
        if key is None or not hmac.compare_digest(key.digest, digest) or not key.person.is_active:
            raise AuthenticationFailed("This key is not valid: it is mistyped, expired or revoked.")
        if key.last_used_at is None or now - key.last_used_at > _REMEMBER_USE:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return key.person, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  the framework's signature
        return 'Bearer realm="stet"'


class PageSessionAuthentication(SessionAuthentication):
    """The session of somebody who is logged in to the pages, with CSRF protection."""


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "claims.api.authentication.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "bearerFormat": "stet_<id>_<secret>"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "claims.api.authentication.PageSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
