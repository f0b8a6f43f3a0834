"""The fields of an exhibit in a part of a basis: a frame and a reference image, boxes in percent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from claims.errors import FieldError, InvalidInput
from verification.desk.forms.values import read_date

SAYS_SOMETHING = ("frame_at", "frame_box", "image_url", "image_box", "provider", "image_date", "licence")
NAMES = ("frame_media", "image", *SAYS_SOMETHING)
_POINTERS = {
    "/frame/media": "frame_media",
    "/frame/at_ms": "frame_at",
    "/frame/box": "frame_box",
    "/reference/url": "image_url",
    "/reference/image": "image",
    "/reference/box": "image_box",
    "/reference/provider": "provider",
    "/reference/date": "image_date",
}


def fields(media: Sequence[tuple[str, str]]) -> dict[str, forms.Field]:
    """The fields by name; `media` are the claim's items by id and name."""
    items = [("", "No frame"), *media]
    return {
        "frame_media": forms.ChoiceField(required=False, choices=items),
        "frame_at": forms.CharField(required=False, max_length=20),
        "frame_box": forms.CharField(required=False, max_length=60),
        "image": forms.ChoiceField(required=False, choices=[("", "Elsewhere"), *media]),
        "image_url": forms.URLField(required=False, max_length=4000, assume_scheme="https"),
        "image_box": forms.CharField(required=False, max_length=60),
        "provider": forms.CharField(required=False, max_length=200),
        "image_date": forms.CharField(required=False, max_length=80),
        "licence": forms.CharField(required=False, max_length=200),
    }


def read(said: Mapping[str, Any], pointer: str) -> dict[str, Any] | None:
    """The exhibit as it is kept; None where nothing of one was said. Raises InvalidInput below the pointer."""
    if not any(said.values()):
        return None
    errors: list[FieldError] = []
    if not said["frame_media"]:
        errors.append(FieldError("/frame/media", "Say of which item the frame is.", "required"))
    if not said["provider"]:
        errors.append(FieldError("/reference/provider", "Say who provides the reference image.", "required"))
    frame = {
        "media": said["frame_media"],
        "at_ms": _moment(said["frame_at"], errors),
        "box": _box(said["frame_box"], "/frame/box", errors),
    }
    reference = {
        "provider": said["provider"],
        "url": said["image_url"],
        "image": said["image"],
        "box": _box(said["image_box"], "/reference/box", errors),
        "date": _date(said["image_date"], errors),
        "licence": said["licence"],
    }
    if errors:
        raise InvalidInput([FieldError(f"{pointer}{one.pointer}", one.detail, one.code) for one in errors])
    return {"frame": _filled(frame), "reference": _filled(reference)}


def _moment(text: str, errors: list[FieldError]) -> int | None:
    try:
        return round(float(text) * 1000) if text else None
    except (ValueError, OverflowError):
        errors.append(FieldError("/frame/at_ms", "Say the moment in seconds, such as 12.5.", "number"))
        return None


def _box(text: str, pointer: str, errors: list[FieldError]) -> list[float] | None:
    if not text:
        return None
    try:
        left, top, width, height = (float(part) for part in re.split(r"[\s,;%]+", text.strip(" %")) if part)
    except ValueError:
        detail = "Say left, top, width and height in percent, such as 10, 20, 30, 25."
        errors.append(FieldError(pointer, detail, "box"))
        return None
    return [round(number / 100, 6) for number in (left, top, width, height)]


def _date(text: str, errors: list[FieldError]) -> dict[str, Any] | None:
    try:
        date = read_date(edtf=text, zone="")
    except InvalidInput as error:
        errors += [FieldError("/reference/date", one.detail, one.code) for one in error.errors]
        return None
    return date.as_json() if date else None


def _filled(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value not in (None, "")}


def typed(exhibit: Mapping[str, Any]) -> dict[str, str]:
    """An exhibit as it was typed."""
    frame, reference = exhibit["frame"], exhibit["reference"]
    at_ms = frame.get("at_ms")
    said = {
        "frame_media": frame["media"],
        "frame_at": "" if at_ms is None else f"{at_ms / 1000:g}",
        "frame_box": _percent(frame.get("box")),
        "image": reference.get("image") or "",
        "image_url": reference.get("url") or "",
        "image_box": _percent(reference.get("box")),
        "provider": reference["provider"],
        "image_date": (reference.get("date") or {}).get("edtf", ""),
        "licence": reference.get("licence") or "",
    }
    return {name: text for name, text in said.items() if text}


def field_of(pointer: str) -> str | None:
    """The field that a pointer within an exhibit means."""
    return _POINTERS.get(pointer)


def _percent(box: Sequence[float] | None) -> str:
    return ", ".join(f"{100 * part:.6g}" for part in box or ())
