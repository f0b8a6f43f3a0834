"""Working on a review together: giving it on to a colleague or the desk, and asking a colleague in."""

from __future__ import annotations

from datetime import datetime

from claims.errors import FieldError, IllegalState, InvalidInput, LeaseLost
from claims.models import Body, Claim, Membership, Person
from claims.vocabulary import Notice
from verification.domain.transitions import Action
from verification.models import HandOver, Invitation, QueueEntry, Review
from verification.services.acting import acting
from verification.services.entries import give_to, refuse_own_work
from verification.services.leases import give_up, parse_token
from verification.services.telling import tell


def claim_of(token: str, person: Person) -> Claim:
    """The claim that a lease token is of. Raises LeaseLost where there is none that the person sees."""
    entry_id, _ = parse_token(token)
    entry = QueueEntry.objects.visible_to(person).select_related("claim").filter(pk=entry_id).first()
    if entry is None:
        raise LeaseLost(
            "This lease is of no review here. Lease the claim and use the token that you are given."
        )
    return entry.claim


def hand_over(
    token: str,
    *,
    actor: Person,
    to: Person | None,
    tried: str = "",
    next_step: str = "",
    call_back_at: datetime | None = None,
) -> HandOver:
    """Gives a review on, to a colleague or (None) to the whole desk, with what was tried and what is next.

    What was recorded and typed stays. Raises InvalidInput at /to for somebody who may not take it, at /call_back_at for
    an hour that has passed.
    """
    with acting(claim_of(token, actor), actor=actor, action=Action.HAND_OVER, lease_token=token) as act:
        entry = _held(act.entry)
        if to is not None:
            _may_work_on(entry, to, pointer="/to", actor=actor)
        if call_back_at is not None and call_back_at <= act.at:
            raise InvalidInput(FieldError("/call_back_at", "This hour has passed. Give a later one.", "past"))
        give_up(entry, kind="handed_over", by=actor, at=act.at)
        give_to(act.claim, to, at=act.at)
        said = HandOver.objects.create(
            entry=entry,
            by=actor,
            to=to,
            body=Body.objects.keep_json({"tried": tried, "next": next_step}),
            call_back_at=call_back_at,
            at=act.at,
        )
        if to is not None:
            tell([to], occasion=Notice.HANDED_OVER, claim=act.claim, by=actor, at=act.at)
        act.data |= {"to": to.pk if to else None, "hand_over": said.pk, "content": said.body}
    return said


def invite(token: str, *, actor: Person, colleague: Person) -> Review:
    """Asks a colleague into the actor's review. Raises InvalidInput at /person for somebody who may not work on it."""
    with acting(claim_of(token, actor), actor=actor, action=Action.INVITE, lease_token=token) as act:
        entry = _held(act.entry)
        _may_work_on(entry, colleague, pointer="/person", actor=actor)
        review = entry.reviews.get(reviewer=actor, state=Review.OPEN)
        _, is_new = Invitation.objects.get_or_create(review=review, person=colleague, defaults={"at": act.at})
        if is_new:
            tell([colleague], occasion=Notice.INVITED, claim=act.claim, by=actor, at=act.at)
        act.data["person"] = colleague.pk
    return review


def uninvite(token: str, *, actor: Person, colleague: Person) -> Review:
    """Takes an invitation back; what the colleague recorded stays."""
    with acting(claim_of(token, actor), actor=actor, action=Action.INVITE, lease_token=token) as act:
        review = _held(act.entry).reviews.get(reviewer=actor, state=Review.OPEN)
        if not review.invitations.filter(person=colleague).delete()[0]:
            raise IllegalState("They are not asked in.", code="not_invited")
        act.data |= {"person": colleague.pk, "ended": True}
    return review


def _held(entry: QueueEntry | None) -> QueueEntry:
    if entry is None:
        raise TypeError("an act under a lease has an entry")
    return entry


def _may_work_on(entry: QueueEntry, person: Person, *, pointer: str, actor: Person) -> None:
    if person.pk == actor.pk:
        raise InvalidInput(FieldError(pointer, "That is you. Name a colleague.", "oneself"))
    if not person.is_active or not Membership.objects.of_staff(person).filter(desk_id=entry.desk_id).exists():
        raise InvalidInput(FieldError(pointer, "Nobody of this name works on the claim's desk.", "unknown"))
    refuse_own_work([entry], person, pointer=pointer)
