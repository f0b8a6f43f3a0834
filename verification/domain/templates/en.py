"""English, as the AP and Reuters write it: no serial comma, figures from 10."""

from __future__ import annotations

from claims.vocabulary import Dimension, MediaKind
from verification.domain.templates import Count, Forms, KindWords, References, Templates, Verb

_SHOWS = Verb(Count("shows", "show"), Count("does not show", "do not show"))


def _done(participle: str, after: str = "") -> Verb:
    return Verb(
        Count(f"was {participle}{after}", f"were {participle}{after}"),
        Count(f"was not {participle}{after}", f"were not {participle}{after}"),
    )


def _did(past: str, infinitive: str) -> Verb:
    return Verb(Count(past, past), Count(f"did not {infinitive}", f"did not {infinitive}"))


_POST = Count("its original post", "their original posts")

TEMPLATES = Templates(
    kinds={
        MediaKind.VIDEO: KindWords(
            noun=Count("video", "videos"),
            maker="filmed",
            dated=_done("filmed"),
            located=_SHOWS,
            states=_SHOWS,
            origin=_POST,
        ),
        MediaKind.PHOTO: KindWords(
            noun=Count("photo", "photos"),
            maker="took",
            dated=_done("taken"),
            located=_SHOWS,
            states=_SHOWS,
            origin=_POST,
        ),
        MediaKind.AUDIO: KindWords(
            noun=Count("recording", "recordings"),
            maker="made",
            dated=_done("made"),
            located=_done("made", " in"),
            states=Verb(Count("contains", "contain"), Count("does not contain", "do not contain")),
            origin=_POST,
        ),
        MediaKind.DOCUMENT: KindWords(
            noun=Count("document", "documents"),
            maker="wrote",
            dated=_done("written"),
            located=_SHOWS,
            states=Verb(Count("says", "say"), Count("does not say", "do not say")),
            origin=Count("its original source", "their original sources"),
        ),
    },
    mixed=KindWords(
        noun=Count("item", "items"),
        maker="made",
        dated=_done("made"),
        located=_SHOWS,
        states=_SHOWS,
        origin=_POST,
    ),
    claim=KindWords(
        noun=Count("claim", "claims"),
        maker="made",
        dated=_did("took place", "take place"),
        located=_did("took place in", "take place in"),
        states=_SHOWS,
        origin=Count("its origin", "their origins"),
    ),
    references=References(
        the_whole="the {noun}",
        the_counted="the {count} {noun}",
        some="{count} of the {total} {noun}",
        some_of_them="{count} of them",
        that=Count("that {noun}", "those {count} {noun}"),
        former=Forms(Count("the former", "the former"), Count("the former {noun}", "the former {noun}")),
        latter=Forms(Count("the latter", "the latter"), Count("the latter {noun}", "the latter {noun}")),
        other=Forms(Count("the other", "the others"), Count("the other {noun}", "the other {count} {noun}")),
        another=Forms(Count("another", "another {count}"), Count("another {noun}", "another {count} {noun}")),
        remaining=Forms(
            Count("the remaining one", "the remaining {count}"),
            Count("the remaining {noun}", "the remaining {count} {noun}"),
        ),
        either="either of them",
        any="any of them",
        both="both",
        all="all {count}",
        object_pronoun=Count("it", "them"),
        subject_pronoun=Count("it", "they"),
        figure_at_start="a total of {items}",
    ),
    numbers=("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    and_word="and",
    or_word="or",
    dimension_nouns={
        Dimension.STATEMENT: Count("claim", "claim"),
        Dimension.LOCATION: Count("location", "locations"),
        Dimension.DATE: Count("date", "dates"),
        Dimension.AUTHENTICITY: Count("authenticity", "authenticity"),
        Dimension.PROVENANCE: Count("origin", "origin"),
    },
    dimension_names={dimension: dimension.value for dimension in Dimension},
    order=(Dimension.LOCATION, Dimension.DATE, Dimension.AUTHENTICITY, Dimension.PROVENANCE),
    # Of what is heard or read the first question is whether it is real: it shows no place.
    order_heard=(Dimension.AUTHENTICITY, Dimension.DATE, Dimension.LOCATION, Dimension.PROVENANCE),
    heard=frozenset({MediaKind.AUDIO, MediaKind.DOCUMENT}),
    bare_of_claim=frozenset({Dimension.STATEMENT, Dimension.LOCATION, Dimension.DATE}),
    the_dimensions="the {nouns}",
    in_items="{nouns} in {items}",
    of_items="{nouns} of {items}",
    the_claim="the claim",
    the_event="the event",
    who_made="who {made} {items}",
    that_states="that {items} {state} what is claimed",
    has="{house} has {done}",
    verified="verified {objects}",
    traced="traced {items} to {origin}",
    could_not="could not {tries}",
    independently="independently verify {objects}",
    immediately="immediately verify {objects}",
    but="{said}, but {unsaid}",
    established="{house} has established that {contradiction}",
    evidence_contradicts="Evidence reviewed by {house} contradicts the claim: {reason}",
    instead="{does} {new}",
    instead_as_claimed="{does} {new}, not {old}",
    not_as_claimed="{does_not} {old}",
    not_the_place="{does_not} the place claimed",
    not_the_date="{does_not} when claimed",
    not_as_stated="{does_not} what is claimed",
    as_claimed="{old} as claimed",
    reason="{contradiction}: {reason}",
    contradicted={
        Dimension.AUTHENTICITY: Count("has been altered", "have been altered"),
        Dimension.PROVENANCE: Count("is not the original", "are not the originals"),
        Dimension.SOURCE: Count(
            "did not come from the source claimed", "did not come from the source claimed"
        ),
    },
    contradicted_claim={
        Dimension.AUTHENTICITY: "is not authentic",
        Dimension.PROVENANCE: "did not originate as described",
        Dimension.SOURCE: "was not made by the source named",
    },
    basis="{label}: {phrases}",
    basis_labels={
        Dimension.STATEMENT: "the claim",
        Dimension.PROVENANCE: "the origin",
        Dimension.SOURCE: "the source",
        Dimension.DATE: "the date",
        Dimension.LOCATION: "the location",
        Dimension.AUTHENTICITY: "the authenticity",
    },
    not_checked="{nouns} has not been checked",
    nothing_decided="Nothing that can be printed has been decided yet.",
    value_missing="{nouns} is contradicted: say what it is instead or make a phrase of the basis public",
    phrase_missing="{nouns} is contradicted: make a phrase of the basis public that says why",
)
