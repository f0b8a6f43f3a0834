"""The order of the queue, and why an entry stands where it does.

An entry stands by its class, then by the time it is wanted by, then by its age. The class is that of the claim's
priority; for each full `aging` that the entry is overdue it rises one class, so that nothing waits for ever behind
what is filed later: in the highest class whatever is overdue stands before all that is wanted later. It is wanted
by the earliest hour that editors asked for, else by its age plus the desk's goal for its priority.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from claims.vocabulary import Priority

CLASSES = (Priority.BREAKING, Priority.HIGH, Priority.NORMAL, Priority.LOW)

GOALS = {
    Priority.BREAKING: timedelta(hours=1),
    Priority.HIGH: timedelta(hours=4),
    Priority.NORMAL: timedelta(hours=24),
    Priority.LOW: timedelta(hours=72),
}
"""How soon after filing a first verdict is wanted, where a desk says nothing else."""

AGING = timedelta(hours=24)


@dataclass(frozen=True)
class Standing:
    """What an entry's place follows from."""

    priority: Priority
    created_at: datetime
    asked_for_at: datetime | None
    goal: timedelta
    aging: timedelta

    @property
    def wanted_by(self) -> datetime:
        return self.asked_for_at or self.created_at + self.goal

    def risen(self, at: datetime) -> int:
        """How many classes it has risen by a moment."""
        overdue = max(at - self.wanted_by, timedelta(0))
        return min(overdue // self.aging, CLASSES.index(self.priority))

    def rank(self, at: datetime) -> int:
        """Its class at a moment, 0 the highest."""
        return CLASSES.index(self.priority) - self.risen(at)

    def rises_at(self, at: datetime) -> datetime | None:
        """When its class changes next; None where it stands in the highest."""
        if self.rank(at) == 0:
            return None
        return self.wanted_by + (self.risen(at) + 1) * self.aging

    def place(self, at: datetime) -> str:
        """Where it stands at a moment, as text that sorts so."""
        return f"{self.rank(at)}|{_sortable(self.wanted_by)}|{_sortable(self.created_at)}"

    def why(self, at: datetime) -> list[str]:
        """The reasons for its place, in the order in which they count; times in UTC."""
        risen = self.risen(at)
        counts_as = CLASSES[self.rank(at)]
        said = f"Priority: {self.priority}."
        if risen:
            said = f"It counts as {counts_as}: it is {self.priority}, and rose {_times(risen)} for being overdue."
        by = "An editor asked for it" if self.asked_for_at else f"The desk's goal of {_span(self.goal)} ends"
        verb = "by" if self.asked_for_at else "at"
        late = "" if at <= self.wanted_by else f": {_span(at - self.wanted_by)} overdue"
        return [
            said,
            f"{by} {verb} {_moment(self.wanted_by)}{late}.",
            f"It has waited since {_moment(self.created_at)}.",
        ]


def _sortable(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M} UTC on {moment.astimezone(UTC).date().isoformat()}"


def _span(span: timedelta) -> str:
    for unit, size in (("day", timedelta(days=1)), ("hour", timedelta(hours=1))):
        if span >= 2 * size or (span >= size and not span % size):
            return _counted(span // size, unit)
    return _counted(span // timedelta(minutes=1), "minute")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
