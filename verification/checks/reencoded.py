"""Which program wrote a film or recording last: cameras name themselves, and so do those that encode again."""

from __future__ import annotations

from dataclasses import dataclass

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.domain.decoded import Decoded
from verification.domain.findings import Finding


@dataclass(frozen=True)
class _Maker:
    """A writer by the words it leaves. `editor` tells programs that people edit with from mere converters."""

    mark: str
    name: str
    editor: bool = False


_MAKERS = (
    _Maker("handbrake", "HandBrake"),
    _Maker("produced by google", "Google, as on YouTube"),
    _Maker("twitter-vork", "X"),
    _Maker("mainconcept", "MainConcept, as in Adobe Premiere", editor=True),
    _Maker("premiere", "Adobe Premiere", editor=True),
    _Maker("davinci", "DaVinci Resolve", editor=True),
    _Maker("capcut", "CapCut", editor=True),
    _Maker("final cut", "Final Cut", editor=True),
    _Maker("imovie", "iMovie", editor=True),
    _Maker("gpac", "GPAC"),
    _Maker("bento4", "Bento4"),
    _Maker("l-smash", "L-SMASH"),
    _Maker("lavf", "FFmpeg"),
    _Maker("lavc", "FFmpeg"),
    _Maker("x264", "x264"),
    _Maker("x265", "x265"),
)


class Reencoded:
    slug = "reencoded"
    title = "Encoded again"
    version = "1"
    dimensions = (Dimension.PROVENANCE, Dimension.AUTHENTICITY)
    media_types = ("video/*", "audio/*")
    help = (
        "Names the programs that encoded and packed a film or recording, by what they leave in it. Every platform "
        "encodes again what is posted there: it tells that this is not the camera's own file, and not that what it "
        "shows was altered. Programs can leave nothing, so that none is named proves nothing."
    )
    reads = "The names of encoders and muxers that a container and its streams carry."
    stances = {
        Stance.NEUTRAL: "A program encoded or packed the file: it is not the camera's own.",
        Stance.INCONCLUSIVE: "No program is named.",
    }
    cannot_know = "Whether what it shows was altered, and how often it was encoded."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        left = _left_by_writers(facts)
        failure = facts.failed("metadata")
        if failure and not left:
            raise CheckFailed(f"The container's tags could not be read: {failure.detail}")
        makers = {maker.name: maker for _, text in left for maker in _MAKERS if maker.mark in text.lower()}
        data = {"left": [{"field": field, "value": text} for field, text in left], "writers": sorted(makers)}
        if not makers:
            sentence = (
                "The file names no program that encoded it again; many leave no name, so nothing follows."
            )
            return [Finding(Dimension.PROVENANCE, Stance.INCONCLUSIVE, sentence, data)]
        return _written_by(makers, facts, data)


def _written_by(makers: dict[str, _Maker], facts: Decoded, data: dict[str, object]) -> list[Finding]:
    names = " and ".join(sorted(makers))
    kept = ", though it kept the camera's name" if facts.device.make or facts.device.model else ""
    sentence = (
        f"The file was written by {names}, so it is not the camera's own{kept}; platforms and converters do that to "
        "everything."
    )
    found = [Finding(Dimension.PROVENANCE, Stance.NEUTRAL, sentence, data)]
    editors = sorted(name for name, maker in makers.items() if maker.editor)
    if editors:
        sentence = (
            f"The file was saved by a program for editing films ({' and '.join(editors)}); cutting and saving again is "
            "no sign of deceit by itself."
        )
        found.append(Finding(Dimension.AUTHENTICITY, Stance.NEUTRAL, sentence, data))
    return found


def _left_by_writers(facts: Decoded) -> list[tuple[str, str]]:
    """(where, what) of every name that a writer left."""
    left = [("encoder", facts.encoder), ("software", facts.device.software)]
    for stream in facts.streams:
        left += [(f"{stream.kind} encoder", stream.encoder), (f"{stream.kind} handler", stream.handler)]
    return [(field, text[:200]) for field, text in left if text]
