"""The clauses of the line: what was or could not be verified of which items, and what is so instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claims.dates import ClaimedDate, say_when
from claims.places import Place
from claims.vocabulary import Dimension, Status
from verification.domain.line_data import CLAIM, Items, Matter, Reading, established, tidy
from verification.domain.line_references import References, listed
from verification.domain.templates import Templates

_VALUED = (Dimension.LOCATION, Dimension.DATE)


@dataclass(frozen=True)
class Contradiction:
    """One thing that is not so, of the items that share it; `reason` follows a colon, `instead` doesn't."""

    matter: Matter
    items: Items
    instead: str | None
    reason: str | None

    @property
    def missing(self) -> bool:
        """Whether it says neither what is so instead nor why."""
        return self.instead is None and self.reason is None


@dataclass(frozen=True)
class _Object:
    """What is verified or not; `compound` where its items are several kinds, `is_list` its nouns several."""

    text: str
    compound: bool = False
    is_list: bool = False


class Clauses:
    """Builds the clauses of one line, in the order in which they are asked for: later ones refer back."""

    def __init__(self, reading: Reading, templates: Templates, language: str) -> None:
        self.reading = reading
        self.templates = templates
        self.language = language
        self.references = References(reading, templates)

    def afresh(self) -> Clauses:
        """For another line of the same reading: nothing has been mentioned yet."""
        return Clauses(self.reading, self.templates, self.language)

    def verified(self, matters: Sequence[Matter]) -> str:
        """ "verified the location in the video and traced it to its original post"; else empty."""
        t = self.templates
        found = [(matter, matter.those(Status.VERIFIED)) for matter in matters]
        found = [(matter, items) for matter, items in found if items]
        objects = self._objects([entry for entry in found if not _is_traced(entry[0])], negative=False)
        done = [t.verified.format(objects=_list_of(objects, t.and_word))] if objects else []
        done += [self._traced(items) for matter, items in found if _is_traced(matter)]
        return listed(done, t.and_word, apart=len(objects) > 1)

    def unverified(self, matters: Sequence[Matter]) -> str:
        """ "could not independently verify the date or immediately verify the location"; else empty."""
        t = self.templates
        tries = []
        for interim, template in ((False, t.independently), (True, t.immediately)):
            tried = [(matter, matter.those(Status.UNVERIFIED, interim=interim)) for matter in matters]
            objects = self._objects([entry for entry in tried if entry[1]], negative=True)
            if objects:
                tries.append(template.format(objects=_list_of(objects, t.or_word)))
        return t.could_not.format(tries=listed(tries, t.or_word)) if tries else ""

    def dimension_of(self, dimension: Dimension, items: Items) -> str:
        """ "the date of the video", to say what is missing; the vocabulary's word for the dimension."""
        t = self.templates
        if dimension is Dimension.STATEMENT:
            return t.the_claim
        name = t.the_dimensions.format(nouns=t.dimension_names[dimension])
        if items == CLAIM and dimension in t.bare_of_claim:
            return name
        template = t.in_items if dimension is Dimension.LOCATION else t.of_items
        return template.format(nouns=name, items=self.references.name(items, negative=False).text)

    def contradictions(self, matters: Sequence[Matter]) -> list[Contradiction]:
        """What is not so, once for the items of which the same is said, and of the same items together."""
        found: list[Contradiction] = []
        for matter in matters:
            groups: dict[tuple[str | None, str | None, str | None], Items] = {}
            for position in sorted(matter.those(Status.CONTRADICTED)):
                phrases = matter.decisions[position].phrases
                reason = phrases[0] if phrases else None
                instead = self._instead(matter, position)
                # Of a place what is so instead says more; of a date the reason does ("a copy was online by").
                if instead and (matter.dimension is Dimension.LOCATION or not reason):
                    reason = None
                else:
                    instead = None
                key = (instead, reason, self._old(matter, position))
                groups[key] = groups.get(key, frozenset()) | {position}
            found += [
                Contradiction(matter, items, instead, reason)
                for (instead, reason, _), items in groups.items()
            ]
        first_said = [each.items for each in found]
        return sorted(found, key=lambda each: first_said.index(each.items))

    def contradiction(self, contradiction: Contradiction, *, opening: bool = False) -> str:
        """ "the video shows Izium, not Kherson as claimed"; `opening` a sentence, no figure begins it."""
        matter, items = contradiction.matter, contradiction.items
        subject, several = self._subject(matter, items)
        if opening and subject[0].isdigit():
            subject = self.templates.references.figure_at_start.format(items=subject)
        predicate = self._predicate(contradiction, several=several)
        said = f"{subject} {predicate}"
        if contradiction.reason is None:
            return said
        return self.templates.reason.format(contradiction=said, reason=contradiction.reason)

    def _objects(self, found: Sequence[tuple[Matter, Items]], *, negative: bool) -> list[_Object]:
        t = self.templates
        # Bare in a list ("the location or the date of the photo") it would seem to be of what follows.
        may_be_bare = len({items for _, items in found} - {CLAIM}) < 2
        by_items: dict[tuple[Items, bool], list[Matter]] = {}
        for matter, items in found:
            if matter.of_claim and matter.dimension in t.bare_of_claim:
                by_items.setdefault((items, True), []).append(matter)
            elif matter.dimension in t.dimension_nouns and matter.dimension is not Dimension.STATEMENT:
                by_items.setdefault((items, False), []).append(matter)
        objects: list[_Object] = []
        for (items, of_claim), matters in by_items.items():
            bare = may_be_bare and items != CLAIM and self.references.goes_without_saying(items)
            # Bare nouns in a longer list have an article each: "the claim, the date or who filmed it".
            together = [[matter] for matter in matters] if bare and len(found) > len(matters) else [matters]
            objects += [
                self._nouns(each, items, bare=bare or of_claim, negative=negative) for each in together
            ]
        for matter, items in found:
            if matter.dimension is Dimension.SOURCE:
                objects.append(self._made(items, negative=negative))
        for matter, items in found:
            if matter.dimension is Dimension.STATEMENT and not matter.of_claim:
                objects.append(self._states(items, negative=negative))
        return objects

    def _nouns(self, matters: list[Matter], items: Items, *, bare: bool, negative: bool) -> _Object:
        t = self.templates
        reference = None
        if not bare or any(matter.dimension is Dimension.STATEMENT for matter in matters):
            reference = self.references.name(items, negative=negative)
        each = reference is not None and reference.each
        nouns = [
            t.dimension_nouns[matter.dimension].form(not each and self.reading.values_differ(matter, items))
            for matter in matters
        ]
        text = t.the_dimensions.format(nouns=listed(nouns, t.joiner(negative)))
        if bare or reference is None:
            return _Object(text, is_list=len(nouns) > 1)
        alone = [matter.dimension for matter in matters] == [Dimension.LOCATION]
        template = t.in_items if alone else t.of_items
        return _Object(
            template.format(nouns=text, items=reference.text), reference.compound, is_list=len(nouns) > 1
        )

    def _made(self, items: Items, *, negative: bool) -> _Object:
        t = self.templates
        reference = self.references.pronoun_or_name(items, negative=negative)
        maker = t.words(self.references.kinds(items)).maker
        return _Object(t.who_made.format(made=maker, items=reference.text), reference.compound)

    def _states(self, items: Items, *, negative: bool) -> _Object:
        t = self.templates
        reference = self.references.pronoun_or_name(items, negative=negative, subject=True)
        state = t.words(self.references.kinds(items)).states.does.form(reference.several)
        return _Object(t.that_states.format(items=reference.text, state=state), reference.compound)

    def _traced(self, items: Items) -> str:
        t = self.templates
        origin = t.words(self.references.kinds(items)).origin.form(len(items) > 1)
        reference = self.references.pronoun_or_name(items, negative=False)
        return t.traced.format(items=reference.text, origin=origin)

    def _subject(self, matter: Matter, items: Items) -> tuple[str, bool]:
        if items == CLAIM:
            event = matter.dimension in _VALUED
            return (self.templates.the_event if event else self.templates.the_claim), False
        reference = self.references.name(items, negative=False)
        return reference.text, reference.several

    def _predicate(self, contradiction: Contradiction, *, several: bool) -> str:
        t, dimension = self.templates, contradiction.matter.dimension
        words = t.words(self.references.kinds(contradiction.items))
        if dimension in t.contradicted:
            if contradiction.matter.of_claim:
                return t.contradicted_claim[dimension]
            return t.contradicted[dimension].form(several)
        if dimension is Dimension.STATEMENT:
            return t.not_as_stated.format(does_not=words.states.does_not.form(several))
        verb = words.located if dimension is Dimension.LOCATION else words.dated
        does, does_not = verb.does.form(several), verb.does_not.form(several)
        old = self._old(contradiction.matter, min(contradiction.items))
        if contradiction.instead:
            template = t.instead_as_claimed if old else t.instead
            return template.format(does=does, new=contradiction.instead, old=self._as_claimed(old))
        if old:
            return t.not_as_claimed.format(does_not=does_not, old=self._as_claimed(old))
        template = t.not_the_place if dimension is Dimension.LOCATION else t.not_the_date
        return template.format(does_not=does_not)

    def _as_claimed(self, old: str | None) -> str:
        # A comma within ("March 3, 2022", "Kherson, Ukraine") wants one after.
        said = f"{old}," if old and "," in old else old or ""
        return self.templates.as_claimed.format(old=said)

    def _old(self, matter: Matter, position: int) -> str | None:
        if matter.dimension not in _VALUED:
            return None
        return self._say(self.reading.claimed(matter.dimension, position))

    def _instead(self, matter: Matter, position: int) -> str | None:
        new = self._say(established(matter, position))
        old = self._old(matter, position)
        # "Shows Springfield, not Springfield as claimed" says nothing: two places or days of one name.
        return None if old is not None and new is not None and new.casefold() == old.casefold() else new

    def _say(self, value: Place | ClaimedDate | None) -> str | None:
        if isinstance(value, Place):
            return tidy(value.name)
        return None if value is None else say_when(value, self.language)


def _is_traced(matter: Matter) -> bool:
    return matter.dimension is Dimension.PROVENANCE


def _list_of(objects: Sequence[_Object], word: str) -> str:
    # A conjunction within sets off the last: "the location in the video or the photo, or the date of both".
    apart = any(each.compound or (each.is_list and len(objects) > 2) for each in objects[:-1])
    return listed([each.text for each in objects], word, apart=apart)
