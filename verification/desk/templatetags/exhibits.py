"""Exhibits as pages show them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django import template

from claims.models import MediaItem
from verification.desk.items import picture_of
from verification.domain.exhibits import say_exhibit

register = template.Library()


@register.inclusion_tag("desk/parts/exhibit.html")
def exhibit(
    shown: Mapping[str, Any], media: Iterable[MediaItem], names: Mapping[uuid.UUID, str]
) -> dict[str, Any]:
    """A frame beside its reference image, each with its box; in words alone where there is nothing to show."""
    items = {str(item.pk): item for item in media}
    frame, reference = shown["frame"], shown["reference"]
    said = say_exhibit(shown, {str(pk): name for pk, name in names.items()})
    sides = []
    for side, item, words in (
        ("Frame", frame.get("media"), said[0]),
        ("Reference", reference.get("image"), said[1]),
    ):
        of = frame if side == "Frame" else reference
        found = items.get(item or "")
        box = [f"{100 * part:.4g}%" for part in of.get("box") or ()]
        picture = picture_of(found, of.get("at_ms")) if found else None
        sides.append({"title": side, "words": words, "picture": picture, "box": box, "url": of.get("url")})
    return {"sides": sides}
