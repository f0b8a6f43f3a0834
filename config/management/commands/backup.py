"""Backs the desk up while it runs: `manage.py backup FOLDER`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track

from config.backups.making import make
from config.places import RefusedError

_SHOWN = 20


def watch(items: Sequence[str], what: str) -> Iterable[str]:
    """Shows how far it is, on a terminal only."""
    console = Console(stderr=True)
    return track(items, description=what, console=console, disable=not console.is_terminal)


class Command(BaseCommand):
    help = (
        "Makes a backup in a new folder in FOLDER, while the desk runs. It holds secrets and all that was ever "
        "filed. Exit 0: whole. 1: the archive had lost originals, or the backup failed. 2: refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where backups are kept, on another disk")
        parser.add_argument(
            "--dump", type=Path, help="with PostgreSQL: a dump made just before by pg_dump -Fc"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            made = make(options["folder"], dump=options["dump"], watch=watch)
        except RefusedError as refused:
            raise CommandError(str(refused), returncode=refused.code) from refused
        manifest = made.manifest
        size_bytes = sum(kept.size_bytes for kept in manifest.files.values())
        if options["json"]:
            report = {
                "ok": not manifest.lost,
                "folder": str(made.folder),
                "backup": manifest.id,
                "made_at": manifest.made_at,
                "log": manifest.log,
                "position": manifest.position,
                "counts": manifest.counts,
                "size_bytes": size_bytes,
                "copied": made.copied,
                "linked": made.linked,
                "lost": list(manifest.lost),
                "notes": made.notes,
            }
            self.stdout.write(json.dumps(report))
        else:
            counts = ", ".join(
                f"{number} {name.replace('_', ' ')}" for name, number in manifest.counts.items()
            )
            self.stdout.write(f"{made.folder}: {counts}; {size_bytes / 1024**2:.1f} MiB.")
            self.stdout.write(f"Originals: {made.copied} copied, {made.linked} linked to the backup before.")
            for note in made.notes:
                self.stdout.write(f"NOTE   {note}")
            for sha256 in manifest.lost[:_SHOWN]:
                self.stdout.write(f"LOST   original {sha256} is not, or not intact, in the archive")
            if manifest.lost:
                self.stdout.write(
                    f"{len(manifest.lost)} originals are lost. Look for them at archive/ in earlier backups: "
                    "keep those. Everything else is in this one."
                )
        if manifest.lost:
            sys.exit(1)
