"""The thumbnail within a photo beside the photo: editors often leave the old one in."""

from __future__ import annotations

from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.domain.findings import Finding
from verification.domain.inside import Thumbnail

SAME_UP_TO = 0.15
"""Of 93 photos whose thumbnail shows them whole, none was further apart than 0.1."""
DIFFERENT_FROM = 0.35
"""Two that had been cropped were 0.48 and 0.61 apart. What lies between is for a person's eyes."""


class ThumbnailMismatch:
    slug = "thumbnail_mismatch"
    title = "Thumbnail against picture"
    version = "1"
    dimensions = (Dimension.AUTHENTICITY,)
    media_types = ("image/jpeg", "image/png", "image/webp")
    help = (
        "Compares the small picture that a camera puts into a photo with the photo, however either is turned or "
        "letterboxed. Where they differ, the photo was cropped or changed and its thumbnail was not. Most programs "
        "renew the thumbnail, so that one which fits proves nothing."
    )
    reads = "The thumbnail within the photo, compared with the photo in eight turns and without bars."
    stances = {
        Stance.CONTRADICTS: "They show different pictures.",
        Stance.NEUTRAL: "They show the same, cropped or turned at most.",
        Stance.INCONCLUSIVE: "There is none, or it is too small or too plain to compare.",
    }
    cannot_know = "What was changed; and a thumbnail that fits may have been renewed."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        thumbnail = facts.thumbnail
        if thumbnail is None:
            failure = facts.failed("thumbnail")
            if failure:
                raise CheckFailed(f"The thumbnail could not be read: {failure.detail}")
            sentence = "The file holds no thumbnail; many programs and platforms remove it, so nothing follows from that."
            return [Finding(Dimension.AUTHENTICITY, Stance.INCONCLUSIVE, sentence, {"absent": True})]
        data = _data(thumbnail, facts.width, facts.height)
        if thumbnail.distance is None:
            sentence = "The picture or its thumbnail is too plain for the two to be compared."
            return [Finding(Dimension.AUTHENTICITY, Stance.INCONCLUSIVE, sentence, data)]
        stance, sentence = _judge(thumbnail, thumbnail.distance)
        return [Finding(Dimension.AUTHENTICITY, stance, sentence, data)]


def _judge(thumbnail: Thumbnail, distance: float) -> tuple[Stance, str]:
    if distance >= DIFFERENT_FROM:
        return Stance.CONTRADICTS, (
            "The thumbnail within the file shows something else than the picture: the picture was cropped or changed "
            "after its thumbnail was made."
        )
    if distance > SAME_UP_TO:
        return Stance.INCONCLUSIVE, (
            "The thumbnail within the file does not quite fit the picture; a person should look at both."
        )
    if thumbnail.mirrored:
        return Stance.NEUTRAL, (
            "The thumbnail within the file shows the picture mirrored: one of them was flipped, as some phones do with "
            "their front camera."
        )
    if thumbnail.turn:
        return Stance.NEUTRAL, (
            f"The thumbnail within the file shows the same picture, turned by {thumbnail.turn} degrees; it was turned "
            "after it was taken, and nothing else follows from that."
        )
    return Stance.NEUTRAL, (
        "The thumbnail within the file shows the same picture; most programs renew it, so that rules no change out."
    )


def _data(thumbnail: Thumbnail, width: int | None, height: int | None) -> dict[str, Any]:
    return {
        "distance": thumbnail.distance,
        "turn": thumbnail.turn,
        "mirrored": thumbnail.mirrored,
        "fit": thumbnail.fit,
        "thumbnail_size": [thumbnail.width, thumbnail.height],
        "picture_size": [width, height],
    }
