"""Has media examined again by the checks there are now."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import track

from claims.models import Claim, MediaItem
from claims.vocabulary import CaptureState
from verification.services import reexamination

_USAGE = 2


class Command(BaseCommand):
    help = (
        "Has the media of claims examined again, or all media that were examined by earlier checks (the loop does "
        "that by itself, a few at a time). Exit 0: queued; 2: there is no such claim."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("claim", nargs="*", help="the refs of claims, such as 2026-00042")
        parser.add_argument("--stale", action="store_true", help="all media examined by earlier checks")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["claim"]) == options["stale"]:
            raise CommandError("Name claims, or say --stale.", returncode=_USAGE)
        items = reexamination.stale() if options["stale"] else _media_of(options["claim"])
        console = Console(stderr=True)
        shown = track(
            items.iterator(), "Queueing", total=items.count(), console=console, transient=True,
            disable=not console.is_terminal,
        )  # fmt: skip
        queued = reexamination.examine_again(shown)
        self.stdout.write(
            json.dumps({"queued": queued})
            if options["json"]
            else f"{queued} media items will be examined again."
        )


def _media_of(refs: list[str]) -> Any:
    known = set(Claim.objects.filter(ref__in=refs).values_list("ref", flat=True))
    if unknown := sorted(set(refs) - known):
        raise CommandError(f"There is no claim {unknown[0]}.", returncode=_USAGE)
    return MediaItem.objects.filter(
        claim__ref__in=refs, state=CaptureState.CAPTURED, asset__redacted_at=None
    ).order_by("id")
