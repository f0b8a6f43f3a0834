"""Contacts with uploaders, and the permission for each media item."""

from __future__ import annotations

import uuid

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, caller, idempotent, read_input
from claims.api.lists import paged
from claims.api.schema import page_of, schema_of
from claims.errors import FieldError, InvalidInput
from claims.models import Claim, MediaItem
from claims.vocabulary import Scope
from verification.api.contact_inputs import (
    AnswerInput,
    CloseInput,
    ContactInput,
    PermissionInput,
    SaidInput,
    said_in,
    terms_in,
    terms_of,
)
from verification.api.shapes.contacts import (
    ContactShape,
    PermissionShape,
    contact_shape,
    permission_shape,
)
from verification.models import Contact
from verification.services import contacts, permissions
from verification.services.contacts import contact_named
from verification.services.reading import claim_named, desk_named, media_named


class ClaimContacts(StetView):
    scopes = {"GET": Scope.INTERNAL_READ, "POST": Scope.CLAIMS_WRITE}

    @extend_schema(
        operation_id="list_claim_contacts", responses={200: schema_of(dict[str, list[ContactShape]])}
    )
    def get(self, request: Request, name: str) -> Response:
        """Contacts with the uploaders of the claim's media, those about other claims that the caller may see included:
        the open ones first. Look here before you write to anybody.
        """
        claim = claim_named(caller(request), name)
        around = contacts.contacts_around(list(claim.media.all()), caller(request))
        found = {contact.pk: contact for of_item in around.values() for contact in of_item}
        newest = sorted(found.values(), key=lambda one: (one.is_open, one.opened_at), reverse=True)
        return Response({"results": [contact_shape(contact) for contact in newest]})

    @extend_schema(
        operation_id="open_contact", request=ContactInput, responses={201: schema_of(ContactShape)}
    )
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Records that the uploader of a media item was asked. Without `account` it is the one that the item names.

        409 `already_asked` where the desk has an open contact with them: on one desk one person asks at a time.
        """
        claim = claim_named(caller(request), name)
        given = read_input(ContactInput, request)
        contact = contacts.open_contact(
            _item(claim, given["media"]),
            actor=caller(request),
            said=said_in(given),
            account=given.get("account", ""),
            platform=given.get("platform", ""),
            for_permission=given["for_permission"],
        )
        return _shown(request, contact, status=201)


class ContactList(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}
    filters = frozenset({"desk", "state", "call_again"})

    @extend_schema(
        operation_id="list_contacts",
        parameters=[
            OpenApiParameter("desk", str),
            OpenApiParameter("state", str, enum=["open", "closed"], description="Both without it"),
            OpenApiParameter(
                "call_again", str, enum=["due"], description="Those whose time to ask again has come"
            ),
        ],
        responses={200: page_of(ContactShape)},
    )
    def get(self, request: Request) -> Response:
        """Contacts on the caller's desks, the one that waits longest first."""
        rows = Contact.objects.visible_to(caller(request))
        asked = request.query_params
        if "desk" in asked:
            rows = rows.filter(desk=desk_named(caller(request), asked["desk"]))
        if "state" in asked:
            if asked["state"] not in {"open", "closed"}:
                raise InvalidInput(FieldError("state", "Use open or closed.", "unknown_word"))
            rows = rows.filter(closed_at__isnull=asked["state"] == "open")
        if "call_again" in asked:
            if asked["call_again"] != "due":
                raise InvalidInput(FieldError("call_again", "Use due, or leave it out.", "unknown_word"))
            rows = rows.filter(call_again_at__lte=timezone.now())
        return Response(paged(request, rows, by="opened_at", shape=lambda one: dict(contact_shape(one))))


class ContactDetail(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(operation_id="read_contact", responses={200: schema_of(ContactShape)})
    def get(self, request: Request, contact_id: uuid.UUID) -> Response:
        """A contact with all that was asked and answered."""
        return Response(contact_shape(contact_named(caller(request), contact_id)))


class AskAgain(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(
        operation_id="ask_uploader_again", request=SaidInput, responses={200: schema_of(ContactShape)}
    )
    @idempotent
    def post(self, request: Request, contact_id: uuid.UUID) -> Response:
        """Records that the uploader was asked once more; `call_again_at` is when to do so next.

        Without it an hour that was set and is yet to come stays.
        """
        contact = contact_named(caller(request), contact_id)
        said = said_in(read_input(SaidInput, request))
        return _shown(request, contacts.ask_again(contact, actor=caller(request), said=said))


class Answer(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(
        operation_id="answer_contact", request=AnswerInput, responses={200: schema_of(ContactShape)}
    )
    @idempotent
    def post(self, request: Request, contact_id: uuid.UUID) -> Response:
        """Records what the uploader answered. With `permission` (`granted`, `embed_only`, `refused`) and its terms the
        contact ends, and they hold for the item that was asked about and the claim's items named in `media`.
        """
        contact = contact_named(caller(request), contact_id)
        given = read_input(AnswerInput, request)
        done = contacts.take_answer(
            contact,
            actor=caller(request),
            said=said_in(given),
            terms=terms_in(given),
            media=given.get("media", ()),
        )
        return _shown(request, done)


class Close(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="close_contact", request=CloseInput, responses={200: schema_of(ContactShape)})
    @idempotent
    def post(self, request: Request, contact_id: uuid.UUID) -> Response:
        """Ends a contact that no permission came of; its outcome is `answered` or `no_answer`, by what was recorded."""
        contact = contact_named(caller(request), contact_id)
        reason = read_input(CloseInput, request)["reason"]
        return _shown(request, contacts.close_contact(contact, actor=caller(request), reason=reason))


class MediaPermission(StetView):
    scopes = {"GET": Scope.INTERNAL_READ, "POST": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="read_permission", responses={200: schema_of(PermissionShape)})
    def get(self, request: Request, media_id: uuid.UUID) -> Response:
        """What may be shown of a media item, under which terms, and every permission that was recorded, newest first."""
        return _permission(request, media_named(caller(request), media_id))

    @extend_schema(
        operation_id="set_permission", request=PermissionInput, responses={200: schema_of(PermissionShape)}
    )
    @idempotent
    def post(self, request: Request, media_id: uuid.UUID) -> Response:
        """Records a permission, or that it was taken back. Terms that are left out do not hold any more; credit and
        rights holder stay. Clients who have the claim are told by an amendment.
        """
        item = media_named(caller(request), media_id)
        terms = terms_of(read_input(PermissionInput, request))
        permissions.set_permission(item, actor=caller(request), terms=terms)
        return _permission(request, media_named(caller(request), media_id))


def _item(claim: Claim, media_id: uuid.UUID) -> MediaItem:
    item = claim.media.filter(pk=media_id).first()
    if item is None:
        raise InvalidInput(FieldError("/media", "This claim has no such media item.", "unknown"))
    return item


def _shown(request: Request, contact: Contact, *, status: int = 200) -> Response:
    return Response(contact_shape(contact_named(caller(request), contact.pk)), status=status)


def _permission(request: Request, item: MediaItem) -> Response:
    return Response(permission_shape(item, permissions.records_of(item, caller(request))))
