from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


def _reinstall_index(*, using: str, **_: Any) -> None:
    from claims.models import claim_texts  # noqa: PLC0415  models load after apps

    claim_texts.install_index(connections[using])


class ClaimsConfig(AppConfig):
    name = "claims"

    def ready(self) -> None:
        post_migrate.connect(_reinstall_index, sender=self)
