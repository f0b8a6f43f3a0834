"""Whatever people do with a queue in whatever order, what must hold of it holds after every step.

Hypothesis makes up the steps: filing, leasing, deciding, submitting, giving on, asking in, taking away, publishing and
taking back, and time that passes. The test command tries a few; STET_QUEUE_EXAMPLES=500 tries so many, of 50 steps.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from claims.errors import IllegalState, InvalidInput, LeaseLost, NotAllowed
from claims.intake import NewClaim, NewMedia, NewSource
from claims.models import Claim, Person
from claims.vocabulary import Dimension, Priority, ReviewKind, Role, SourceKind, Stage, Status
from tests.conftest import CHURCH, caller
from verification.domain.bulk import BulkAction
from verification.domain.transitions import REVIEWED
from verification.models import Policy, QueueEntry, Review, ScheduledPublication, Skip, Verdict
from verification.models.queue import CANCELLED, LEASED, WAITING
from verification.services import (
    audit,
    bulk,
    casework,
    colleagues,
    leases,
    publication,
    queue,
    review,
    submissions,
    verdicts,
)
from verification.services.accounts import ensure_desk

EXAMPLES = int(os.environ.get("STET_QUEUE_EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=EXAMPLES or 15,
    stateful_step_count=50 if EXAMPLES else 30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
REFUSALS = (IllegalState, InvalidInput, LeaseLost, NotAllowed)
AT_ONCE = 2
"""How many reviews somebody may hold."""

NO_ENTRY = {
    Stage.DRAFT,
    Stage.AWAITING_SIGNOFF,
    Stage.SCHEDULED,
    Stage.WITHDRAWN,
    Stage.DROPPED,
    Stage.DUPLICATE,
}
PUBLIC = {Stage.PUBLISHED, Stage.WITHDRAWN}
SECOND_LOOKS = {ReviewKind.SECOND, ReviewKind.ADJUDICATION}

ANYBODY = st.integers(0, 4)
EDITOR = st.sampled_from([3, 4, 3, 4, 0])
"""Mostly one of the two editors."""
HOLDER = st.sampled_from([None, None, None, None, *range(5)])
"""Mostly who was given the lease."""
PICK = st.integers(0, 11)


@dataclass(frozen=True)
class Token:
    """A lease that was given once, to whom and of what."""

    entry: uuid.UUID
    fence: int
    holder: Person
    claim: uuid.UUID

    def __str__(self) -> str:
        return f"{self.entry}.{self.fence}"


LIKELY = {
    "publish": [Stage.AWAITING_SIGNOFF, Stage.SCHEDULED],
    "embargo": [Stage.AWAITING_SIGNOFF],
    "correct": [Stage.PUBLISHED],
    "hold": [Stage.PUBLISHED, Stage.SCHEDULED, Stage.AWAITING_SIGNOFF],
    "release": [Stage.HELD],
    "withdraw": [Stage.PUBLISHED, Stage.HELD],
    "reopen": [Stage.DROPPED, Stage.DUPLICATE, Stage.WITHDRAWN],
    "re-check": [Stage.PUBLISHED, Stage.HELD, Stage.AWAITING_SIGNOFF],
    "second look": [Stage.PUBLISHED, Stage.HELD, Stage.AWAITING_SIGNOFF],
}
"""The stages in which an act on a claim is likely to go."""


def a_second_ago() -> datetime:
    return timezone.now() - timedelta(seconds=1)


class Desk(RuleBasedStateMachine):
    """A desk of three fact-checkers and two editors, with what happened on it as a simple model beside it."""

    people: ClassVar[list[Person]]

    def __init__(self) -> None:
        super().__init__()
        self.whole = transaction.atomic()
        self.whole.__enter__()
        self.claims: list[uuid.UUID] = []
        self.tokens: list[Token] = []
        self.fences: Counter[uuid.UUID] = Counter()
        self.asked_in: set[tuple[uuid.UUID, uuid.UUID, uuid.UUID]] = set()
        self.skipped: set[tuple[uuid.UUID, uuid.UUID]] = set()
        self.verdicts: dict[uuid.UUID, tuple[str, str]] = {}
        self.stages: set[str] = set()
        self.held = 0
        self.number = count(1)

    def teardown(self) -> None:
        try:
            assert list(audit.verify()) == []
        finally:
            transaction.set_rollback(True)
            self.whole.__exit__(None, None, None)

    # --- what the model says

    def takeable(self, person: Person) -> list[QueueEntry]:
        """What the person may be handed, the first first."""
        now = timezone.now()
        found = [
            entry
            for entry in QueueEntry.objects.filter(state__in=[WAITING, LEASED])
            if (entry.state == WAITING or entry.lease_until <= now)
            and entry.assignee_id in {None, person.pk}
            and (entry.pk, person.pk) not in self.skipped
            and person.pk not in self.barred_from(entry)
        ]
        return sorted(found, key=lambda entry: (entry.assignee_id is None, entry.place, entry.pk))

    def barred_from(self, entry: QueueEntry) -> set[uuid.UUID]:
        """Whose work a second review looks at; who are parties to what an adjudication settles, unless all are."""
        if entry.review_kind == ReviewKind.SECOND:
            return parties(entry, but=SECOND_LOOKS)
        if entry.review_kind == ReviewKind.ADJUDICATION:
            took_part = parties(entry, but={ReviewKind.ADJUDICATION})
            return took_part if {person.pk for person in self.people} - took_part else set()
        return set()

    def is_live(self, token: Token, person: Person, *, with_colleagues: bool = False) -> bool:
        entry = QueueEntry.objects.get(pk=token.entry)
        return (
            entry.state == LEASED
            and entry.fence == token.fence
            and entry.lease_until > timezone.now()
            and (
                entry.holder_id == person.pk
                or (with_colleagues and (entry.pk, entry.holder_id, person.pk) in self.asked_in)
            )
        )

    # --- how rules act

    def tried(self, act: Callable[[], Any]) -> Any:
        """What the act gives, or None where it is refused; what is refused leaves nothing behind."""
        before = self.traces()
        try:
            done = act()
        except REFUSALS:
            assert self.traces() == before
            return None
        return True if done is None else done

    def traces(self) -> list[Any]:
        return [list(QueueEntry.objects.order_by("pk").values_list("state", "fence", "holder")), Verdict.objects.count()]  # fmt: skip

    def claim(self, pick: int, *likely: Stage) -> Claim:
        """One of the claims, mostly one in a stage where the act is likely to go."""
        there = list(Claim.objects.filter(stage__in=likely).order_by("pk")) if pick % 4 else []
        return (
            there[pick % len(there)] if there else Claim.objects.get(pk=self.claims[pick % len(self.claims)])
        )

    def with_entry(self, pick: int, **but: Any) -> Claim | None:
        """Mostly a claim whose open review is not like that."""
        found = list(QueueEntry.objects.open().exclude(**but).order_by("pk")) if pick % 4 else []
        return found[pick % len(found)].claim if found else None

    def under(self, pick: int, who: int | None, act: Callable[[Token, Person], Any], *, colleagues: bool = False) -> tuple[Token, Person, bool]:  # fmt: skip
        """Acts under a token that was given once, mostly one still good, by its holder or whoever has got hold of it."""
        good = [token for token in self.tokens if self.is_live(token, token.holder)]
        # What is most easily taken for a good one: run out, or older than the one that the same person holds now.
        named = set(QueueEntry.objects.filter(state=LEASED).values_list("pk", "holder_id"))
        stale = [one for one in self.tokens if (one.entry, one.holder.pk) in named and one not in good]
        tokens = (good if pick % 4 else stale) or self.tokens
        token = tokens[pick % len(tokens)]
        person = token.holder if who is None else self.people[who]
        live = self.is_live(token, person, with_colleagues=colleagues)
        done = self.tried(lambda: act(token, person))
        assert live or not done, f"a write with an old token landed: {token} by {person}"
        return token, person, bool(done)

    def given(self, lease: leases.Lease, person: Person) -> None:
        entry = lease.entry
        assert entry.fence > self.fences[entry.pk], "a lease without a fence of its own"
        assert person.pk not in self.barred_from(entry), "a second look at one's own work"
        self.tokens.append(Token(entry.pk, entry.fence, person, entry.claim_id))

    is_held = precondition(lambda self: self.held)

    # --- rules

    @initialize(second_review=st.booleans(), distinct_approver=st.booleans())
    def begin(self, second_review: bool, distinct_approver: bool) -> None:
        Policy.objects.update(
            second_review=second_review, distinct_approver=distinct_approver, lease_limit=AT_ONCE
        )
        # Of the rules Hypothesis leaves some out of each example: with something begun, all others have work.
        for priority in (Priority.NORMAL, Priority.HIGH):
            self.file(priority, draft=False)
        self.take_next(0)

    @precondition(lambda self: len(self.claims) < 6)
    @rule(priority=st.sampled_from(Priority), draft=st.booleans())
    def file(self, priority: Priority, draft: bool) -> None:
        new = NewClaim(
            statement=f"Flags were raised in village {next(self.number)}.",
            language="en",
            source=NewSource("A regional administration", SourceKind.OFFICIAL),
            priority=priority,
            draft=draft,
        )
        desk = self.people[0].memberships.get().desk
        self.claims.append(submissions.file_claim(new, desk=desk, actor=self.people[0]).claim.pk)

    @rule(who=ANYBODY)
    def take_next(self, who: int) -> None:
        person, waiting = self.people[who], self.takeable(self.people[who])
        try:
            lease = queue.lease_next(person)
        except IllegalState as refused:
            assert refused.code == "lease_limit"
            assert QueueEntry.objects.held().filter(holder=person).count() == AT_ONCE
            return
        assert (lease.entry.pk if lease else None) == (waiting[0].pk if waiting else None)
        if lease:
            self.given(lease, person)

    @precondition(lambda self: len(self.claims) < 6)
    @rule(who=ANYBODY)
    def take_too_many(self, who: int) -> None:
        while len(self.takeable(self.people[who])) <= AT_ONCE:
            self.file(Priority.NORMAL, draft=False)
        for _ in range(AT_ONCE + 1):
            self.take_next(who)

    @rule(pick=PICK, who=ANYBODY)
    def take(self, pick: int, who: int) -> None:
        entry, person = (
            self.claim(pick, Stage.QUEUED).queue_entries.order_by("-created_at").first(),
            self.people[who],
        )
        if entry is None:
            return
        had = self.is_live(Token(entry.pk, entry.fence, person, entry.claim_id), person)
        lease = self.tried(lambda: queue.lease_entry(entry, person))
        if lease and not had:
            self.given(lease, person)

    @is_held
    @rule(
        pick=PICK,
        who=HOLDER,
        dimension=st.sampled_from([Dimension.LOCATION, Dimension.DATE]),
        status=st.sampled_from([Status.VERIFIED, Status.UNVERIFIED]),
    )
    def decide(self, pick: int, who: int | None, dimension: Dimension, status: Status) -> None:
        new = verdicts.NewVerdict(dimension, status, reason="because", basis=[CHURCH])
        self.under(
            pick,
            who,
            lambda token, person: verdicts.record_verdict(
                Claim.objects.get(pk=token.claim), actor=person, lease_token=str(token), new=new
            ),
            colleagues=True,
        )

    @precondition(lambda self: self.held and self.verdicts)
    @rule(pick=PICK, who=HOLDER)
    def undo(self, pick: int, who: int | None) -> None:
        self.under(
            pick,
            who,
            lambda token, person: verdicts.undo_verdict(
                Claim.objects.get(pk=token.claim), actor=person, lease_token=str(token)
            ),
            colleagues=True,
        )

    @precondition(lambda self: self.held and self.verdicts)
    @rule(pick=PICK, who=HOLDER)
    def submit(self, pick: int, who: int | None) -> None:
        self.under(
            pick,
            who,
            lambda token, person: review.submit_review(
                Claim.objects.get(pk=token.claim), actor=person, lease_token=str(token)
            ),
        )

    @rule(who=ANYBODY, status=st.sampled_from([Status.VERIFIED, Status.UNVERIFIED]))
    def review_whole(self, who: int, status: Status) -> None:
        """What makes up most of a day: taken, decided and submitted, each of which has to go."""
        person = self.people[who]
        if QueueEntry.objects.held().filter(holder=person).count() >= AT_ONCE:
            return
        lease = queue.lease_next(person)
        if lease is None:
            return
        self.given(lease, person)
        for dimension in (Dimension.LOCATION, Dimension.DATE):
            new = verdicts.NewVerdict(dimension, status, reason="because", basis=[CHURCH])
            assert verdicts.record_verdict(lease.claim, actor=person, lease_token=lease.token, new=new)
        review.submit_review(lease.claim, actor=person, lease_token=lease.token)

    @rule(one=ANYBODY, other=ANYBODY, to=st.none() | ANYBODY)
    def disagree(self, one: int, other: int, to: int | None) -> None:
        """Two say the opposite, where a second look is asked for; each then takes what comes next, which an editor may
        want to give to one of them.
        """
        for person, status in ((one, Status.VERIFIED), (other, Status.UNVERIFIED)):
            self.review_whole(person, status)
            self.assign(1, 3, to)
            self.take_next(person)
        self.take_next(one)

    @is_held
    @rule(pick=PICK, who=HOLDER)
    def renew(self, pick: int, who: int | None) -> None:
        self.under(pick, who, lambda token, person: leases.renew(str(token), person), colleagues=True)

    @is_held
    @rule(
        pick=PICK, who=HOLDER, way=st.sampled_from(["release", "skip", "hand over"]), to=st.none() | ANYBODY
    )
    def give_up(self, pick: int, who: int | None, way: str, to: int | None) -> None:
        colleague = None if to is None else self.people[to]
        acts: dict[str, Callable[[Token, Person], Any]] = {
            "release": lambda token, person: leases.release(str(token), person),
            "skip": lambda token, person: leases.skip(str(token), person, reason="not mine"),
            "hand over": lambda token, person: colleagues.hand_over(str(token), actor=person, to=colleague),
        }
        token, person, done = self.under(pick, who, acts[way])
        if done and way == "skip":
            self.skipped.add((token.entry, person.pk))
        elif done and way == "hand over" and colleague:
            self.skipped.discard((token.entry, colleague.pk))

    @is_held
    @rule(pick=PICK, act=st.sampled_from(["decide", "undo", "submit", "renew", "release", "hand over"]))
    def write_too_late(self, pick: int, act: str) -> None:
        """A lease runs out while its holder is still at it, whether or not that was noticed."""
        good = [token for token in self.tokens if self.is_live(token, token.holder)]
        token = good[pick % len(good)]
        self.run_out(token.entry)
        claim, by = Claim.objects.get(pk=token.claim), {"actor": token.holder, "lease_token": str(token)}
        new = verdicts.NewVerdict(Dimension.DATE, Status.VERIFIED, reason="because", basis=[CHURCH])
        acts: dict[str, Callable[[], Any]] = {
            "decide": lambda: verdicts.record_verdict(claim, **by, new=new),
            "undo": lambda: verdicts.undo_verdict(claim, **by),
            "submit": lambda: review.submit_review(claim, **by),
            "renew": lambda: leases.renew(str(token), token.holder),
            "release": lambda: leases.release(str(token), token.holder),
            "hand over": lambda: colleagues.hand_over(str(token), actor=token.holder, to=None),
        }
        assert not self.tried(acts[act]), f"a write came too late and landed: {act} under {token}"

    @is_held
    @rule(pick=PICK, who=HOLDER, colleague=ANYBODY, end=st.booleans())
    def invite(self, pick: int, who: int | None, colleague: int, end: bool) -> None:
        asked = self.people[colleague]
        change = colleagues.uninvite if end else colleagues.invite
        token, person, done = self.under(
            pick, who, lambda token, person: change(str(token), actor=person, colleague=asked)
        )
        if done:
            (self.asked_in.discard if end else self.asked_in.add)((token.entry, person.pk, asked.pk))

    @rule(
        act=st.sampled_from(["queue", "take away", "ask", "take back", "drop", "duplicate"]),
        pick=PICK,
        other=PICK,
        who=EDITOR,
    )
    def manage(self, act: str, pick: int, other: int, who: int) -> None:
        """What is not a review, and not a publication."""
        actor = self.people[who]
        claim = self.claim(pick, Stage.IN_REVIEW, *([Stage.DRAFT] if act == "queue" else []))
        if act == "take back":
            claim = self.with_entry(pick, due_at=None) or claim
        due_at = timezone.now() + timedelta(hours=1)
        acts: dict[str, Callable[[], Any]] = {
            "queue": lambda: casework.queue_draft(claim, actor=actor),
            "take away": lambda: casework.break_lease(claim, actor=actor, reason="urgent"),
            "ask": lambda: casework.ask(
                claim, actor=actor, dimension=Dimension.DATE, due_at=due_at, message=""
            ),
            "take back": lambda: casework.unask(claim, actor=actor, dimension=Dimension.DATE),
            "drop": lambda: casework.drop(claim, actor=actor, reason="no"),
            "duplicate": lambda: casework.mark_duplicate(
                claim, actor=actor, of=self.claim(other), reason="the same"
            ),
        }
        done = self.tried(acts[act])
        if done and act == "take back":
            entry = claim.queue_entries.open().get()
            assert entry.due_at is None, "an hour that was put off counts again"

    @rule(pick=PICK, who=EDITOR, to=st.none() | ANYBODY)
    def assign(self, pick: int, who: int, to: int | None) -> None:
        claim = self.with_entry(pick, barred="") or self.claim(pick, Stage.QUEUED)
        person = None if to is None else self.people[to]
        done = self.tried(lambda: casework.assign(claim, actor=self.people[who], to=person, reason=""))
        if done and person:
            self.skipped -= {(entry, person.pk) for entry in claim.queue_entries.values_list("pk", flat=True)}

    @rule(act=st.sampled_from([BulkAction.DROP, BulkAction.DUPLICATE]), pick=PICK, other=PICK, who=EDITOR)
    def do_and_undo(self, act: BulkAction, pick: int, other: int, who: int) -> None:
        """What is taken back is as if it had not been done, but that no lease outlives it."""
        claim, actor = self.claim(pick, Stage.QUEUED, Stage.AWAITING_SIGNOFF), self.people[who]
        said = bulk.Arguments(of=self.claim(other), reason="no")
        before, entry = self.place_of(claim), claim.queue_entries.open().first()
        done = bulk.do_in_bulk([str(claim.pk)], actor=actor, act=act, arguments=said)
        if done.kept is None:
            return
        assert bulk.undo_bulk(done.kept.pk, actor=actor).done == 1
        assert self.place_of(claim) == before
        if entry is not None:
            assert claim.queue_entries.open().get().fence > entry.fence

    @rule(
        act=st.sampled_from(["re-check", "second look", "ask", "add media"]),
        pick=PICK,
        who=ANYBODY,
        other=EDITOR,
    )
    def want_and_cancel(self, act: str, pick: int, who: int, other: int) -> None:
        """What is asked for and then not wanted leaves the claim where it was."""
        claim, actor = self.claim(pick, *REVIEWED), self.people[who]
        due_at = timezone.now() + timedelta(hours=1)
        acts: dict[str, Callable[[], Any]] = {
            "re-check": lambda: casework.request_recheck(claim, actor=actor, reason="new"),
            "second look": lambda: casework.request_second_review(claim, actor=actor, reason="sure?"),
            "ask": lambda: casework.ask(
                claim, actor=actor, dimension=Dimension.DATE, due_at=due_at, message=""
            ),
            "add media": lambda: submissions.add_media(claim, actor=actor, new=self.a_link()),
        }
        before, was_open = self.place_of(claim), claim.queue_entries.open().exists()
        if not self.tried(acts[act]) or was_open:
            return
        assert (claim.stage in REVIEWED) == claim.queue_entries.open().exists(), "nobody looks at it"
        canceller = self.people[other]
        if self.tried(lambda: casework.cancel_review(claim, actor=canceller, reason="no more")):
            assert self.place_of(claim) == before
        else:
            assert claim.stage not in REVIEWED or other not in {3, 4, who}, "theirs, and not cancelled"

    def place_of(self, claim: Claim) -> Any:
        """Where a claim and its review stand, whoever holds that."""
        stage = Claim.objects.values_list("stage", flat=True).get(pk=claim.pk)
        entries = claim.queue_entries.open().values_list("pk", "place", "assignee", "due_at", "review_kind")
        open_reviews = claim.reviews.filter(state=Review.OPEN).order_by("pk").values_list("pk", flat=True)
        return stage.replace(Stage.IN_REVIEW, Stage.QUEUED), list(entries), list(open_reviews)

    @rule(
        act=st.sampled_from(
            [
                *("publish", "publish", "embargo", "correct", "hold", "release", "withdraw", "reopen"),
                *("re-check", "second look"),
            ]
        ),
        pick=PICK,
        who=EDITOR,
    )
    def decide_fate(self, act: str, pick: int, who: int) -> None:
        """What comes of a claim after its reviews; where there is none for the act, another act is tried."""
        if pick % 4 and not self.stages & set(LIKELY[act]):
            act = next((other for other in LIKELY if self.stages & set(LIKELY[other])), act)
        claim, actor = self.claim(pick, *LIKELY[act]), self.people[who]
        tomorrow = timezone.now() + timedelta(days=1)
        publishing: dict[str, Callable[[], Any]] = {
            "publish": lambda: publication.publish(claim, actor=actor),
            "embargo": lambda: publication.publish(claim, actor=actor, embargo_until=tomorrow),
            "correct": lambda: publication.correct(claim, actor=actor, reason="It was wrong."),
        }
        others: dict[str, Callable[[], Any]] = {
            "hold": lambda: publication.hold(claim, actor=actor, reason="wait"),
            "release": lambda: publication.release(claim, actor=actor, reason="go on"),
            "withdraw": lambda: publication.withdraw(claim, actor=actor, reason="wrong"),
            "reopen": lambda: casework.reopen(claim, actor=actor, reason="again"),
            "re-check": lambda: casework.request_recheck(claim, actor=actor, reason="new"),
            "second look": lambda: casework.request_second_review(claim, actor=actor, reason="sure?"),
        }
        if act in publishing:
            self.made_public(claim, actor, publishing[act])
        else:
            self.tried(others[act])

    def a_link(self) -> NewMedia:
        return NewMedia(url=f"https://media.example/{next(self.number)}.mp4")

    @rule(pick=PICK)
    def time_passes(self, pick: int) -> None:
        """A lease runs out, is found to have, skips are over, and embargoes end."""
        past = a_second_ago()
        for entry in QueueEntry.objects.held().order_by("pk")[pick % 2 : pick % 2 + 1]:
            self.run_out(entry.pk)
        if pick % 3 == 0:
            leases.expire_leases()
        if pick % 5 == 0:
            Skip.objects.update(until=past)
            self.skipped.clear()
        ScheduledPublication.objects.filter(state=ScheduledPublication.WAITING).update(due_at=past)
        for due in publication.due_embargoes():
            self.made_public(due.claim, due.by, lambda due=due: publication.publish_scheduled(due))

    def run_out(self, entry: uuid.UUID) -> None:
        QueueEntry.objects.filter(pk=entry).update(lease_until=a_second_ago())

    def made_public(self, claim: Claim, person: Person, act: Callable[[], Any]) -> None:
        blockers, reviewers = publication.gate(claim, person), contributors(claim.pk)
        entries, stage = claim.queue_entries.open().count(), claim.stage
        if self.tried(act):
            assert blockers == [], "published past the gate"
            assert entries == 0, "published under review"
            assert stage != Stage.HELD
            assert reviewers, "published without a review"
            if Policy.objects.get().distinct_approver:
                assert person.pk not in reviewers, "who reviewed signed off"

    # --- what holds after every step

    @invariant()
    def entries_are_whole(self) -> None:
        for entry in QueueEntry.objects.all():
            assert entry.fence >= self.fences[entry.pk], "the fence fell"
            self.fences[entry.pk] = entry.fence
            is_held = entry.state == LEASED
            assert (entry.holder_id is not None) == (entry.lease_until is not None) == is_held, entry
            if is_held:
                assert entry.holder_id not in self.barred_from(entry)
            if entry.state in {WAITING, LEASED} and entry.assignee_id:
                kept_from = {*self.barred_from(entry)} | {
                    person for passed, person in self.skipped if passed == entry.pk
                }
                assert is_held or entry.assignee_id not in kept_from, "waits for somebody who may not take it"

    @invariant()
    def stages_agree_with_entries_and_reviews(self) -> None:
        held = Counter(QueueEntry.objects.held().values_list("holder_id", flat=True))
        self.held = held.total()
        assert max(held.values(), default=0) <= AT_ONCE, "somebody holds more than the desk allows"
        self.stages = set(Claim.objects.values_list("stage", flat=True))
        entries: dict[uuid.UUID, list[str]] = {}
        for claim, state in QueueEntry.objects.open().values_list("claim_id", "state"):
            entries.setdefault(claim, []).append(state)
        for claim in Claim.objects.all():
            states = entries.get(claim.pk, [])
            assert len(states) <= 1, "two open entries"
            if claim.stage in NO_ENTRY:
                assert states == [], claim.stage
            elif claim.stage in {Stage.QUEUED, Stage.IN_REVIEW}:
                assert states == [WAITING if claim.stage == Stage.QUEUED else LEASED], claim.stage
            if claim.stage in {Stage.AWAITING_SIGNOFF, Stage.SCHEDULED, *PUBLIC}:
                assert contributors(claim.pk), claim.stage
            if claim.stage in PUBLIC:
                assert claim.publications.exists()

    @invariant()
    def verdicts_only_grow(self) -> None:
        now = {
            pk: (status, commitment)
            for pk, status, commitment in Verdict.objects.values_list("pk", "status", "body__commitment")
        }
        assert self.verdicts.items() <= now.items()
        self.verdicts = now

    @invariant()
    def nobody_looks_twice_at_their_own_work(self) -> None:
        for second in Review.objects.filter(kind=ReviewKind.SECOND, state=Review.SUBMITTED):
            first = contributors(second.claim_id, round=second.round)
            mine = {second.reviewer_id, *second.verdicts.values_list("by_id", flat=True)}
            assert not first & mine


def parties(entry: QueueEntry, *, but: Collection[ReviewKind]) -> set[uuid.UUID]:
    """Who submitted, decided or was asked in, in the other reviews of an entry's round."""
    reviews = Review.objects.filter(claim_id=entry.claim_id, round=entry.round)
    reviews = reviews.exclude(kind__in=but).exclude(entry__state=CANCELLED)
    submitted = reviews.filter(state=Review.SUBMITTED).values_list("reviewer_id", flat=True)
    others = reviews.values_list("verdicts__by_id", "invitations__person_id")
    return {*submitted, *(person for row in others for person in row if person is not None)}


def contributors(claim: uuid.UUID, **more: Any) -> set[uuid.UUID]:
    """Who submitted a review of a claim or decided in one; with a round, in its first pass."""
    reviews = Review.objects.filter(claim_id=claim, state=Review.SUBMITTED, **more)
    if more:
        reviews = reviews.exclude(kind__in=SECOND_LOOKS)
    rows = reviews.values_list("reviewer_id", "verdicts__by_id")
    return {person for row in rows for person in row if person is not None}


@pytest.mark.django_db
def test_whatever_people_do_the_queue_holds(_world_of_its_own: None) -> None:
    desk = ensure_desk("Conflict", house_name="Reuters", required=frozenset({Dimension.LOCATION}))
    Desk.people = [
        *(caller(name, Role.FACT_CHECKER, desk).person for name in ("olena", "marko", "petra")),
        *(caller(name, Role.EDITOR, desk).person for name in ("edith", "emil")),
    ]
    run_state_machine_as_test(Desk, settings=SETTINGS)
