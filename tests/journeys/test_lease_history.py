"""Each fault that a history of leases may show is found, and what only looks like one is none."""

from __future__ import annotations

import pytest

from tests.journeys.lease_history import Call, Did, Faults, Noted, faults_in

ENTRY = "e"


def call(by: str, did: Did, sent: float, *, fence: int = 0, status: int | None = 200, **more: str) -> Call:
    """Answered half a second after it was sent."""
    entry = "" if did == Did.LEASE and status != 200 else ENTRY
    return Call(by, did, sent, sent + 0.5, status, entry, fence, **more)


def noted(*said: str) -> list[Noted]:
    """From words like `1 leased a`."""
    parts = [word.split() for word in said]
    return [Noted(ENTRY, int(fence), kind, by) for fence, kind, by in parts]


A_LEASES, A_SUBMITS = call("a", Did.LEASE, 0, fence=1), call("a", Did.SUBMIT, 2, fence=1)
DONE = noted("1 leased a", "1 submitted a")


def judged(calls: list[Call], events: list[Noted], kept: tuple[str, ...] = ()) -> Faults:
    return faults_in(calls, events, entries=[ENTRY], kept=kept, lease_seconds=10)


@pytest.mark.parametrize(
    ("fault", "calls", "events", "kept"),
    [
        ("overlapping", [A_LEASES, call("b", Did.LEASE, 1, fence=2), A_SUBMITS], DONE, ()),
        ("overlapping", [A_LEASES, A_SUBMITS, call("b", Did.LEASE, 3, fence=1)], DONE, ()),
        ("overlapping", [A_LEASES, A_SUBMITS], [*noted("1 leased b", "2 leased a"), *DONE[1:]], ()),
        ("overlapping", [A_LEASES, A_SUBMITS], noted("1 leased a", "2 submitted a"), ()),
        ("overlapping", [A_LEASES, A_SUBMITS], [*DONE, *noted("1 leased a", "1 released a")], ()),
        ("overlapping", [A_LEASES, A_SUBMITS], [*DONE, *noted("2 leased b", "2 released b")], ()),
        ("overlapping", [A_LEASES, A_SUBMITS], noted("1 submitted a"), ()),
        ("stale", [A_LEASES, A_SUBMITS, call("a", Did.WRITE, 3, fence=1)], DONE, ()),
        ("stale", [A_LEASES, call("b", Did.LEASE, 11, fence=2), call("a", Did.WRITE, 12, fence=1)], DONE, ()),
        ("stale", [A_LEASES, call("a", Did.SUBMIT, 11, fence=1)], DONE, ()),
        ("stale", [A_LEASES, call("e", Did.BREAK, 1), call("a", Did.SUBMIT, 2, fence=1)], DONE, ()),
        ("stale", [A_LEASES, call("b", Did.WRITE, 1, fence=1), A_SUBMITS], DONE, ()),
        ("stale", [A_LEASES, call("a", Did.WRITE, 1, fence=1, status=423, mark="a-1"), A_SUBMITS], DONE, ("a-1",)),
        ("lost", [A_LEASES, call("a", Did.WRITE, 1, fence=1, mark="a-1"), A_SUBMITS], DONE, ()),
        ("falsely_empty", [call("b", Did.LEASE, -3, status=204), A_LEASES, A_SUBMITS], DONE, ()),
        ("never_served", [A_LEASES], DONE[:1], ()),
    ],
)  # fmt: skip
def test_each_fault_is_found(
    fault: str, calls: list[Call], events: list[Noted], kept: tuple[str, ...]
) -> None:
    assert judged([A_LEASES, A_SUBMITS], DONE) == Faults()
    assert vars(judged(calls, events, kept))[fault]


@pytest.mark.parametrize(
    ("calls", "events", "kept"),
    [
        # It ran out and is another's; a colleague who was asked in writes; an unanswered call may have been done.
        ([A_LEASES, call("b", Did.LEASE, 11, fence=2), call("b", Did.SUBMIT, 12, fence=2)],
         noted("1 leased a", "1 expired a", "2 leased b", "2 submitted b"), ()),
        ([A_LEASES, call("a", Did.INVITE, 1, fence=1, whom="b"), call("b", Did.WRITE, 2, fence=1), call("a", Did.SUBMIT, 3, fence=1)],
         DONE, ()),
        ([A_LEASES, call("a", Did.WRITE, 1, fence=1, status=None, mark="a-1"), A_SUBMITS], DONE, ("a-1",)),
        ([A_LEASES, call("a", Did.WRITE, 1, fence=1, status=None, mark="a-1"), A_SUBMITS], DONE, ()),
        ([call("a", Did.LEASE, 0, status=None), call("b", Did.LEASE, 11, fence=2), call("b", Did.SUBMIT, 12, fence=2)],
         noted("1 leased a", "1 expired a", "2 leased b", "2 submitted b"), ()),
        # Nothing waits for who passed it over, for others than it was handed to, or while somebody just takes it.
        ([A_LEASES, call("a", Did.SKIP, 1, fence=1), call("a", Did.LEASE, 3, status=204), call("b", Did.LEASE, 5, fence=2), call("b", Did.SUBMIT, 6, fence=2)],
         noted("1 leased a", "1 skipped a", "2 leased b", "2 submitted b"), ()),
        ([A_LEASES, call("a", Did.HAND_OVER, 1, fence=1, whom="b"), call("c", Did.LEASE, 3, status=204), call("b", Did.LEASE, 5, fence=3), call("b", Did.SUBMIT, 6, fence=3)],
         noted("1 leased a", "2 handed_over a", "3 leased b", "3 submitted b"), ()),
        ([call("b", Did.LEASE, 0.2, status=204), A_LEASES, A_SUBMITS], DONE, ()),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_fault_is_none(
    calls: list[Call], events: list[Noted], kept: tuple[str, ...]
) -> None:
    assert judged(calls, events, kept) == Faults()
