"""The check that docs/adding-a-check.md walks through; it is registered in its test only."""

from claims.vocabulary import Dimension, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.domain.findings import Finding


class DaysToPost:
    slug = "days_to_post"
    title = "Days from the claimed date to the post"
    version = "1"
    dimensions = (Dimension.DATE,)
    media_types = ("*/*",)
    help = "Counts the days between the claimed date and the post. Late posts are common, so nothing follows alone."
    reads = "When the media was posted, and the claimed date."
    stances = {Stance.NEUTRAL: "The media was posted so many days after the claimed date."}
    cannot_know = "Why it was posted when it was."

    def run(self, media: Media, context: Context) -> list[Finding]:
        if (
            context.posted_at is None
            or context.claimed_date is None
            or context.claimed_date.not_after is None
        ):
            raise NotApplicable("There is no claimed date, or it is not known when the media was posted.")
        days = max(0, (context.posted_at - context.claimed_date.not_after).days)
        sentence = f"It was posted {days} days after the claimed date had ended."
        return [Finding(Dimension.DATE, Stance.NEUTRAL, sentence, {"days": days})]
