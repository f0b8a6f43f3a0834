"""Desks and their people: who works where as what, who may log in, and who may change that."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.text import slugify

from claims.api.authentication import issue_key
from claims.errors import FieldError, IllegalState, InvalidInput, NotAllowed
from claims.models import Claim, Desk, Membership, Person
from claims.models.desks import STAFF
from claims.vocabulary import Dimension, Role, Scope
from verification.domain.transitions import UNDECIDED
from verification.models import Policy, QueueEntry
from verification.models.queue import LEASED
from verification.services import audit, leases

SCOPES: dict[Role, frozenset[Scope]] = {
    Role.CLIENT: frozenset({Scope.VERIFIED_READ}),
    Role.FACT_CHECKER: frozenset(
        {Scope.CLAIMS_WRITE, Scope.QUEUE_WORK, Scope.VERDICTS_WRITE, Scope.INTERNAL_READ, Scope.VERIFIED_READ}
    ),
    Role.EDITOR: frozenset(set(Scope) - {Scope.ADMIN}),
    Role.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True)
class Account:
    """What is told once of a new or renewed account."""

    username: str
    password: str
    api_key: str

    def as_json(self) -> dict[str, str]:
        return {"username": self.username, "password": self.password, "api_key": self.api_key}


def ensure_desk(
    name: str, *, house_name: str, required: frozenset[Dimension] = frozenset(), slug: str | None = None
) -> Desk:
    """The desk of this name, made with its policy if there is none."""
    with transaction.atomic():
        desk, made = Desk.objects.get_or_create(
            slug=slug or slugify(name), defaults={"name": name, "house_name": house_name}
        )
        if made:
            Policy.objects.create(
                desk=desk, required_dimensions=[word.value for word in Dimension if word in required]
            )
            audit.record(
                audit.hold(audit.chain_of(desk)),
                action="make-desk",
                actor=None,
                data={"desk": desk.pk, "required": desk.policy.required_dimensions},
                at=timezone.now(),
            )
    return desk


def issue_account(name: str, *, role: Role, desk: Desk, service: bool = False) -> Account:
    """Makes or renews an account: its role on the desk, a new password, and a new key in place of its old ones.

    The operator's way in and out: it asks for nobody's leave, and lets somebody in again who was deactivated.
    """
    with transaction.atomic():
        person, _ = Person.objects.get_or_create(username=name, defaults={"is_service": service})
        password = _new_password(person)
        person.is_active = True
        person.save()
        Membership.objects.update_or_create(person=person, desk=desk, defaults={"role": role.value})
        person.api_keys.filter(revoked_at=None).update(revoked_at=timezone.now())
        key, secret = issue_key(person, label=f"{name} on {desk.slug}", scopes=sorted(SCOPES[role]))
        audit.record(
            audit.hold(audit.chain_of(desk)),
            action="issue-account",
            actor=None,
            data={"person": person.pk, "role": role.value, "key": key.pk},
            at=timezone.now(),
        )
    return Account(name, password, secret)


def people_of(desk: Desk) -> QuerySet[Membership]:
    """Who works on a desk, each with the number of reviews that they hold there."""
    held = Q(person__leases__desk=desk, person__leases__state=LEASED, person__leases__lease_until__gt=Now())
    return (
        Membership.objects.filter(desk=desk)
        .select_related("person")
        .annotate(held=Count("person__leases", filter=held))
        .order_by("person__username")
    )


def in_charge_of(person: Person, *, actor: Person) -> bool:
    """Whether the account itself is the actor's to change, and not only its place on one desk.

    Password, keys and whether somebody may log in reach every desk that they work on. An admin of one desk who
    could set the password of whoever they added to it would read the other desks as that person; so only an
    admin of all of somebody's desks, or the operator, may.
    """
    administered = Membership.objects.held_by(actor, [Role.ADMIN]).values("desk_id")
    return not person.memberships.exclude(desk_id__in=administered).exists()


@dataclass
class HouseAct:
    """An admin's act under way. What is put into `data` ends in the audit entries: ids and words, no names."""

    desk: Desk
    actor: Person
    at: datetime
    person: Person | None = None
    data: dict[str, Any] = field(default_factory=dict)


