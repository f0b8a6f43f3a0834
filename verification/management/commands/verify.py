"""Re-reads every audit chain, every kept text and the triggers, and says what does not hold."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from verification.models import AuditEntry
from verification.services import audit


class Command(BaseCommand):
    help = "Verifies audit chains, kept texts against their commitments, and the append-only triggers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        breaks = list(audit.verify())
        entries = AuditEntry.objects.count()
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {"entries": entries, "breaks": [{"where": b.where, "detail": b.detail} for b in breaks]}
                )
            )
        else:
            for found in breaks:
                self.stdout.write(f"BREAK  {found.where} {found.detail}")
            self.stdout.write(f"{entries} audit entries read, {len(breaks)} breaks.")
        if breaks:
            sys.exit(1)
