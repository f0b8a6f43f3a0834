"""What many people did with leases, as they saw it and as the desk wrote it down, and what must not be in it.

Times are seconds of one monotonic clock, of before a call was sent and after its answer was read; what the desk did
lies between. A fault is said only where the order of these leaves no other reading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

FOR_EVER = float("inf")


class Did(StrEnum):
    """What somebody called for."""

    LEASE = "lease"
    WRITE = "write"
    INVITE = "invite"
    RELEASE = "release"
    SKIP = "skip"
    HAND_OVER = "hand-over"
    SUBMIT = "submit"
    BREAK = "break"


ENDS = frozenset({Did.RELEASE, Did.SKIP, Did.HAND_OVER, Did.SUBMIT})
KEEPS = frozenset({Did.WRITE, Did.INVITE})
TAKE_AWAY = frozenset({"broken", "handed_over", "cancelled"})
"""Lease events with which the fence rises, whoever holds it."""


@dataclass(frozen=True)
class Call:
    """A call and its answer. No answer came where `status` is None: it may have been done at any time since.

    `whom` is who was asked in or handed over to; `mark` is a word of the written verdict that no other has.
    """

    by: str
    did: Did
    sent: float
    answered: float
    status: int | None
    entry: str = ""
    fence: int = 0
    whom: str = ""
    mark: str = ""

    @property
    def is_done(self) -> bool:
        return self.status in {200, 201}

    @property
    def may_be_done(self) -> bool:
        return self.is_done or self.status is None


@dataclass(frozen=True)
class Held:
    """A lease as its holder knows it: surely theirs from `since` (answer read) until `until` (end sent, or run out)."""

    lease: Call
    since: float
    until: float


@dataclass(frozen=True)
class Noted:
    """A lease event, in the order of writing."""

    entry: str
    fence: int
    kind: str
    person: str | None


@dataclass
class Faults:
    """What the history shows that must not be; all empty where all is well."""

    overlapping: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    falsely_empty: list[str] = field(default_factory=list)
    never_served: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(vars(self).values())


def faults_in(
    calls: Sequence[Call],
    noted: Sequence[Noted],
    *,
    entries: Collection[str],
    kept: Collection[str],
    lease_seconds: float,
) -> Faults:
    """Reads a whole history. `entries` are those that were filed before it, `kept` the marks of all kept verdicts."""
    by_entry: Mapping[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.entry:
            by_entry[call.entry].append(call)
    faults = Faults()
    for of_one in by_entry.values():
        faults.overlapping += _overlaps(of_one, lease_seconds)
        faults.stale += _stale_writes(of_one, lease_seconds)
    faults.overlapping += [*_unlawful(noted), *_unknown_leases(calls, noted)]
    accepted = {call.mark for call in calls if call.mark and call.is_done}
    possible = {call.mark for call in calls if call.mark and call.may_be_done}
    faults.stale += [f"{mark} was refused and is kept" for mark in sorted(set(kept) - possible)]
    faults.lost += [f"{mark} was accepted and is not kept" for mark in sorted(accepted - set(kept))]
    faults.falsely_empty += _falsely_empty(calls, by_entry, noted, entries)
    submitted = {one.entry for one in noted if one.kind == "submitted"}
    faults.never_served += sorted(set(entries) - submitted)
    return faults


def _overlaps(calls: Sequence[Call], lease_seconds: float) -> Iterator[str]:
    """Two people who surely held one entry at once, and fences that did not rise."""
    held = [_held(lease, calls, lease_seconds) for lease in calls if lease.did == Did.LEASE and lease.is_done]
    in_turn = sorted(
        (one for one in held if one.until > one.since), key=lambda one: (one.since, one.lease.fence)
    )
    for one, later in combinations(in_turn, 2):
        where = f"{one.lease.entry}: {one.lease.by} and {later.lease.by}"
        if later.since < one.until:
            yield f"{where} at once"
        if later.lease.fence <= one.lease.fence:
            yield f"{where}: fence {later.lease.fence} after {one.lease.fence}"


def _held(lease: Call, calls: Sequence[Call], lease_seconds: float) -> Held:
    of_it = [call for call in calls if call.fence == lease.fence]
    kept = [lease.sent, *(call.sent for call in of_it if call.did in KEEPS and call.is_done)]
    ended = [call.sent for call in of_it if call.did in ENDS and call.by == lease.by]
    # A lease stands before its answer is read: one that was broken in between was never surely held.
    broken = [
        call.sent
        for call in calls
        if call.did == Did.BREAK and call.may_be_done and call.answered > lease.sent
    ]
    return Held(lease, lease.answered, min(max(kept) + lease_seconds, *ended, *broken, FOR_EVER))


def _stale_writes(calls: Sequence[Call], lease_seconds: float) -> Iterator[str]:
    """Writes that were accepted of somebody who surely did not hold the entry any more."""
    leases = [call for call in calls if call.did == Did.LEASE and call.is_done]
    holders = {lease.fence: lease for lease in leases}
    for write in calls:
        if write.did not in ENDS | KEEPS or not write.is_done:
            continue
        where = f"{write.entry}.{write.fence}: {write.by}'s {write.did}"
        before = [call for call in calls if call.is_done and call.answered < write.sent]
        lease = holders.get(write.fence)
        of_it = [call for call in calls if call.fence == write.fence and call is not write]
        if any(call.did == Did.LEASE and call.fence > write.fence for call in before):
            yield f"{where} after a newer lease"
        elif any(call.did in ENDS and call.fence == write.fence for call in before):
            yield f"{where} after it was given up"
        elif lease and any(call.did == Did.BREAK and call.sent > lease.answered for call in before):
            yield f"{where} after it was broken"
        elif lease and write.by not in _asked_in(of_it, lease, write.answered):
            yield f"{where}, who neither holds it nor is asked in"
        elif not any(call.status is None for call in of_it) and lease:
            renewed = max(
                call.answered for call in of_it if call.is_done and call.did in {Did.LEASE, *KEEPS, *ENDS}
            )
            if write.sent > renewed + lease_seconds:
                yield f"{where} after it ran out"


def _asked_in(calls: Iterable[Call], lease: Call, before: float) -> set[str]:
    asked = {
        call.whom for call in calls if call.did == Did.INVITE and call.may_be_done and call.sent < before
    }
    return asked | {lease.by}


def _unlawful(noted: Iterable[Noted]) -> Iterator[str]:
    """Lease events that do not follow from those before them: a second holder, or an act under another fence."""
    holders: dict[str, tuple[int, str | None]] = {}
    fences: dict[str, int] = defaultdict(int)
    for one in noted:
        where = f"{one.entry}.{one.fence} {one.kind}"
        held = holders.get(one.entry)
        if one.kind == "leased":
            if held:
                yield f"{where}: {held[1]} holds it"
            if one.fence <= fences[one.entry]:
                yield f"{where}: fence {fences[one.entry]} was given before"
            holders[one.entry] = (one.fence, one.person)
        elif held is None:
            yield f"{where}: nobody holds it"
        elif one.fence != held[0] + (one.kind in TAKE_AWAY):
            yield f"{where}: it is held under {held[0]}"
        elif one.kind != "renewed":
            del holders[one.entry]
        fences[one.entry] = max(fences[one.entry], one.fence)


def _unknown_leases(calls: Iterable[Call], noted: Iterable[Noted]) -> Iterator[str]:
    """Leases that the desk wrote down and nobody was told of, beyond the calls that no answer came to; and the reverse."""
    told: dict[tuple[str, int], str] = {}
    unanswered: dict[str, int] = defaultdict(int)
    for call in calls:
        if call.did != Did.LEASE:
            continue
        if call.is_done:
            if (call.entry, call.fence) in told:
                yield f"{call.entry}.{call.fence} was given twice"
            told[call.entry, call.fence] = call.by
        elif call.status is None:
            unanswered[call.by] += 1
    for one in noted:
        if one.kind == "leased" and told.pop((one.entry, one.fence), None) != one.person:
            unanswered[str(one.person)] -= 1
    for (entry, fence), by in told.items():
        yield f"{entry}.{fence}: {by} was told of a lease that is not written down"
    for person, left in unanswered.items():
        if left < 0:
            yield f"{-left} leases of {person} that nobody asked for"


def _falsely_empty(
    calls: Sequence[Call],
    by_entry: Mapping[str, Sequence[Call]],
    noted: Sequence[Noted],
    entries: Collection[str],
) -> Iterator[str]:
    """Times that somebody was told that nothing waits for them, while something surely did all the while."""
    told = {(call.entry, call.fence) for call in calls if call.did == Did.LEASE and call.is_done}
    unsure = {one.entry for one in noted if one.kind == "leased" and (one.entry, one.fence) not in told}
    unsure |= {call.entry for call in calls if call.status is None}
    free = [
        period
        for entry in entries
        if entry not in unsure
        for period in _free_periods(by_entry.get(entry, ()))
    ]
    for none in calls:
        if none.did == Did.LEASE and none.status == 204:
            for since, until, only_for, not_for in free:
                takeable = none.by not in not_for and only_for in {"", none.by}
                if takeable and since < none.sent and none.answered < until:
                    yield f"{none.by} at {none.sent:.3f}"
                    break


def _free_periods(calls: Sequence[Call]) -> Iterator[tuple[float, float, str, frozenset[str]]]:
    """When an entry was surely nobody's: from, until, for whom alone it was, and who had passed it over."""
    leases = [call for call in calls if call.did == Did.LEASE]
    yield -FOR_EVER, min((lease.sent for lease in leases), default=FOR_EVER), "", frozenset()
    only_for, skipped = "", set()
    ends = [call for call in calls if call.did in ENDS and call.is_done]
    for end in sorted(ends, key=lambda call: call.fence):
        if end.did == Did.SUBMIT:
            return
        if end.did == Did.HAND_OVER:
            only_for = end.whom
        if end.did == Did.SKIP:
            skipped.add(end.by)
        until = min((lease.sent for lease in leases if lease.fence > end.fence), default=FOR_EVER)
        yield end.answered, until, only_for, frozenset(skipped)
