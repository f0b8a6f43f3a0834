"""When the post was made, by the number in its address: what it shows was filmed before that."""

from __future__ import annotations

from datetime import timedelta

from claims.vocabulary import Dimension, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.domain.findings import Finding, Side, TimeBound
from verification.domain.post_ids import DatedPost, read_post, timeless_platform
from verification.domain.wording import say_claimed_interval, say_gap, say_moment

_CLOCKS_APART = timedelta(minutes=5)


class PostTime:
    slug = "post_time"
    title = "When the post was made"
    version = "1"
    dimensions = (Dimension.DATE,)
    media_types = ("*/*",)
    help = (
        "Reckons from the id in a post's address when the post was made: X, Discord, Instagram, TikTok, LinkedIn, "
        "Mastodon, Bluesky. The media was there by then; when it was filmed, and when the post became public, the "
        "id does not say. The bound is soft where the id can be forged or the post's media exchanged. A post that "
        "announced a live broadcast is older than the broadcast."
    )
    reads = "The id in the address of the post, by the platform's published way of numbering."
    stances = {
        Stance.CONTRADICTS: "The post was made before the claimed date began.",
        Stance.NEUTRAL: "The post was made at that time, and the claimed date allows it or none is claimed.",
        Stance.INCONCLUSIVE: "The id gives a time that can't be.",
    }
    cannot_know = (
        "When it was filmed, when the post became public, and whether the post shows the same media today."
    )

    def run(self, media: Media, context: Context) -> list[Finding]:
        if not context.url:
            raise NotApplicable("The media item has no address.")
        post = read_post(context.url)
        if post is None:
            raise NotApplicable(_no_time(context.url))
        data = {
            "platform": post.platform,
            "post_id": post.post_id,
            "created_at": post.at.isoformat(),
            "soft_because": post.soft_because,
        }
        made = f"By its id, the post on {post.platform} was made at {say_moment(post.at)} UTC"
        if post.at > (context.captured_at or context.now) + _CLOCKS_APART:
            sentence = f"{made}, which is after we had the media: there can be no such post."
            return [Finding(Dimension.DATE, Stance.INCONCLUSIVE, sentence, {**data, "impossible": True})]
        reason = f"the post on {post.platform} was made at {say_moment(post.at)} UTC, by its id"
        bound = TimeBound(Side.NOT_AFTER, post.at, hard=post.soft_because is None, reason=reason)
        stance, words = _beside_claim(post, context)
        return [Finding(Dimension.DATE, stance, f"{made}; {words}.", data, (bound,))]


def _no_time(url: str) -> str:
    platform = timeless_platform(url)
    if platform:
        return f"{platform} puts no time into the ids of its posts."
    return "The address is not that of a post whose id tells the time."


def _beside_claim(post: DatedPost, context: Context) -> tuple[Stance, str]:
    claimed = context.claimed_date
    unless = f", unless the id misleads: {post.soft_because}" if post.soft_because else ""
    if claimed is None or claimed.not_before is None or post.at >= claimed.not_before:
        return Stance.NEUTRAL, f"what it shows was filmed no later than that{unless}"
    gap = say_gap(claimed.not_before - post.at)
    interval = say_claimed_interval(claimed)
    return (
        Stance.CONTRADICTS,
        f"that is {gap} before {interval} begins, and it shows what was filmed by then{unless}",
    )
