"""Reads everything again, and says what is not what was recorded, signed or archived."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from verification.models import Checkpoint
from verification.services.chains import Break
from verification.services.verifying import Section, Verification, one_moment

_USAGE = 2
_Read = tuple[Section, int, list[Break], float]
"""A section that was read: how many steps it took, its breaks, and how many seconds."""


class Command(BaseCommand):
    help = (
        "Verifies checkpoints, audit chains, kept texts, rows that only grow, time-stamps, triggers, and every "
        "original's bytes. Exit 0: all of it holds; 1: each break is named; 2: it could not be verified."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--checkpoint",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="checkpoints that were kept outside, as `manage.py checkpoint` prints them; may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["checkpoint"]:
            if not path.is_file():
                raise CommandError(
                    f"{path} is not there. Name a file of kept checkpoints.", returncode=_USAGE
                )
        # Only where somebody watches: in a log a bar is noise.
        console = Console(stderr=True)
        bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        with bar, Verification(options["checkpoint"]) as verification:
            with one_moment():
                report = [_read(one, verification, bar) for one in verification.of_one_moment()]
                newest = Checkpoint.objects.order_by("-number").first()
            report += [_read(one, verification, bar) for one in verification.of_files()]
        breaks = sum(len(found) for _, _, found, _ in report)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(report, verification.remarks, newest)))
        else:
            self._say(report, verification.remarks, newest)
        if breaks:
            sys.exit(1)

    def _say(self, report: list[_Read], remarks: list[str], newest: Checkpoint | None) -> None:
        for section, steps, found, seconds in report:
            state = f"{len(found)} BREAKS" if found else "holds"
            self.stdout.write(f"{section.title:<22}{steps:>9} read  {seconds:>7.1f} s  {state}")
            for one in found:
                self.stdout.write(f"  BREAK  {one.where} {one.detail}")
        for remark in remarks:
            self.stdout.write(f"NOTE  {remark}")
        if newest is not None:
            self.stdout.write(f"The newest checkpoint is {newest.number}, SHA-256 {newest.hash}.")
        breaks = sum(len(found) for _, _, found, _ in report)
        self.stdout.write(f"{breaks} breaks." if breaks else "Everything is what was recorded.")


def _read(section: Section, verification: Verification, bar: Progress) -> _Read:
    steps = 0
    task = bar.add_task(section.title, total=section.count())

    def step() -> None:
        nonlocal steps
        steps += 1
        bar.advance(task)

    verification.step = step
    began = time.monotonic()
    found = list(section.read())
    return section, steps, found, time.monotonic() - began


def _as_json(report: list[_Read], remarks: list[str], newest: Checkpoint | None) -> dict[str, Any]:
    return {
        "breaks": [
            {"section": section.name, "where": one.where, "detail": one.detail}
            for section, _, found, _ in report
            for one in found
        ],
        "sections": {
            section.name: {"read": steps, "breaks": len(found), "seconds": round(seconds, 3)}
            for section, steps, found, seconds in report
        },
        "remarks": remarks,
        "newest_checkpoint": newest and {"number": newest.number, "sha256": newest.hash},
    }
