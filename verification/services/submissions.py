"""Filing and changing claims: rows, jobs and audit in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from claims import claim_texts, intake
from claims.dates import ClaimedDate
from claims.errors import FieldError, IllegalState, InvalidInput, NotAllowed
from claims.media.capture import Captured
from claims.models import Body, Claim, Desk, MediaItem, Membership, Person
from claims.places import Place
from claims.vocabulary import CaptureState, Examination, JobKind, Priority, ReviewKind
from verification.domain.transitions import Action, permit
from verification.services import audit, capture, jobs, telling
from verification.services.acting import acting, situation
from verification.services.entries import follow_claim, open_queue_entry
from verification.services.following import look_at_what_was_added
from verification.services.standing import refresh

EDITABLE = (
    "statement",
    "statement_key",
    "priority",
    "language",
    "tags",
    "skills",
    "topics",
    "claimed_date",
    "claimed_location",
    "claimed_not_before",
    "claimed_not_after",
    "latitude",
    "longitude",
)


@dataclass(frozen=True)
class Filed:
    """What filing came to. `created` is False where the desk had this external id already."""

    claim: Claim
    created: bool


def desk_for(person: Person, named: str | None) -> Desk:
    """The desk that a claim is filed on. Raises InvalidInput at /desk."""
    desks = Desk.objects.visible_to(person)
    if named is None:
        mine = list(desks[:2])
        if len(mine) == 1:
            return mine[0]
        raise InvalidInput(
            FieldError("/desk", "You work on several desks: name the one that the claim is for.", "required")
            if mine
            else FieldError("/desk", "You work on no desk. Ask an admin to add you to one.", "required")
        )
    found = desks.filter(slug=named).first() or (desks.filter(pk=named).first() if _is_id(named) else None)
    if found is None:
        raise InvalidInput(FieldError("/desk", "You work on no desk of this name.", "unknown"))
    return found


def file_claim(new: intake.NewClaim, *, desk: Desk, actor: Person) -> Filed:
    """Files a claim: it waits in the queue at once, whatever the capture of its media does."""
    if not Membership.objects.of_staff(actor).filter(desk=desk).exists():
        raise NotAllowed("You do not work on this desk.")
    try:
        with transaction.atomic():
            there = intake.already_filed(desk, new.external_id)
            if there is not None:
                return Filed(there, created=False)
            at = timezone.now()
            claim = intake.file_claim(new, desk=desk, by=actor, at=at)
            if not new.draft:
                open_queue_entry(claim, kind=ReviewKind.FIRST, review_round=1)
            for item in claim.media.all():
                jobs.enqueue(JobKind.CAPTURE, item.pk)
            refresh(claim)
            telling.keep_following(claim, [actor], at=at)
            audit.record(
                audit.hold(audit.chain_of(claim)),
                action="file",
                actor=actor,
                data={"statement": claim.statement, "media": [item.pk for item in claim.media.all()]},
                at=at,
            )
    except IntegrityError:
        there = intake.already_filed(desk, new.external_id)
        if there is None:
            raise
        return Filed(there, created=False)
    return Filed(claim, created=True)


def edit_claim(claim: Claim, *, actor: Person, revision: int, changes: Mapping[str, Any]) -> Claim:
    """Changes what is said of a claim. A new date or place has its media examined again."""
    with acting(claim, actor=actor, action=Action.EDIT, revision=revision) as act:
        subject = act.claim
        if "statement" in changes:
            subject.statement = Body.objects.keep(changes["statement"])
            subject.statement_key = intake.key_of(changes["statement"])
            claim_texts.keep_text(subject, changes["statement"])
            act.data["statement"] = subject.statement
        if "priority" in changes:
            subject.priority = Priority(changes["priority"]).value
        for name in ("language", "tags", "skills", "topics"):
            if name in changes:
                setattr(subject, name, changes[name])
        moved = {"claimed_date", "claimed_location"} & set(changes)
        if moved:
            intake.say_when_and_where(
                subject,
                date=changes.get("claimed_date", _date_of(subject)),
                place=changes.get("claimed_location", _place_of(subject)),
            )
            for item in subject.media.filter(state=CaptureState.CAPTURED):
                _examine_again(item)
        act.data["fields"] = sorted(changes)
        subject.save(update_fields=EDITABLE)
        if {"priority", "language", "skills", "topics"} & set(changes):
            follow_claim(subject)
    return act.claim


def check_may_add_media(claim: Claim, *, actor: Person) -> None:
    """Raises what `add_media` would, before an upload is taken in."""
    permit(Action.ADD_MEDIA, situation(claim, actor))


def add_media(
    claim: Claim, *, actor: Person, new: intake.NewMedia, uploaded: Captured | None = None
) -> MediaItem:
    """Adds a media item: by URL, which is then captured, or with uploaded bytes that are in the archive already."""
    with acting(claim, actor=actor, action=Action.ADD_MEDIA) as act:
        item = intake.attach_media(act.claim, new)
        act.data["media"] = item.pk
        if uploaded is None:
            jobs.enqueue(JobKind.CAPTURE, item.pk)
        else:
            asset = capture.keep(item, uploaded)
            act.data["sha256"] = asset.sha256
        refresh(act.claim)
        look_at_what_was_added(act)
        telling.keep_following(act.claim, [actor], at=act.at)
    return item


def recapture(item: MediaItem, *, actor: Person) -> MediaItem:
    """Fetches the item's URL again. Raises IllegalState for an upload, which has none."""
    if not item.url:
        raise IllegalState("This was uploaded: there is no address to fetch it from again.", code="no_url")
    with acting(item.claim, actor=actor, action=Action.RECAPTURE) as act:
        if not item.asset_id:
            item.state = CaptureState.PENDING.value
        item.failure = None
        item.save(update_fields=["state", "failure"])
        jobs.enqueue(JobKind.CAPTURE, item.pk)
        act.data["media"] = item.pk
    return item


def recheck_media(item: MediaItem, *, actor: Person) -> MediaItem:
    """Runs the checks on a captured item again."""
    if item.state != CaptureState.CAPTURED:
        raise IllegalState(
            "There are no bytes to examine yet: the item has not been captured.", code="not_captured"
        )
    with acting(item.claim, actor=actor, action=Action.RECHECK_MEDIA) as act:
        _examine_again(item)
        act.data["media"] = item.pk
    return item


def _examine_again(item: MediaItem) -> None:
    item.examination = Examination.WAITING.value
    item.save(update_fields=["examination"])
    jobs.enqueue(JobKind.EXAMINE, item.pk)


def _date_of(claim: Claim) -> ClaimedDate | None:
    return ClaimedDate.from_json(claim.claimed_date) if claim.claimed_date else None


def _place_of(claim: Claim) -> Place | None:
    return Place.from_json(claim.claimed_location) if claim.claimed_location else None


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
