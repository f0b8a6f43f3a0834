"""The queue: what waits, and leases."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import TypedDict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, caller, idempotent, read_input
from claims.api.lists import paged
from claims.api.schema import page_of, schema_of
from claims.errors import FieldError, InvalidInput
from claims.models import Claim, Desk, Person
from claims.vocabulary import Scope
from verification.api.inputs import ColleagueInput, HandOverInput, NextInput, NothingInput, ReasonInput
from verification.api.shapes.claims import LeasedShape, leased_shape
from verification.api.shapes.queue import EntryShape, RenewedShape, entry_shape
from verification.models import QueueEntry
from verification.models.queue import reach_of
from verification.services import casework, colleagues, leases, queue, waiting
from verification.services.reading import claim_named
from verification.services.submissions import desk_for


class ReleasedShape(TypedDict):
    released: list[str]


class QueueList(StetView):
    scopes = {"GET": Scope.QUEUE_WORK}

    @extend_schema(operation_id="list_queue", responses={200: page_of(EntryShape)})
    def get(self, request: Request) -> Response:
        """Open reviews that the caller may take, in the order in which they are handed out, with their holders.

        `summary` counts them, without those that the caller skipped; `not_for_you` counts these, and what else waits
        on the caller's desks, by why they may not take it. Beyond 1,000 nothing is counted.
        """
        person = caller(request)
        reach = reach_of(person)
        rows = QueueEntry.objects.open().takeable_by(person, reach).with_all_shown()
        page = paged(request, rows, by="place", shape=lambda entry: dict(entry_shape(entry, person)))
        return Response(
            {
                **page,
                "summary": asdict(waiting.summary(person, reach=reach)),
                "not_for_you": asdict(waiting.not_for(person, reach=reach)),
            }
        )


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
        narrowing = waiting.Narrowing(
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
        entry = leases.renew(token, person).entry
        shown = entry_shape(queue.entry_of(person, entry.pk), person)
        return Response({**shown, "lease_token": entry.token, "expires_at": entry.lease_until})


class LeaseRelease(StetView):
    scopes = {"POST": Scope.QUEUE_WORK}

    @extend_schema(operation_id="release_lease", request=None, responses={200: schema_of(EntryShape)})
    @idempotent
    def post(self, request: Request, token: str) -> Response:
        """Gives a review back; what was recorded in it is kept."""
        read_input(NothingInput, request)
        person = caller(request)
        entry = leases.release(token, person)
        return Response(entry_shape(queue.entry_of(person, entry.pk), person))


class LeaseSkip(StetView):
    scopes = {"POST": Scope.QUEUE_WORK}

    @extend_schema(operation_id="skip_review", request=ReasonInput, responses={200: schema_of(EntryShape)})
    @idempotent
    def post(self, request: Request, token: str) -> Response:
        """Passes a review over with a reason; it is not offered to the caller again for a while."""
        person = caller(request)
        entry = leases.skip(token, person, reason=read_input(ReasonInput, request)["reason"])
        return Response(entry_shape(queue.entry_of(person, entry.pk), person))


class LeaseHandOver(StetView):
    scopes = {"POST": Scope.QUEUE_WORK}

    @extend_schema(
        operation_id="hand_review_over", request=HandOverInput, responses={200: schema_of(EntryShape)}
    )
    @idempotent
    def post(self, request: Request, token: str) -> Response:
        """Gives a review on to a colleague, or (`to` null) to the desk, with what was tried and what is next."""
        person = caller(request)
        said = read_input(HandOverInput, request)
        claim = colleagues.claim_of(token, person)
        handed = colleagues.hand_over(
            token,
            actor=person,
            to=_colleague(claim, said["to"], "/to") if said["to"] else None,
            tried=said["tried"],
            next_step=said["next"],
            call_back_at=said.get("call_back_at"),
        )
        return Response(entry_shape(queue.entry_of(person, handed.entry_id), person))


class LeaseInvite(StetView):
    scopes = {"POST": Scope.QUEUE_WORK}

    @extend_schema(
        operation_id="invite_colleague", request=ColleagueInput, responses={200: schema_of(EntryShape)}
    )
    @idempotent
    def post(self, request: Request, token: str) -> Response:
        """Asks a colleague into the caller's review: they add basis, notes and verdicts, the caller submits.

        With `"end": true` the invitation is taken back; what they recorded stays.
        """
        person = caller(request)
        said = read_input(ColleagueInput, request)
        colleague = _colleague(colleagues.claim_of(token, person), said["person"], "/person")
        change = colleagues.uninvite if said["end"] else colleagues.invite
        review = change(token, actor=person, colleague=colleague)
        return Response(entry_shape(queue.entry_of(person, review.entry_id), person))


class LeasesReleased(StetView):
    scopes = {"POST": Scope.QUEUE_WORK}

    @extend_schema(operation_id="release_all_leases", request=None, responses={200: schema_of(ReleasedShape)})
    @idempotent
    def post(self, request: Request) -> Response:
        """Gives back every review that the caller holds; what was recorded in them is kept."""
        read_input(NothingInput, request)
        person = caller(request)
        released = leases.release_all(person, desks=Desk.objects.visible_to(person))
        return Response({"released": [str(claim) for claim in released]})


class QueueBreak(StetView):
    scopes = {"POST": Scope.QUEUE_WORK}

    @extend_schema(operation_id="break_lease", request=ReasonInput, responses={200: schema_of(EntryShape)})
    @idempotent
    def post(self, request: Request, entry_id: uuid.UUID) -> Response:
        """Takes a review away from whoever holds it, for an editor with a reason. The holder is told."""
        person = caller(request)
        entry = queue.entry_of(person, entry_id)
        reason = read_input(ReasonInput, request)["reason"]
        casework.break_lease(entry.claim, actor=person, reason=reason)
        return Response(entry_shape(queue.entry_of(person, entry_id), person))


def _colleague(claim: Claim, name: str, pointer: str) -> Person:
    person = casework.staff_named(claim, name)
    if person is None:
        raise InvalidInput(FieldError(pointer, "Nobody of this name works on the claim's desk.", "unknown"))
    return person


def _leased(request: Request, lease: leases.Lease) -> LeasedShape:
    return leased_shape(lease, claim_named(caller(request), str(lease.entry.claim_id)), caller(request))
