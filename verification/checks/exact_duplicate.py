"""The same bytes, archived here before."""

from __future__ import annotations

from claims.vocabulary import Dimension, Stance
from verification.checks.base import Context, EarlierCopy, Media, NotApplicable
from verification.domain.findings import Finding, Side, TimeBound
from verification.domain.wording import say_claimed_interval, say_gap, say_moment


class ExactDuplicate:
    slug = "exact_duplicate"
    title = "The same file, seen before"
    version = "1"
    dimensions = (Dimension.PROVENANCE, Dimension.DATE)
    media_types = ("*/*",)
    help = (
        "Looks for the same bytes in the archive. Whatever an archived file shows was filmed before it was "
        "archived: that bound is hard. A file that was cut or saved again has other bytes and is not found."
    )
    reads = "The file's SHA-256, and when the archive of this desk first got the same bytes for other claims."
    stances = {
        Stance.CONTRADICTS: "The bytes were archived before the claimed date began.",
        Stance.NEUTRAL: "The bytes were archived here before; when and for which claim is said.",
        Stance.INCONCLUSIVE: "They were not archived here before.",
    }
    cannot_know = "Whether copies exist elsewhere, or copies here that were cut or saved again."

    def run(self, media: Media, context: Context) -> list[Finding]:
        if context.earlier_copies is None:
            raise NotApplicable("There is no archive to compare the file with.")
        earlier = sorted(
            _before_this(context.earlier_copies, context), key=lambda copy: (copy.archived_at, copy.claim)
        )
        if not earlier:
            sentence = (
                "These bytes have not been archived here before; that says nothing of copies elsewhere."
            )
            return [Finding(Dimension.PROVENANCE, Stance.INCONCLUSIVE, sentence, {"copies": []})]
        first = earlier[0]
        seen = f"archived here for {first.claim} at {say_moment(first.archived_at)} UTC"
        bound = TimeBound(Side.NOT_AFTER, first.archived_at, hard=True, reason=f"the same bytes were {seen}")
        # An earlier copy says that the file is not new, not which copy is the original.
        found = [
            Finding(
                Dimension.PROVENANCE,
                Stance.NEUTRAL,
                f"The same file was {seen}; what it shows was filmed no later than that.",
                {"sha256": media.sha256, "copies": [_shown(copy) for copy in earlier]},
                (bound,),
            )
        ]
        claimed = context.claimed_date
        if claimed and claimed.not_before and first.archived_at < claimed.not_before:
            gap = say_gap(claimed.not_before - first.archived_at)
            sentence = f"The same file was {seen}, {gap} before {say_claimed_interval(claimed)} begins."
            data = {"claim": first.claim, "archived_at": first.archived_at.isoformat()}
            found.append(Finding(Dimension.DATE, Stance.CONTRADICTS, sentence, data, (bound,)))
        return found


def _before_this(copies: tuple[EarlierCopy, ...], context: Context) -> list[EarlierCopy]:
    if context.captured_at is None:
        return list(copies)
    return [copy for copy in copies if copy.archived_at < context.captured_at]


def _shown(copy: EarlierCopy) -> dict[str, str | None]:
    return {
        "claim": copy.claim,
        "archived_at": copy.archived_at.isoformat(),
        "url": copy.url,
        "account": copy.account,
        "posted_at": copy.posted_at.isoformat() if copy.posted_at else None,
    }
