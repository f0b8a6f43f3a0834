"""Evidence of when or where that a person enters: it bounds like any finding, under their name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from claims.dates import ClaimedDate
from claims.errors import FieldError, IllegalState, InvalidInput, NotAllowed
from claims.intake import in_zone_of
from claims.models import Body, MediaItem, Person
from claims.places import Place
from claims.vocabulary import Dimension, Role
from verification.domain.evidence import EvidenceKind
from verification.domain.findings import Side
from verification.domain.transitions import Action
from verification.models import Evidence, EvidenceStrike
from verification.services.acting import acting, roles_of
from verification.services.examination import claimed_place_of


@dataclass(frozen=True)
class NewEvidence:
    """What a person gives: a side of a date, or a place where the camera stood; and why."""

    kind: EvidenceKind
    reason: str
    side: Side | None = None
    date: ClaimedDate | None = None
    place: Place | None = None
    hard: bool = False
    url: str | None = None


def add_evidence(item: MediaItem, *, actor: Person, new: NewEvidence) -> Evidence:
    """Puts down a bound or a place for a media item. Raises InvalidInput where it is neither, or both."""
    content = _content(item, new)
    with acting(item.claim, actor=actor, action=Action.ADD_BOUND) as act:
        evidence = Evidence.objects.create(
            claim=act.claim,
            media=item,
            dimension=Dimension.LOCATION if new.place else Dimension.DATE,
            kind=new.kind,
            hard=new.hard,
            body=Body.objects.keep_json(content),
            by=actor,
            at=act.at,
        )
        act.data |= {"evidence": evidence.pk, "media": item.pk, "content": evidence.body}
    return evidence


def strike_evidence(evidence: Evidence, *, actor: Person, reason: str) -> Evidence:
    """Takes evidence back, for its author or an editor; it stays readable and counts no more."""
    with acting(evidence.claim, actor=actor, action=Action.ADD_BOUND) as act:
        if evidence.by_id != actor.pk and not roles_of(actor, act.claim) & {Role.EDITOR, Role.ADMIN}:
            raise NotAllowed("Only its author or an editor may strike a bound.")
        if EvidenceStrike.objects.filter(evidence=evidence).exists():
            raise IllegalState("This bound is struck already.", code="already_struck")
        why = Body.objects.keep(reason)
        EvidenceStrike.objects.create(evidence=evidence, body=why, by=actor, at=act.at)
        act.data |= {"evidence_struck": evidence.pk, "reason": why}
    return Evidence.objects.select_related("strike__body", "by", "body").get(pk=evidence.pk)


def _content(item: MediaItem, new: NewEvidence) -> dict[str, Any]:
    errors = _errors(new)
    date = in_zone_of(new.date, claimed_place_of(item))
    at = _instant(new.side, date)
    if not errors and new.place is None and at is None:
        errors.append(FieldError("/date", "This date is open on that side, so it bounds nothing.", "open"))
    if errors:
        raise InvalidInput(errors)
    return {
        "reason": new.reason.strip(),
        "url": new.url,
        "side": new.side.value if new.side else None,
        "date": date.as_json() if date else None,
        "at": at.astimezone(UTC).isoformat() if at else None,
        "place": new.place.as_json() if new.place else None,
    }


def _errors(new: NewEvidence) -> list[FieldError]:
    errors = []
    if not new.reason.strip():
        errors.append(FieldError("/reason", "Say what you go by and where it can be seen.", "required"))
    if new.place is not None:
        if new.side is not None or new.date is not None:
            errors.append(FieldError("/place", "Give a place or a side of a date, each on its own.", "both"))
        if not new.place.has_point:
            errors.append(
                FieldError("/place", "Give latitude and longitude: a name is no point.", "required")
            )
        if new.hard:
            errors.append(FieldError("/hard", "A place has a radius; only bounds of time are hard.", "hard"))
    elif new.side is None:
        errors.append(FieldError("/side", "Say not_before or not_after, or give a place.", "required"))
    elif new.date is None:
        errors.append(FieldError("/date", "Give the date that bounds it.", "required"))
    return errors


def _instant(side: Side | None, date: ClaimedDate | None) -> datetime | None:
    """The end of the date that bounds: "not before 2019" begins with that year, "not after" ends with it."""
    if date is None:
        return None
    return date.not_before if side is Side.NOT_BEFORE else date.not_after
