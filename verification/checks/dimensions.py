"""The picture's size beside what its tags recorded, and its shape beside what cameras make."""

from __future__ import annotations

from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.domain.decoded import Decoded
from verification.domain.findings import Finding

_SHAPES = {
    "4:3": 4 / 3,
    "3:2": 3 / 2,
    "16:9": 16 / 9,
    "1:1": 1.0,
    "5:4": 5 / 4,
    "18:9": 2.0,
    "19.5:9": 19.5 / 9,
    "20:9": 20 / 9,
}
_SAME_SHAPE = 0.012
"""By which share two shapes may differ: sizes are whole multiples of coding blocks."""


class Dimensions:
    slug = "dimensions"
    title = "Recorded and real size"
    version = "1"
    dimensions = (Dimension.AUTHENTICITY, Dimension.PROVENANCE)
    media_types = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/avif")
    help = (
        "Sets the width and height that the camera recorded beside the picture's own, and its shape beside those that "
        "cameras make. A smaller picture was scaled down, as platforms do; another shape was cropped. A camera that "
        "zooms digitally crops and enlarges by itself."
    )
    reads = "The size that the camera recorded, the picture's own, its turn, and the camera's digital zoom."
    stances = {
        Stance.NEUTRAL: "The sizes agree, or the picture was turned, scaled or cropped.",
        Stance.INCONCLUSIVE: "No size was recorded, or the shape is no camera's and may be a crop.",
    }
    cannot_know = "What was cropped away, and who did it."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        if facts.width is None or facts.height is None:
            failure = facts.failed("pixels")
            raise CheckFailed(
                f"The picture's size could not be read: {failure.detail if failure else 'it gives none'}"
            )
        if facts.recorded_width and facts.recorded_height:
            return [
                _beside_recorded(
                    facts, (facts.width, facts.height), (facts.recorded_width, facts.recorded_height)
                )
            ]
        failure = facts.failed("metadata")
        if failure:
            raise CheckFailed(f"The file's tags could not be read: {failure.detail}")
        return [_alone(facts, (facts.width, facts.height))]


def _beside_recorded(facts: Decoded, real: tuple[int, int], recorded: tuple[int, int]) -> Finding:
    data = {**_data(facts, real), "recorded_width": recorded[0], "recorded_height": recorded[1]}
    said = f"The tags record {_by(recorded)} pixels and the picture has {_by(real)}"
    if real == recorded:
        sentence = f"The picture has the {_by(real)} pixels that its tags record; editors keep the two in step as well."
        return Finding(Dimension.AUTHENTICITY, Stance.NEUTRAL, sentence, {**data, "change": "none"})
    if real == recorded[::-1]:
        sentence = f"{said}: its sides are exchanged, as where the camera was held upright or the picture was turned since."
        return Finding(Dimension.AUTHENTICITY, Stance.NEUTRAL, sentence, {**data, "change": "turned"})
    if _is_same_shape(real, recorded) or _is_same_shape(real, recorded[::-1]):
        larger = real[0] * real[1] > recorded[0] * recorded[1]
        why = (
            "it was enlarged after its tags were written"
            if larger
            else "it was scaled down, as most platforms and messengers do, so it is not the camera's own file"
        )
        change = "enlarged" if larger else "reduced"
        return Finding(
            Dimension.PROVENANCE,
            Stance.NEUTRAL,
            f"{said}: {why}{_zoomed(facts)}.",
            {**data, "change": change},
        )
    why = "its shape is another, so it was cropped or extended after its tags were written"
    return Finding(
        Dimension.AUTHENTICITY,
        Stance.NEUTRAL,
        f"{said}: {why}{_zoomed(facts)}.",
        {**data, "change": "cropped"},
    )


def _alone(facts: Decoded, real: tuple[int, int]) -> Finding:
    data = {**_data(facts, real), "absent": True}
    shape = _shape_of(real)
    if facts.device.model and shape is None:
        sentence = (
            f"The picture has {_by(real)} pixels, a shape that few cameras make; it may have been cropped, or the "
            f"{facts.device.model[:60]} may make it so{_zoomed(facts)}."
        )
        return Finding(Dimension.AUTHENTICITY, Stance.INCONCLUSIVE, sentence, data)
    sentence = (
        f"The tags record no size beside the picture's own {_by(real)} pixels, so nothing follows from that."
    )
    return Finding(Dimension.AUTHENTICITY, Stance.INCONCLUSIVE, sentence, data)


def _data(facts: Decoded, real: tuple[int, int]) -> dict[str, Any]:
    return {
        "width": real[0],
        "height": real[1],
        "shape": _shape_of(real),
        "orientation": facts.orientation,
        "digital_zoom": facts.digital_zoom,
        "model": facts.device.model,
    }


def _shape_of(size: tuple[int, int]) -> str | None:
    long, short = max(size), min(size)
    return next(
        (name for name, ratio in _SHAPES.items() if abs(long / short / ratio - 1) <= _SAME_SHAPE), None
    )


def _is_same_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    # A small picture's sides are whole pixels, so that a pixel of rounding is allowed on top.
    rounding = 1 / min(*one, *other)
    return abs(one[0] / one[1] / (other[0] / other[1]) - 1) <= _SAME_SHAPE + rounding


def _zoomed(facts: Decoded) -> str:
    if facts.digital_zoom is None or facts.digital_zoom <= 1:
        return ""
    return f"; the camera says that it zoomed digitally by {facts.digital_zoom:g}, which crops and enlarges by itself"


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]:,} by {size[1]:,}"
