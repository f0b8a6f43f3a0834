"""Signs a checkpoint of what is new and prints the newest, to be kept where this database can't be written from."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from verification.models import Checkpoint
from verification.services import checkpoints


class Command(BaseCommand):
    help = (
        "Signs a checkpoint if anything is new, and prints the newest as one line of JSON. Keep the lines outside; "
        "`manage.py verify --checkpoint FILE` holds the database against them."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        checkpoints.sign_what_is_new()
        newest = Checkpoint.objects.order_by("-number").first()
        if newest is None:
            raise CommandError("Nothing is recorded yet, so there is nothing to sign.")
        self.stdout.write(checkpoints.as_line(newest))
