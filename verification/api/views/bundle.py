"""The evidence bundle of a claim: on its way, or the zip."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, caller
from claims.api.files import download
from claims.api.schema import schema_of
from claims.vocabulary import Scope
from verification.api.shapes.records import BundleShape
from verification.services.bundles import asking
from verification.services.reading import claim_named

POLL_SECONDS = 2


class Bundle(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(
        operation_id="read_bundle",
        responses={(200, "application/zip"): OpenApiTypes.BINARY, 202: schema_of(BundleShape)},
    )
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """Everything kept of the claim, with a verifier. 202 while it is made: ask again after `Retry-After`."""
        claim = claim_named(caller(request), name)
        ready = asking.ask_for(claim, caller(request))
        if ready is not None:
            return download(ready, f"stet-{claim.ref}.zip")
        headers = {"Location": f"/api/v1/claims/{claim.pk}/bundle/", "Retry-After": str(POLL_SECONDS)}
        said: BundleShape = {
            "state": "being_made",
            "detail": "The bundle is being made. Ask again in a moment.",
        }
        return Response(said, status=202, headers=headers)
