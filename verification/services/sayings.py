"""What people said with an act on a claim: why it was dropped, who was to take it and why, why it was passed over, what
was tried and is next where a review was handed over.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Max, Q

from claims.models import Body, Claim, Person
from verification.domain.transitions import Action
from verification.models import AuditEntry, HandOver, Skip, Told
from verification.models.veil import veiled_from
from verification.services.audit import chain_of
from verification.services.veil import hidden_people

ACTS = frozenset(
    {
        Action.ASK,
        Action.UNASK,
        Action.ASSIGN,
        Action.BREAK_LEASE,
        Action.CONTACT,
        Action.DROP,
        Action.DUPLICATE,
        Action.REOPEN,
        Action.REQUEST_RECHECK,
        Action.REQUEST_SECOND_REVIEW,
        Action.CANCEL_REVIEW,
        Action.PUBLISH,
        Action.AMEND,
        Action.CORRECT,
        Action.HOLD,
        Action.RELEASE,
        Action.WITHDRAW,
    }
)
"""Acts whose reason or message is kept for colleagues; what was said to the public stands in the publication."""

KEPT_AS = ("reason", "internal_reason")
PARTS = {"tried": "Tried", "next": "Next"}
"""What is said at a hand-over, and how it is told."""
_NAMES = frozenset({"said", "skip"})
"""As which a line of an inbox names a text: by the id of a body, or of a skip."""


@dataclass(frozen=True)
class Saying:
    """One text. `id` names it for erasing; `text` is None once it is erased."""

    id: uuid.UUID
    act: Action
    by: Person
    at: datetime
    text: str | None
    subject: Body | Skip


def sayings_of(claim: Claim, *, viewer: Person, current: bool = False) -> list[Saying]:
    """All that was said with acts on the claim, the latest first, without what a veil keeps from the viewer.

    `current` leaves out what was said before a review was last submitted, for it has done its work, and the newest
    hand-over of the open review, which is shown with that.
    """
    hidden = hidden_people(claim, viewer)
    entries = AuditEntry.objects.filter(
        chain_id=chain_of(claim), action__in=[act.value for act in ACTS]
    ).exclude(actor__in=hidden)
    skips = Skip.objects.filter(entry__claim=claim).exclude(person__in=hidden)
    hand_overs = HandOver.objects.filter(entry__claim=claim).exclude(by__in=hidden)
    if current:
        last = claim.reviews.aggregate(last=Max("submitted_at"))["last"]
        if last is not None:
            entries, skips = entries.filter(at__gt=last), skips.filter(at__gt=last)
            hand_overs = hand_overs.filter(at__gt=last)
        newest = HandOver.objects.filter(entry__in=claim.queue_entries.open()).first()
        if newest is not None:
            hand_overs = hand_overs.exclude(pk=newest.pk)
    said = [
        *_with_acts(entries.select_related("actor")),
        *_with_skips(skips.select_related("person")),
        *_at_hand_overs(hand_overs.select_related("by", "body")),
    ]
    return sorted(said, key=lambda one: (one.at, one.id), reverse=True)


def saying_named(claim: Claim, named: uuid.UUID, *, viewer: Person) -> Saying | None:
    """What was said with an act on the claim, by its id; None where the viewer is shown no such text."""
    return next((one for one in sayings_of(claim, viewer=viewer) if one.id == named), None)


def left_to_erase(named: uuid.UUID) -> tuple[Claim, Body | Skip] | None:
    """What this id names that is not erased, with the claim that it was said of; whoever may read it."""
    skip = Skip.objects.exclude(reason="").filter(pk=named).select_related("entry__claim").first()
    if skip is not None:
        return skip.entry.claim, skip
    body = Body.objects.filter(pk=named, redacted_at=None).first()
    if body is None:
        return None
    handed = HandOver.objects.filter(body=body).select_related("entry__claim").first()
    if handed is not None:
        return handed.entry.claim, body
    is_named = reduce(or_, (Q(**{f"data__{name}__body": str(named)}) for name in KEPT_AS))
    entry = AuditEntry.objects.filter(is_named, action__in=[act.value for act in ACTS]).first()
    return (Claim.objects.get(pk=entry.chain_id.removeprefix("claim:")), body) if entry else None


def said_in(lines: Collection[Told], *, viewer: Person) -> dict[uuid.UUID, str]:
    """By line of the viewer's inbox, what was said with what it tells of; nothing of what is erased or veiled."""
    speaking = [told for told in lines if _NAMES & told.about.keys()]
    if not speaking:
        return {}
    bodies = Body.objects.in_bulk([told.about["said"] for told in speaking if "said" in told.about])
    skips = Skip.objects.in_bulk([told.about["skip"] for told in speaking if "skip" in told.about])
    texts = {str(pk): body.content for pk, body in bodies.items()}
    texts |= {str(pk): skip.reason for pk, skip in skips.items()}
    veiled = Claim.objects.filter(pk__in={told.claim_id for told in speaking}).filter(veiled_from(viewer))
    hidden = {claim.pk: hidden_people(claim, viewer) for claim in veiled}
    said = {}
    for told in speaking:
        text = next(texts.get(told.about[name]) for name in _NAMES & told.about.keys())
        if text and told.by_id not in hidden.get(told.claim_id, ()):
            said[told.pk] = text
    return said


def _with_acts(entries: Iterable[AuditEntry]) -> Iterator[Saying]:
    named = [
        (uuid.UUID(entry.data[name]["body"]), entry)
        for entry in entries
        for name in KEPT_AS
        if entry.actor is not None and name in entry.data
    ]
    bodies = Body.objects.in_bulk([body for body, _ in named]) if named else {}
    for pk, entry in named:
        assert entry.actor is not None  # noqa: S101 - only people say why
        yield Saying(pk, Action(entry.action), entry.actor, entry.at, bodies[pk].content, bodies[pk])


def _with_skips(skips: Iterable[Skip]) -> Iterator[Saying]:
    for skip in skips:
        yield Saying(skip.pk, Action.SKIP, skip.person, skip.at, skip.reason or None, skip)


def _at_hand_overs(hand_overs: Iterable[HandOver]) -> Iterator[Saying]:
    for handed in hand_overs:
        parts = [f"{label}: {handed.said[name]}" for name, label in PARTS.items() if handed.said[name]]
        if parts or handed.body.redacted_at is not None:
            text = "\n".join(parts) or None
            yield Saying(handed.body_id, Action.HAND_OVER, handed.by, handed.at, text, handed.body)
