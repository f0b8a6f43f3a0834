"""Telling people what becomes of claims: their inbox, who follows what, and what waits to go out by mail or webhook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from claims.models import Claim, Desk, Person
from claims.models.desks import STAFF
from claims.vocabulary import Channel, Notice, Pace
from verification.domain.telling import Hours, due_at
from verification.domain.transitions import EDITORS
from verification.models import Follow, Outgoing, TellingWishes, Told


def tell(
    people: Iterable[Person],
    *,
    occasion: Notice,
    claim: Claim,
    by: Person | None,
    at: datetime,
    about: Mapping[str, str] | None = None,
) -> None:
    """Puts a line into the inbox of each, and what is to go out besides by the wish of each; within the caller's act.

    Nobody is told of what they did themselves (`by`; None is the system), nobody twice, and nobody who is deactivated
    or does not work on the claim's desk. `about` holds ids and short words, never what somebody wrote: a note is
    named by its id, so that erasing it need not look here.
    """
    wanted = {person.pk for person in people} - {by.pk if by else None}
    if not wanted:
        return
    reached = Person.objects.filter(
        pk__in=wanted, is_active=True, memberships__desk_id=claim.desk_id, memberships__role__in=STAFF
    ).select_related("telling_wishes")
    told = [
        Told(person=person, claim=claim, occasion=occasion.value, by=by, at=at, about=dict(about or {}))
        for person in reached
    ]
    Told.objects.bulk_create(told)
    Outgoing.objects.bulk_create(
        Outgoing(told=each, channel=channel.value, due_at=due)
        for each in told
        for channel, due in _due(each.person, at).items()
    )


def editors_of(desk: Desk) -> QuerySet[Person]:
    """Who signs off on a desk."""
    return Person.objects.filter(
        is_active=True, memberships__desk=desk, memberships__role__in=[role.value for role in EDITORS]
    )


def followers_of(claim: Claim) -> QuerySet[Person]:
    """Who wants to know what becomes of a claim."""
    return Person.objects.filter(follows__in=Follow.objects.going_on().filter(claim=claim))


def hours_of(wishes: TellingWishes) -> Hours:
    return Hours(ZoneInfo(wishes.time_zone), wishes.digest_hour, wishes.quiet_from, wishes.quiet_to)


def _due(person: Person, at: datetime) -> dict[Channel, datetime]:
    """When each channel that the person wants may tell them what happens `at`."""
    wishes: TellingWishes | None = getattr(person, "telling_wishes", None)
    if wishes is None:
        return {}
    hours = hours_of(wishes)
    moments = {channel: due_at(at, Pace(getattr(wishes, channel.value)), hours) for channel in Channel}
    return {channel: moment for channel, moment in moments.items() if moment is not None}
