"""The words of the status line. One language is one file here that fills in `Templates` as TEMPLATES."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from claims.errors import FieldError, InvalidInput
from claims.vocabulary import Dimension, MediaKind


@dataclass(frozen=True)
class Count:
    """A form for one and a form for several."""

    one: str
    several: str

    def form(self, several: bool) -> str:
        return self.several if several else self.one


@dataclass(frozen=True)
class Verb:
    """What a subject does, and does not."""

    does: Count
    does_not: Count


@dataclass(frozen=True)
class KindWords:
    """The words that go with a kind of media, with several kinds together, or with the claim."""

    noun: Count
    maker: str
    dated: Verb
    located: Verb
    states: Verb
    origin: Count


@dataclass(frozen=True)
class Forms:
    """How a part of the items is called where there is one kind, and named where kinds are mixed."""

    alone: Count
    named: Count


@dataclass(frozen=True)
class References:
    """How some of the items are called."""

    the_whole: str
    the_counted: str
    some: str
    some_of_them: str
    that: Count
    former: Forms
    latter: Forms
    other: Forms
    another: Forms
    remaining: Forms
    either: str
    any: str
    both: str
    all: str
    object_pronoun: Count
    subject_pronoun: Count
    figure_at_start: str


@dataclass(frozen=True)
class Templates:
    """Everything that is particular to one language. Names in braces are filled in by the compiler."""

    kinds: Mapping[MediaKind, KindWords]
    mixed: KindWords
    claim: KindWords
    references: References
    numbers: tuple[str, ...]
    and_word: str
    or_word: str

    dimension_nouns: Mapping[Dimension, Count]
    dimension_names: Mapping[Dimension, str]
    order: tuple[Dimension, ...]
    order_heard: tuple[Dimension, ...]
    heard: frozenset[MediaKind]
    bare_of_claim: frozenset[Dimension]

    the_dimensions: str
    in_items: str
    of_items: str
    the_claim: str
    the_event: str
    who_made: str
    that_states: str

    has: str
    verified: str
    traced: str
    could_not: str
    independently: str
    immediately: str
    but: str
    established: str
    evidence_contradicts: str

    instead: str
    instead_as_claimed: str
    not_as_claimed: str
    not_the_place: str
    not_the_date: str
    not_as_stated: str
    as_claimed: str
    reason: str
    contradicted: Mapping[Dimension, Count]
    contradicted_claim: Mapping[Dimension, str]

    basis: str
    basis_labels: Mapping[Dimension, str]

    not_checked: str
    nothing_decided: str
    value_missing: str
    phrase_missing: str

    def words(self, kinds: set[MediaKind]) -> KindWords:
        """The words for items of these kinds; of the claim where there are none."""
        if not kinds:
            return self.claim
        return self.kinds[next(iter(kinds))] if len(kinds) == 1 else self.mixed

    def joiner(self, negative: bool) -> str:
        """After a negative, "or"."""
        return self.or_word if negative else self.and_word

    def number(self, number: int) -> str:
        return self.numbers[number] if number < len(self.numbers) else str(number)


@cache
def languages() -> tuple[str, ...]:
    """The languages that lines can be written in."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


@cache
def templates_for(language: str) -> Templates:
    """The templates of a language; InvalidInput where there are none."""
    if language not in languages():
        detail = f"Lines are written in: {', '.join(languages())}."
        raise InvalidInput(FieldError("language", detail, "unknown_language"))
    templates = import_module(f"{__name__}.{language}").TEMPLATES
    if not isinstance(templates, Templates):
        raise TypeError(f"{language}.TEMPLATES is not Templates")
    return templates
