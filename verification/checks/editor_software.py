"""Which programs the file says it went through, and what they say they did."""

from __future__ import annotations

import re
from dataclasses import dataclass

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.domain.decoded import Decoded
from verification.domain.findings import Finding
from verification.domain.inside import FoundText

# What a program does with a picture matters more than its name: those that only carry it say nothing of its content.
_EDITORS = re.compile(
    r"photoshop|imageready|lightroom|fireworks|gimp|paint\.?net|paint\s?shop|snapseed|picsart|pixelmator|affinity|"
    r"capture one|luminar|darktable|rawtherapee|dxo|topaz|canva|faceapp|meitu|facetune|vsco|corel|photopea|"
    r"picasa|acdsee|irfanview|xnview|imagemagick|graphicconverter|photo ?gallery|nikon capture|inkscape|krita|"
    r"polarr|instasize|remini|idimager|photoscape|photofiltre|procreate|clip studio|camera raw",
    re.IGNORECASE,
)
_GENERATORS = re.compile(
    r"midjourney|dall.?e\b|stable.?diffusion|comfyui|automatic1111|firefly|novelai|invokeai|imagen\b|openai|"
    r"leonardo\.?ai|ideogram|flux\.1",
    re.IGNORECASE,
)
_CARRIES_ON = frozenset(
    {"saved", "converted", "derived", "created", "opened", "produced", "copied", "published"}
)
_STEPS_SHOWN = 20
_IN_HONEST_PHOTOS = (
    "about a quarter of honest photos carry an editor's name, so that alone says nothing of content"
)


@dataclass(frozen=True)
class _Program:
    text: FoundText
    generates: bool


class EditorSoftware:
    slug = "editor_software"
    title = "Programs it went through"
    version = "2"
    dimensions = (Dimension.AUTHENTICITY,)
    media_types = ("image/*", "application/pdf")
    help = (
        "Names the editing programs that a file carries the names of, and the steps that they noted. About a quarter "
        "of honest photos carry such a name, since every change of brightness or caption leaves one; most forgeries "
        "carry none."
    )
    reads = "The programs that EXIF, XMP, PNG texts and documents name, and the steps that XMP keeps."
    stances = {
        Stance.NEUTRAL: "A program or its steps are named.",
        Stance.INCONCLUSIVE: "None is named, or only the camera's own.",
    }
    cannot_know = "What was changed; most changes leave no name."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        programs = _programs(facts)
        if not programs and not facts.steps:
            failure = facts.failed("metadata") or facts.failed("packets")
            if failure:
                raise CheckFailed(f"The file's tags could not be read: {failure.detail}")
            return [_none(facts)]
        found = []
        generators = [one.text for one in programs if one.generates]
        if generators:
            found.append(_generated(generators, facts))
        editors = [one.text for one in programs if not one.generates]
        if editors:
            found.append(_edited(editors, facts))
        return found + _history(facts)


def _programs(facts: Decoded) -> list[_Program]:
    known = []
    for text in facts.programs:
        generates = bool(_GENERATORS.search(text.value))
        if generates or _EDITORS.search(text.value):
            known.append(_Program(text, generates))
    return known


def _edited(editors: list[FoundText], facts: Decoded) -> Finding:
    names = list(dict.fromkeys(text.value for text in editors))
    said = " and ".join(f"“{name[:60]}”" for name in names[:3])
    role = "a program that it was" if len(names) == 1 else "programs that it was"
    sentence = f"The file names {said} as {role} saved with; {_IN_HONEST_PHOTOS}."
    return Finding(Dimension.AUTHENTICITY, Stance.NEUTRAL, sentence, {"programs": _shown(editors, facts)})


def _generated(generators: list[FoundText], facts: Decoded) -> Finding:
    sentence = (
        f"The file names “{generators[0].value[:60]}”, which makes pictures out of words, as a program that it came "
        "from; such a name can also be written in by hand, and some of these programs only retouch."
    )
    return Finding(Dimension.AUTHENTICITY, Stance.NEUTRAL, sentence, {"programs": _shown(generators, facts)})


def _history(facts: Decoded) -> list[Finding]:
    steps = facts.steps
    if not steps:
        return []
    reader = facts.read_by(steps[0].reader)
    shown = [
        {"action": step.action, "software": step.software, "at": step.at, "changed": step.changed}
        for step in steps[:_STEPS_SHOWN]
    ]
    actions = list(dict.fromkeys(step.action for step in steps if step.action))
    what = ", ".join(f"“{action[:40]}”" for action in actions[:6]) or "nothing in words"
    count = f"{len(steps)} step{'' if len(steps) == 1 else 's'}"
    only_carried = set(actions) <= _CARRIES_ON
    why = (
        "such steps name no change of what is seen, and don't rule one out"
        if only_carried
        else "what was changed in them is not recorded"
    )
    sentence = f"An editor's history in the file, read by {reader}, has {count} ({what}); {why}."
    data = {"steps": shown, "count": len(steps), "reader": reader}
    return [Finding(Dimension.AUTHENTICITY, Stance.NEUTRAL, sentence, data)]


def _none(facts: Decoded) -> Finding:
    named = [text for text in facts.programs if "comment" not in text.field.lower()]
    if named:
        sentence = (
            f"The file names “{named[0].value[:60]}” as its software, which is no editing program that we know; "
            "cameras write their own version there."
        )
        data = {"programs": _shown(named, facts)}
        return Finding(Dimension.AUTHENTICITY, Stance.INCONCLUSIVE, sentence, data)
    sentence = (
        "The file names no program; editors and platforms can leave none, so nothing follows from that."
    )
    return Finding(Dimension.AUTHENTICITY, Stance.INCONCLUSIVE, sentence, {"absent": True})


def _shown(texts: list[FoundText], facts: Decoded) -> list[dict[str, str]]:
    return [{"field": one.field, "value": one.value, "reader": facts.read_by(one.reader)} for one in texts]
