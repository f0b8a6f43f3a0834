"""What of a media item may be shown outside, by the permission for it. The line is never asked about this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from claims.dates import say_utc
from claims.vocabulary import MayDeliver, Permission


@dataclass(frozen=True)
class Delivery:
    """What may be shown, why, and until when (aware; None: no end is agreed, or nothing may be shown)."""

    may: MayDeliver
    why: str
    until: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        return {"may": self.may.value, "why": self.why, "until": written(self.until)}


def delivery_of(
    permission: Permission, *, until: datetime | None, has_address: bool, now: datetime
) -> Delivery:
    """What may be shown at `now` (aware) under a permission that ends at `until`: at that very moment it has ended.

    `has_address`: whether the item has a place at its source that could be embedded.
    """
    if permission not in {Permission.GRANTED, Permission.EMBED_ONLY}:
        return Delivery(MayDeliver.NONE, _WHY_NOT[permission])
    if until is not None and now >= until:
        return Delivery(MayDeliver.NONE, f"The permission ended on {say_utc(until)}.")
    ends = f" until {say_utc(until)}" if until else ""
    if permission == Permission.GRANTED:
        return Delivery(MayDeliver.FILE, f"Permission is granted{ends}.", until)
    if not has_address:
        return Delivery(
            MayDeliver.NONE, "Only embedding is allowed, and the item has no address to embed it from."
        )
    return Delivery(
        MayDeliver.EMBED, f"It may be embedded from its source{ends}; its file may not be shown.", until
    )


_WHY_NOT = {
    Permission.UNKNOWN: "No permission is recorded.",
    Permission.ASKED: "Permission was asked for; there is no answer yet.",
    Permission.REFUSED: "Permission was refused.",
}


def written(moment: datetime | None) -> str | None:
    """A moment as publications write it: RFC 3339 in UTC."""
    return (
        moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
    )
