"""Claims: filing, listing, reading and changing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, caller, entity_tag, expected_revision, idempotent, read_input
from claims.api.lists import paged
from claims.api.parsing import NDJSONParser, StrictJSONParser
from claims.api.schema import page_of, schema_of
from claims.errors import FieldError, InvalidInput, StetError
from claims.vocabulary import Scope
from verification.api.examples import FILE_CLAIM
from verification.api.inputs import ClaimChanges, ClaimInput, LookedForInput
from verification.api.reading import new_claim
from verification.api.shapes.claims import (
    ClaimRowShape,
    ClaimShape,
    DuplicatesShape,
    FiledShape,
    claim_row_shape,
    claim_shape,
    duplicate_shape,
    duplicates_shape,
    filed_shape,
)
from verification.services import casework, claim_lists, submissions
from verification.services.duplicates import duplicates_of, find_duplicates
from verification.services.reading import claim_named, claim_rows

MAX_BULK = 1000
FILTER_PARAMETERS = [OpenApiParameter(name, str) for name in sorted(claim_lists.NAMES)]


class ClaimList(StetView):
    scopes = {"GET": Scope.INTERNAL_READ, "POST": Scope.CLAIMS_WRITE}
    filters = claim_lists.NAMES

    @extend_schema(
        operation_id="list_claims", parameters=FILTER_PARAMETERS, responses={200: page_of(ClaimRowShape)}
    )
    def get(self, request: Request) -> Response:
        """The claims of the caller's desks, the last changed first."""
        rows = claim_lists.narrowed(claim_rows(caller(request)), request.query_params, caller(request))
        by = claim_lists.ordering(request.query_params)
        return Response(paged(request, rows, by=by, shape=lambda claim: dict(claim_row_shape(claim))))

    @extend_schema(
        operation_id="file_claim",
        request=ClaimInput,
        responses={201: schema_of(FiledShape), 200: schema_of(FiledShape)},
        examples=[FILE_CLAIM],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Files a claim. The same `external_id` on the same desk gives the claim that is there, with 200."""
        person = caller(request)
        filed = file_one(request, read_input(ClaimInput, request))
        claim = claim_rows(person).get(pk=filed.claim.pk)
        return Response(
            filed_shape(claim, person, duplicates_of(claim)),
            status=201 if filed.created else 200,
            headers={"ETag": entity_tag(claim.revision), "Location": f"/api/v1/claims/{claim.pk}/"},
        )


def file_one(request: Request, said: Mapping[str, Any]) -> submissions.Filed:
    person = caller(request)
    desk = submissions.desk_for(person, said.get("desk"))
    return submissions.file_claim(new_claim(said), desk=desk, actor=person)


class ClaimBulk(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}
    parser_classes = [NDJSONParser, StrictJSONParser]

    @extend_schema(
        operation_id="file_claims", request=ClaimInput(many=True), responses={200: schema_of(dict[str, Any])}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Files up to 1,000 claims, a line each or as a list. Each line has its own result; none is half filed."""
        lines = request.data
        if not isinstance(lines, list) or len(lines) > MAX_BULK:
            raise InvalidInput(
                FieldError("", f"Send a list, or a line each, of at most {MAX_BULK} claims.", "list")
            )
        return Response({"results": [self._line(request, number, line) for number, line in enumerate(lines)]})

    def _line(self, request: Request, number: int, line: Any) -> dict[str, Any]:
        try:
            if isinstance(line, InvalidInput):
                raise line
            checked = ClaimInput(data=line)
            checked.is_valid(raise_exception=True)
            filed = file_one(request, checked.validated_data)
        except (StetError, serializers.ValidationError) as error:
            problem = self.get_exception_handler()(error, {})
            return {"line": number, "status": problem.status_code, "problem": problem.data}
        return {
            "line": number,
            "status": 201 if filed.created else 200,
            "id": str(filed.claim.pk),
            "ref": filed.claim.ref,
            "possible_duplicates": [duplicate_shape(found) for found in duplicates_of(filed.claim)],
        }


class LookedFor(StetView):
    scopes = {"POST": Scope.INTERNAL_READ}

    @extend_schema(
        operation_id="look_for_duplicates",
        request=LookedForInput,
        responses={200: schema_of(DuplicatesShape)},
    )
    def post(self, request: Request) -> Response:
        """What is here already that may be the same as a claim that is not filed yet. Changes nothing; a POST because
        a statement may be long.

        `why` is `same_statement`, `same_bytes`, `same_media_url`, `similar_media` or `similar_statement`, the last two
        with a `score` up to 1. `line`, `version` and `line_of` say what is published of it, or of what it duplicates.
        """
        said = read_input(LookedForInput, request)
        desk = submissions.desk_for(caller(request), said.get("desk"))
        urls = [item["url"] for item in said["media"]]
        return Response(duplicates_shape(find_duplicates(desk.pk, statement=said["statement"], urls=urls)))


class ClaimDuplicates(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(operation_id="list_duplicates", responses={200: schema_of(DuplicatesShape)})
    def get(self, request: Request, name: str) -> Response:
        """The other claims of the desk that may be the same, looked for now; as filing answers."""
        return Response(duplicates_shape(duplicates_of(claim_named(caller(request), name))))


class ClaimDetail(StetView):
    scopes = {"GET": Scope.INTERNAL_READ, "PATCH": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="read_claim", responses={200: schema_of(ClaimShape)})
    def get(self, request: Request, name: str) -> Response:
        """A claim by id or ref, with what the caller may do to it now."""
        return claim_response(request, claim_named(caller(request), name))

    @extend_schema(operation_id="change_claim", request=ClaimChanges, responses={200: schema_of(ClaimShape)})
    def patch(self, request: Request, name: str) -> Response:
        """Changes what is said of a claim. Needs If-Match with the ETag of what was read."""
        claim = claim_named(caller(request), name)
        revision = expected_revision(request)
        changes = read_input(ClaimChanges, request)
        submissions.edit_claim(claim, actor=caller(request), revision=revision, changes=changes)
        return claim_response(request, claim_named(caller(request), str(claim.pk)))


class ClaimQueue(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="queue_draft", request=None, responses={200: schema_of(ClaimShape)})
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Files a draft for good: it waits for a reviewer from now on."""
        claim = casework.queue_draft(claim_named(caller(request), name), actor=caller(request))
        return claim_response(request, claim_named(caller(request), str(claim.pk)))


def claim_response(request: Request, claim: Any, *, status: int = 200) -> Response:
    return Response(
        claim_shape(claim, caller(request)), status=status, headers={"ETag": entity_tag(claim.revision)}
    )
