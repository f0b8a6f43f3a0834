"""The frame of every act on a claim: lock, permission and state, change, audit entry, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from claims.errors import IllegalState, Missing, StaleEdit
from claims.models import Claim, MediaItem, Person
from claims.vocabulary import Role, Stage
from verification.domain.transitions import EDITORS, TABLE, Action, Situation, permit, permit_role
from verification.models import QueueEntry
from verification.services import audit, leases


@dataclass
class Act:
    """An act under way. What is put into `data` ends in the audit entry: ids and commitments."""

    claim: Claim
    action: Action
    at: datetime
    actor: Person | None = None
    entry: QueueEntry | None = None
    data: dict[str, Any] = field(default_factory=dict)

    def move_to(self, stage: Stage) -> None:
        if stage != self.claim.stage:
            self.data["stage"] = {"from": self.claim.stage, "to": stage.value}
            self.claim.stage = stage.value


def roles_of(person: Person, claim: Claim) -> frozenset[Role]:
    """The person's roles on the claim's desk."""
    return frozenset(
        Role(role) for role in person.memberships.filter(desk_id=claim.desk_id).values_list("role", flat=True)
    )


def situation(
    claim: Claim,
    person: Person,
    *,
    roles: frozenset[Role] | None = None,
    entry: QueueEntry | None = None,
) -> Situation:
    """What the transition table needs to know; `roles` are the person's and `entry` the open one, where they have been
    read already.
    """
    entries = QueueEntry.objects.filter(claim=claim)
    open_one = entries.open().first() if entry is None else entry
    of_claim = roles_of(person, claim) if roles is None else roles
    held = open_one if open_one is not None and open_one.is_held else None
    is_holder = held is not None and held.holder_id == person.pk
    return Situation(
        stage=Stage(claim.stage),
        roles=of_claim,
        review_is_open=open_one is not None,
        holds_lease=is_holder,
        is_invited=held is not None and not is_holder and leases.is_invited(held, person),
        others_hold_it=held is not None and not is_holder,
        entry_is_free=open_one is not None and held is None and entries.free().takeable_by(person).exists(),
        may_cancel=open_one is not None and held is None and may_cancel(open_one, person, of_claim),
        is_asked=open_one is not None and open_one.due_at is not None,
        is_public=claim.publications.exists(),
    )


def may_cancel(entry: QueueEntry, person: Person, roles: frozenset[Role]) -> bool:
    """Whether the open review is the person's to cancel: an editor's, where somebody asked for it; theirs, where it was
    they, and it is for nothing else by now: no editor asks for a dimension by an hour, and no media came after it.
    """
    if entry.asked_by_id is None or roles & EDITORS:
        return entry.asked_by_id is not None
    if entry.asked_by_id != person.pk or entry.due_at is not None:
        return False
    return not MediaItem.objects.filter(claim=entry.claim_id, created_at__gt=entry.created_at).exists()


@contextmanager
def acting(
    claim: Claim,
    *,
    actor: Person,
    action: Action,
    revision: int | None = None,
    lease_token: str | None = None,
) -> Iterator[Act]:
    """Opens the transaction of one person's act on one claim.

    Raises NotAllowed (role), LeaseLost (`lease_token` is not, or no longer, the actor's), IllegalState (stage),
    StaleEdit (`revision` is not the current one), and undoes everything if the body raises.
    """
    with _opened(claim, actor, action) as act:
        roles = roles_of(actor, act.claim)
        permit_role(action, roles)
        if lease_token is not None:
            act.entry = leases.fenced(
                lease_token, actor, claim=act.claim, colleagues=TABLE[action].colleagues
            )
        _permit_here(action, act.claim, actor, roles)
        if revision is not None and revision != act.claim.revision:
            raise StaleEdit(
                "Somebody changed the claim since you read it. Read it again and repeat your change on what you see."
            )
        yield act


def _permit_here(action: Action, claim: Claim, actor: Person, roles: frozenset[Role]) -> None:
    """As `permit`. Who holds what is read only where it is refused, to say what is allowed instead."""
    is_public = TABLE[action].needs_publication and claim.publications.exists()
    try:
        permit(action, Situation(stage=Stage(claim.stage), roles=roles, is_public=is_public))
    except IllegalState:
        permit(action, situation(claim, actor, roles=roles))


@contextmanager
def acting_by_itself(claim: Claim, *, action: Action) -> Iterator[Act]:
    """Opens the transaction of an act that the system does when its time has come; who allowed it is in `data`."""
    with _opened(claim, None, action) as act:
        yield act


@contextmanager
def _opened(claim: Claim, actor: Person | None, action: Action) -> Iterator[Act]:
    with transaction.atomic():
        chain = audit.hold(audit.chain_of(claim))
        # What but few acts go by is read by those.
        fresh = next(iter(Claim.objects.select_related("desk__policy").filter(pk=claim.pk)), None)
        if fresh is None:
            raise Missing("There is no such claim.")
        act = Act(claim=fresh, action=action, at=timezone.now(), actor=actor)
        yield act
        _finish(act)
        audit.record(chain, action=action.value, actor=actor, data=act.data, at=act.at)


def _finish(act: Act) -> None:
    claim = act.claim
    changes: dict[str, Any] = {"revision": claim.revision + 1, "updated_at": act.at}
    current = Claim.objects.filter(pk=claim.pk, revision=claim.revision)
    if moved := act.data.get("stage"):
        changes["stage"] = moved["to"]
        current = current.filter(stage=moved["from"])
    if current.update(**changes) != 1:
        raise IllegalState("The claim changed at the same moment. Read it again and repeat what you did.")
    claim.revision += 1
    claim.updated_at = act.at
