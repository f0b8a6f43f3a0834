"""What people are told: their inbox, what they follow, and how they want to be told outside it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, caller, entity_tag, expected_revision, idempotent, read_input
from claims.api.lists import page_asked_for, with_links
from claims.api.schema import page_of, schema_of
from claims.errors import FieldError, InvalidInput
from claims.vocabulary import Channel, Scope
from verification.api.inputs import InboxReadInput, NothingInput, TestTellingInput, WishesInput
from verification.api.shapes.telling import (
    FollowShape,
    InboxReadShape,
    ToldShape,
    WishesShape,
    told_shape,
    wishes_shape,
)
from verification.models import TellingWishes, Told
from verification.services import deliveries, telling, telling_wishes
from verification.services.reading import claim_named
from verification.services.sayings import said_in

INBOX = page_of(ToldShape)
INBOX = {
    **INBOX,
    "required": [*INBOX["required"], "unread", "more_unread"],
    "properties": {**INBOX["properties"], "unread": {"type": "integer"}, "more_unread": {"type": "boolean"}},
}


class Inbox(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}
    filters = frozenset({"unread"})

    @extend_schema(
        operation_id="list_inbox",
        parameters=[OpenApiParameter("unread", str, enum=["true", "false"])],
        responses={200: INBOX},
    )
    def get(self, request: Request) -> Response:
        """What the caller was told, newest first. `unread` counts to 99; beyond, `more_unread` is true."""
        person = caller(request)
        rows = Told.objects.visible_to(person).select_related("claim__statement", "by")
        wanted = request.query_params.get("unread")
        if wanted not in {None, "true", "false"}:
            raise InvalidInput(FieldError("unread", "Use true or false.", "unknown_word"))
        if wanted is not None:
            rows = rows.filter(read_at__isnull=wanted == "true")
        page = page_asked_for(request, rows, by="-at")
        said = said_in(page.rows, viewer=person)
        results = [dict(told_shape(told, said.get(told.pk))) for told in page.rows]
        return Response({**with_links(request, page, results), **_unread(request)})


class InboxRead(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(
        operation_id="read_inbox", request=InboxReadInput, responses={200: schema_of(InboxReadShape)}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Marks lines of the caller's inbox as read: those of `ids`, or all. Others' and unknown ones count for nothing."""
        said = read_input(InboxReadInput, request)
        read = telling.mark_read(caller(request), ids=said.get("ids"))
        return Response({"read": read, **_unread(request)})


def _unread(request: Request) -> dict[str, Any]:
    number = telling.unread_count(caller(request))
    return {"unread": min(number, telling.COUNTED), "more_unread": number > telling.COUNTED}


class Following(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE, "DELETE": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="follow_claim", request=NothingInput, responses={200: schema_of(FollowShape)})
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Has the caller be told what becomes of the claim. Who files it, is assigned it, reviews it, notes on it or is
        mentioned there follows it anyway."""
        read_input(NothingInput, request)
        telling.follow(claim_named(caller(request), name), person=caller(request))
        return Response({"following": True})

    @extend_schema(operation_id="unfollow_claim", responses={200: schema_of(FollowShape)})
    def delete(self, request: Request, name: str) -> Response:
        """Ends that, until the caller follows the claim anew themselves; mentions and assignments are told still."""
        telling.unfollow(claim_named(caller(request), name), person=caller(request))
        return Response({"following": False})


class Wishes(StetView):
    scopes = {"GET": Scope.INTERNAL_READ, "PATCH": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="read_telling", responses={200: schema_of(WishesShape)})
    def get(self, request: Request) -> Response:
        """How the caller is told outside the pages. Hours are those of the clock in `time_zone`."""
        return _wishes(telling_wishes.wishes_of(caller(request)))

    @extend_schema(
        operation_id="change_telling", request=WishesInput, responses={200: schema_of(WishesShape)}
    )
    def patch(self, request: Request) -> Response:
        """Changes it; what is not named stays. What waits already goes out as it is wanted now."""
        revision = expected_revision(request)
        changes = read_input(WishesInput, request)
        return _wishes(telling_wishes.change_wishes(caller(request), changes=changes, revision=revision))


class TestTelling(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="test_telling", request=TestTellingInput, responses={202: None})
    @idempotent
    def post(self, request: Request) -> Response:
        """Sends a message at once that says only that it came, whatever the pace and the hour."""
        channel: Channel = read_input(TestTellingInput, request)["channel"]
        deliveries.send_test(caller(request), channel=channel)
        return Response(status=202)


def _wishes(wishes: TellingWishes) -> Response:
    return Response(wishes_shape(wishes), headers={"ETag": entity_tag(wishes.revision)})
