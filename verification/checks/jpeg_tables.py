"""Which family of programs saved a JPEG last, by its quantisation tables."""

from __future__ import annotations

import hashlib

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.domain.findings import Finding
from verification.domain.inside import JpegCoding
from verification.domain.quantisation import nearest_quality, standard_quality


class JpegTables:
    slug = "jpeg_tables"
    title = "JPEG tables"
    version = "1"
    dimensions = (Dimension.AUTHENTICITY,)
    media_types = ("image/jpeg",)
    help = (
        "Tells from a JPEG's quantisation tables whether it was saved with the standard's, which libjpeg and most "
        "programs and platforms use, or with tables of somebody's own, as many cameras and Photoshop have. Many "
        "programs share one table and one program has many: it names a family, and never a program."
    )
    reads = "The quantisation tables and the colour subsampling of a JPEG."
    stances = {
        Stance.NEUTRAL: "Which family of tables it was saved with.",
    }
    cannot_know = "Which program saved it, and how often it was saved before."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        coding = facts.jpeg
        if coding is None:
            failure = facts.failed("structure")
            why = failure.detail if failure else "the file gives none"
            raise CheckFailed(f"The JPEG's tables could not be read: {why}")
        sampling = (
            f"colour sampling {coding.subsampling}"
            if coding.subsampling not in (None, "grey")
            else "no colour"
        )
        quality = standard_quality(coding.tables)
        data = {
            "family": "standard" if quality else "own",
            "quality": quality,
            "nearest_quality": quality or _nearest(coding),
            "subsampling": coding.subsampling,
            "fingerprint": fingerprint(coding),
            "tables": [list(table) for table in coding.tables],
            "reader": facts.read_by("pillow"),
        }
        if quality is not None:
            sentence = (
                f"The JPEG was last saved with the standard's tables at quality {quality} ({sampling}), as libjpeg does; "
                "so do most programs and platforms and some cameras, so that names none of them."
            )
        else:
            sentence = (
                f"The JPEG was last saved with tables of its maker's own, about as fine as quality {data['nearest_quality']} "
                f"({sampling}); many cameras and some editors have such, so that names none of them."
            )
        return [Finding(Dimension.AUTHENTICITY, Stance.NEUTRAL, sentence, data)]


def fingerprint(coding: JpegCoding) -> str:
    """Sixteen hex digits that are the same for the same tables: files can be searched for others of the family."""
    text = "|".join(",".join(str(number) for number in table) for table in coding.tables)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _nearest(coding: JpegCoding) -> int:
    return nearest_quality(coding.tables)
