"""Makes the evidence bundle of one claim, now, as a file that can be verified without this desk."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from claims.errors import StetError
from claims.models import Claim
from verification.services.bundles import making
from verification.services.jobs import NotYet

_USAGE = 2


class Command(BaseCommand):
    help = (
        "Packs all that is kept of a claim into a zip with its own verifier. Exit 0: it is made; 1: it can't be made, "
        "and why is said; 2: there is no such claim, or no place to write to."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("claim", help="the claim's ref or id")
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="where to; stet-REF.zip here if not said"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        claim = _named(options["claim"])
        output: Path = options["output"] or Path(f"stet-{claim.ref}.zip")
        try:
            # Beside its place, so that nobody takes half a bundle for a whole one.
            descriptor, unfinished = tempfile.mkstemp(prefix=".bundle.", dir=output.parent)
        except OSError as error:
            raise CommandError(f"{output} can't be written: {error.strerror}.", returncode=_USAGE) from error
        try:
            with os.fdopen(descriptor, "wb") as file:
                made = _make(claim, file)
            size_bytes = Path(unfinished).stat().st_size
            Path(unfinished).replace(output)
        except NotYet:
            raise CommandError("The claim is being worked on at this moment. Try again.") from None
        except (StetError, ImproperlyConfigured, OSError) as error:
            raise CommandError(getattr(error, "detail", str(error))) from error
        finally:
            Path(unfinished).unlink(missing_ok=True)
        self._say(made, output, size_bytes, as_json=options["json"])

    def _say(self, made: making.Made, output: Path, size_bytes: int, *, as_json: bool) -> None:
        if as_json:
            said = {
                "claim": str(made.claim.pk), "ref": made.claim.ref, "file": str(output), "size_bytes": size_bytes,
                "originals": made.originals, "redacted": made.redacted, "checkpoint": made.checkpoint, "head": made.head,
            }  # fmt: skip
            self.stdout.write(json.dumps(said))
            return
        self.stdout.write(
            f"{output}: {made.originals} originals, {size_bytes} bytes, under checkpoint {made.checkpoint}."
            + (f" {made.redacted} originals were erased and are named only." if made.redacted else "")
        )
        self.stdout.write(f"Verify it anywhere: python3 {making.VERIFIER.name} {output}")


def _named(name: str) -> Claim:
    try:
        claim = Claim.objects.named(name).first()
    except ValidationError:
        claim = None
    if claim is None:
        raise CommandError(
            f"There is no claim {name}. Give its ref, such as 2026-00042, or its id.", returncode=_USAGE
        )
    return claim


def _make(claim: Claim, file: Any) -> making.Made:
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("Packing originals"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=None)
        return making.make(
            claim, file, watch=lambda done, total: bar.update(task, completed=done, total=total)
        )
