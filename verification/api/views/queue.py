"""The queue: what waits, and leases."""

from __future__ import annotations

import uuid
from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, caller, idempotent, read_input
from claims.api.lists import paged
from claims.api.schema import page_of, schema_of
from claims.vocabulary import Scope
from verification.api.inputs import NextInput, NothingInput, ReasonInput
from verification.api.shapes import EntryShape, LeasedShape, RenewedShape, entry_shape, leased_shape
from verification.models import QueueEntry
from verification.services import queue
from verification.services.reading import claim_named
from verification.services.submissions import desk_for


class QueueList(StetView):
    scopes = {"GET": Scope.QUEUE_WORK}

    @extend_schema(operation_id="list_queue", responses={200: page_of(EntryShape)})
    def get(self, request: Request) -> Response:
        """Open reviews that the caller may take, in the order in which they are handed out, with their holders."""
        person = caller(request)
        rows = QueueEntry.objects.open().takeable_by(person).select_related("claim", "holder", "assignee")
        page = paged(request, rows, by="place", shape=lambda entry: dict(entry_shape(entry)))
        return Response({**page, "summary": asdict(queue.summary(person))})


class QueueNext(StetView):
    scopes = {"POST": Scope.QUEUE_WORK}

    @extend_schema(
        operation_id="lease_next", request=NextInput, responses={200: schema_of(LeasedShape), 204: None}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Leases the best review for the caller. 204 only when nothing waits that they may take."""
        person = caller(request)
        said = read_input(NextInput, request)
        narrowing = queue.Narrowing(
            desk_id=desk_for(person, said["desk"]).pk if "desk" in said else None,
            language=said.get("language"),
            kind=said.get("kind"),
        )
        lease = queue.lease_next(person, narrowing)
        return Response(_leased(request, lease)) if lease else Response(status=204)


class QueueLease(StetView):
    scopes = {"POST": Scope.QUEUE_WORK}

    @extend_schema(operation_id="lease_entry", request=None, responses={200: schema_of(LeasedShape)})
    @idempotent
    def post(self, request: Request, entry_id: uuid.UUID) -> Response:
        """Leases this very review. 423 names holder and time."""
        person = caller(request)
        return Response(_leased(request, queue.lease_entry(queue.entry_of(person, entry_id), person)))


class LeaseRenew(StetView):
    scopes = {"POST": Scope.QUEUE_WORK}

    @extend_schema(operation_id="renew_lease", request=None, responses={200: schema_of(RenewedShape)})
    @idempotent
    def post(self, request: Request, token: str) -> Response:
        """Keeps a lease for its full time from now."""
        read_input(NothingInput, request)
        person = caller(request)
        entry = queue.renew(token, person).entry
        shown = entry_shape(queue.entry_of(person, entry.pk))
        return Response({**shown, "lease_token": entry.token, "expires_at": entry.lease_until})


class LeaseRelease(StetView):
    scopes = {"POST": Scope.QUEUE_WORK}

    @extend_schema(operation_id="release_lease", request=None, responses={200: schema_of(EntryShape)})
    @idempotent
    def post(self, request: Request, token: str) -> Response:
        """Gives a review back; what was recorded in it is kept."""
        read_input(NothingInput, request)
        person = caller(request)
        entry = queue.release(token, person)
        return Response(entry_shape(queue.entry_of(person, entry.pk)))


class LeaseSkip(StetView):
    scopes = {"POST": Scope.QUEUE_WORK}

    @extend_schema(operation_id="skip_review", request=ReasonInput, responses={200: schema_of(EntryShape)})
    @idempotent
    def post(self, request: Request, token: str) -> Response:
        """Passes a review over with a reason; it is not offered to the caller again for a while."""
        person = caller(request)
        entry = queue.skip(token, person, reason=read_input(ReasonInput, request)["reason"])
        return Response(entry_shape(queue.entry_of(person, entry.pk)))


def _leased(request: Request, lease: queue.Lease) -> LeasedShape:
    claim = claim_named(caller(request), str(lease.claim.pk))
    entry = queue.entry_of(caller(request), lease.entry.pk)
    return leased_shape(queue.Lease(entry, claim), caller(request))
