"""What has to be there before an embedded start serves: tables, the demo case, people to log in as."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command

from claims.models import Desk, Person
from claims.vocabulary import Role
from config.demo import seeding
from config.places import read_up
from verification.services.accounts import issue_account

# The client is a program: it has a key and no login.
_NAMES = {Role.FACT_CHECKER: "checker", Role.EDITOR: "editor", Role.ADMIN: "admin", Role.CLIENT: "reader"}


def prepare() -> dict[str, Any]:
    """Migrates, seeds the demo case, and returns the logins and keys of `up.json`.

    A database that somebody's desks live in already gets neither: it is no newcomer's.
    """
    call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)
    if Desk.objects.exists() and not Desk.objects.filter(slug=seeding.SLUG).exists():
        return {"logins": {}, "api_keys": {}}
    desk = seeding.demo_desk()
    seeding.seed(desk)
    return accounts(read_up(settings.DATA_DIR), desk=desk)


def accounts(kept: dict[str, Any], *, desk: Desk) -> dict[str, Any]:
    """The accounts that `kept` holds, where they still exist; fresh ones for what is lost."""
    logins: dict[str, Any] = {}
    keys: dict[str, str] = {}
    for role, name in _NAMES.items():
        service = role is Role.CLIENT
        login = kept.get("logins", {}).get(role)
        key = kept.get("api_keys", {}).get(role)
        known = key and (login or service) and Person.objects.filter(username=name).exists()
        if not known:
            made = issue_account(name, role=role, desk=desk, service=service)
            login, key = {"username": made.username, "password": made.password}, made.api_key
        if not service:
            logins[role.value] = login
        keys[role.value] = key
    return {"logins": logins, "api_keys": keys}
