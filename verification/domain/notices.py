"""What somebody is told, in a sentence: who did what. Which claim it is about is said beside it."""

from __future__ import annotations

from collections.abc import Mapping

from claims.vocabulary import ChangeKind, Notice

SYSTEM = "Stet"
"""Who did what nobody did: what came to pass because its time had come."""

_SENTENCES = {
    Notice.MENTIONED: "{by} mentioned you in a note",
    Notice.NOTED: "{by} left a note",
    Notice.ASSIGNED: "{by} assigned it to you",
    Notice.UNASSIGNED: "{by} took it off you",
    Notice.ASKED: "{by} asks for {dimensions}",
    Notice.UNASKED: "{by} asks no more for {dimensions}",
    Notice.UNANSWERED: "{by} submitted it without {dimensions}, which you asked for",
    Notice.HANDED_OVER: "{by} handed it over",
    Notice.INVITED: "{by} invites you to their review",
    Notice.LEASE_BROKEN: "{by} ended your lease; your draft is kept",
    Notice.CANCELLED: "{by} cancelled the review that was asked for",
    Notice.DROPPED: "{by} dropped it",
    Notice.DUPLICATE: "{by} marked it as a duplicate",
    Notice.REOPENED: "{by} brought it back",
    Notice.SKIPPED: "{by} skipped it: it is for everybody again",
    Notice.FLAGGED: "Three or more people skipped it, {by} the last",
    Notice.DUE_SOON: "It is due soon",
    Notice.OVERDUE: "It is overdue",
    Notice.CALL_BACK: "It is time to call back, as was said when it was handed over",
    Notice.CALL_AGAIN: "It is time to ask the uploader again",
    Notice.ANSWERED: "{by} recorded what the uploader answered",
    Notice.RECHECK_NEEDED: "To be checked again: {dimensions}",
    Notice.VERDICT_CHANGED: "{by} changed what stands of {dimensions}",
    Notice.PUBLISHED: "{by} published it",
    Notice.CORRECTED: "{by} corrected what is published",
    Notice.HELD: "{by} held it back",
    Notice.WITHDRAWN: "{by} withdrew what was published",
    Notice.RIGHTS_CHANGED: "{by} changed what may be shown of published media",
}
_OF_CHANGE = {
    ChangeKind.AMENDED: "{by} amended what is published",
    ChangeKind.RELEASED: "{by} released it: it is public again",
}
_OF_DIMENSIONS = {
    Notice.DUE_SOON: "Due soon: {dimensions}",
    Notice.OVERDUE: "Overdue: {dimensions}",
}


def say(occasion: Notice, *, by: str | None, about: Mapping[str, str]) -> str:
    """The sentence, without a full stop. `about` may hold `dimensions` (by commas) and `change`."""
    sentence = _SENTENCES[occasion]
    if about.get("dimensions"):
        sentence = _OF_DIMENSIONS.get(occasion, sentence)
    if about.get("change") in set(_OF_CHANGE):
        sentence = _OF_CHANGE[ChangeKind(about["change"])]
    named = [f"the {word}" for word in about.get("dimensions", "").split(",") if word]
    return sentence.format(by=by or SYSTEM, dimensions=_listed(named) or "it")


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
