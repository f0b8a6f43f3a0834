"""`manage.py checks`: what checks there are."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from verification.checks.registry import all_checks


class Command(BaseCommand):
    help = "Lists the checks that examine media, with what they look at."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON array instead of a table")

    def handle(self, **options: Any) -> None:
        listed = [
            {
                "slug": check.slug,
                "title": check.title,
                "version": check.version,
                "dimensions": [dimension.value for dimension in check.dimensions],
                "media_types": list(check.media_types),
                "help": check.help,
            }
            for check in all_checks()
        ]
        if options["json"]:
            self.stdout.write(json.dumps(listed, ensure_ascii=False, indent=2))
            return
        for check in listed:
            self.stdout.write(
                f"{check['slug']} {check['version']}: {check['title']}"
                f" ({', '.join(check['dimensions'])}; {', '.join(check['media_types'])})"
            )
            self.stdout.write(f"    {check['help']}")
