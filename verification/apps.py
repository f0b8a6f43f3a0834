from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


def _reinstall_triggers(*, using: str, **_: Any) -> None:
    from verification.models import append_only  # noqa: PLC0415  models load after apps

    append_only.install(connections[using])


class VerificationConfig(AppConfig):
    name = "verification"

    def ready(self) -> None:
        post_migrate.connect(_reinstall_triggers, sender=self)