@contextmanager
def administering(
    desk: Desk, *, actor: Person, action: str, person: Person | None = None, account: bool = False
) -> Iterator[HouseAct]:
    """Opens the transaction of an admin's act on a desk or one of its people, audited on the desk's chain.

    With `account` it is an act on the account as a whole, told to every desk that the person works on. Raises
    NotAllowed where the actor is no admin of the desk (any more) or not in charge of the account.
    """
    with transaction.atomic():
        desks = Q(pk=desk.pk)
        if account and person is not None:
            desks |= Q(memberships__person=person)
        told = list(Desk.objects.filter(desks).distinct().order_by("pk"))
        # Held in one order, before anything is read: two admins who act on each other come one after the other.
        chains = [audit.hold(audit.chain_of(each)) for each in told]
        if person is not None:
            person = Person.objects.select_for_update().get(pk=person.pk)
        if (
            not Membership.objects.held_by(actor, [Role.ADMIN])
            .filter(desk=desk, person__is_active=True)
            .exists()
        ):
            raise NotAllowed("Only admins of the desk may do this.")
        if account and person is not None:
            if not in_charge_of(person, actor=actor):
                raise NotAllowed(
                    f"{person.display_name} works on desks that you do not administer. Password, keys and login reach "
                    "those too: ask somebody who is admin of all of them, or your operator."
                )
            if person.memberships.exclude(desk__in=told).exists():
                raise IllegalState(
                    "Somebody added them to another desk at the same moment. Repeat what you did."
                )
        act = HouseAct(desk, actor, timezone.now(), person)
        yield act
        said = {"person": person.pk, **act.data} if person is not None else act.data
        for chain in chains:
            audit.record(chain, action=action, actor=actor, data=said, at=act.at)


def add_person(
    desk: Desk,
    *,
    actor: Person,
    username: str,
    role: Role,
    full_name: str = "",
    email: str = "",
    service: bool = False,
) -> tuple[Person, str]:
    """Makes an account with a place on the desk; the second part is its password, told once (none for a service).

    Raises InvalidInput at /username where it is malformed or taken.
    """
    # A full name is kept as it is written: which part of it comes first is not ours to say.
    person = Person(username=username, first_name=full_name, email=email, is_service=service)
    password = _new_password(person)
    try:
        person.clean_fields()
    except ValidationError as error:
        names = {"first_name": "full_name"}
        raise InvalidInput(
            [
                FieldError(f"/{names.get(name, name)}", detail)
                for name, details in error.message_dict.items()
                for detail in details
            ]
        ) from error
    with administering(desk, actor=actor, action="add-person") as act:
        taken = FieldError("/username", "There is an account of this name already.", "taken")
        if Person.objects.filter(username__iexact=username).exists():
            raise InvalidInput(taken)
        try:
            with transaction.atomic():
                person.save(force_insert=True)
        except IntegrityError as error:
            raise InvalidInput(taken) from error
        Membership.objects.create(person=person, desk=desk, role=role.value)
        act.data = {"person": person.pk, "role": role.value, "service": service}
    return person, password


def add_member(desk: Desk, *, actor: Person, username: str, role: Role) -> Person:
    """Gives somebody who has an account a place on the desk. Raises InvalidInput at /username."""
    person = Person.objects.filter(username=username).first()
    if person is None:
        raise InvalidInput(
            FieldError(
                "/username", "There is no account of exactly this name. Add it as a new one.", "unknown"
            )
        )
    with administering(desk, actor=actor, action="add-member", person=person) as act:
        if person.memberships.filter(desk=desk).exists():
            raise InvalidInput(FieldError("/username", "They work on this desk already.", "there"))
        Membership.objects.create(person=person, desk=desk, role=role.value)
        act.data["role"] = role.value
    return person


def change_role(desk: Desk, *, actor: Person, person: Person, role: Role) -> bool:
    """What the person is on the desk from now on; False where they are it already. The last admin stays one."""
    member = _member(desk, person)
    if member.role == role:
        return False
    with administering(desk, actor=actor, action="change-role", person=person) as act:
        if role != Role.ADMIN:
            _leave_an_admin(desk, without=person)
        if role.value not in STAFF:
            act.data |= _give_back(person, desks=[desk])
        act.data["role"] = {"from": member.role, "to": role.value}
        moved = Membership.objects.filter(pk=member.pk, role=member.role).update(role=role.value)
        if moved != 1:
            raise IllegalState(
                "Their role changed at the same moment. Read it again and repeat what you did."
            )
    return True


