"""The public halves of the keys that sign here, for whoever wants to check a checkpoint without asking us twice."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from verification.services import signing


@require_safe
@cache_control(public=True, max_age=300)
def signing_keys(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  the framework's signature
    """The present key and all earlier ones; a key's id is the SHA-256 of its 32 bytes."""
    return JsonResponse(signing.published_keys())
