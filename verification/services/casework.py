"""What happens to a claim beside its verdicts: queue, assign, drop, mark as duplicate, reopen, ask for a re-check."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from claims.errors import FieldError, IllegalState, InvalidInput
from claims.models import Body, Claim, Person
from claims.vocabulary import Dimension, Notice, ReviewKind, Stage
from verification.domain.transitions import Action
from verification.models import Ask, AuditEntry, QueueEntry, Review
from verification.models.queue import CANCELLED
from verification.services import audit, telling
from verification.services.acting import Act, acting, may_cancel, roles_of
from verification.services.duplicates import original_of
from verification.services.entries import (
    anybody_for,
    ask_for,
    at_work_on,
    cancel_queue_entry,
    give_to,
    may_be_given,
    no_longer_ask_for,
    open_queue_entry,
    restore_queue_entry,
    took_part_in,
)
from verification.services.following import next_round, open_recheck, open_second_review
from verification.services.leases import give_up, refuse_if_others_hold
from verification.services.merging import take_media


def queue_draft(claim: Claim, *, actor: Person) -> Claim:
    """Files a draft for good: from now on it waits for a reviewer."""
    with acting(claim, actor=actor, action=Action.QUEUE) as act:
        act.move_to(Stage.QUEUED)
        open_queue_entry(act.claim, kind=ReviewKind.FIRST, review_round=1)
    return act.claim


def assign(
    claim: Claim, *, actor: Person, to: Person | None, reason: str, revision: int | None = None
) -> Claim:
    """Says whose work a claim is; None gives it back to everyone.

    The person must be on the desk's staff and may not be who the open review is a second look at.
    """
    if to is not None and not may_be_given(claim, to):
        raise InvalidInput(FieldError("/to", "Nobody of this name works on the claim's desk.", "unknown"))
    with acting(claim, actor=actor, action=Action.ASSIGN, revision=revision) as act:
        former = act.claim.assignee
        give_to(act.claim, to, at=act.at)
        act.claim.assignee = to
        act.data["to"] = to.pk if to else None
        about = _keep_reason(act, reason)
        if to is not None:
            telling.keep_following(act.claim, [to], at=act.at)
            _tell(act, Notice.ASSIGNED, [to], about)
        if former is not None and former != to:
            _tell(act, Notice.UNASSIGNED, [former], about)
    return act.claim


def drop(claim: Claim, *, actor: Person, reason: str, spare_others: bool = False) -> Claim:
    """Leaves a claim: not worth checking, or not to be checked.

    Who holds its review loses it; with `spare_others` LeaseLost is raised instead.
    """
    with acting(claim, actor=actor, action=Action.DROP) as act:
        if spare_others:
            refuse_if_others_hold(act.claim, actor)
        _end(act, Notice.DROPPED, _keep_reason(act, reason))
        act.move_to(Stage.DROPPED)
    return act.claim


def mark_duplicate(
    claim: Claim,
    *,
    actor: Person,
    of: Claim,
    reason: str,
    merge: bool = False,
    spare_others: bool = False,
) -> Claim:
    """Says that a claim is the same as another one of its desk; `merge` takes its media into that one.

    Who holds its review loses it; with `spare_others` LeaseLost is raised instead. Raises InvalidInput at /of for a claim that can't be the original.
    """
    if of.pk == claim.pk:
        raise InvalidInput(
            FieldError("/of", "A claim is no duplicate of itself. Name the other claim.", "same")
        )
    if of.desk_id != claim.desk_id:
        raise InvalidInput(
            FieldError("/of", "The other claim is another desk's. Name one of this desk.", "desk")
        )
    with transaction.atomic():
        # Both at once, in one order: two that are marked as each other's duplicate wait, and the second is refused.
        for chain in sorted((audit.chain_of(claim), audit.chain_of(of))):
            audit.hold(chain)
        original = Claim.objects.get(pk=of.pk)
        with acting(claim, actor=actor, action=Action.DUPLICATE) as act:
            if original.stage == Stage.DUPLICATE:
                raise InvalidInput(FieldError("/of", _is_one_too(original), "duplicate"))
            if spare_others:
                refuse_if_others_hold(act.claim, actor)
            _end(act, Notice.DUPLICATE, _keep_reason(act, reason))
            Claim.objects.filter(pk=claim.pk).update(duplicate_of=original)
            act.claim.duplicate_of = original
            act.move_to(Stage.DUPLICATE)
            act.data["of"] = original.pk
            if merge:
                act.data["taken"] = take_media(act.claim, into=original, actor=actor)
    return act.claim


def _is_one_too(claim: Claim) -> str:
    original = original_of(claim)
    named = f", of {original.claim.ref}. Name that one." if original else ". Name the original."
    return f"{claim.ref} is a duplicate too{named}"


def reopen(claim: Claim, *, actor: Person, reason: str, revision: int | None = None) -> Claim:
    """Puts a dropped, duplicate or withdrawn claim back into the queue. What was merged of it stays there as well.

    It is looked at anew; but a second review that leaving the queue cut off goes on, blind where it was, so that to
    drop a claim and to reopen it shows nobody what they are not to know.
    """
    with acting(claim, actor=actor, action=Action.REOPEN, revision=revision) as act:
        Claim.objects.filter(pk=claim.pk).update(duplicate_of=None)
        act.claim.duplicate_of = None
        goes_on = _second_review_was_cut_off(act.claim)
        act.move_to(Stage.QUEUED)
        if goes_on:
            restore_queue_entry(act.claim, at=act.at)
        else:
            number = next_round(act.claim)
            kind = ReviewKind.FIRST if number == 1 else ReviewKind.RECHECK
            open_queue_entry(act.claim, kind=kind, review_round=number)
        _tell(act, Notice.REOPENED, telling.followers_of(act.claim), _keep_reason(act, reason))
    return act.claim


def _second_review_was_cut_off(claim: Claim) -> bool:
    """Whether a second review was open as the claim was dropped or marked as a duplicate."""
    if claim.stage not in {Stage.DROPPED, Stage.DUPLICATE}:
        return False
    latest = claim.queue_entries.order_by("created_at", "pk").last()
    if latest is None or latest.state != CANCELLED or latest.review_kind != ReviewKind.SECOND:
        return False
    left = AuditEntry.objects.filter(
        chain_id=audit.chain_of(claim), action__in=[Action.DROP, Action.DUPLICATE], data__has_key="stage"
    ).latest("seq")
    return left.data["stage"]["from"] in {Stage.QUEUED, Stage.IN_REVIEW}


def undo_leaving(claim: Claim, *, actor: Person, stage: Stage, revision: int) -> Claim:
    """Takes back that a claim was dropped or marked as a duplicate: it is where it was, `stage`, and so is its review,
    with its age, what is asked for of it and what was recorded in it. Who held it takes it anew.

    Raises StaleEdit where anything was done to the claim since.
    """
    with acting(claim, actor=actor, action=Action.REOPEN, revision=revision) as act:
        Claim.objects.filter(pk=claim.pk).update(duplicate_of=None)
        act.claim.duplicate_of = None
        if stage in {Stage.QUEUED, Stage.IN_REVIEW}:
            act.move_to(Stage.QUEUED)
            entry = restore_queue_entry(act.claim, at=act.at)
            _tell(act, Notice.ASSIGNED, [entry.assignee] if entry.assignee else [], {})
        else:
            act.move_to(stage)
        _tell(act, Notice.REOPENED, telling.followers_of(act.claim), {})
    return act.claim


def request_recheck(claim: Claim, *, actor: Person, reason: str) -> Claim:
    """Asks for another pass. A published claim stays published meanwhile."""
    with acting(claim, actor=actor, action=Action.REQUEST_RECHECK) as act:
        if act.claim.queue_entries.open().exists():
            raise IllegalState("A review of this claim is waiting or under way already.", code="review_open")
        open_recheck(act)
        telling.keep_following(act.claim, [actor], at=act.at)
        _keep_reason(act, reason)
    return act.claim


def request_second_review(claim: Claim, *, actor: Person, reason: str) -> Claim:
    """Asks for a second review of the latest pass, whether or not the policy does.

    Raises IllegalState where a review is open, nothing was submitted yet, or that pass has its second review.
    """
    with acting(claim, actor=actor, action=Action.REQUEST_SECOND_REVIEW) as act:
        if act.claim.queue_entries.open().exists():
            raise IllegalState("A review of this claim is waiting or under way already.", code="review_open")
        number = next_round(act.claim) - 1
        if number == 0:
            raise IllegalState(
                "Nothing was reviewed yet that a second person could look at.", code="unreviewed"
            )
        if act.claim.reviews.filter(round=number, kind=ReviewKind.SECOND, state=Review.SUBMITTED).exists():
            raise IllegalState(
                "A second person has reviewed this already. Ask for a re-check to have it looked at anew.",
                code="already_seconded",
            )
        entry = open_second_review(act.claim, review_round=number, asked_by=actor)
        if not anybody_for(entry):
            raise IllegalState(
                "Everybody on the desk took part in this review: nobody is left who could look again with fresh eyes.",
                code="nobody_left",
            )
        if act.claim.stage == Stage.AWAITING_SIGNOFF:
            act.move_to(Stage.QUEUED)
        telling.keep_following(act.claim, [actor], at=act.at)
        _keep_reason(act, reason)
    return act.claim


def cancel_review(claim: Claim, *, actor: Person, reason: str) -> Claim:
    """Cancels the open review that somebody asked for: they or an editor, while nobody holds it.

    What was recorded in it stays in the history and counts for nothing. Raises IllegalState where somebody holds it
    (`lease_held`), no review is open (`no_review`) or it is not theirs to cancel (`not_asked`): it follows from the
    policy or from what changed, or another asked for it.
    """
    with acting(claim, actor=actor, action=Action.CANCEL_REVIEW) as act:
        entry = act.claim.queue_entries.open().select_related("holder", "asked_by").first()
        if entry is None:
            raise IllegalState("No review of this claim is waiting.", code="no_review")
        if not may_cancel(entry, actor, roles_of(actor, act.claim)):
            raise IllegalState(
                "Only a review that somebody asked for can be cancelled: by an editor, or by them while it is for nothing "
                "else. This one follows from the policy or a change, or it is an editor's to cancel.",
                code="not_asked",
            )
        refuse_if_others_hold(act.claim, actor)
        if entry.is_held:
            raise IllegalState("You hold this review yourself. Release it first.", code="lease_held")
        asked = {entry.asked_by_id, *entry.asks.standing().values_list("by_id", flat=True)}
        _end(act, Notice.CANCELLED, _keep_reason(act, reason), also=asked | took_part_in(entry))
        if act.claim.stage in {Stage.QUEUED, Stage.IN_REVIEW}:
            act.move_to(Stage.AWAITING_SIGNOFF)
    return act.claim


def ask(claim: Claim, *, actor: Person, dimension: Dimension, due_at: datetime, message: str) -> Ask:
    """Asks for a dimension to be decided by an hour; where no review is open, one is opened for it.

    Raises InvalidInput at /due_at for an hour that has passed.
    """
    with acting(claim, actor=actor, action=Action.ASK) as act:
        if due_at <= act.at:
            raise InvalidInput(FieldError("/due_at", "This hour has passed. Give a later one.", "past"))
        if not act.claim.queue_entries.open().exists():
            open_recheck(act)
        asked = ask_for(act.claim, dimension=dimension, due_at=due_at, by=actor, at=act.at)
        act.data |= {"dimension": dimension.value, "due_at": due_at}
        telling.keep_following(act.claim, [actor], at=act.at)
        worker = asked.entry.holder or asked.entry.assignee
        telling.tell(
            [worker] if worker else [],
            occasion=Notice.ASKED,
            claim=act.claim,
            by=actor,
            at=act.at,
            about={"dimensions": dimension.value, **_keep_reason(act, message)},
        )
    return asked


def unask(claim: Claim, *, actor: Person, dimension: Dimension, reason: str = "") -> Claim:
    """Takes back what is asked for of a dimension; the review goes on, by the desk's goal or what else is asked for.

    Whoever works on it is told, and who asked. Raises IllegalState (`not_asked`) where nothing is asked for, InvalidInput
    at /dimension where something else is.
    """
    with acting(claim, actor=actor, action=Action.UNASK) as act:
        asked = [ask.dimension for entry in act.claim.queue_entries.open() for ask in entry.standing_asks]
        if not asked:
            raise IllegalState("Nothing of this claim is asked for by an hour.", code="not_asked")
        if dimension not in asked:
            said = f"Nobody asks for the {dimension}. Name one that is asked for: {', '.join(asked)}."
            raise InvalidInput(FieldError("/dimension", said, "not_asked"))
        taken = no_longer_ask_for(act.claim, dimension=dimension, at=act.at)
        act.data["dimension"] = dimension.value
        about = {"dimensions": dimension.value, **_keep_reason(act, reason)}
        people = [person for one in taken for person in (one.entry.holder or one.entry.assignee, one.by)]
        _tell(act, Notice.UNASKED, [one for one in people if one], about)
    return act.claim


def break_lease(claim: Claim, *, actor: Person, reason: str) -> QueueEntry:
    """Takes a review away from whoever holds it, for an editor with a reason; what they recorded and typed stays."""
    with acting(claim, actor=actor, action=Action.BREAK_LEASE) as act:
        entry = act.claim.queue_entries.held().select_related("holder").first()
        if entry is None or entry.holder_id == actor.pk:
            raise IllegalState("Nobody else holds a review of this claim.", code="not_held")
        act.data["holder"] = entry.holder_id
        _tell(act, Notice.LEASE_BROKEN, at_work_on(entry), _keep_reason(act, reason))
        give_up(entry, kind="broken", by=actor, at=act.at)
        if entry.assignee_id == act.data["holder"]:
            # Else nobody but they could take it.
            give_to(act.claim, None, at=act.at)
    return entry


def staff_named(claim: Claim, name: str) -> Person | None:
    """A person at work on the claim's desk by id or user name."""
    people = Person.objects.filter(memberships__desk_id=claim.desk_id, is_active=True)
    try:
        return people.filter(pk=uuid.UUID(name)).first()
    except ValueError:
        return people.filter(username=name).first()


def _keep_reason(act: Act, reason: str) -> dict[str, str]:
    """Keeps what was said with the act; by which name whoever is told of it reads it."""
    if not reason:
        return {}
    body = act.data["reason"] = Body.objects.keep(reason)
    return {"said": str(body.pk)}


def _end(
    act: Act, occasion: Notice, about: Mapping[str, str], also: Collection[uuid.UUID | None] = ()
) -> None:
    """Ends the open review for good. Who is at it, whose it was, who follows the claim and who `also` are told."""
    entries = list(act.claim.queue_entries.open().select_related("holder"))
    theirs = {
        *(person.pk for entry in entries for person in at_work_on(entry)),
        *(entry.assignee_id for entry in entries),
        *also,
    }
    people = Person.objects.filter(
        Q(pk__in=theirs - {None}) | Q(pk__in=telling.followers_of(act.claim).values("pk"))
    )
    _tell(act, occasion, people, about)
    cancel_queue_entry(act.claim, at=act.at, entries=entries)


def _tell(
    act: Act, occasion: Notice, people: Iterable[Person] | QuerySet[Person], about: Mapping[str, str]
) -> None:
    telling.tell(people, occasion=occasion, claim=act.claim, by=act.actor, at=act.at, about=about)
