"""How a bundle writes times and ids."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime


def at(moment: datetime | None) -> str | None:
    """A time as audit entries write it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None


def id_of(value: uuid.UUID | None) -> str | None:
    return str(value) if value else None
