"""Looks this machine over: `manage.py doctor`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from config.doctor import State, examine


class Command(BaseCommand):
    help = (
        "Looks this machine over. Exit 0: it can run Stet. 1: something must be mended first. 2: wrong use."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        lines = examine()
        failed = any(line.state is State.FAIL for line in lines)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": not failed, "checks": [asdict(line) for line in lines]}))
        else:
            paint = {
                State.OK: self.style.SUCCESS,
                State.WARN: self.style.WARNING,
                State.FAIL: self.style.ERROR,
            }
            for line in lines:
                self.stdout.write(f"{paint[line.state](f'{line.state:<4}')}  {line.name:<9}  {line.detail}")
                if line.remedy:
                    self.stdout.write(f"{'':<17}{line.remedy}")
        if failed:
            sys.exit(1)
