"""The board's filters: the API's names in the address, said in words, each with an address without it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from claims.errors import FieldError, InvalidInput
from claims.vocabulary import Dimension, Priority, Stage, Status
from verification.desk.words import label
from verification.services import claim_lists

SECTIONS = (
    Stage.AWAITING_SIGNOFF,
    Stage.IN_REVIEW,
    Stage.QUEUED,
    Stage.SCHEDULED,
    Stage.HELD,
    Stage.PUBLISHED,
    Stage.DRAFT,
)
PUT_AWAY = (Stage.WITHDRAWN, Stage.DROPPED, Stage.DUPLICATE)

READY_MADE: tuple[tuple[str, dict[str, str]], ...] = (
    ("Location verified, date not", {"location": "verified", "date": "not_checked,unverified,contradicted"}),
    ("Something contradicts", {"has_contradiction": "true"}),
    ("Breaking", {"priority": "breaking"}),
    ("Waits longest", {"stage": "queued", "ordering": "created_at"}),
)
ORDERINGS = {
    "-updated_at": "Last changed first",
    "updated_at": "Longest unchanged first",
    "-created_at": "Last filed first",
    "created_at": "First filed first",
}
Options = Sequence[tuple[str, str]]

_CONTRADICTION = {"true": "Something contradicts", "false": "Nothing contradicts"}
_STATUSES: Options = [("", "Any"), *((status.value, label(status)) for status in Status)]
COMMON: tuple[tuple[str, Options], ...] = (
    ("stage", [("", "Any"), *((stage.value, label(stage)) for stage in (*SECTIONS, *PUT_AWAY))]),
    ("location", _STATUSES),
    ("date", _STATUSES),
)
FOLDED: tuple[tuple[str, Options], ...] = (
    *((each.value, _STATUSES) for each in Dimension if each.value not in {"location", "date", "source"}),
    ("has_contradiction", [("", "Any"), *_CONTRADICTION.items()]),
    ("priority", [("", "Any"), *((word.value, label(word)) for word in Priority)]),
    ("source", ()),
    ("assignee", ()),
    ("tag", ()),
    ("language", ()),
    ("claimed_after", ()),
    ("claimed_before", ()),
    ("due_before", ()),
    ("updated_after", ()),
    ("ordering", [("", ORDERINGS["-updated_at"]), *list(ORDERINGS.items())[1:]]),
)
_IN_FORM = {"q", *(name for name, _ in (*COMMON, *FOLDED))}
_LABELS = {
    "has_contradiction": "Contradiction",
    "claimed_after": "Claimed from",
    "claimed_before": "Claimed until",
    "due_before": "Due until",
    "updated_after": "Changed since",
    "ordering": "Order",
    "bbox": "Within",
}
_OF_WORDS = {*(each.value for each in Dimension), "stage", "priority"}
_SINCE = {"claimed_after", "updated_after"}
_UNTIL = {"claimed_before", "due_before"}
_A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def address(said: Mapping[str, str]) -> str:
    here = reverse("board")
    return f"{here}?{urlencode(said)}" if said else here


def read_filters(said: Mapping[str, str]) -> dict[str, str]:
    """The filters as lists of claims take them; a day is as good as a time. Raises InvalidInput."""
    unknown = sorted(set(said) - claim_lists.NAMES - {"cursor"})
    if unknown:
        raise InvalidInput([FieldError(name, "There is no such filter.", "unknown") for name in unknown])
    return {name: _as_time(name, value) for name, value in said.items() if name != "cursor"}


def _as_time(name: str, value: str) -> str:
    if name in _SINCE | _UNTIL and _A_DAY.fullmatch(value):
        return f"{value}T00:00:00Z" if name in _SINCE else f"{value}T23:59:59Z"
    return value


@dataclass(frozen=True)
class Active:
    """A filter in force, in words, and the address without it."""

    text: str
    without: str


def active(said: Mapping[str, str]) -> list[Active]:
    return [
        Active(
            _in_words(name, value),
            address({other: said[other] for other in said if other not in {name, "cursor"}}),
        )
        for name, value in said.items()
        if name != "cursor"
    ]


def _in_words(name: str, value: str) -> str:
    listed = " or ".join(label(word).lower() for word in value.split(","))
    if name == "q":
        return f"“{value}”"
    if name == "has_contradiction":
        return _CONTRADICTION.get(value, f"Contradiction: {value}")
    if name == "ordering":
        return ORDERINGS.get(value, f"Order: {value}")
    if name in _OF_WORDS:
        return f"{label(name)}: {listed}"
    return f"{name_of(name)}: {value}"


def name_of(name: str) -> str:
    """A filter's name as people read it."""
    return _LABELS.get(name, label(name))


@dataclass(frozen=True)
class Field:
    """One field of the filter bar, as it stands."""

    name: str
    label: str
    value: str
    kind: str
    options: Options


def fields(said: Mapping[str, str], wanted: Iterable[tuple[str, Options]]) -> list[Field]:
    return [_field(name, said.get(name, ""), options) for name, options in wanted]


def _field(name: str, value: str, options: Options) -> Field:
    if options and value not in dict(options):
        options = [*options, (value, " or ".join(label(word) for word in value.split(",")))]
    is_day = name in _SINCE | _UNTIL and (not value or bool(_A_DAY.fullmatch(value)))
    kind = "select" if options else "date" if is_day else "text"
    return Field(name, name_of(name), value, kind, options)


def carried(said: Mapping[str, str]) -> dict[str, str]:
    """Filters that the bar has no field for; they stay in force when it is used."""
    return {name: value for name, value in said.items() if name in claim_lists.NAMES - _IN_FORM}
