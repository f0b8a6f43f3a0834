"""Since when this archive has held the file, and who else vouches for that."""

from __future__ import annotations

from datetime import UTC

from claims.vocabulary import Dimension, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.domain.findings import Finding, Side, TimeBound
from verification.domain.wording import say_moment


class HeldSince:
    slug = "held_since"
    title = "Held since"
    version = "1"
    dimensions = (Dimension.PROVENANCE,)
    media_types = ("*/*",)
    help = (
        "Says when the file reached this archive, and when a time-stamp authority signed its hash. It was filmed "
        "before that, a hard bound, given where it takes something from the claimed date. It proves that we have held "
        "the file since, and nothing of when, where or by whom it was filmed."
    )
    reads = "When the archive got the file, and the time-stamp token on its hash where there is one."
    stances = {
        Stance.NEUTRAL: "It has been held here since then.",
    }
    cannot_know = "When, where and by whom it was filmed."

    def run(self, media: Media, context: Context) -> list[Finding]:
        if context.captured_at is None:
            raise NotApplicable("The file is not in the archive.")
        held = context.captured_at.astimezone(UTC)
        since = f"this archive has held the file since {say_moment(held)} UTC"
        bounds = [TimeBound(Side.NOT_AFTER, held, hard=True, reason=since)]
        stamp = "no time-stamp authority has signed for that"
        if context.stamped_at is not None:
            stamped = context.stamped_at.astimezone(UTC)
            stamp = f"{context.stamp_authority or 'a time-stamp authority'} signed its hash at {say_moment(stamped)} UTC"
            bounds.append(TimeBound(Side.NOT_AFTER, stamped, hard=True, reason=stamp))
        sentence = f"{since[0].upper()}{since[1:]}; {stamp}. That proves possession, not capture."
        data = {
            "sha256": media.sha256,
            "held_since": held.isoformat(),
            "stamped_at": context.stamped_at.isoformat() if context.stamped_at else None,
            "stamp_authority": context.stamp_authority,
        }
        return [Finding(Dimension.PROVENANCE, Stance.NEUTRAL, sentence, data, _telling(bounds, context))]


def _telling(bounds: list[TimeBound], context: Context) -> tuple[TimeBound, ...]:
    """The bounds that take something from the claim: every file was filmed before it came, whatever is claimed."""
    latest = context.claimed_date.not_after if context.claimed_date else None
    return tuple(bound for bound in bounds if latest is None or bound.at < latest)
