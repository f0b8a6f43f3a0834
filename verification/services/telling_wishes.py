"""How people want to be told outside the pages: read, and changed by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from claims.addresses import AllowList, OutboundError, parse_url
from claims.dates import known_zones
from claims.errors import FieldError, InvalidInput, StaleEdit
from claims.models import Person
from claims.vocabulary import Channel, Pace
from verification.domain.telling import Hours, due_at
from verification.models import Outgoing, TellingWishes


def wishes_of(person: Person) -> TellingWishes:
    """How the person wants to be told; where they never said, not at all, and a mail address is the account's."""
    found = TellingWishes.objects.filter(person=person).first()
    return found or TellingWishes(person=person, email_address=person.email, revision=0)


def hours_of(wishes: TellingWishes) -> Hours:
    return Hours(ZoneInfo(wishes.time_zone), wishes.digest_hour, wishes.quiet_from, wishes.quiet_to)


def change_wishes(
    person: Person, *, changes: Mapping[str, Any], revision: int | None = None
) -> TellingWishes:
    """Changes how the person is told; what is not named stays. What waits already goes out as they want it now.

    Raises InvalidInput naming each bad field, StaleEdit where `revision` is not the current one.
    """
    with transaction.atomic():
        # Locked by the person, for there may be no wishes yet.
        Person.objects.select_for_update().get(pk=person.pk)
        wishes = wishes_of(person)
        if revision is not None and revision != wishes.revision:
            raise StaleEdit(
                "You changed this elsewhere since you read it. Read it again and repeat your change."
            )
        for name, value in changes.items():
            setattr(wishes, name, value)
        _check(wishes)
        wishes.revision += 1
        wishes.save()
        waiting = Outgoing.objects.filter(message=None, told__person=person)
        for channel in Channel:
            due = due_at(timezone.now(), Pace(getattr(wishes, channel.value)), hours_of(wishes))
            here = waiting.filter(channel=channel)
            if due is None:
                here.delete()
            else:
                here.update(due_at=due)
    return wishes


def _check(wishes: TellingWishes) -> None:
    errors = []
    if wishes.email_address:
        try:
            validate_email(wishes.email_address)
        except ValidationError:
            errors.append(
                FieldError("/email_address", "Write an e-mail address: olena@newsroom.example.", "email")
            )
    elif wishes.email != Pace.OFF:
        errors.append(FieldError("/email_address", "Say where to: give an e-mail address.", "required"))
    if wishes.webhook_url:
        try:
            parse_url(wishes.webhook_url, allow=AllowList.parse(settings.FETCH_ALLOW))
        except OutboundError as error:
            errors.append(FieldError("/webhook_url", error.detail, error.code))
    elif wishes.webhook != Pace.OFF:
        errors.append(
            FieldError(
                "/webhook_url", "Say where to: give the address that Slack or Teams gave you.", "required"
            )
        )
    if not 0 <= wishes.digest_hour <= 23:
        errors.append(FieldError("/digest_hour", "Give a whole hour from 0 to 23.", "range"))
    if (wishes.quiet_from is None) != (wishes.quiet_to is None):
        missing = "quiet_to" if wishes.quiet_to is None else "quiet_from"
        errors.append(
            FieldError(f"/{missing}", "Quiet hours have a beginning and an end. Give both.", "required")
        )
    elif wishes.quiet_from is not None and wishes.quiet_from == wishes.quiet_to:
        errors.append(
            FieldError(
                "/quiet_to",
                "Quiet hours that end as they begin are none. Give another end, or turn the channel off.",
                "order",
            )
        )
    if wishes.time_zone not in known_zones():
        errors.append(
            FieldError("/time_zone", "Write the time zone by its name: Europe/Kyiv, UTC.", "unknown_timezone")
        )
    if errors:
        raise InvalidInput(errors)
