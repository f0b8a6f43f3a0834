"""Merging: the media of a duplicate, taken into the claim that it is a duplicate of.

Each claim keeps its history, and its verdicts are of its own media items: what is taken in is a new item over the
same original, not checked yet, that remembers the item it was made of. See docs/decisions.
"""

from __future__ import annotations

import uuid
from typing import Any

from claims.errors import FieldError, IllegalState, InvalidInput
from claims.intake import MAX_MEDIA
from claims.models import Capture, Claim, MediaItem, Person, SourceLink
from claims.vocabulary import CaptureState, JobKind, Permission
from verification.domain.transitions import Action, permit
from verification.services import jobs
from verification.services.acting import acting, situation
from verification.services.following import look_at_what_was_added
from verification.services.permissions import TERMS, carry_terms, tell_clients
from verification.services.standing import refresh

_CARRIED = (
    "asset",
    "url",
    "url_key",
    "kind",
    "caption",
    "account",
    "language",
    "content_flags",
    "posted_at",
    "posted_by_page",
)
_SAID = {
    "claimed_date": ("claimed_not_before", "claimed_not_after"),
    "claimed_location": ("latitude", "longitude"),
}


def take_media(duplicate: Claim, *, into: Claim, actor: Person) -> dict[str, uuid.UUID]:
    """Copies the duplicate's media into the other claim, but for what it has already: its items by the duplicate's.

    Called within the act that marks the duplicate, with the chains of both held. Raises InvalidInput at /of where the
    other claim takes no media now, or would have too many.
    """
    try:
        permit(Action.ADD_MEDIA, situation(into, actor))
    except IllegalState as error:
        raise InvalidInput(
            FieldError(
                "/of",
                f"{into.ref} takes no media in while it is {into.stage.replace('_', ' ')}. "
                "Mark this as a duplicate without merging, or merge it later.",
                "stage",
            )
        ) from error
    there = list(into.media.all())
    wanted, had = [], []
    for item in duplicate.media.select_related("asset"):
        if any(_is_same(one, item) for one in there):
            had.append(item)
        elif (item.asset_id or item.url) and not (item.asset and item.asset.redacted_at):
            wanted.append(item)
    if len(there) + len(wanted) > MAX_MEDIA:
        raise InvalidInput(
            FieldError(
                "/of",
                f"{into.ref} would have {len(there) + len(wanted)} media items; a claim has at most {MAX_MEDIA}. "
                "Mark this as a duplicate without merging.",
                "too_many",
            )
        )
    taken: dict[str, uuid.UUID] = {}
    with acting(into, actor=actor, action=Action.ADD_MEDIA) as act:
        position = max((item.position for item in there), default=0)
        for number, item in enumerate(wanted, start=position + 1):
            taken[str(item.pk)] = _copied(item, act.claim, number).pk
        for item in had:
            _add_to(next(one for one in there if _is_same(one, item)), item)
        if had:
            tell_clients(act)
        refresh(act.claim)
        if taken:
            look_at_what_was_added(act)
        act.data |= {"merged": duplicate.pk, "taken": taken}
    return taken


def _is_same(one: MediaItem, other: MediaItem) -> bool:
    """Whether two items are of one file: by bytes, or by the link of what is not here yet."""
    if other.asset_id:
        return one.asset_id == other.asset_id
    return bool(other.url) and one.url_key == other.url_key


def _add_to(one: MediaItem, other: MediaItem) -> None:
    """What was said of the same file with the duplicate holds here too, where nothing was said: its flags, what may be
    shown of it, who put it up and when.
    """
    one.content_flags = sorted({*one.content_flags, *other.content_flags})
    own = {
        name: getattr(one, name) or getattr(other, name) for name in ("account", "credit", "rights_holder")
    }
    if one.permission == Permission.UNKNOWN and other.permission != Permission.UNKNOWN:
        carry_terms(other, one)
    for name, value in own.items():
        setattr(one, name, value)
    if one.posted_at is None:
        one.posted_at, one.posted_by_page = other.posted_at, other.posted_by_page
    one.save(update_fields=["content_flags", "account", "posted_at", "posted_by_page", *TERMS])


def _copied(item: MediaItem, into: Claim, position: int) -> MediaItem:
    copy = MediaItem(claim=into, position=position, taken_from=item)
    for name in _CARRIED:
        setattr(copy, name, getattr(item, name))
    for name, columns in _SAID.items():
        subject: Any = item if getattr(item, name) else item.claim
        # What was said of the item by its claim is still said of it, where the other claim says something else.
        if getattr(subject, name) != getattr(into, name):
            for column in (name, *columns):
                setattr(copy, column, getattr(subject, column))
    failed = item.asset is None and item.state == CaptureState.FAILED
    copy.failure = item.failure if failed else None
    if item.asset is not None:
        copy.state = CaptureState.CAPTURED.value
    else:
        copy.state = (CaptureState.FAILED if failed else CaptureState.PENDING).value
    copy.save(force_insert=True)
    carry_terms(item, copy)
    copy.save(update_fields=TERMS)
    # How its original came here is the same story, and is told of both.
    fields = [
        field.attname for field in Capture._meta.concrete_fields if field.attname not in {"id", "media_id"}
    ]
    Capture.objects.bulk_create(
        Capture(media=copy, **{name: getattr(capture, name) for name in fields})
        for capture in item.captures.all()
    )
    SourceLink.objects.bulk_create(
        SourceLink(source_id=link.source_id, claim=into, media=copy, role=link.role)
        for link in item.source_links.all()
    )
    if copy.asset is not None:
        jobs.enqueue(JobKind.EXAMINE, copy.pk)
    elif not failed:
        jobs.enqueue(JobKind.CAPTURE, copy.pk)
    return copy
