"""Hashes originals again, now, and puts down what came of each; or shows what was put down."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import track

from claims.models import Asset
from claims.vocabulary import FixityOutcome
from verification.models import FixityCheck
from verification.services import fixity

_USAGE = 2


class Command(BaseCommand):
    help = (
        "Hashes originals again, the one longest not looked at first. Exit 0: all are intact; 1: some are not; "
        "2: there is no such original."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sha256", nargs="*", help="these originals; without any, all of them")
        parser.add_argument(
            "--history", action="store_true", help="show the earlier checks, and check nothing"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        assets = self._named(options["sha256"])
        if options["history"]:
            shown = FixityCheck.objects.filter(asset__in=assets).select_related("asset").order_by("at", "id")
            for done in shown.iterator():
                self._say(done, as_json=options["json"])
            return
        console = Console(stderr=True)
        looked = failed = 0
        for asset in track(
            assets.iterator(), "Hashing", total=assets.count(), console=console, transient=True,
            disable=not console.is_terminal,
        ):  # fmt: skip
            done_now = fixity.check(asset)
            if done_now is None:
                continue
            looked += 1
            failed += done_now.outcome != FixityOutcome.INTACT
            if options["json"] or done_now.outcome != FixityOutcome.INTACT:
                self._say(done_now, as_json=options["json"])
        if not options["json"]:
            self.stdout.write(f"{looked} originals hashed again, {failed} not as they were archived.")
        if failed:
            sys.exit(1)

    def _named(self, digests: list[str]) -> Any:
        assets = fixity.in_turn()
        if not digests:
            return assets
        for sha256 in digests:
            if not Asset.objects.filter(sha256=sha256).exists():
                raise CommandError(
                    f"There is no original {sha256}. Give its whole SHA-256.", returncode=_USAGE
                )
        return assets.filter(sha256__in=digests)

    def _say(self, done: FixityCheck, *, as_json: bool) -> None:
        said = {"sha256": done.asset.sha256, "outcome": done.outcome, "at": done.at.isoformat()}
        self.stdout.write(
            json.dumps(said) if as_json else "  ".join(said[x] for x in ("at", "outcome", "sha256"))
        )
