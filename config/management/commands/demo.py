"""Fills the demo desk with the demo case: `manage.py demo`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count

from config.demo.seeding import demo_desk, seed


class Command(BaseCommand):
    help = (
        "Makes the demo case on the demo desk, or what is left to make of it. "
        "Leaves a desk that has claims of its own alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError(
                "The database has no or old tables. Run 'manage.py migrate', or start with 'manage.py up'.",
                returncode=1,
            )
        desk = demo_desk()
        made = seed(desk)
        rows = desk.claims.order_by("stage").values_list("stage").annotate(Count("pk"))
        stages = dict(rows)
        if options["json"]:
            report = {"made": made, "desk": desk.slug, "claims": sum(stages.values()), "stages": stages}
            self.stdout.write(json.dumps(report))
            return
        what = "Made the demo case" if made else "Nothing to do: the desk has its claims already"
        self.stdout.write(f"{what}. {desk.name} ({desk.slug}): {sum(stages.values())} claims.")
        for stage, number in stages.items():
            self.stdout.write(f"  {number:>3}  {stage.replace('_', ' ')}")