def say_what_they_bring(
    desk: Desk,
    *,
    actor: Person,
    person: Person,
    languages: Sequence[str],
    skills: Sequence[str],
    topics: Sequence[str],
) -> None:
    """Says what a person knows on the desk: they are handed what needs no more. No language said = every one."""
    member = _member(desk, person)
    with administering(desk, actor=actor, action="say-what-they-bring", person=person) as act:
        brings = {"languages": sorted(set(languages)), "skills": list(skills), "topics": list(topics)}
        Membership.objects.filter(pk=member.pk).update(**brings)
        act.data |= brings


def remove_member(desk: Desk, *, actor: Person, person: Person) -> None:
    """Takes the person off the desk; what they did stays theirs. What they held there is given back."""
    _member(desk, person)
    with administering(desk, actor=actor, action="remove-member", person=person) as act:
        _leave_an_admin(desk, without=person)
        act.data |= _give_back(person, desks=[desk])
        Membership.objects.filter(person=person, desk=desk).delete()


def renew_password(desk: Desk, *, actor: Person, person: Person) -> str:
    """A new password, told once; whoever is logged in with the old one is logged out."""
    _member(desk, person)
    with administering(desk, actor=actor, action="new-password", person=person, account=True) as act:
        subject = act.person or person
        if subject.is_service:
            raise IllegalState("A service account has no password. Issue a key for it.", code="service")
        if not subject.is_active:
            raise IllegalState(
                "They are deactivated. Reactivate them: that gives a new password.", code="inactive"
            )
        password = _new_password(subject)
        subject.save(update_fields=["password"])
    return password


def deactivate(desk: Desk, *, actor: Person, person: Person) -> None:
    """Ends somebody's access: leases given back, keys revoked, sessions ended. What they did stays."""
    _member(desk, person)
    if person.pk == actor.pk:
        raise IllegalState("Nobody deactivates themselves. Ask another admin.", code="oneself")
    with administering(desk, actor=actor, action="deactivate", person=person, account=True) as act:
        subject = act.person or person
        if not subject.is_active:
            raise IllegalState("They are deactivated already.", code="inactive")
        desks = list(Desk.objects.filter(memberships__person=subject))
        for each in desks:
            _leave_an_admin(each, without=subject)
        act.data |= _give_back(subject, desks=desks)
        act.data["keys"] = subject.api_keys.filter(revoked_at=None).update(revoked_at=act.at)
        subject.is_active = False
        # Sessions are bound to the password: without one none of them comes back to life later.
        subject.set_unusable_password()
        subject.save(update_fields=["is_active", "password"])


def reactivate(desk: Desk, *, actor: Person, person: Person) -> str:
    """Lets somebody in again, with a new password, told once (none for a service). Keys stay revoked."""
    _member(desk, person)
    with administering(desk, actor=actor, action="reactivate", person=person, account=True) as act:
        subject = act.person or person
        if subject.is_active:
            raise IllegalState("They are active already.", code="active")
        subject.is_active = True
        password = _new_password(subject)
        subject.save(update_fields=["is_active", "password"])
    return password


def _member(desk: Desk, person: Person) -> Membership:
    member = Membership.objects.filter(desk=desk, person=person).first()
    if member is None:
        raise IllegalState("They do not work on this desk any more.", code="no_member")
    return member


def _new_password(person: Person) -> str:
    """Sets a password and returns it; a service account gets none."""
    if person.is_service:
        person.set_unusable_password()
        return ""
    password = secrets.token_urlsafe(15)
    person.set_password(password)
    return password


def _leave_an_admin(desk: Desk, *, without: Person) -> None:
    """Raises IllegalState where nobody else who can log in would be admin of the desk."""
    admins = Membership.objects.filter(
        desk=desk, role=Role.ADMIN, person__is_active=True, person__is_service=False
    )
    if admins.filter(person=without).exists() and not admins.exclude(person=without).exists():
        raise IllegalState(
            f"They are the last admin of {desk.name}. Make somebody else admin first.", code="last_admin"
        )


def _give_back(person: Person, *, desks: list[Desk]) -> dict[str, Any]:
    """Gives back what somebody holds or is assigned on these desks, so that nothing waits for one who is gone."""
    released = leases.release_all(person, desks=desks)
    waiting = QueueEntry.objects.open().filter(assignee=person, desk__in=desks)
    unassigned = list(waiting.values_list("claim_id", flat=True))
    waiting.update(assignee=None)
    Claim.objects.filter(
        Q(stage__in=UNDECIDED) | Q(pk__in=unassigned), assignee=person, desk__in=desks
    ).update(assignee=None, revision=F("revision") + 1, updated_at=timezone.now())
    return {"released": released, "unassigned": unassigned}
