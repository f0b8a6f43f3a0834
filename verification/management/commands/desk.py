"""Makes a desk, with a policy that asks for nothing yet, and prints what it is called."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug

from claims.models import Desk
from claims.vocabulary import Dimension
from verification.services.accounts import ensure_desk


class Command(BaseCommand):
    help = "Makes a desk: a team with its own queue, people and policy. Its first admin is made by `account`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="short name for addresses and commands: letters, digits, hyphens")
        parser.add_argument("--name", required=True, help="what the desk is called on its pages")
        parser.add_argument("--house", required=True, help="who verified, as printed: Reuters, the BBC")
        parser.add_argument(
            "--require",
            action="append",
            default=[],
            choices=[word.value for word in Dimension],
            help="a dimension that must be decided before publication; repeatable",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, slug: str, name: str, house: str, **options: Any) -> None:
        try:
            validate_slug(slug)
        except ValidationError as error:
            raise CommandError(f"'{slug}' is no slug: {error.messages[0]}", returncode=2) from error
        for said, text, longest in (("slug", slug, 60), ("--name", name, 120), ("--house", house, 120)):
            if not text.strip() or len(text) > longest:
                raise CommandError(f"Give 1 to {longest} characters as {said}.", returncode=2)
        if there := Desk.objects.filter(slug=slug).first():
            raise CommandError(f"There is a desk '{slug}' already: {there.name}.", returncode=1)
        required = frozenset(Dimension(word) for word in options["require"])
        desk = ensure_desk(name.strip(), house_name=house.strip(), required=required, slug=slug)
        if options["json"]:
            said_json = {
                "slug": desk.slug,
                "name": desk.name,
                "house_name": desk.house_name,
                "required_dimensions": desk.policy.required_dimensions,
            }
            self.stdout.write(json.dumps(said_json))
            return
        self.stdout.write(f"desk   {desk.slug}  {desk.name}, in the name of {desk.house_name}")
        self.stdout.write(f"next   manage.py account NAME --role admin --desk {desk.slug}")
