"""How the words of the vocabulary are written on pages, where that is not just with a capital letter."""

from __future__ import annotations

from claims.vocabulary import Channel, Dimension, Method, ReviewKind, Role, Stage, Status

_LABELS: dict[str, str] = {
    Stage.AWAITING_SIGNOFF: "Awaiting sign-off",
    Status.UNVERIFIED: "Unverified",
    Role.FACT_CHECKER: "Fact-checker",
    ReviewKind.RECHECK: "Re-check",
    "request-recheck": "Ask for a re-check",
    "request-second-review": "Ask for a second review",
    "cancel-review": "Cancel the review",
    "unask": "Ask no more for a dimension",
    "legal-hold": "Legal hold",
    "api": "API",
    Channel.EMAIL: "E-mail",
}

ALIKE: dict[str, str] = {
    "same_statement": "The same words",
    "same_bytes": "The same file",
    "same_media_url": "The same link",
    "similar_media": "A picture that looks the same",
    "similar_statement": "Similar words",
}
"""Why a claim may be a duplicate."""

STATUS_MEANING: dict[Status, str] = {
    Status.NOT_CHECKED: "nobody has tried yet",
    Status.VERIFIED: "it is so",
    Status.UNVERIFIED: "tried, could not be independently verified",
    Status.CONTRADICTED: "it is otherwise",
    Status.NOT_APPLICABLE: "there is nothing to decide",
    Status.PARTLY_VERIFIED: "of some items, not of others",
}

DIMENSION_MEANING: dict[Dimension, str] = {
    Dimension.STATEMENT: "it is so",
    Dimension.PROVENANCE: "this is the original, and its route",
    Dimension.SOURCE: "who made it",
    Dimension.DATE: "when it was filmed or taken",
    Dimension.LOCATION: "where what is shown lies",
    Dimension.MOTIVATION: "why it was made or shared",
    Dimension.AUTHENTICITY: "unaltered, not synthetic",
}

USUAL_METHOD: dict[Dimension, Method] = {
    Dimension.STATEMENT: Method.OFFICIAL_RECORD,
    Dimension.PROVENANCE: Method.REVERSE_SEARCH,
    Dimension.SOURCE: Method.WITNESS,
    Dimension.DATE: Method.CHRONOLOCATION,
    Dimension.LOCATION: Method.GEOLOCATION,
    Dimension.MOTIVATION: Method.EXPERT,
    Dimension.AUTHENTICITY: Method.EXPERT,
}
"""What a basis for the dimension mostly is; offered first."""


def label(word: str) -> str:
    """A word of the vocabulary as a person writes it: "awaiting_signoff" is "Awaiting sign-off"."""
    return _LABELS.get(word) or word.replace("_", " ").replace("-", " ").capitalize()
