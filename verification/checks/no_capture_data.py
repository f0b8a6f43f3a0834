"""Files that carry nothing of their making: usual for what passed through a platform, and never held against it."""

from __future__ import annotations

from urllib.parse import urlsplit

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media, NotApplicable
from verification.domain.decoded import Decoded
from verification.domain.findings import Finding

_STRIPPERS = {
    "Facebook": ("facebook.com", "fbcdn.net"),
    "Instagram": ("instagram.com", "cdninstagram.com"),
    "X": ("x.com", "twitter.com", "twimg.com"),
    "WhatsApp": ("whatsapp.com", "whatsapp.net"),
    "Telegram": ("t.me", "telegram.org"),
    "Signal": (),
    "TikTok": ("tiktok.com",),
    "YouTube": ("youtube.com", "youtu.be"),
    "Reddit": ("reddit.com", "redd.it"),
}
"""Platforms that are known to take capture data out of what is posted there as a photo or a video."""


def _listed(do: str) -> str:
    *most, last = _STRIPPERS
    return f"{', '.join(most)} and {last} {do}"


class NoCaptureData:
    slug = "no_capture_data"
    title = "No capture data"
    version = "1"
    dimensions = (Dimension.PROVENANCE,)
    media_types = ("image/*", "video/*", "audio/*")
    help = (
        "Tells of files without any date, position or device. Most platforms take these out, screenshots and many "
        "programs never write them: it is no sign of anything wrong, and never held against date, place or source."
    )
    reads = "Whether the decoders found any date, position or device."
    stances = {
        Stance.NEUTRAL: "There is none: it was taken out, or never written.",
    }
    cannot_know = "Who took it out, and why."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        failure = facts.failed("metadata")
        if failure:
            raise CheckFailed(f"The file's tags could not be read: {failure.detail}")
        if _carries(facts):
            raise NotApplicable("The file carries capture data.")
        here = _platform(context.url)
        who = f"{here}, where it is said to come from, takes these out" if here else _listed("take these out")
        sentence = f"The file carries no date, no position and no device; {who}, so nothing follows from it."
        data = {"absent": ["date", "position", "device"], "platform": here, "platforms": list(_STRIPPERS)}
        return [Finding(Dimension.PROVENANCE, Stance.NEUTRAL, sentence, data)]


def _carries(facts: Decoded) -> bool:
    """Whether anything tells of the making; a date or position that was never set tells nothing."""
    device = facts.device
    dated = any(date.at and not date.unset for date in facts.dates)
    placed = facts.gps is not None and facts.gps.problem is None
    return dated or placed or bool(device.make or device.model)


def _platform(url: str | None) -> str | None:
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return None
    for name, hosts in _STRIPPERS.items():
        if any(host == known or host.endswith(f".{known}") for known in hosts):
            return name
    return None
