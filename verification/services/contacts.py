"""Contacts with uploaders: who asked whom what, when and how, and what they answered; one open at a time."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.db.models import Case, Q, When
from django.utils import timezone

from claims.errors import FieldError, IllegalState, InvalidInput, Missing
from claims.models import Body, MediaItem, Person
from claims.vocabulary import ContactChannel, ContactOutcome, MessageKind, Notice, Permission
from verification.domain.transitions import Action
from verification.domain.uploaders import Uploader, uploader_from
from verification.domain.wording import say_day
from verification.models import Contact, ContactMessage
from verification.services.acting import Act, acting
from verification.services.permissions import (
    ALLOWING,
    Terms,
    check_terms,
    hold_with_copies,
    record_permission,
    set_permission,
)
from verification.services.telling import tell

OUTCOMES = frozenset({*ALLOWING, Permission.REFUSED})
"""What an answer may make of the permission."""


@dataclass(frozen=True)
class Said:
    """What was asked or answered, by which channel. `at` (aware) is when; None: now."""

    text: str
    channel: ContactChannel
    at: datetime | None = None
    call_again_at: datetime | None = None


def uploader_of(item: MediaItem, *, account: str = "", platform: str = "") -> Uploader | None:
    """Who put a media item up, by what somebody says now, else by what is kept on the item. None: nobody knows."""
    return uploader_from(account=account or item.account, platform=platform, url=item.url)


def open_contact(
    item: MediaItem,
    *,
    actor: Person,
    said: Said,
    account: str = "",
    platform: str = "",
    for_permission: bool = True,
) -> Contact:
    """Records that the uploader of a media item was asked something, for the first time.

    Raises InvalidInput where nobody knows who they are, IllegalState `already_asked` where the desk waits for their
    answer already: who asked, and when.
    """
    uploader = uploader_of(item, account=account, platform=platform)
    if uploader is None:
        raise InvalidInput(
            FieldError("/account", "Say who the uploader is: the media item names no account.", "required")
        )
    _check_times(said)
    with acting(item.claim, actor=actor, action=Action.CONTACT) as act:
        _refuse_a_second(act, uploader)
        body = Body.objects.keep_json({"account": uploader.account, "platform": uploader.platform})
        contact = Contact(
            desk_id=act.claim.desk_id,
            claim=act.claim,
            media=item,
            uploader=body,
            uploader_key=uploader.key,
            for_permission=for_permission,
            opened_by=actor,
            opened_at=said.at or act.at,
            call_again_at=said.call_again_at,
        )
        try:
            with transaction.atomic():
                contact.save(force_insert=True)
        except IntegrityError as error:
            # Somebody asked about another claim at the same moment: no chain of ours was in their way.
            other = _open_with(act, uploader)
            raise (_already(other) if other else _asked_at_once()) from error
        act.data |= {"contact": contact.pk, "media": item.pk, "uploader": body}
        _keep(act, contact, MessageKind.ASKED, said, actor)
        if for_permission and MediaItem.objects.filter(pk=item.pk, permission=Permission.UNKNOWN).exists():
            record_permission(act, item, terms=Terms(Permission.ASKED), by=actor, contact=contact)
    return contact


def ask_again(contact: Contact, *, actor: Person, said: Said) -> Contact:
    """Records that the uploader was asked once more, by whomever; the hour to ask again stays where none is said and it
    is yet to come. Raises IllegalState where it is closed."""
    return _go_on(contact, MessageKind.ASKED, said, actor)


def take_answer(
    contact: Contact,
    *,
    actor: Person,
    said: Said,
    terms: Terms | None = None,
    media: Collection[uuid.UUID] = (),
) -> Contact:
    """Records what the uploader answered; who asked them first is told. With terms it ends the contact, and they hold for the item that was asked
    about, and for the claim's other items of `media`.

    Raises InvalidInput for terms that don't go together and items that are not the claim's, IllegalState where the
    contact is closed.
    """
    if terms is None:
        return _go_on(contact, MessageKind.ANSWERED, said, actor)
    if terms.permission not in OUTCOMES:
        raise InvalidInput(
            FieldError("/permission", "Say granted, embed_only or refused; or leave it out.", "unknown_word")
        )
    check_terms(terms)
    items = _covered(contact, media)
    with transaction.atomic():
        hold_with_copies(items)
        _go_on(contact, MessageKind.ANSWERED, said, actor, outcome=ContactOutcome(terms.permission.value))
        set_permission(*items, actor=actor, terms=terms, contact=contact)
    return contact


def close_contact(contact: Contact, *, actor: Person, reason: str = "") -> Contact:
    """Ends a contact: it came to nothing, or all was said."""
    with acting(contact.claim, actor=actor, action=Action.CONTACT) as act:
        has_answer = contact.messages.filter(kind=MessageKind.ANSWERED).exists()
        _close(act, contact, ContactOutcome.ANSWERED if has_answer else ContactOutcome.NO_ANSWER)
        if reason:
            act.data["reason"] = Body.objects.keep(reason)
    return contact


def contact_named(viewer: Person, contact_id: uuid.UUID) -> Contact:
    """The contact of this id. Raises Missing for one that is not the viewer's to see."""
    contact = Contact.objects.visible_to(viewer).filter(pk=contact_id).first()
    if contact is None:
        raise Missing("There is no such contact, or it is not yours to see.")
    return contact


