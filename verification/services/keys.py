"""API keys of a desk's people: issued, rotated with an overlap, revoked. A secret is told once and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from claims.api.authentication import issue_key
from claims.errors import FieldError, IllegalState, InvalidInput, Missing
from claims.models import ApiKey, Desk, Person
from claims.vocabulary import Role, Scope
from verification.services import audit
from verification.services.accounts import SCOPES, administering

MAX_OVERLAP_HOURS = 7 * 24
PAST = FieldError("/expires_at", "The expiry must lie ahead.", "past")


def keys_of(desk: Desk) -> QuerySet[ApiKey]:
    """The keys of everybody on a desk, newest first."""
    return (
        ApiKey.objects.filter(person__memberships__desk=desk)
        .select_related("person")
        .order_by("-created_at", "-pk")
    )


def valid(keys: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    """Those that open something now."""
    return keys.filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None, person__is_active=True
    )


def scopes_within(desk: Desk, person: Person) -> list[Scope]:
    """What a key of this person may be for: no more than their role on the desk carries."""
    role = person.memberships.filter(desk=desk).values_list("role", flat=True).first()
    if role is None:
        raise Missing("They do not work on this desk.")
    carried = SCOPES[Role(role)]
    return [scope for scope in Scope if scope in carried]


def issue(
    desk: Desk,
    *,
    actor: Person,
    person: Person,
    label: str,
    scopes: Iterable[Scope],
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key for somebody on the desk. Raises InvalidInput at /label, /scopes or /expires_at."""
    wanted = set(scopes)
    with administering(desk, actor=actor, action="issue-key", person=person, account=person != actor) as act:
        if not (act.person or person).is_active:
            raise IllegalState("They are deactivated: a key of theirs would open nothing.", code="inactive")
        errors = []
        if not label.strip() or len(label) > 120:
            errors.append(
                FieldError("/label", "Say in at most 120 characters what the key is for.", "required")
            )
        if not wanted or not wanted <= set(scopes_within(desk, person)):
            errors.append(
                FieldError("/scopes", "Choose at least one scope that their role carries.", "scopes")
            )
        if expires_at is not None and expires_at <= act.at:
            errors.append(PAST)
        if errors:
            raise InvalidInput(errors)
        key, secret = issue_key(person, label=label.strip(), scopes=sorted(wanted), expires_at=expires_at)
        act.data |= {"key": key.pk, "scopes": key.scopes, "expires_at": expires_at}
    return key, secret


def rotate(
    desk: Desk, *, actor: Person, key: ApiKey, overlap_hours: int, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key in place of an old one, which goes on for so many hours more and no longer than it would have.

    Raises InvalidInput at /overlap_hours or /expires_at, IllegalState where the old one has ended.
    """
    if not 0 <= overlap_hours <= MAX_OVERLAP_HOURS:
        raise InvalidInput(
            FieldError("/overlap_hours", f"Give a whole number from 0 to {MAX_OVERLAP_HOURS}.", "range")
        )
    person = key.person
    with administering(desk, actor=actor, action="rotate-key", person=person, account=person != actor) as act:
        old = ApiKey.objects.select_for_update().get(pk=key.pk)
        ends_at = act.at + timedelta(hours=overlap_hours)
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= act.at):
            raise IllegalState("This key is no longer valid. Issue a new one.", code="key_ended")
        carried = set(scopes_within(desk, person))
        scopes = sorted(carried & {Scope(scope) for scope in old.scopes})
        if not scopes:
            raise IllegalState("Their role carries nothing of what this key is for. Issue a new one.")
        if expires_at is not None and expires_at <= act.at:
            raise InvalidInput(PAST)
        new, secret = issue_key(person, label=old.label, scopes=scopes, expires_at=expires_at)
        old.expires_at = min(ends_at, old.expires_at or ends_at)
        old.save(update_fields=["expires_at"])
        act.data |= {"key": new.pk, "old_key": old.pk, "old_key_ends_at": old.expires_at}
    return new, secret


def revoke(desk: Desk, *, actor: Person, key: ApiKey) -> None:
    """Ends a key at once."""
    person = key.person
    with administering(desk, actor=actor, action="revoke-key", person=person, account=person != actor) as act:
        _revoke(key, at=act.at)
        act.data["key"] = key.pk


def revoke_own(desk: Desk, *, actor: Person, key: ApiKey) -> None:
    """Ends a key of one's own at once, whatever one's role; told to the desk that one works on."""
    if key.person_id != actor.pk:
        raise Missing("You have no such key.")
    with transaction.atomic():
        chain = audit.hold(audit.chain_of(desk))
        at = timezone.now()
        _revoke(key, at=at)
        audit.record(chain, action="revoke-key", actor=actor, data={"person": actor.pk, "key": key.pk}, at=at)


def _revoke(key: ApiKey, *, at: datetime) -> None:
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at) != 1:
        raise IllegalState("This key was revoked already.", code="key_ended")
