"""Makes or renews an account and prints its login and API key, once."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from claims.models import Desk
from claims.vocabulary import Role
from verification.services.accounts import ensure_desk, issue_account


class Command(BaseCommand):
    help = "Makes an account, or gives an existing one a new password and key. Prints both once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", required=True, choices=[role.value for role in Role])
        parser.add_argument("--desk", help="slug of the desk; may be left out where there is only one")
        parser.add_argument("--service", action="store_true", help="a service account: a key and no login")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, name: str, role: str, desk: str | None = None, **options: Any) -> None:
        account = issue_account(name, role=Role(role), desk=self._desk(desk), service=options["service"])
        if options["json"]:
            self.stdout.write(json.dumps(account.as_json()))
            return
        self.stdout.write(f"user name  {account.username}")
        if account.password:
            self.stdout.write(f"password   {account.password}")
        self.stdout.write(f"API key    {account.api_key}")
        self.stdout.write("Neither is shown again.")

    def _desk(self, slug: str | None) -> Desk:
        if slug is not None:
            desk = Desk.objects.filter(slug=slug).first()
            if desk is None:
                known = ", ".join(Desk.objects.values_list("slug", flat=True)) or "none yet"
                raise CommandError(f"There is no desk '{slug}'. Known: {known}.", returncode=2)
            return desk
        desks = list(Desk.objects.all()[:2])
        if len(desks) > 1:
            raise CommandError("There are several desks: name one with --desk.", returncode=2)
        return desks[0] if desks else ensure_desk("Desk", house_name="The house")
