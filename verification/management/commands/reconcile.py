"""Sees to it that no job, lease or embargo is forgotten."""

from __future__ import annotations

import signal
import threading
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections

from verification.services import work

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Rings for due jobs (and does them itself where no broker answers), ends leases and embargoes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until told to stop")

    def handle(self, *args: Any, loop: bool = False, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        while True:
            done = 0
            try:
                done = work.reconcile()
            except OperationalError as error:
                # The database is away: the next round tries again, and readiness tells of the missed beat.
                log.warning("reconcile.database_away", error=type(error).__name__)
                close_old_connections()
            if not loop:
                self.stdout.write(f"{done} jobs done here.")
                return
            if stop.wait(0 if done else settings.RECONCILE_SECONDS):
                return
