"""Telling people what becomes of claims: their inbox, who follows what, and what waits to go out by mail or webhook."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from claims.models import Claim, Desk, Person
from claims.models.desks import STAFF
from claims.vocabulary import Channel, Notice, Pace
from verification.domain.mentions import missed_in, named_in
from verification.domain.telling import due_at
from verification.domain.transitions import EDITORS
from verification.models import Follow, Outgoing, TellingWishes, Told
from verification.services.telling_wishes import hours_of

COUNTED = 99
"""Up to how many unread lines are counted."""


def tell(
    people: Iterable[Person] | QuerySet[Person],
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
    wanted: QuerySet[Person, uuid.UUID] | set[uuid.UUID]
    if isinstance(people, QuerySet):
        wanted = (people.exclude(pk=by.pk) if by else people).values_list("pk", flat=True)
    else:
        wanted = {person.pk for person in people if person != by}
    reached = staff_for(claim).filter(pk__in=wanted).select_related("telling_wishes")
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


def staff_for(claim: Claim) -> QuerySet[Person]:
    """Who works on a claim's desk; nobody else is told of it."""
    return Person.objects.filter(
        is_active=True, memberships__desk_id=claim.desk_id, memberships__role__in=STAFF
    )


def editors_of(desk: Desk) -> QuerySet[Person]:
    """Who signs off on a desk."""
    return Person.objects.filter(
        is_active=True, memberships__desk=desk, memberships__role__in=[role.value for role in EDITORS]
    )


def followers_of(claim: Claim) -> QuerySet[Person]:
    """Who wants to know what becomes of a claim."""
    return Person.objects.filter(follows__in=Follow.objects.going_on().filter(claim=claim))


def follow(claim: Claim, *, person: Person) -> None:
    """From now on the person is told what becomes of the claim, whatever they ended before."""
    Follow.objects.update_or_create(
        person=person, claim=claim, defaults={"ended_at": None}, create_defaults={"since": timezone.now()}
    )


def unfollow(claim: Claim, *, person: Person) -> None:
    """The person is told no more of what becomes of the claim, until they follow it anew themselves."""
    now = timezone.now()
    Follow.objects.update_or_create(
        person=person,
        claim=claim,
        defaults={"ended_at": now},
        create_defaults={"since": now, "ended_at": now},
    )


def is_followed(claim: Claim, *, person: Person) -> bool:
    return Follow.objects.going_on().filter(claim=claim, person=person).exists()


def keep_following(claim: Claim, people: Iterable[Person], *, at: datetime) -> None:
    """Has people who took part in a claim follow it, save those who ended that; within the caller's act."""
    Follow.objects.bulk_create(
        [Follow(person=person, claim=claim, since=at) for person in people], ignore_conflicts=True
    )


def mentioned_in(claim: Claim, text: str) -> QuerySet[Person]:
    """Who of those that may see the claim is mentioned by a text."""
    return staff_for(claim).alias(name=Lower("username")).filter(name__in=named_in(text)).order_by("username")


def missed_by(claim: Claim, text: str) -> list[str]:
    """What a text mentions that is nobody who may see the claim, in lower case."""
    return missed_in(text, {person.username.lower() for person in mentioned_in(claim, text)})


def mentions_on(claim: Claim) -> dict[str, list[str]]:
    """By id of a note on the claim, the user names of those whom its mentions reached."""
    told = Told.objects.filter(claim=claim, occasion=Notice.MENTIONED).order_by("person__username")
    reached: dict[str, list[str]] = {}
    for about, username in told.values_list("about", "person__username"):
        reached.setdefault(about["note"], []).append(username)
    return reached


def unread_count(person: Person) -> int:
    """How many lines of their inbox somebody has not read; one more than `COUNTED` where there are more."""
    return Told.objects.visible_to(person).unread()[: COUNTED + 1].count()


def mark_read(person: Person, *, ids: Collection[uuid.UUID] | None = None, until: Told | None = None) -> int:
    """Marks lines of the person's own inbox as read; how many were not before.

    All of them, or those of `ids` only, and of them those that are no newer than `until`.
    """
    mine = Told.objects.filter(person=person).unread()
    if ids is not None:
        mine = mine.filter(pk__in=ids)
    if until is not None:
        mine = mine.filter(Q(at__lt=until.at) | Q(at=until.at, pk__lte=until.pk))
    return mine.update(read_at=timezone.now())


def _due(person: Person, at: datetime) -> dict[Channel, datetime]:
    """When each channel that the person wants may tell them what happens `at`."""
    wishes: TellingWishes | None = getattr(person, "telling_wishes", None)
    if wishes is None:
        return {}
    hours = hours_of(wishes)
    moments = {channel: due_at(at, Pace(getattr(wishes, channel.value)), hours) for channel in Channel}
    return {channel: moment for channel, moment in moments.items() if moment is not None}
