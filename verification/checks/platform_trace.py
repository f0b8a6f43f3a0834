"""Traces that platforms and messengers leave in a file and in its name."""

from __future__ import annotations

import re
from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.domain.findings import Finding

_FBMD = re.compile(r"FBMD[0-9a-f]{8,}", re.IGNORECASE)
# Names as the applications give them on saving; the day is that of saving or receiving, in the phone's zone.
_NAMES = (
    ("WhatsApp", re.compile(r"(?:IMG|VID|AUD|PTT|DOC|STK)-(?P<day>\d{8})-WA\d{4}", re.ASCII | re.IGNORECASE)),
    (
        "WhatsApp",
        re.compile(
            r"WhatsApp (?:Image|Video|Audio|Ptt) (?P<day>\d{4}-\d{2}-\d{2}) at \d{1,2}\.\d{2}\.\d{2}",
            re.ASCII | re.IGNORECASE,
        ),
    ),
    (
        "Telegram",
        re.compile(
            r"(?:photo|video|audio)_(?P<day>\d{4}-\d{2}-\d{2})_\d{2}-\d{2}-\d{2}", re.ASCII | re.IGNORECASE
        ),
    ),
    (
        "Telegram",
        re.compile(
            r"(?:photo|video|audio|file)_\d+@(?P<day>\d{2}-\d{2}-\d{4})_\d{2}-\d{2}-\d{2}",
            re.ASCII | re.IGNORECASE,
        ),
    ),
    ("Telegram", re.compile(r"telegram-cloud-(?:photo|document|video)-", re.ASCII | re.IGNORECASE)),
    (
        "Facebook",
        re.compile(r"(?:FB_(?:IMG|VID)_\d{10,}|\d{6,}_\d{8,}_\d{8,}_[nosb]\b)", re.ASCII | re.IGNORECASE),
    ),
)
_DAYS = (re.compile(r"(\d{4})-?(\d{2})-?(\d{2})"), re.compile(r"(\d{2})-(\d{2})-(\d{4})"))


class PlatformTrace:
    slug = "platform_trace"
    title = "Traces of platforms"
    version = "1"
    dimensions = (Dimension.PROVENANCE, Dimension.SOURCE)
    media_types = ("image/*", "video/*", "audio/*", "application/pdf")
    help = (
        "Looks for what platforms leave: Facebook's and Instagram's mark among the IPTC tags, and the names that "
        "WhatsApp, Telegram and Facebook give to files that are saved. A copy from there is not the original. Names "
        "are easily changed, so a name says little and its absence nothing."
    )
    reads = "Facebook's mark in IPTC's special instructions, and the name that the file came with."
    stances = {
        Stance.NEUTRAL: "A platform left its trace: this is a copy from there.",
        Stance.INCONCLUSIVE: "There is none; that proves nothing.",
    }
    cannot_know = "Where it was before that platform, and whether somebody gave it that name."

    def run(self, media: Media, context: Context) -> list[Finding]:
        found = []
        mark = _FBMD.match(media.decoded.instructions or "") if media.decoded else None
        if mark and media.decoded:
            sentence = (
                "The file carries the mark that Facebook and Instagram write into pictures, so this copy went through "
                "one of them and is not the camera's own file."
            )
            data = {"platform": "Facebook", "mark": mark[0][:40], "reader": media.decoded.read_by("iptc")}
            found.append(Finding(Dimension.PROVENANCE, Stance.NEUTRAL, sentence, data))
        named = _named(media.file_name)
        if named:
            found.append(named)
        return found or [_nothing(media)]


def _named(file_name: str | None) -> Finding | None:
    for platform, pattern in _NAMES:
        match = pattern.match(file_name or "")
        if match is None:
            continue
        day = _day(match.groupdict().get("day"))
        when = f", on {day} by its own account" if day else ""
        sentence = (
            f"The file is named as {platform} names what is saved there{when}; anybody can rename a file, so this is "
            "weak, and who sent it is not whoever filmed it."
        )
        data: dict[str, Any] = {"platform": platform, "file_name": file_name, "named_day": day}
        return Finding(Dimension.PROVENANCE, Stance.NEUTRAL, sentence, data)
    return None


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    if match := _DAYS[0].fullmatch(text):
        return "-".join(match.groups())
    if match := _DAYS[1].fullmatch(text):
        return "-".join(reversed(match.groups()))
    return None


def _nothing(media: Media) -> Finding:
    if media.decoded is None and media.file_name is None:
        raise CheckFailed(media.decode_error or "The file has not been decoded, and its name is not known.")
    failure = media.decoded.failed("packets") if media.decoded else None
    if failure and media.file_name is None:
        raise CheckFailed(f"The file's IPTC and XMP tags could not be read: {failure.detail}")
    sentence = "Neither tags nor name bear a platform's trace; most platforms leave none, so nothing follows from that."
    data = {"absent": True, "file_name": media.file_name}
    return Finding(Dimension.PROVENANCE, Stance.INCONCLUSIVE, sentence, data)
