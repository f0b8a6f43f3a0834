"""Which matters fit into one sentence: those that cut the items in the same way, or do not cut them at all.

"The location in two of the three videos and the date of two" leaves open whether they are the same two, and
"the other" would be two different ones. So matters that cut a kind of items across each other are said apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from claims.vocabulary import MediaKind, Status
from verification.domain.line_clauses import Contradiction
from verification.domain.line_data import Items, Matter, Reading

Cut = tuple[tuple[Status, bool, Items], ...]


def grouped(
    reading: Reading, matters: Sequence[Matter], contradictions: Sequence[Contradiction]
) -> list[list[Matter]]:
    """The matters in groups that each can be said together; what cuts no kind goes with the first."""
    groups: list[list[Matter]] = []
    for matter in matters:
        home = next((group for group in groups if _fit(reading, [*group, matter], contradictions)), None)
        if home is None:
            groups.append([matter])
        else:
            home.append(matter)
    return groups


def _fit(reading: Reading, matters: Sequence[Matter], contradictions: Sequence[Contradiction]) -> bool:
    for kind in reading.kinds:
        cuts = {_cut(reading, kind, matter, contradictions) for matter in matters} - {()}
        parts = {items for cut in cuts for *_, items in cut}
        apart = sum(len(items) for items in parts) == len(frozenset[int]().union(*parts))
        # With two parts there are names for each ("the former", "the latter"); with more, for one round only.
        if len(cuts) > 1 and not (apart and len(parts) <= 2):
            return False
    return True


def _cut(reading: Reading, kind: MediaKind, matter: Matter, contradictions: Sequence[Contradiction]) -> Cut:
    all_of_it = reading.kinds[kind]
    said = [
        (Status.VERIFIED, False, matter.those(Status.VERIFIED)),
        (Status.UNVERIFIED, False, matter.those(Status.UNVERIFIED, interim=False)),
        (Status.UNVERIFIED, True, matter.those(Status.UNVERIFIED, interim=True)),
        *((Status.CONTRADICTED, False, each.items) for each in contradictions if each.matter is matter),
    ]
    return tuple(
        (status, interim, items & all_of_it)
        for status, interim, items in said
        if items & all_of_it not in {frozenset(), all_of_it}
    )
