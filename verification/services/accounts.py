"""Desks, people and their keys."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from claims.api.authentication import issue_key
from claims.models import Desk, Membership, Person
from claims.vocabulary import Dimension, Role, Scope
from verification.models import Policy
from verification.services import audit

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
    """Makes or renews an account: its role on the desk, a new password, and a new key in place of its old ones."""
    with transaction.atomic():
        person, _ = Person.objects.get_or_create(username=name, defaults={"is_service": service})
        password = "" if person.is_service else secrets.token_urlsafe(15)
        if password:
            person.set_password(password)
        else:
            person.set_unusable_password()
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
