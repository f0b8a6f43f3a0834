"""`manage.py checks`: what checks there are."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from verification.checks.registry import all_checks, describe

_HEAD = """# The checks

What each of the {number} checks reads, when it takes which stance, and what nobody may conclude from it. No check sets
a status: checks find, people decide. Absence is never evidence: where nothing is found, the finding is inconclusive.

This page is written by `manage.py checks --markdown > docs/checks.md`; a test compares the two. The API's `checks/`
says the same.
"""


class Command(BaseCommand):
    help = "Lists the checks that examine media, with what they look at."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="one JSON array instead of a table")
        form.add_argument("--markdown", action="store_true", help="docs/checks.md, as it is kept")

    def handle(self, **options: Any) -> None:
        listed = [describe(check) for check in all_checks()]
        if options["json"]:
            self.stdout.write(json.dumps(listed, ensure_ascii=False, indent=2))
        elif options["markdown"]:
            self.stdout.write(as_markdown(listed), ending="")
        else:
            for check in listed:
                self.stdout.write(
                    f"{check['slug']} {check['version']}: {check['title']}"
                    f" ({', '.join(check['dimensions'])}; {', '.join(check['media_types'])})"
                )
                self.stdout.write(f"    {check['help']}")
                self.stdout.write(f"    Reads: {check['reads']}")
                for stance, meaning in check["stances"].items():
                    self.stdout.write(f"    {stance}: {meaning}")
                self.stdout.write(f"    Can't know: {check['cannot_know']}")


def as_markdown(listed: list[dict[str, Any]]) -> str:
    """The page of all checks, for people who read findings."""
    shown = [_HEAD.format(number=len(listed))]
    for check in listed:
        shown.append(f"\n## {check['title']}\n\n`{check['slug']}`, version {check['version']}; on the ")
        shown.append(
            f"{' and the '.join(check['dimensions'])}; looks at {', '.join(check['media_types'])}\n\n"
        )
        shown.append(f"{check['help']}\n\n**Reads:** {check['reads']}\n\n| stance | when |\n|---|---|\n")
        shown += [f"| {stance} | {meaning} |\n" for stance, meaning in check["stances"].items()]
        shown.append(f"\n**Can't know:** {check['cannot_know']}\n")
    return "".join(shown)
