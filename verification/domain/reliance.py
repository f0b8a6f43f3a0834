"""What a verdict relied on, beside what there is now: whether it should be looked at again, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from claims.vocabulary import MatchState, RecheckReason, Stance

GONE = "gone"
"""Stands for the source where its server says that it is not there any more."""

_DECIDING = frozenset({Stance.SUPPORTS, Stance.CONTRADICTS})


@dataclass(frozen=True)
class Ground:
    """What stands of a media item at one time, as ids and words.

    `asset` is the SHA-256 of its original, `source` that of the bytes that its address gave last, or `GONE`; None where
    nothing was fetched. `copies` are earlier copies of its picture: the media's id and the state of the match; None
    where nobody looked. `findings` are the stances by check and dimension. Of a check in `silent` nothing is known:
    its last run failed.
    """

    asset: str | None = None
    source: str | None = None
    copies: Mapping[str, MatchState] | None = None
    findings: Mapping[tuple[str, str], Collection[Stance]] = field(default_factory=dict)
    silent: Collection[str] = ()


@dataclass(frozen=True, order=True)
class Change:
    """One reason to look again. `about` is the check or the other media item that it came of, if any."""

    code: RecheckReason
    about: str = ""
    now: str = ""
    """The stances that the check takes now, or how the match was judged."""


def changed(then: Ground, now: Ground) -> list[Change]:
    """What of the ground that a verdict was given on is another by now, in a fixed order; nothing where none is.

    A finding is looked for by its check and dimension and is the same as long as its stance is: what it says in other
    words, or by another version of the check, is no reason. A stance that decides nothing counts only if it was
    relied on.
    """
    found = {*_of_source(then, now), *_of_copies(then, now)}
    for (check, dimension), stances in then.findings.items():
        if check in now.silent:
            continue
        there = set(now.findings.get((check, dimension), ()))
        if not there:
            found.add(Change(RecheckReason.FINDING_GONE, check))
        elif {one for one in there if one in _DECIDING or one in stances} != set(stances):
            found.add(Change(RecheckReason.FINDING_REVERSED, check, ",".join(sorted(there))))
    return sorted(found)


def _of_source(then: Ground, now: Ground) -> list[Change]:
    if now.source in {None, then.source}:
        return []
    if now.source == GONE:
        return [Change(RecheckReason.SOURCE_GONE)]
    # Where the bytes that were judged are back, nothing is amiss.
    return [] if now.source == then.asset else [Change(RecheckReason.SOURCE_CHANGED)]


def _of_copies(then: Ground, now: Ground) -> list[Change]:
    if then.copies is None or now.copies is None:
        return []
    found = [Change(RecheckReason.EARLIER_COPY, media) for media in now.copies.keys() - then.copies.keys()]
    for media, state in then.copies.items():
        judged = now.copies.get(media, MatchState.DISMISSED)
        if judged != state:
            found.append(Change(RecheckReason.MATCH_JUDGED, media, judged.value))
    return found
