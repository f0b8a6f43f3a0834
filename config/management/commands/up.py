"""Starts the whole of Stet on this machine: `manage.py up`."""

from __future__ import annotations

import json
import os
import sys
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.embedded import run
from config.preparation import prepare


class Command(BaseCommand):
    help = (
        "Starts server, worker, reconcile loop and broker on this machine and ends them with Ctrl-C. "
        "PORT and STET_DATA choose another port and data folder."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        # The supervisor calls this one itself, in a process that may fail.
        parser.add_argument("--prepare", action="store_true", help=SUPPRESS)

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["prepare"]:
            self.stdout.write(json.dumps(prepare()))
            return
        sys.exit(run(home=settings.BASE_DIR, data=settings.DATA_DIR, environment=os.environ))
