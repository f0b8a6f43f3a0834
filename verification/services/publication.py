"""Publication: the gate, and every way a claim's public face changes. The gate runs in the publishing transaction."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils import timezone

from claims.errors import Blocker, FieldError, IllegalState, InvalidInput
from claims.models import Body, Claim, Person, Publication
from claims.publishing import lowered_or_altered, notice, publish_face, show_again, standing_publication
from claims.vocabulary import Cause, ChangeKind, Dimension, Notice, ReviewKind, Stage, Status
from verification.domain import gate as rule
from verification.domain.transitions import EDITORS, Action
from verification.models import DimensionStatus, Policy, QueueEntry, Review, ScheduledPublication
from verification.models.queue import WAITING
from verification.models.veil import veiled_from
from verification.services import telling
from verification.services.acting import Act, acting, acting_by_itself, roles_of
from verification.services.entries import cancel_queue_entry, open_entry, open_queue_entry
from verification.services.following import next_round
from verification.services.offers import look_again_elsewhere
from verification.services.reliance import mark_interim, reasons_of, say_reasons
from verification.services.second_looks import second_look_of, second_looks_of
from verification.services.standing import (
    Record,
    all_disagreements,
    disagreements,
    face_of,
    line_of,
    record_of,
    standing,
)
from verification.services.veil import is_veiled


def gate(claim: Claim, approver: Person, *, record: Record | None = None) -> list[Blocker]:
    """What stands between a claim and its publication by this person; nothing means that it may be published.

    Reads the verdicts themselves: what is kept beside the claim to list by decides nothing here.
    """
    record = record or record_of(claim)
    veiled = is_veiled(claim, approver)
    now = standing(claim, record=record)
    policy = claim.desk.policy
    entry = open_entry(claim)
    second_look = second_look_of(claim, is_veiled=veiled, record=record)
    facts = rule.Facts(
        stage=Stage(claim.stage),
        statuses={dimension: now.status(dimension) for dimension in Dimension},
        required=policy.required,
        partly={dimension for dimension in Dimension if rule.is_partly_decided(now.counts(dimension))},
        disagreements=disagreements(claim, record=record),
        open_entry=_open(entry.review_kind, entry.state) if entry else None,
        second_look=second_look.reasons if second_look.is_lacking else (),
        reviewers=record.reviewers,
        distinct_approver=policy.distinct_approver,
        recheck={dimension: say_reasons(reasons) for dimension, reasons in reasons_of(claim).items()},
        is_erased=claim.statement.redacted_at is not None,
        is_veiled=veiled,
    )
    return rule.blockers(facts, approver.pk)


def gates(
    claims: Collection[Claim], approver: Person | None, *, viewer: Person | None = None
) -> dict[uuid.UUID, list[Blocker]]:
    """What the gate says of each of many claims, by the kept statuses and in a fixed number of queries.

    To look at, not to publish by. None as approver is somebody who reviewed none of them. `viewer` is whom it is
    told to, where that is not the approver.
    """
    ids = [claim.pk for claim in claims]
    policies = {
        policy.pk: policy for policy in Policy.objects.filter(pk__in={claim.desk_id for claim in claims})
    }
    told = viewer or approver
    veiled = set()
    if told is not None and any(policy.blind_second_review for policy in policies.values()):
        veiled = set(Claim.objects.filter(pk__in=ids).filter(veiled_from(told)).values_list("pk", flat=True))
    statuses: dict[uuid.UUID, dict[Dimension, Status]] = {}
    partly: dict[uuid.UUID, set[Dimension]] = {}
    recheck: dict[uuid.UUID, dict[Dimension, str]] = {}
    for row in DimensionStatus.objects.filter(claim__in=ids):
        statuses.setdefault(row.claim_id, {})[Dimension(row.dimension)] = Status(row.status)
        if rule.is_partly_decided(row.counts):
            partly.setdefault(row.claim_id, set()).add(Dimension(row.dimension))
        if row.recheck_needed:
            recheck.setdefault(row.claim_id, {})[Dimension(row.dimension)] = say_reasons(row.recheck_needed)
    entries = {
        claim: _open(kind, state)
        for claim, kind, state in QueueEntry.objects.open()
        .filter(claim__in=ids)
        .values_list("claim_id", "review_kind", "state")
    }
    reviewers, seconded = _reviews_of(ids)
    quarrels = all_disagreements(seconded)
    second_looks = second_looks_of(claims, policies, veiled=veiled)
    erased = set(
        Claim.objects.filter(pk__in=ids).exclude(statement__redacted_at=None).values_list("pk", flat=True)
    )
    return {
        claim.pk: rule.blockers(
            rule.Facts(
                stage=Stage(claim.stage),
                statuses=statuses.get(claim.pk, {}),
                required=policies[claim.desk_id].required,
                partly=partly.get(claim.pk, ()),
                disagreements=quarrels.get(claim.pk, ()),
                open_entry=entries.get(claim.pk),
                second_look=second_looks[claim.pk].reasons if second_looks[claim.pk].is_lacking else (),
                reviewers=reviewers.get(claim.pk, ()),
                distinct_approver=policies[claim.desk_id].distinct_approver,
                recheck=recheck.get(claim.pk, {}),
                is_erased=claim.pk in erased,
                is_veiled=claim.pk in veiled,
            ),
            approver.pk if approver else None,
        )
        for claim in claims
    }


def _reviews_of(claims: Collection[uuid.UUID]) -> tuple[dict[uuid.UUID, set[uuid.UUID]], set[uuid.UUID]]:
    """Who reviewed each claim (whoever submitted a review or recorded a verdict in it); which had a second review."""
    reviewers: dict[uuid.UUID, set[uuid.UUID]] = {}
    seconded = set()
    submitted = Review.objects.filter(claim__in=claims, state=Review.SUBMITTED)
    for claim, kind, reviewer, colleague in submitted.values_list(
        "claim_id", "kind", "reviewer_id", "verdicts__by_id"
    ).distinct():
        reviewers.setdefault(claim, set()).update({reviewer, colleague or reviewer})
        if kind == ReviewKind.SECOND:
            seconded.add(claim)
    return reviewers, seconded


def _open(kind: str, state: str) -> rule.OpenEntry:
    return rule.OpenEntry(ReviewKind(kind), begun=state != WAITING)


def publish(
    claim: Claim,
    *,
    actor: Person,
    embargo_until: datetime | None = None,
    public_location_radius_m: float | None = None,
    headline: str = "",
) -> Publication | ScheduledPublication:
    """Signs a claim off: it is published now, or, under an embargo, when that ends.

    Publishing what waits under an embargo lifts it. Raises IllegalState with the gate's blockers.
    """
    with acting(claim, actor=actor, action=Action.PUBLISH) as act:
        _cancel_embargo(act.claim)
        _pass_gate(act, actor)
        _set_public_form(act, public_location_radius_m, headline)
        if embargo_until is None:
            act.move_to(Stage.PUBLISHED)
            return _published(act, ChangeKind.PUBLISHED)
        if embargo_until <= act.at:
            raise InvalidInput(
                FieldError(
                    "/embargo_until",
                    "This time has passed. Give a later one, or none to publish now.",
                    "past",
                )
            )
        act.move_to(Stage.SCHEDULED)
        act.data["embargo_until"] = embargo_until
        return ScheduledPublication.objects.create(claim=act.claim, by=actor, due_at=embargo_until)


def publish_scheduled(scheduled: ScheduledPublication) -> bool:
    """Publishes what an embargo held back. False when the gate has closed meanwhile: it awaits sign-off again."""
    with acting_by_itself(scheduled.claim, action=Action.PUBLISH) as act:
        act.data |= {"scheduled": scheduled.pk, "approved_by": scheduled.by_id}
        blockers = gate(act.claim, scheduled.by)
        if not roles_of(scheduled.by, act.claim) & EDITORS:
            blockers.append(Blocker("same_person", "Who approved this is no editor of the desk any more."))
        ended = ScheduledPublication.objects.filter(
            pk=scheduled.pk, state=ScheduledPublication.WAITING, due_at__lte=act.at
        ).update(
            state=ScheduledPublication.REFUSED if blockers else ScheduledPublication.DONE,
            blockers=[blocker.as_json() for blocker in blockers],
        )
        if ended != 1 or act.claim.stage != Stage.SCHEDULED:
            raise IllegalState("The embargo was lifted or cancelled meanwhile.")
        act.data["blockers"] = [blocker.code for blocker in blockers]
        act.move_to(Stage.AWAITING_SIGNOFF if blockers else Stage.PUBLISHED)
        if not blockers:
            _published(act, ChangeKind.PUBLISHED)
        return not blockers


def amend(
    claim: Claim,
    *,
    actor: Person,
    reason: str,
    internal_reason: str = "",
    public_location_radius_m: float | None = None,
) -> Publication:
    """Publishes anew where nothing was wrong. Raises IllegalState where something published is taken back."""
    with acting(claim, actor=actor, action=Action.AMEND) as act:
        _pass_gate(act, actor)
        _set_public_form(act, public_location_radius_m)
        before = standing_publication(act.claim)
        wrong = lowered_or_altered(face_of(act.claim), before) if before else []
        if wrong:
            raise IllegalState(
                f"This is no amendment: {' '.join(wrong)} Correct it instead.",
                code="must_correct",
                allowed_actions=[Action.CORRECT, Action.HOLD, Action.WITHDRAW],
            )
        return _published(act, ChangeKind.AMENDED, reason=reason, internal_reason=internal_reason)


def correct(
    claim: Claim,
    *,
    actor: Person,
    reason: str,
    cause: Cause = Cause.ERROR,
    internal_reason: str = "",
    public_location_radius_m: float | None = None,
) -> Publication:
    """Publishes anew and says what was."""
    with acting(claim, actor=actor, action=Action.CORRECT) as act:
        _pass_gate(act, actor)
        _set_public_form(act, public_location_radius_m)
        return _published(
            act, ChangeKind.CORRECTED, reason=reason, cause=cause, internal_reason=internal_reason
        )


def hold(claim: Claim, *, actor: Person, reason: str, internal_reason: str = "") -> Publication | None:
    """Stops a publication that is to come, or takes what is public off show for a while.

    None where nothing was public.
    """
    with acting(claim, actor=actor, action=Action.HOLD) as act:
        was_public = act.claim.stage == Stage.PUBLISHED
        _cancel_embargo(act.claim)
        act.move_to(Stage.HELD)
        if not was_public:
            _say(act, reason, internal_reason)
            _tell_followers(act, Notice.HELD)
            return None
        publication = notice(act.claim, kind=ChangeKind.HELD, at=act.at, reason=reason, cause=None)
        _note(act, publication, internal_reason)
        return publication


def release(claim: Claim, *, actor: Person, reason: str, internal_reason: str = "") -> Publication | None:
    """Ends a hold: what was public is on show again as it stood; what was not goes where
    its reviews stand."""
    with acting(claim, actor=actor, action=Action.RELEASE) as act:
        if standing_publication(act.claim) is None or act.claim.public.pubstatus != "withheld":
            _say(act, reason, internal_reason)
            entry = act.claim.queue_entries.open().first()
            if entry is None:
                act.move_to(Stage.AWAITING_SIGNOFF)
            else:
                act.move_to(Stage.QUEUED if entry.state == WAITING else Stage.IN_REVIEW)
            return None
        publication = show_again(act.claim, at=act.at, reason=reason)
        act.move_to(Stage.PUBLISHED)
        _note(act, publication, internal_reason)
        return publication


def withdraw(
    claim: Claim, *, actor: Person, reason: str, cause: Cause = Cause.ERROR, internal_reason: str = ""
) -> Publication:
    """Takes a publication back for good. For safety, privacy or law every earlier version is suppressed."""
    with acting(claim, actor=actor, action=Action.WITHDRAW) as act:
        cancel_queue_entry(act.claim, at=act.at)
        publication = notice(act.claim, kind=ChangeKind.WITHDRAWN, at=act.at, reason=reason, cause=cause)
        act.move_to(Stage.WITHDRAWN)
        act.data["cause"] = cause.value
        look_again_elsewhere(act.claim)
        _note(act, publication, internal_reason)
        return publication


def due_embargoes() -> list[ScheduledPublication]:
    """Embargoes that have ended."""
    return list(
        ScheduledPublication.objects.filter(
            state=ScheduledPublication.WAITING, due_at__lte=timezone.now()
        ).select_related("by")[:100]
    )


def _pass_gate(act: Act, approver: Person) -> None:
    blockers = gate(act.claim, approver)
    if blockers:
        raise IllegalState(
            " ".join(blocker.detail for blocker in blockers), code="gate_closed", blockers=blockers
        )


def _set_public_form(act: Act, radius_m: float | None, headline: str = "") -> None:
    changes: dict[str, Any] = {}
    if radius_m is not None:
        changes["public_radius_m"] = radius_m
    if headline:
        changes["headline"] = headline
    if changes:
        Claim.objects.filter(pk=act.claim.pk).update(**changes)
        act.claim.refresh_from_db(fields=list(changes))
        act.data["public_radius_m"] = act.claim.public_radius_m


def _cancel_embargo(claim: Claim) -> None:
    claim.schedules.filter(state=ScheduledPublication.WAITING).update(state=ScheduledPublication.CANCELLED)


def _published(
    act: Act, kind: ChangeKind, *, reason: str = "", cause: Cause | None = None, internal_reason: str = ""
) -> Publication:
    face = face_of(act.claim)
    publication = publish_face(
        face,
        kind=kind,
        line=line_of(face).text,
        line_long=line_of(face, form="long").text,
        at=act.at,
        reason=reason,
        cause=cause,
    )
    _note(act, publication, internal_reason)
    if mark_interim(act.claim, at=act.at) and not act.claim.queue_entries.open().exists():
        # Else what was published for now would stay so.
        open_queue_entry(act.claim, kind=ReviewKind.RECHECK, review_round=next_round(act.claim))
    return publication


_NOTICE = {
    ChangeKind.CORRECTED: Notice.CORRECTED,
    ChangeKind.HELD: Notice.HELD,
    ChangeKind.WITHDRAWN: Notice.WITHDRAWN,
}


def _tell_followers(act: Act, occasion: Notice, **about: str) -> None:
    telling.tell(
        telling.followers_of(act.claim),
        occasion=occasion,
        claim=act.claim,
        by=act.actor,
        at=act.at,
        about=about,
    )


def _note(act: Act, publication: Publication, internal_reason: str) -> None:
    kind = ChangeKind(publication.kind)
    occasion = _NOTICE.get(kind, Notice.PUBLISHED)
    _tell_followers(act, occasion, version=str(publication.version), change=kind.value)
    act.data |= {"publication": publication.pk, "version": publication.version, "content": publication.body}
    if internal_reason:
        act.data["internal_reason"] = Body.objects.keep(internal_reason)


def _say(act: Act, reason: str, internal_reason: str) -> None:
    act.data["reason"] = Body.objects.keep(reason)
    if internal_reason:
        act.data["internal_reason"] = Body.objects.keep(internal_reason)
