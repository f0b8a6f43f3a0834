"""Exhibits: a frame of the claim's media beside the reference image that it was compared with, a box in each.

`{"frame": {"media", "at_ms"?, "box"?}, "reference": {"url"?, "image"?, "box"?, "provider", "date"?, "licence"?}}`. A box
is `[left, top, width, height]` in parts of the picture's width and height, from 0 to 1; `at_ms` is a film's moment in
milliseconds; `image` is another media item of the claim.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from claims.dates import ClaimedDate, say_date
from claims.errors import FieldError

_BOX = (
    "A box is left, top, width and height in parts of the picture, each from 0 to 1, and lies within it: such as "
    "0.1, 0.2, 0.3, 0.25."
)
_ROUNDING = 1e-9


def flaws_of(exhibit: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterator[FieldError]:
    """What is wrong with an exhibit, by pointers within it. `kinds` are the claim's media items by id."""
    frame, reference = exhibit["frame"], exhibit["reference"]
    kind = kinds.get(str(frame["media"]))
    if kind is None:
        yield FieldError("/frame/media", "This claim has no media item of this id.", "unknown")
    elif frame.get("at_ms") is not None and kind != "video":
        yield FieldError("/frame/at_ms", "Only a film has moments. Leave it out.", "not_a_film")
    image = reference.get("image")
    if image is not None and str(image) not in kinds:
        yield FieldError("/reference/image", "This claim has no media item of this id.", "unknown")
    if image is None and not reference.get("url"):
        yield FieldError(
            "/reference/url", "Say where the reference image is: its address, or a media item.", "required"
        )
    for name, side in (("frame", frame), ("reference", reference)):
        if side.get("box") is not None and not _lies_within(side["box"]):
            yield FieldError(f"/{name}/box", _BOX, "box")


def _lies_within(box: Sequence[float]) -> bool:
    if len(box) != 4:
        return False
    left, top, width, height = box
    return all(
        start >= 0 and length > 0 and start + length <= 1 + _ROUNDING
        for start, length in ((left, width), (top, height))
    )


def say_exhibit(exhibit: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, str]:
    """The frame and the reference in words. `names` are the claim's media items by id."""
    frame, reference = exhibit["frame"], exhibit["reference"]
    of_frame = [names.get(frame["media"], "an item that is not there any more")]
    if frame.get("at_ms") is not None:
        of_frame.append(f"at {frame['at_ms'] / 1000:g} s")
    of_reference = [reference["provider"]]
    if reference.get("image"):
        of_reference.append(names.get(reference["image"], "an item that is not there any more"))
    if reference.get("date"):
        of_reference.append(say_date(ClaimedDate.from_json(reference["date"])))
    if reference.get("licence"):
        of_reference.append(reference["licence"])
    return ", ".join(of_frame + _say_box(frame)), ", ".join(of_reference + _say_box(reference))


def _say_box(side: Mapping[str, Any]) -> list[str]:
    if not side.get("box"):
        return []
    left, top, width, height = (f"{100 * part:.3g} %" for part in side["box"])
    return [f"in a box of {width} by {height} from {left} left, {top} top"]
