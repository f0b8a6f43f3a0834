"""From a name in a path to a claim or media item that the viewer may see."""

from __future__ import annotations

import uuid

from django.db.models import Prefetch, prefetch_related_objects

from claims.errors import Missing
from claims.models import Claim, Desk, MediaItem, Person
from claims.models.claims import ClaimQuerySet
from verification.models import CheckRun, DimensionStatus

_CURRENT_RUNS = Prefetch("check_runs", CheckRun.objects.current())


def claim_rows(person: Person) -> ClaimQuerySet:
    """The claims that the person may see, with all that a row shows to them."""
    statuses = DimensionStatus.objects.visible_to(person)
    return _without_statuses(person).prefetch_related(Prefetch("dimension_statuses", statuses))


def _without_statuses(person: Person) -> ClaimQuerySet:
    return (
        Claim.objects.visible_to(person)
        .select_related("desk__policy", "statement", "source", "assignee")
        .prefetch_related(
            "publications",
            "queue_entries",
            Prefetch(
                "media",
                MediaItem.objects.select_related("asset", "taken_from__claim").prefetch_related(
                    _CURRENT_RUNS
                ),
            ),
        )
    )


def claim_named(person: Person, name: str) -> Claim:
    """The claim of this id or ref, with all that a row shows. Raises Missing for one that is not the viewer's to see."""
    claim = _named(_without_statuses(person), name)
    statuses = DimensionStatus.objects.all()
    # To ask for a veil costs more than all else of a claim, and most desks have none.
    if claim.desk.policy.blind_second_review:
        statuses = statuses.visible_to(person)
    prefetch_related_objects([claim], Prefetch("dimension_statuses", statuses))
    return claim


def claim_to_act_on(person: Person, name: str) -> Claim:
    """The same without what is only shown: an act reads anew what it goes by."""
    return _named(Claim.objects.visible_to(person), name)


def _named(claims: ClaimQuerySet, name: str) -> Claim:
    if len(name) >= 32:
        try:
            name = str(uuid.UUID(name))
        except ValueError:
            name = ""
    claim = claims.named(name).first() if name and "\x00" not in name else None
    if claim is None:
        raise Missing("There is no such claim, or it is not yours to see.")
    return claim


def desk_named(person: Person, slug: str) -> Desk:
    """The desk of this slug. Raises Missing for one whose inner work is not the viewer's to see."""
    desk = Desk.objects.visible_to(person).filter(slug=slug).first() if "\x00" not in slug else None
    if desk is None:
        raise Missing("There is no such desk, or it is not yours to see.")
    return desk


def media_named(person: Person, media_id: uuid.UUID) -> MediaItem:
    """The media item of this id. Raises Missing for one that is not the viewer's to see."""
    item = (
        MediaItem.objects.visible_to(person)
        .select_related("asset", "claim__desk", "taken_from__claim")
        .prefetch_related(_CURRENT_RUNS)
        .filter(pk=media_id)
        .first()
    )
    if item is None:
        raise Missing("There is no such media item, or it is not yours to see.")
    return item