def contacts_around(items: Sequence[MediaItem], viewer: Person) -> dict[uuid.UUID, list[Contact]]:
    """By media item, the contacts about it and those with its uploader about any other, on all desks that the viewer
    sees; the open ones first, then the newest.
    """
    keys = {item.pk: uploader.key for item in items if (uploader := uploader_of(item))}
    rows = Contact.objects.visible_to(viewer).filter(
        Q(media__in=[item.pk for item in items]) | Q(uploader_key__in=set(keys.values()))
    )
    found: dict[uuid.UUID, list[Contact]] = defaultdict(list)
    # Whoever was asked about an item is its uploader too, whatever account the item itself names.
    asked = list(rows.order_by("-opened_at", "-pk"))
    for contact in sorted(asked, key=lambda one: not one.is_open):
        for item in items:
            if contact.media_id == item.pk or contact.uploader_key == keys.get(item.pk):
                found[item.pk].append(contact)
    return found


def _refuse_a_second(act: Act, uploader: Uploader) -> None:
    other = _open_with(act, uploader)
    if other is not None:
        raise _already(other)


def _open_with(act: Act, uploader: Uploader) -> Contact | None:
    return Contact.objects.open().filter(desk=act.claim.desk_id, uploader_key=uploader.key).first()


def _already(contact: Contact) -> IllegalState:
    by, asked = contact.opened_by.display_name, contact.opened_at.astimezone(UTC)
    return IllegalState(
        f"{by} asked {contact.uploader_name} about {contact.claim.ref} at {asked:%H:%M} UTC on {say_day(asked)}, and the "
        f"desk waits for the answer. Speak with {by}. Where the uploader was asked once more, record that as asking "
        "again, in the contact that is open.",
        code="already_asked",
    )


def _asked_at_once() -> IllegalState:
    return IllegalState(
        "Somebody recorded a contact with this uploader at the same moment. Look at it first.",
        code="already_asked",
    )


def _go_on(
    contact: Contact,
    kind: MessageKind,
    said: Said,
    actor: Person,
    *,
    outcome: ContactOutcome | None = None,
) -> Contact:
    _check_times(said, not_before=contact.opened_at)
    with acting(contact.claim, actor=actor, action=Action.CONTACT) as act:
        # An hour that is yet to come stays, whoever set it; one that has passed is done with.
        hour = said.call_again_at or Case(When(call_again_at__gt=act.at, then="call_again_at"))
        still = Contact.objects.open().filter(pk=contact.pk)
        if still.update(call_again_at=hour, reminded_at=None) != 1:
            raise _closed()
        contact.refresh_from_db(fields=["call_again_at"])
        act.data |= {"contact": contact.pk, "media": contact.media_id}
        _keep(act, contact, kind, said, actor)
        if kind == MessageKind.ANSWERED:
            about = {"media": str(contact.media_id)}
            tell(
                [contact.opened_by],
                occasion=Notice.ANSWERED,
                claim=act.claim,
                by=actor,
                at=act.at,
                about=about,
            )
        if outcome is not None:
            _close(act, contact, outcome)
    return contact


def _close(act: Act, contact: Contact, outcome: ContactOutcome) -> None:
    ended = {"closed_at": act.at, "closed_by": act.actor, "outcome": outcome.value, "call_again_at": None}
    if Contact.objects.open().filter(pk=contact.pk).update(**ended) != 1:
        raise _closed()
    for name, value in ended.items():
        setattr(contact, name, value)
    act.data |= {"contact": contact.pk, "media": contact.media_id, "closed": outcome.value}


def _closed() -> IllegalState:
    return IllegalState(
        "This contact is closed. Record a new one where the uploader is asked anew.", code="contact_closed"
    )


def _keep(act: Act, contact: Contact, kind: MessageKind, said: Said, by: Person) -> None:
    body = Body.objects.keep(said.text)
    message = ContactMessage.objects.create(
        contact=contact,
        kind=kind.value,
        channel=said.channel.value,
        body=body,
        by=by,
        at=said.at or act.at,
        recorded_at=act.at,
    )
    act.data |= {"contact_message": message.pk, "kind": kind.value, "said": body}


def _check_times(said: Said, *, not_before: datetime | None = None) -> None:
    now, errors = timezone.now(), []
    if not_before is not None:
        not_before = not_before.replace(second=0, microsecond=0)  # people write minutes
    if said.at is not None and said.at > now:
        errors.append(FieldError("/at", "This is yet to come. Say when it was.", "future"))
    if said.at is not None and not_before is not None and said.at < not_before:
        errors.append(FieldError("/at", "This was before the uploader was first asked.", "before"))
    if said.call_again_at is not None and said.call_again_at <= now:
        errors.append(FieldError("/call_again_at", "This hour has passed. Give a later one.", "past"))
    if errors:
        raise InvalidInput(errors)


def _covered(contact: Contact, media: Collection[uuid.UUID]) -> list[MediaItem]:
    wanted = {contact.media_id, *media}
    items = list(MediaItem.objects.filter(claim=contact.claim_id, pk__in=wanted).select_related("claim"))
    if len(items) != len(wanted):
        raise InvalidInput(
            FieldError(
                "/media", "Name media items of the claim that the uploader was asked about.", "unknown"
            )
        )
    return items
