"""What every call of the API has in common: scopes, strict input, safe retries, entity tags."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from claims.api.rendering import dumps
from claims.errors import FieldError, InvalidInput
from claims.models import ApiKey, IdempotencyKey, Person
from claims.models.bodies import canonical
from claims.vocabulary import Scope

KEPT_FOR = timedelta(hours=24)


class PreconditionRequired(APIException):
    status_code = 428
    default_code = "if_match_required"
    default_detail = "Send If-Match with the ETag of what you read, so that nobody's change is lost."


class KeyReused(APIException):
    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = (
        "This Idempotency-Key was used for another request. Use a fresh one for each new request."
    )


class StetView(APIView):
    """A call of the API. `scopes` names, by method, what a key must carry; `filters` the known query parameters."""

    scopes: Mapping[str, Scope] = {}
    filters: frozenset[str] | None = None

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        # Django answers HEAD with GET.
        method = "GET" if request.method == "HEAD" else request.method
        needed = self.scopes.get(method or "")
        if isinstance(request.auth, ApiKey) and needed and needed.value not in request.auth.scopes:
            raise PermissionDenied(f"This key lacks the scope '{needed.value}'.")
        if self.filters is not None and method == "GET":
            unknown = set(request.query_params) - self.filters - {"cursor", "page_size"}
            if unknown:
                raise InvalidInput(
                    [FieldError(name, f"There is no such filter. Known: {', '.join(sorted(self.filters))}.", "unknown")
                     for name in sorted(unknown)]
                )  # fmt: skip


def caller(request: Request) -> Person:
    """The person or service account that calls; views that need one have refused everybody else."""
    if not isinstance(request.user, Person):
        raise PermissionDenied("Log in or send an API key.")
    return request.user


class StrictSerializer(serializers.Serializer[Any]):
    """Input of which every field is known."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                known = ", ".join(self.fields)
                raise serializers.ValidationError(
                    {name: serializers.ErrorDetail(f"There is no such field. Known: {known}.", "unknown")
                     for name in unknown}
                )  # fmt: skip
        return super().to_internal_value(data)


def read_input(serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """The validated body of a call. Raises ValidationError."""
    filled = serializer(data=request.data)
    filled.is_valid(raise_exception=True)
    validated: dict[str, Any] = filled.validated_data
    return validated


def read_time(name: str, given: str) -> datetime:
    """A time given as a query parameter, in UTC. Raises InvalidInput."""
    try:
        found = parse_datetime(given)
        if found is None or found.tzinfo is None:
            raise ValueError(given)
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            FieldError(name, "Give an RFC 3339 time with its zone: 2022-10-04T12:00:00Z.", "time")
        ) from error


def expected_revision(request: Request) -> int:
    """The revision that the caller read, from If-Match. Raises PreconditionRequired."""
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionRequired
    bare = given.strip().removeprefix("W/").strip('"')
    return int(bare) if bare.isascii() and bare.isdecimal() and len(bare) < 10 else -1


def entity_tag(revision: int) -> str:
    return f'"{revision}"'


Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """Makes a POST safe to repeat: its answer is committed with its effect under the caller's Idempotency-Key.

    An error is not kept, so the same key may be used again once it is mended.
    """

    @functools.wraps(handler)
    def handled(view: StetView, request: Request, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return handler(view, request, **kwargs)
        if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
            raise InvalidInput(
                FieldError("Idempotency-Key", "Use 1 to 255 printable ASCII characters.", "idempotency_key")
            )
        digest = _digest(request)
        person = caller(request)
        IdempotencyKey.objects.filter(
            person=person, key=key, created_at__lt=timezone.now() - KEPT_FOR
        ).delete()
        try:
            with transaction.atomic():
                kept = IdempotencyKey.objects.create(person=person, key=key, request_digest=digest)
                response = handler(view, request, **kwargs)
                kept.status = response.status_code
                kept.body = dumps(response.data) if response.data is not None else b""
                kept.headers = {name: response[name] for name in ("ETag", "Location") if name in response}
                kept.save()
                return response
        except IntegrityError:
            known = IdempotencyKey.objects.filter(person=person, key=key).first()
            if known is None:
                raise
        if known.request_digest != digest:
            raise KeyReused
        return Response(bytes(known.body or b"") or None, status=known.status, headers=known.headers)

    return handled


def _digest(request: Request) -> str:
    data = request.data
    plain = {name: data.getlist(name) for name in data} if isinstance(data, MultiValueDict) else data
    said = [request.method, request.path, _plain(plain)]
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, UploadedFile):
        value.seek(0)
        digest = hashlib.sha256()
        for chunk in value.chunks():
            digest.update(chunk)
        value.seek(0)
        return {"sha256": digest.hexdigest(), "name": value.name}
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Exception) else value
