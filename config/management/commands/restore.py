"""Puts a backup back: `manage.py restore BACKUP`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.backups.manifest import DamagedError
from config.backups.restoring import Restored, restore, summary
from config.management.commands.backup import watch
from config.places import RefusedError

_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Restores a backup that 'manage.py backup' made; the desk must not run. Exit 0: whole, and all of it holds. "
        "1: damaged, or restored with losses, which are named. 2: refused."
    )
    # They may look at the database, which is only to come.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("backup", type=Path, help="the folder of one backup")
        parser.add_argument(
            "--replace", action="store_true", help="put a SQLite database that is there aside"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            restored = restore(options["backup"], replace=options["replace"], watch=watch)
        except RefusedError as refused:
            raise CommandError(str(refused), returncode=refused.code) from refused
        except DamagedError as damaged:
            raise CommandError(str(damaged), returncode=1) from damaged
        if options["json"]:
            self.stdout.write(json.dumps(summary(restored)))
        else:
            self._say(restored)
        if not restored.is_whole:
            sys.exit(1)

    def _say(self, restored: Restored) -> None:
        taken_up = restored.taken_up
        say = self.stdout.write
        say(
            f"Restored the backup of {restored.manifest.made_at}: {restored.originals} originals, each hash checked."
        )
        say(f"The change log is {taken_up.log} from now on, at {taken_up.position}: clients take a snapshot.")
        say(
            f"Ended {taken_up.leases_ended} leases and {taken_up.sessions_ended} sessions; "
            f"queued {taken_up.jobs_queued} running jobs again."
        )
        say(
            f"Repeated {restored.erasures_repeated} erasures made after it. Later than "
            f"{restored.erasures_known_until} none are known: repeat what was erased since."
        )
        if taken_up.embargoes:
            say(f"CHECK  {taken_up.embargoes} embargoes will end by themselves once the desk runs.")
        say("CHECK  Keys revoked, accounts closed and publications withdrawn after the backup are as before.")
        for path in restored.put_aside:
            say(f"NOTE   what was there is now {path}; delete it when you need it no more.")
        for note in restored.notes:
            say(f"NOTE   {note}")
        for sha256 in restored.lost[:_SHOWN]:
            say(f"LOST   original {sha256} was not in the backup")
        for found in restored.breaks[:_SHOWN]:
            say(f"BREAK  {found['where']} {found['detail']}")
        say(f"{len(restored.lost)} originals lost, {len(restored.breaks)} breaks.")
