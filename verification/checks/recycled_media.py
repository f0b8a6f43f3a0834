"""The same picture, or one like it, seen here before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from claims.vocabulary import Dimension, MatchState, Stance
from verification.checks.base import Context, Media, NearCopy, NotApplicable
from verification.domain.findings import Finding, Side, TimeBound
from verification.domain.likeness import LEAST_QUALITY, SAME, Turn
from verification.domain.wording import say_claimed_interval, say_gap, say_moment

COMMON = 20
"""From so many other files on that look alike it is taken for a logo, a title or a template, unless a person says not."""

_SURE = frozenset({MatchState.IDENTICAL, MatchState.CONFIRMED})
LIES = {
    Turn.NONE: "",
    Turn.BY_90: ", turned by a quarter",
    Turn.BY_180: ", turned upside down",
    Turn.BY_270: ", turned by a quarter",
    Turn.MIRRORED: ", mirrored",
    Turn.UPSIDE_DOWN: ", mirrored and upside down",
    Turn.MIRRORED_BY_90: ", mirrored and turned by a quarter",
    Turn.MIRRORED_BY_270: ", mirrored and turned by a quarter",
}
"""How one picture lies beside the other, to follow its name."""


class RecycledMedia:
    slug = "recycled_media"
    title = "The same picture, seen before"
    version = "1"
    dimensions = (Dimension.PROVENANCE, Dimension.DATE)
    media_types = ("image/*", "video/*")
    help = (
        "Compares photos and the keyframes of films with all that this desk has archived, by the look of the "
        "picture (PDQ): copies that were saved again, scaled, recoloured, framed, mirrored or turned are found. "
        "Crops, collages and strong overlays are missed. What is shown was there no later than an earlier copy: "
        "hard where the bytes are the same or a person confirmed the match, else soft. Plain pictures, such as "
        "black frames, are not compared, and what looks like very many files is taken for a logo or a template."
    )
    reads = "The look of a photo and of a film's keyframes, as a hash, beside those of all that the desk has archived."
    stances = {
        Stance.CONTRADICTS: "An earlier copy was there before the claimed date began.",
        Stance.NEUTRAL: "An earlier copy was archived here, or its page says that it was posted earlier.",
        Stance.INCONCLUSIVE: "There is none, it only may be one, the picture is too plain, or it looks like very many files.",
    }
    cannot_know = "Whether copies exist elsewhere, and whether a crop or a collage was here before."

    def run(self, media: Media, context: Context) -> list[Finding]:
        if context.near_copies is None:
            raise NotApplicable("There is no archive to compare the picture with.")
        hashes = media.decoded.hashes if media.decoded else ()
        earlier = earlier_than(context)
        sure = [copy for copy in earlier if copy.state in _SURE]
        if not sure and not any(one.quality >= LEAST_QUALITY for one in hashes):
            media.facts()
            return [
                _nothing("The picture is too plain to be told from others, so it was compared with nothing.")
            ]
        alike = [copy for copy in earlier if copy.state == MatchState.PROPOSED]
        if alike and context.near_files >= COMMON:
            found = _common(context.near_files)
            return [*(_found(sure, context) if sure else ()), found]
        flagged = sure + [copy for copy in alike if copy.distance <= SAME]
        if flagged:
            return _found(flagged, context)
        if alike:
            return [_possible(alike)]
        return [
            _nothing(
                "No earlier copy of this picture has been archived here; crops are not found, "
                "and it says nothing of copies elsewhere."
            )
        ]


def earlier_than(context: Context) -> list[NearCopy]:
    """The copies that were there before this one, the first of them first; not those that a person dismissed."""
    own = [moment for moment in (context.captured_at, context.posted_at) if moment is not None]
    known = min(own, default=None)
    copies = [
        copy
        for copy in context.near_copies or ()
        if copy.state != MatchState.DISMISSED and (known is None or copy.known_at < known)
    ]
    return sorted(copies, key=lambda copy: (copy.known_at, copy.distance, copy.claim, copy.media))


def _found(copies: list[NearCopy], context: Context) -> list[Finding]:
    """What the first of the copies says, and what it says against the claimed date."""
    bounds = tuple(dict.fromkeys(bound for copy in copies for bound in _bounds(copy, context)))
    # The hard ones first: a person's or our own archive's word before a page's.
    first = min(bounds, key=lambda bound: (not bound.hard, bound.at))
    copy = next(copy for copy in copies if first in _bounds(copy, context))
    data = {"copies": [_shown(copy) for copy in copies]}
    sentence = f"{_said(copy)}; what it shows was filmed no later than that{_unless(copy)}."
    found = [Finding(Dimension.PROVENANCE, Stance.NEUTRAL, sentence, data, bounds)]
    claimed = context.claimed_date
    against = [bound for bound in bounds if claimed and claimed.not_before and bound.at < claimed.not_before]
    if claimed and claimed.not_before and against:
        worst = min(against, key=lambda bound: (not bound.hard, bound.at))
        of = next(copy for copy in copies if worst in _bounds(copy, context))
        gap = say_gap(claimed.not_before - worst.at)
        sentence = (
            f"{_said(of, posted=not worst.hard and worst.at == of.posted_at)}, "
            f"{gap} before {say_claimed_interval(claimed)} begins{_unless(of)}."
        )
        found.append(
            Finding(Dimension.DATE, Stance.CONTRADICTS, sentence, {"copies": [_shown(of)]}, (worst,))
        )
    return found


def _bounds(copy: NearCopy, context: Context) -> list[TimeBound]:
    """No later than it was archived; and softly, no later than it is said to have been posted."""
    sure = copy.state in _SURE
    bounds = []
    if context.captured_at is None or copy.archived_at < context.captured_at:
        bounds.append(TimeBound(Side.NOT_AFTER, copy.archived_at, hard=sure, reason=_reason(copy)))
    if copy.posted_at and copy.posted_at < copy.archived_at:
        by = "its page" if copy.posted_by_page else "who filed it"
        reason = f"{_subject(copy).lower()} ({copy.claim}) was posted then, as {by} says"
        bounds.append(TimeBound(Side.NOT_AFTER, copy.posted_at, hard=False, reason=reason))
    return bounds


def _reason(copy: NearCopy) -> str:
    how = {
        MatchState.IDENTICAL: "the same bytes were",
        MatchState.CONFIRMED: "the same picture, as a person confirmed, was",
    }.get(copy.state, "what looks like the same picture was")
    return f"{how} archived here for {copy.claim} at {say_moment(copy.archived_at)} UTC"


def _subject(copy: NearCopy) -> str:
    if copy.state == MatchState.IDENTICAL:
        return "The same file"
    return "The same picture" if copy.state == MatchState.CONFIRMED else "What looks like the same picture"


def _said(copy: NearCopy, *, posted: bool = False) -> str:
    """That it was there and since when: "The same picture, mirrored, was archived here for …"."""
    lies = f"{LIES[copy.turn]}," if LIES[copy.turn] else ""
    if posted and copy.posted_at:
        return f"{_subject(copy)}{lies} was posted at {say_moment(copy.posted_at)} UTC ({copy.claim})"
    return f"{_subject(copy)}{lies} was archived here for {copy.claim} at {say_moment(copy.archived_at)} UTC"


def _unless(copy: NearCopy) -> str:
    return "" if copy.state in _SURE else f", if a person confirms it ({copy.distance} of 256 bits differ)"


def _possible(copies: list[NearCopy]) -> Finding:
    nearest = min(copies, key=lambda copy: copy.distance)
    lies = LIES[nearest.turn]
    sentence = (
        f"A picture in {nearest.claim}{lies}{',' if lies else ''} is somewhat like this one "
        f"({nearest.distance} of 256 bits differ): a person should look."
    )
    return Finding(
        Dimension.PROVENANCE, Stance.INCONCLUSIVE, sentence, {"copies": [_shown(copy) for copy in copies]}
    )


def _common(files: int) -> Finding:
    sentence = (
        f"{files} other files here look like this one: that is more likely a logo, a title or a template "
        "than a copy. A match that a person confirms counts all the same."
    )
    return Finding(Dimension.PROVENANCE, Stance.INCONCLUSIVE, sentence, {"files": files, "copies": []})


def _nothing(sentence: str) -> Finding:
    return Finding(Dimension.PROVENANCE, Stance.INCONCLUSIVE, sentence, {"copies": []})


def _shown(copy: NearCopy) -> dict[str, Any]:
    return {
        "match": copy.match,
        "claim": copy.claim,
        "media": copy.media,
        "distance": copy.distance,
        "turn": copy.turn.value,
        "state": copy.state.value,
        "archived_at": copy.archived_at.isoformat(),
        "posted_at": _written(copy.posted_at),
        "url": copy.url,
        "account": copy.account,
        "at_ms": copy.at_ms,
        "there_ms": copy.there_ms,
    }


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
