"""Permission for media: what whoever holds the rights allows, under which terms; it gates delivery, never the line."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from claims.delivery import Delivery, delivery_of
from claims.errors import FieldError, IllegalState, InvalidInput
from claims.models import Body, MediaItem, Person
from claims.plain_text import NOT_PLAIN, is_plain
from claims.publishing import show_terms
from claims.vocabulary import MayDeliver, Notice, Permission
from verification.domain.transitions import Action
from verification.models import Contact, PermissionRecord
from verification.services import audit, telling
from verification.services.acting import Act, acting

MAX_TERM = 300
TERMS = (
    "permission",
    "permission_scope",
    "permission_territory",
    "permission_until",
    "credit",
    "rights_holder",
)
"""What stands on a media item of what is allowed."""
ALLOWING = frozenset({Permission.GRANTED, Permission.EMBED_ONLY})


@dataclass(frozen=True)
class Terms:
    """What is allowed. `until` (aware) is when it ends; credit and rights holder stay as they are where None.

    `proof` says where it can be seen that it was allowed; `reason` why it is recorded so.
    """

    permission: Permission
    scope: str = ""
    territory: str = ""
    until: datetime | None = None
    credit: str | None = None
    rights_holder: str | None = None
    proof: str = ""
    reason: str = ""


def set_permission(*items: MediaItem, actor: Person, terms: Terms, contact: Contact | None = None) -> None:
    """Records what is allowed of media items of one claim from now on; what was allowed before stays in the record.

    It holds for the same files wherever merging took them, for whoever allows it speaks of the file: for what an item
    was taken from, and for what was made of it.

    Where the claim is on show and this changes what clients are told, they are told: an amendment with other terms and
    the same verdicts. Raises InvalidInput for terms that don't go together.
    """
    check_terms(terms)
    with transaction.atomic():
        for of_claim in hold_with_copies(items):
            for item in of_claim:
                with acting(item.claim, actor=actor, action=Action.SET_PERMISSION) as act:
                    record_permission(act, item, terms=terms, by=actor, contact=contact)
                    if item is of_claim[-1]:  # clients are told of all of a claim at once
                        tell_clients(act)


def hold_with_copies(items: Collection[MediaItem]) -> list[list[MediaItem]]:
    """The items with those that merging made of them, or made them of, by claim; the claims' chains are held from here
    on, in one order.
    """
    found = {item.pk: item for item in items}
    newest = list(found.values())
    while newest:
        near = Q(taken_from__in=newest) | Q(taken_in__in=newest)
        newest = list(MediaItem.objects.filter(near).exclude(pk__in=found).select_related("claim").distinct())
        found |= {item.pk: item for item in newest}
    of_claims: dict[str, list[MediaItem]] = {}
    for item in found.values():
        of_claims.setdefault(audit.chain_of(item.claim), []).append(item)
    for chain in sorted(of_claims):
        audit.hold(chain)
    return list(of_claims.values())


def check_terms(terms: Terms) -> None:
    """Raises InvalidInput for terms that don't go together."""
    errors = []
    if terms.permission == Permission.ASKED:
        errors.append(
            FieldError("/permission", "That somebody was asked is said by recording the contact.", "asked")
        )
    given = {"/scope": terms.scope, "/territory": terms.territory, "/until": terms.until}
    if terms.permission not in ALLOWING:
        errors += [
            FieldError(pointer, "There are terms only where something is allowed. Leave this out.", "terms")
            for pointer, said in given.items()
            if said
        ]
    if not is_plain(terms.credit or ""):
        errors.append(FieldError("/credit", NOT_PLAIN, "invalid"))
    if terms.until is not None and terms.until <= timezone.now():
        errors.append(FieldError("/until", "This time has passed. Give a later one.", "past"))
    if errors:
        raise InvalidInput(errors)


def record_permission(
    act: Act, item: MediaItem, *, terms: Terms, by: Person, contact: Contact | None
) -> None:
    """Puts a permission on record and on the item, within the act that does so."""
    kept = MediaItem.objects.get(pk=item.pk)
    credit = kept.credit if terms.credit is None else terms.credit
    holder = kept.rights_holder if terms.rights_holder is None else terms.rights_holder
    body = Body.objects.keep_json(
        {
            "scope": terms.scope,
            "territory": terms.territory,
            "credit": credit,
            "rights_holder": holder,
            "proof": terms.proof,
            "reason": terms.reason,
        }
    )
    record = PermissionRecord.objects.create(
        claim=act.claim,
        media=item,
        contact=contact,
        permission=terms.permission.value,
        until=terms.until,
        body=body,
        by=by,
        at=act.at,
    )
    MediaItem.objects.filter(pk=item.pk).update(
        permission=terms.permission.value,
        permission_scope=terms.scope,
        permission_territory=terms.territory,
        permission_until=terms.until,
        credit=credit,
        rights_holder=holder,
    )
    act.data |= {
        "permission_record": record.pk,
        "media": item.pk,
        "permission": terms.permission.value,
        "terms": body,
    }


def tell_clients(act: Act) -> None:
    """Publishes what is on show with the terms of now, where they differ from those that clients have."""
    publication = show_terms(act.claim, at=act.at, reason="What may be shown of its media has changed.")
    if publication is None:
        return
    act.data |= {"publication": publication.pk, "version": publication.version, "content": publication.body}
    telling.tell(
        telling.followers_of(act.claim) | telling.editors_of(act.claim.desk),
        occasion=Notice.RIGHTS_CHANGED,
        claim=act.claim,
        by=act.actor,
        at=act.at,
        about={"version": str(publication.version)},
    )


def delivery_now(item: MediaItem) -> Delivery:
    """What may be shown of a media item outside at this moment."""
    return delivery_of(
        Permission(item.permission),
        until=item.permission_until,
        has_address=bool(item.url),
        now=timezone.now(),
    )


def check_deliverable(item: MediaItem) -> None:
    """Raises IllegalState `not_for_delivery` unless the file may be shown outside at this moment."""
    delivery = delivery_now(item)
    if delivery.may != MayDeliver.FILE:
        raise IllegalState(f"This file may not be shown outside. {delivery.why}", code="not_for_delivery")


def records_of(item: MediaItem, viewer: Person) -> list[PermissionRecord]:
    """Every permission recorded for a media item, the newest first, as the viewer may read them."""
    rows = PermissionRecord.objects.visible_to(viewer).filter(media=item).select_related("body", "by")
    return list(rows.order_by("-at", "-pk"))


def as_told(record: PermissionRecord) -> dict[str, Any]:
    """What a record says, without what is withheld from who reads or was erased."""
    said = record.content or {}
    hidden = {"proof", "reason"} if record.withheld else set()
    return {
        name: None if name in hidden else said.get(name) or None
        for name in ("scope", "territory", "credit", "rights_holder", "proof", "reason")
    }


def carry_terms(item: MediaItem, copy: MediaItem) -> None:
    """Has what is on record of an item's permission stand with the one that was made of it, and count there."""
    PermissionRecord.objects.bulk_create(
        PermissionRecord(
            claim=copy.claim,
            media=copy,
            contact=record.contact,
            permission=record.permission,
            until=record.until,
            body=record.body,
            by=record.by,
            at=record.at,
        )
        for record in PermissionRecord.objects.filter(media=item).select_related("contact", "body", "by")
    )
    for name in TERMS:
        setattr(copy, name, getattr(item, name))
