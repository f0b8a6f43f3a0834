"""Whom the file names as its author, its owner and its source."""

from __future__ import annotations

import re
from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.domain.decoded import Decoded
from verification.domain.findings import Finding
from verification.domain.inside import FoundText

_AUTHOR = frozenset(
    {
        "EXIF Artist",
        "EXIF CameraOwnerName",
        "IPTC By-line",
        "XMP dc:creator",
        "XMP tiff:Artist",
        "text Author",
        "PDF Author",
    }
)
_OWNER = frozenset(
    {
        "EXIF Copyright",
        "IPTC CopyrightNotice",
        "XMP dc:rights",
        "XMP tiff:Copyright",
        "XMP xmpRights:Owner",
        "text Copyright",
    }
)
# What cameras and programs put there by themselves: no one's name.
_NOBODY = re.compile(
    r"(unknown|none|n/?a|user|owner|me|default|artist|author|creator|photographer|photographer.?s name|credit|source|"
    r"digital|camera|copyright|all rights reserved|picasa.*|adobe.*|gimp.*|microsoft.*|windows user|"
    r".* user|.*digital camera.*|(copyright|\(c\)|©)?[\s,.\d]*|-+)",
    re.IGNORECASE,
)
_AGENCIES = re.compile(
    r"\b(reuters|afp|agence france|associated press|ap photo|epa|getty|dpa|anadolu|xinhua|tass|ria novosti|"
    r"ansa|efe|shutterstock|alamy|corbis|ukrinform|upi|zuma|sipa|bloomberg|pa images|pa wire)\b",
    re.IGNORECASE,
)


class Credits:
    slug = "credits"
    title = "Author and owner named in the file"
    version = "1"
    dimensions = (Dimension.SOURCE,)
    media_types = ("image/*", "application/pdf")
    help = (
        "Reads the author, the owner and the credit line that a file carries. Anybody can write them, agencies and "
        "cameras fill them in by template, and they stay when a picture is edited: they say whom to ask."
    )
    reads = "Author, owner, credit line and copyright in EXIF, IPTC, XMP and a document's own fields."
    stances = {
        Stance.NEUTRAL: "Somebody is named.",
        Stance.INCONCLUSIVE: "Nobody is named, or a template filled it in.",
    }
    cannot_know = "Whether those who are named made it."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        if not facts.credits:
            failure = facts.failed("metadata") or facts.failed("packets")
            if failure:
                raise CheckFailed(f"The file's tags could not be read: {failure.detail}")
            sentence = (
                "The file names no author or owner; many platforms remove them, so nothing follows from that."
            )
            return [Finding(Dimension.SOURCE, Stance.INCONCLUSIVE, sentence, {"absent": True})]
        data = {"credits": [_shown(text, facts) for text in facts.credits]}
        named = [text for text in facts.credits if not _NOBODY.fullmatch(text.value.strip())]
        if not named:
            sentence = (
                f"Where the file would name its author it says “{facts.credits[0].value[:80]}”, as a camera or program "
                "fills in by itself: that is nobody's name."
            )
            return [Finding(Dimension.SOURCE, Stance.INCONCLUSIVE, sentence, {**data, "template": True})]
        return [
            Finding(Dimension.SOURCE, Stance.NEUTRAL, _sentence(named), {**data, "agency": _agency(named)})
        ]


def _sentence(named: list[FoundText]) -> str:
    author = next((text for text in named if text.field in _AUTHOR), None)
    owner = next((text for text in named if text.field in _OWNER), None)
    other = next((text for text in named if text.field not in _AUTHOR | _OWNER), None)
    parts = [
        f"“{text.value[:80]}” as its {role} ({text.field})"
        for text, role in ((author, "author"), (owner, "owner"), (other, "credit or source"))
        if text is not None
    ]
    said = " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
    if _agency(named):
        why = "agencies write such lines by template, and they stay with copies, so they name whom to ask and not who filmed"
    else:
        why = "anybody can write that, so it says whom to ask and proves nothing"
    return f"The file names {said}; {why}."


def _agency(named: list[FoundText]) -> str | None:
    found = (_AGENCIES.search(text.value) for text in named)
    return next((match[0] for match in found if match), None)


def _shown(text: FoundText, facts: Decoded) -> dict[str, Any]:
    role = "author" if text.field in _AUTHOR else "owner" if text.field in _OWNER else "credit"
    return {"role": role, "field": text.field, "value": text.value, "reader": facts.read_by(text.reader)}
