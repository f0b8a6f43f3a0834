"""What the status line is made from: the claim, its media items, and what was decided of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from claims.dates import ClaimedDate, same_date
from claims.places import Place, same_place
from claims.vocabulary import Dimension, MediaKind, Status

Items = frozenset[int]
"""Some of the media items, by their position in `Reading.items`."""

THE_CLAIM = -1
"""Stands for the claim where a media item's position would stand."""

CLAIM: Items = frozenset({THE_CLAIM})

_ORDER = list(MediaKind)
_SAID = {Status.VERIFIED, Status.UNVERIFIED, Status.CONTRADICTED}


@dataclass(frozen=True)
class Decision:
    """What stands of one dimension of one media item or claim.

    `value` is the established place or date, `phrases` the public phrases of the basis in the order given.
    Nothing confidential belongs in here: all of it may be printed.
    """

    status: Status
    interim: bool = False
    value: Place | ClaimedDate | None = None
    phrases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.status is Status.PARTLY_VERIFIED:
            raise ValueError("`partly_verified` is rolled up, never decided: give the decision of each item.")
        phrases = tuple(tidy(phrase) for phrase in self.phrases)
        object.__setattr__(self, "phrases", tuple(phrase for phrase in phrases if phrase))


@dataclass(frozen=True)
class LineItem:
    """A media item, or the claim itself (`kind` None). What is not claimed of an item is the claim's."""

    kind: MediaKind | None
    number: int = 0
    claimed_place: Place | None = None
    claimed_date: ClaimedDate | None = None
    decisions: Mapping[Dimension, Decision] = field(default_factory=dict)

    def decision(self, dimension: Dimension) -> Decision:
        return self.decisions.get(dimension) or Decision(Status.NOT_CHECKED)


@dataclass(frozen=True)
class Matter:
    """A dimension of the claim, or of all media items: the decision of each by its position."""

    dimension: Dimension
    decisions: Mapping[int, Decision]

    @property
    def of_claim(self) -> bool:
        return THE_CLAIM in self.decisions

    @property
    def sayable(self) -> bool:
        """Whether it may be printed: nothing of it is unchecked, and something of it was decided."""
        statuses = {decision.status for decision in self.decisions.values()}
        return Status.NOT_CHECKED not in statuses and bool(statuses & _SAID)

    def those(self, status: Status, *, interim: bool | None = None) -> Items:
        """The items whose decision has that status, and is interim or not where that is asked."""
        return frozenset(
            position
            for position, decision in self.decisions.items()
            if decision.status is status and interim in {None, decision.interim}
        )


@dataclass(frozen=True)
class Reading:
    """The items in one order whatever order they came in, and the claim."""

    items: tuple[LineItem, ...]
    claim: LineItem

    @classmethod
    def of(cls, items: Sequence[LineItem], claim: LineItem) -> Reading:
        return cls(tuple(sorted(items, key=_content)), claim)

    @property
    def everything(self) -> Items:
        return frozenset(range(len(self.items)))

    @property
    def kinds(self) -> dict[MediaKind, Items]:
        """The items of each kind there is."""
        given = {item.kind for item in self.items}
        return {
            kind: frozenset(n for n, item in enumerate(self.items) if item.kind is kind)
            for kind in MediaKind
            if kind in given
        }

    def matters(self, dimension: Dimension) -> Iterator[Matter]:
        """Whose dimension it is. A statement may be the claim's and the items' at once."""
        of_claim = dimension in {Dimension.STATEMENT, Dimension.MOTIVATION}
        if of_claim or not self.items:
            yield Matter(dimension, {THE_CLAIM: self.claim.decision(dimension)})
        if self.items and dimension is not Dimension.MOTIVATION:
            yield Matter(dimension, {n: item.decision(dimension) for n, item in enumerate(self.items)})

    def claimed(self, dimension: Dimension, position: int) -> Place | ClaimedDate | None:
        """The place or date claimed for an item, else for the claim."""
        sayers = [self.claim] if position == THE_CLAIM else [self.items[position], self.claim]
        for sayer in sayers:
            value = sayer.claimed_place if dimension is Dimension.LOCATION else sayer.claimed_date
            if value is not None:
                return value
        return None

    def values_differ(self, matter: Matter, items: Items) -> bool:
        """Whether the items' values (established, else claimed) are not one and the same."""
        if matter.dimension not in {Dimension.LOCATION, Dimension.DATE}:
            return False
        values = [
            established(matter, position) or self.claimed(matter.dimension, position) for position in items
        ]
        return any(not _same(values[0], value) for value in values[1:])


def established(matter: Matter, position: int) -> Place | ClaimedDate | None:
    """The established value, if it is of the dimension's kind."""
    value = matter.decisions[position].value
    wanted = {Dimension.LOCATION: Place, Dimension.DATE: ClaimedDate}.get(matter.dimension)
    return value if wanted and isinstance(value, wanted) else None


def tidy(text: str) -> str:
    """One line, single spaces, no full stop of its own unless an initialism ends in it ("in D.C.")."""
    text = " ".join(text.split())
    if text.endswith(".") and not text[:-1].rpartition(" ")[2].endswith(_INITIALISMS):
        return text.rstrip(".").rstrip()
    return text


_INITIALISMS = tuple(f".{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZmM")


def _same(a: Place | ClaimedDate | None, b: Place | ClaimedDate | None) -> bool:
    if isinstance(a, Place) and isinstance(b, Place):
        return same_place(a, b)
    if isinstance(a, ClaimedDate) and isinstance(b, ClaimedDate):
        return same_date(a, b)
    return a is b


def _content(item: LineItem) -> tuple[int, int, str]:
    decided = sorted((dimension, repr(decision)) for dimension, decision in item.decisions.items())
    rank = len(_ORDER) if item.kind is None else _ORDER.index(item.kind)
    return rank, item.number, repr((item.claimed_place, item.claimed_date, decided))
