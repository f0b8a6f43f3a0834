"""How the line calls some of the media items: by kind and number first, then by what has been mentioned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claims.vocabulary import MediaKind
from verification.domain.line_data import CLAIM, Items, Reading
from verification.domain.templates import Templates


@dataclass(frozen=True)
class Reference:
    """What items are called; whether that takes the plural, and speaks of each by itself ("any of them").

    A compound one has a conjunction within ("the video and the photo").
    """

    text: str
    several: bool
    each: bool = False
    compound: bool = False


class References:
    """Keeps track of what one line has mentioned. Sentences are begun with `new_sentence`."""

    def __init__(self, reading: Reading, templates: Templates) -> None:
        self._reading = reading
        self._templates = templates
        self._words = templates.references
        self._last: Items | None = None
        self._before: Items | None = None
        self._mentioned: set[Items] = set()
        # The parts of each kind, in the order in which the line first spoke of them; it may refer back.
        self._parts: dict[MediaKind, list[Items]] = {kind: [] for kind in reading.kinds}

    def new_sentence(self) -> None:
        self._before = self._last
        self._last = None
        self._mentioned = set()

    def kinds(self, items: Items) -> set[MediaKind]:
        return {kind for kind, all_of_it in self._reading.kinds.items() if items & all_of_it}

    def goes_without_saying(self, items: Items) -> bool:
        """Whether a dimension of these can go bare: the sentence has spoken of them and of nothing else."""
        wholes = (frozenset(), *self._reading.kinds.values())
        only_these = self._mentioned - {CLAIM} == {items}
        return only_these and all(items & kind in wholes for kind in self._reading.kinds.values())

    def pronoun_or_name(self, items: Items, *, negative: bool, subject: bool = False) -> Reference:
        """A pronoun for what was just mentioned, else its name."""
        if items != self._last:
            return self.name(items, negative=negative)
        several = len(items) > 1
        forms = self._words.subject_pronoun if subject else self._words.object_pronoun
        return Reference(forms.form(several), several)

    def name(self, items: Items, *, negative: bool) -> Reference:
        """Calls items by a name that is right at this point of the line, and remembers it."""
        if items == CLAIM:
            reference = Reference(self._templates.the_claim, several=False)
        elif items == self._reading.everything and len(items) > 1 and self._all_kinds_mentioned():
            reference = self._each_or_all(len(items), negative=negative)
        else:
            reference = self._by_kind(items, negative=negative)
        self._last = items
        self._mentioned.add(items)
        return reference

    def _all_kinds_mentioned(self) -> bool:
        mentioned = {kind for items in self._mentioned for kind in self.kinds(items)}
        return mentioned == set(self._reading.kinds)

    def _each_or_all(self, number: int, *, negative: bool) -> Reference:
        if negative:
            return Reference(self._words.either if number == 2 else self._words.any, several=False, each=True)
        if number == 2:
            return Reference(self._words.both, several=True)
        return Reference(self._words.all.format(count=self._templates.number(number)), several=True)

    def _by_kind(self, items: Items, *, negative: bool) -> Reference:
        wholes, parts = [], []
        for kind, all_of_it in self._reading.kinds.items():
            of_kind = items & all_of_it
            if of_kind and of_kind == all_of_it:
                wholes.append((self._whole(kind, len(of_kind)), len(of_kind)))
            elif of_kind:
                parts.append((self._part(kind, of_kind), len(of_kind)))
        # "One of the two videos and the photo" would be one of three.
        called = wholes + parts
        if len(called) == 1:
            return Reference(called[0][0], several=called[0][1] > 1)
        text = listed([text for text, _ in called], self._templates.joiner(negative))
        # After "or" the verb goes with what is nearest.
        return Reference(text, several=not negative or called[-1][1] > 1, each=negative, compound=True)

    @property
    def _named(self) -> bool:
        return len(self._reading.kinds) > 1

    def _whole(self, kind: MediaKind, number: int) -> str:
        noun = self._templates.kinds[kind].noun.form(number > 1)
        if self._named and number > 1:
            return self._words.the_counted.format(count=self._templates.number(number), noun=noun)
        return self._words.the_whole.format(noun=noun)

    def _part(self, kind: MediaKind, items: Items) -> str:
        pattern = self._pattern(kind, items)
        if items not in self._parts[kind]:
            self._parts[kind].append(items)
        total = len(self._reading.kinds[kind])
        several = total > 1 if pattern == self._words.some else len(items) > 1
        return pattern.format(
            count=self._templates.number(len(items)),
            total=self._templates.number(total),
            noun=self._templates.kinds[kind].noun.form(several),
        )

    def _pattern(self, kind: MediaKind, items: Items) -> str:
        words = self._words
        earlier = self._parts[kind]
        several = len(items) > 1
        if items in earlier:
            at_hand = not self._mentioned and self._before is not None
            if len(earlier) != 2 or (at_hand and self._before == items):
                return words.that.form(several)
            forms = words.former if items == earlier[0] else words.latter
            if at_hand and self._before == self._reading.kinds[kind] - items:
                forms = words.other
        elif not earlier:
            them = not self._named and self._reading.everything in self._mentioned
            return words.some_of_them if them else words.some
        elif self._reading.kinds[kind] - items != frozenset[int]().union(*earlier):
            forms = words.another
        else:
            forms = words.other if len(earlier) == 1 else words.remaining
        return (forms.named if self._named else forms.alone).form(several)


def listed(parts: Sequence[str], word: str, *, apart: bool = False) -> str:
    """A list without serial comma: "a, b and c". `apart` sets off the last: "a and b, and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])}{',' if apart else ''} {word} {parts[-1]}"
