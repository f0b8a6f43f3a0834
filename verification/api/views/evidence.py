"""Bounds that people enter for a media item: a landmark, an archived copy, the weather, a shadow."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, caller, idempotent, read_input
from claims.api.lists import paged
from claims.api.schema import page_of, schema_of
from claims.errors import Missing
from claims.vocabulary import Scope
from verification.api.inputs import BoundInput, ReasonInput
from verification.api.shapes.records import EvidenceShape, evidence_shape
from verification.models import Evidence
from verification.services.evidence import NewEvidence, add_evidence, strike_evidence
from verification.services.reading import media_named


class Bounds(StetView):
    scopes = {"GET": Scope.INTERNAL_READ, "POST": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="list_bounds", responses={200: page_of(EvidenceShape)})
    def get(self, request: Request, media_id: uuid.UUID) -> Response:
        """The bounds that people entered, the oldest first, those that were struck included."""
        item = media_named(caller(request), media_id)
        rows = Evidence.objects.visible_to(caller(request)).filter(media=item)
        rows = rows.select_related("body", "by", "strike__body", "strike__by")
        return Response(paged(request, rows, by="at", shape=lambda one: dict(evidence_shape(one))))

    @extend_schema(operation_id="add_bound", request=BoundInput, responses={201: schema_of(EvidenceShape)})
    @idempotent
    def post(self, request: Request, media_id: uuid.UUID) -> Response:
        """Enters a bound: a side of a date, or a place where the camera stood. It counts like any finding."""
        item = media_named(caller(request), media_id)
        new = NewEvidence(**read_input(BoundInput, request))
        return Response(evidence_shape(add_evidence(item, actor=caller(request), new=new)), status=201)


class BoundStrikes(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(
        operation_id="strike_bound", request=ReasonInput, responses={200: schema_of(EvidenceShape)}
    )
    @idempotent
    def post(self, request: Request, media_id: uuid.UUID, bound_id: uuid.UUID) -> Response:
        """Takes a bound back, for its author or an editor; it stays readable and counts no more."""
        item = media_named(caller(request), media_id)
        evidence = Evidence.objects.visible_to(caller(request)).filter(media=item, pk=bound_id).first()
        if evidence is None:
            raise Missing("There is no such bound on this media item.")
        reason = read_input(ReasonInput, request)["reason"]
        return Response(evidence_shape(strike_evidence(evidence, actor=caller(request), reason=reason)))
