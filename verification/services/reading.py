"""From a name in a path to a claim or media item that the viewer may see."""

from __future__ import annotations

import uuid

from django.db.models import Prefetch, prefetch_related_objects

from claims.errors import Missing
from claims.models import Claim, Desk, MediaItem, Person
from claims.models.base import all_but
from claims.models.claims import ClaimQuerySet
from verification.models import CheckRun, DimensionStatus
from verification.models.queue import SHOWN_BESIDE
from verification.services.entries import open_entry
from verification.services.standing import Record, record_of

_CURRENT_RUNS = Prefetch("check_runs", CheckRun.objects.current())
_ROWS = (
    Claim.objects.select_related("desk__policy", "statement", "source", "assignee")
    .defer(*all_but(Person, "assignee", *Person.NAMED_BY))
    .prefetch_related(
        "publications",
        "queue_entries",
        Prefetch(
            "media",
            MediaItem.objects.select_related("asset", "taken_from__claim")
            .defer(
                *all_but(MediaItem, "taken_from", "claim"),
                *all_but(Claim, "taken_from__claim", "ref"),
            )
            .prefetch_related(_CURRENT_RUNS),
        ),
    )
)
"""All that a row shows, but for the statuses: these are by who sees them."""


def claim_rows(person: Person) -> ClaimQuerySet:
    """The claims that the person may see, with all that a row shows to them."""
    statuses = DimensionStatus.objects.visible_to(person)
    return _ROWS.visible_to(person).prefetch_related(Prefetch("dimension_statuses", statuses))


def claim_named(person: Person, name: str) -> Claim:
    """The claim of this id or ref, with all that a row shows. Raises Missing for one that is not the viewer's to see."""
    claim = _named(_ROWS.visible_to(person), name)
    statuses = DimensionStatus.objects.all()
    # To ask for a veil costs more than all else of a claim, and most desks have none.
    if claim.desk.policy.blind_second_review:
        statuses = statuses.visible_to(person)
    prefetch_related_objects([claim], Prefetch("dimension_statuses", statuses))
    return claim


def read_beside(claim: Claim, viewer: Person) -> Record:
    """Reads what a whole claim shows beside its row: of its open entry, its reviews and its verdicts."""
    prefetch_related_objects([claim], "queue_entries__reviews__invitations__person")
    if (entry := open_entry(claim)) is not None:
        entry.desk = claim.desk
        if entry.holder_id == viewer.pk:
            entry.holder = viewer
        prefetch_related_objects([entry], *SHOWN_BESIDE)
    return record_of(claim, [review for entry in claim.queue_entries.all() for review in entry.reviews.all()])


def claim_to_act_on(person: Person, name: str) -> Claim:
    """No more of the same than which one it is: an act reads anew what it goes by."""
    return _named(Claim.objects.visible_to(person).only("pk"), name)


def _named(claims: ClaimQuerySet, name: str) -> Claim:
    if len(name) >= 32:
        try:
            name = str(uuid.UUID(name))
        except ValueError:
            name = ""
    # `first` would have it sorted: by far the dearest part of the statement to put together.
    found = list(claims.named(name)[:1]) if name and "\x00" not in name else []
    if not found:
        raise Missing("There is no such claim, or it is not yours to see.")
    return found[0]


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
