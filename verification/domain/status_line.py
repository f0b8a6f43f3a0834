"""The compiler of the status line: what was decided of a claim and its media → the text that may be printed.

Dimension by dimension it sees which items were verified, which were tried in vain, which are contradicted.
The first sentence says what the house has verified (or, failing that, has established to be otherwise) and
what it could not verify; each further contradiction has a sentence of its own. No outcome has a sentence
written for it: words come from `templates`, the names of items from `line_references`, clauses from
`line_clauses`, and `line_grouping` keeps apart what one sentence could not say clearly.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from claims.errors import Blocker, FieldError, IllegalState, InvalidInput
from claims.vocabulary import Dimension, Status
from verification.domain.line_clauses import Clauses, Contradiction
from verification.domain.line_data import Decision, LineItem, Matter, Reading
from verification.domain.line_grouping import grouped
from verification.domain.templates import Templates, templates_for

__all__ = ["Decision", "Form", "LineItem", "LineRefused", "compile_line"]

Form = Literal["short", "long"]


class LineRefused(IllegalState):
    """What was decided does not carry a line; the blockers say what is wanting."""

    code = "line_refused"

    def __init__(self, blockers: Sequence[Blocker]) -> None:
        super().__init__(" ".join(blocker.detail for blocker in blockers), blockers=blockers)


def compile_line(
    *,
    house: str,
    items: Sequence[LineItem],
    claim: LineItem,
    required: Collection[Dimension],
    form: Form = "short",
    language: str = "en",
) -> str:
    """The line about a claim, in the name of the house ("Reuters", "the BBC").

    `claim` carries what is claimed and what was decided of the claim itself; with media its statement and
    motivation only, without media every dimension. A `required` dimension that applies must be decided of
    everything; others that are not are left out. The long form adds the public phrases of the basis.

    LineRefused with the blockers `dimension_undecided`, `nothing_decided` or `value_missing`; InvalidInput
    for a form or language there is none of. The order of the items does not matter.
    """
    templates = templates_for(language)
    if form not in {"short", "long"}:
        raise InvalidInput(FieldError("form", "The forms are short and long.", "unknown_form"))
    clauses = Clauses(Reading.of(items, claim), templates, language)
    matters = _sayable(clauses.reading, templates)
    contradictions = clauses.contradictions(matters)
    blockers = [*_undecided(clauses, required), *_unexplained(clauses, contradictions)]
    if not matters and not blockers:
        blockers = [Blocker("nothing_decided", templates.nothing_decided)]
    if blockers:
        raise LineRefused(blockers)
    sentences: list[str] = []
    for group in grouped(clauses.reading, matters, contradictions):
        of_group = [each for each in contradictions if each.matter in group]
        sentences += _short(" ".join(house.split()), group, of_group, clauses.afresh())
    if form == "long":
        sentences += _basis(matters, {each.reason for each in contradictions}, templates)
    return " ".join(_sentence(sentence) for sentence in sentences)


def _sayable(reading: Reading, templates: Templates) -> list[Matter]:
    """What may be printed, in the order in which it is said; motivation never is."""
    kinds = {item.kind for item in reading.items}
    nouns = templates.order_heard if kinds and kinds <= templates.heard else templates.order
    order = (Dimension.STATEMENT, *nouns, Dimension.SOURCE)
    matters = [matter for dimension in order for matter in reading.matters(dimension)]
    return [matter for matter in matters if matter.sayable]


def _undecided(clauses: Clauses, required: Collection[Dimension]) -> list[Blocker]:
    blockers = []
    for dimension in Dimension:
        matters = list(clauses.reading.matters(dimension)) if dimension in required else []
        unchecked = [matter for matter in matters if matter.those(Status.NOT_CHECKED)]
        # A statement is decided of the claim or of every item; nothing else is anybody's choice.
        if matters and len(unchecked) == len(matters):
            missing = unchecked[0].those(Status.NOT_CHECKED)
            nouns = clauses.afresh().dimension_of(dimension, missing)
            detail = _sentence(clauses.templates.not_checked.format(nouns=nouns))
            blockers.append(Blocker("dimension_undecided", detail, dimension))
    return blockers


def _unexplained(clauses: Clauses, contradictions: Sequence[Contradiction]) -> list[Blocker]:
    blockers = []
    for contradiction in contradictions:
        if contradiction.missing:
            t, dimension = clauses.templates, contradiction.matter.dimension
            valued = dimension in {Dimension.LOCATION, Dimension.DATE}
            nouns = clauses.afresh().dimension_of(dimension, contradiction.items)
            detail = (t.value_missing if valued else t.phrase_missing).format(nouns=nouns)
            blockers.append(Blocker("value_missing", _sentence(detail), dimension))
    return blockers


def _short(
    house: str, matters: Sequence[Matter], contradictions: Sequence[Contradiction], clauses: Clauses
) -> list[str]:
    """The sentences that say what belongs together."""
    left = list(contradictions)
    before: list[str] = []
    verified = clauses.verified(matters)
    if verified:
        said = clauses.templates.has.format(house=house, done=verified)
    else:
        before = [_contradiction(house, each, clauses) for each in left if _of_the_claim(each)]
        left = [each for each in left if not _of_the_claim(each)]
        # What can go on ("..., but could not") leads; nothing can be added after a colon.
        lead = next((each for each in left if each.instead), left[0] if left else None)
        said = _established(house, lead, clauses)
        left = [each for each in left if each is not lead]
        if lead is not None and lead.reason:
            before.append(said)
            said = ""
            clauses.references.new_sentence()
    unverified = clauses.unverified(matters)
    if said and unverified:
        said = clauses.templates.but.format(said=said, unsaid=unverified)
    elif unverified:
        said = f"{house} {unverified}"
    first = [said] if said else []
    return before + first + [_contradiction(house, each, clauses) for each in left]


def _established(house: str, lead: Contradiction | None, clauses: Clauses) -> str:
    if lead is None:
        return ""
    return clauses.templates.established.format(house=house, contradiction=clauses.contradiction(lead))


def _contradiction(house: str, contradiction: Contradiction, clauses: Clauses) -> str:
    if _of_the_claim(contradiction):
        return clauses.templates.evidence_contradicts.format(house=house, reason=contradiction.reason)
    clauses.references.new_sentence()
    return clauses.contradiction(contradiction, opening=True)


def _of_the_claim(contradiction: Contradiction) -> bool:
    matter = contradiction.matter
    return matter.of_claim and matter.dimension is Dimension.STATEMENT


def _basis(matters: Sequence[Matter], printed: set[str | None], templates: Templates) -> list[str]:
    """A sentence for each dimension printed whose basis has public phrases that were not said yet."""
    phrases: dict[Dimension, list[str]] = {}
    for matter in matters:
        for position in sorted(matter.decisions):
            said = phrases.setdefault(matter.dimension, [])
            for phrase in matter.decisions[position].phrases:
                if phrase not in printed and phrase not in said:
                    said.append(phrase)
    return [
        templates.basis.format(label=templates.basis_labels[dimension], phrases="; ".join(said))
        for dimension, said in phrases.items()
        if said
    ]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
