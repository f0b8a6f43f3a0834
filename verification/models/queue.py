"""Reviews that want doing, what they need somebody for, and who holds one until when."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from claims.models import Body, Claim, Desk, Membership, Person
from claims.models.base import Identified, PlainEncoder, word_field
from claims.vocabulary import Dimension, Priority, ReviewKind
from verification.domain.order import Standing

WAITING, LEASED, DONE, CANCELLED = "waiting", "leased", "done", "cancelled"

_IS_OPEN = models.Q(state__in=[WAITING, LEASED])

SHOWN_BESIDE = ("hand_overs__by", "hand_overs__to", "hand_overs__body", "asks__by")
"""What of an entry is shown, beside its reviews, and read by itself."""


class Need(Identified):
    """What reviews of a desk need somebody for: a language, and skills and topics beyond it.

    There are few for a desk, so what a person may take is found by looking at the head of each of theirs.
    """

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="needs")
    language = models.CharField(max_length=35)
    skills = models.JSONField(default=list, encoder=PlainEncoder)
    topics = models.JSONField(default=list, encoder=PlainEncoder)
    key = models.CharField(max_length=64, help_text="Stands for language, skills and topics")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "key"], name="one_need_of_a_kind")]

    def __str__(self) -> str:
        return ", ".join([self.language, *self.skills, *self.topics])

    def missing(self, member: Membership) -> list[str]:
        """What the member does not bring. Who says no language reads every one; `pt` reads `pt-BR` too."""
        reads = {self.language, self.language.partition("-")[0]} & set(member.languages)
        lacks = [] if reads or not member.languages else [self.language]
        beyond = sorted({*self.skills} - {*member.skills}) + sorted({*self.topics} - {*member.topics})
        return lacks + beyond


@dataclass(frozen=True)
class Reach:
    """What a person may be handed by who they are: their memberships of staff, by desk, and of these desks' needs those
    that they meet, and those that they don't.
    """

    members: Mapping[uuid.UUID, Membership]
    met: Sequence[uuid.UUID]
    unmet: Sequence[uuid.UUID]


def reach_of(person: Person, memberships: Iterable[Membership] | None = None) -> Reach:
    """`memberships` are the person's of staff, where they have been read already."""
    of_staff = Membership.objects.of_staff(person) if memberships is None else memberships
    members = {member.desk_id: member for member in of_staff}
    met: list[uuid.UUID] = []
    unmet: list[uuid.UUID] = []
    for need in Need.objects.filter(desk__in=members):
        (unmet if need.missing(members[need.desk_id]) else met).append(need.pk)
    return Reach(members, met, unmet)


class QueueEntryQuerySet(models.QuerySet["QueueEntry"]):
    def visible_to(self, person: Person) -> QueueEntryQuerySet:
        return self.filter(desk__in=Membership.objects.desks_of_staff(person))

    def open(self) -> QueueEntryQuerySet:
        return self.filter(_IS_OPEN)

    def free(self) -> QueueEntryQuerySet:
        """Nobody holds it: it waits, or its lease ran out on the database's clock."""
        return self.filter(models.Q(state=WAITING) | models.Q(state=LEASED, lease_until__lte=Now()))

    def held(self) -> QueueEntryQuerySet:
        return self.filter(state=LEASED, lease_until__gt=Now())

    def within(self, reach: Reach) -> QueueEntryQuerySet:
        """On the desks whose staff the person is of; named one by one, so that each is a stretch of an index."""
        return self.filter(desk__in=list(reach.members))

    def takeable_by(self, person: Person, reach: Reach | None = None) -> QueueEntryQuerySet:
        """What the person may be handed: assigned to them, or to nobody where they meet its need; never a second
        look at their own work. `reach` is theirs, where it was read already.
        """
        reach = reach or reach_of(person)
        return (
            self.within(reach)
            .filter(models.Q(assignee_id=person.pk) | models.Q(assignee=None, need__in=reach.met))
            .not_barred_to(person)
        )

    def not_barred_to(self, person: Person) -> QueueEntryQuerySet:
        return self.exclude(barred__contains=f"|{person.pk}|")

    def barred_to(self, person: Person) -> QueueEntryQuerySet:
        # Most are barred to nobody, and those that aren't have an index of their own.
        return self.exclude(barred="").filter(barred__contains=f"|{person.pk}|")

    def skipped_by(self, person: Person) -> QueueEntryQuerySet:
        return self.filter(pk__in=Skip.objects.in_force(person).values("entry"))

    def not_skipped_by(self, person: Person) -> QueueEntryQuerySet:
        return self.exclude(pk__in=Skip.objects.in_force(person).values("entry"))

    def in_order_for(self, person: Person) -> QueueEntryQuerySet:
        """Their own assignments first, then by place."""
        own_first = models.Case(models.When(assignee_id=person.pk, then=0), default=1)
        return self.order_by(own_first, "place", "id")

    def with_all_shown(self) -> QueueEntryQuerySet:
        """With whatever is shown of an entry, in a fixed number of queries."""
        return self.select_related("claim", "holder", "assignee", "need", "desk__policy").prefetch_related(
            "reviews__invitations__person", *SHOWN_BESIDE
        )

    def overdue(self) -> QueueEntryQuerySet:
        return self.filter(wanted_by__lte=Now())


class QueueEntry(Identified):
    """A review that wants doing. The lease token is `<id>.<fence>`; the fence rises with every lease.

    `wanted_by`, `place` and `rises_at` follow from the rest by `domain.order`.
    """

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="queue_entries")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="queue_entries")
    need = models.ForeignKey(Need, on_delete=models.PROTECT, related_name="entries")
    review_kind = word_field(ReviewKind, ReviewKind.FIRST)
    round = models.PositiveSmallIntegerField(default=1)
    priority = word_field(Priority, Priority.NORMAL)
    place = models.CharField(max_length=80)
    due_at = models.DateTimeField(null=True, help_text="By when an editor asked for it")
    wanted_by = models.DateTimeField(help_text="That, or the end of the desk's goal")
    rises_at = models.DateTimeField(null=True, help_text="When it rises a class for being overdue")
    state = models.CharField(max_length=10, default=WAITING)
    holder = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="leases")
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    assignee = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    asked_by = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who asked for this review; nobody where it follows from filing, the policy or a change",
    )
    barred = models.TextField(blank=True, default="", help_text="|id|id|: who may not take it")
    flagged_at = models.DateTimeField(
        null=True, help_text="When so many had skipped it that an editor should look"
    )
    reminded_at = models.DateTimeField(null=True, help_text="When the holder was told that it is due soon")
    overdue_told_at = models.DateTimeField(null=True, help_text="When the desk was told that it is overdue")
    created_at = models.DateTimeField()

    objects = QueueEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "queue entries"
        constraints = [
            models.UniqueConstraint(
                fields=["claim"],
                condition=_IS_OPEN,
                name="one_open_entry_a_claim",
            )
        ]
        indexes = [
            models.Index(
                fields=["need", "place", "id"],
                condition=models.Q(state=WAITING, assignee=None),
                name="waiting_by_need",
            ),
            models.Index(
                fields=["assignee", "place"],
                condition=models.Q(state=WAITING, assignee__isnull=False),
                name="waiting_for_somebody",
            ),
            models.Index(fields=["desk", "place", "id"], condition=_IS_OPEN, name="open_in_order"),
            models.Index(fields=["desk", "wanted_by"], condition=_IS_OPEN, name="open_by_hour"),
            models.Index(
                fields=["desk", "place"], condition=_IS_OPEN & ~models.Q(barred=""), name="open_not_to_all"
            ),
            models.Index(
                fields=["desk", "flagged_at"],
                condition=_IS_OPEN & models.Q(flagged_at__isnull=False),
                name="open_and_flagged",
            ),
            models.Index(fields=["lease_until"], condition=models.Q(state=LEASED), name="leases_by_end"),
            models.Index(fields=["holder"], condition=models.Q(state=LEASED), name="leases_by_holder"),
            models.Index(
                fields=["rises_at"],
                condition=models.Q(state__in=[WAITING, LEASED], rises_at__isnull=False),
                name="entries_that_rise",
            ),
            models.Index(
                fields=["wanted_by"],
                condition=models.Q(state__in=[WAITING, LEASED], overdue_told_at=None),
                name="entries_by_due_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review_kind} review of {self.claim_id}: {self.state}"

    @property
    def token(self) -> str:
        return f"{self.id}.{self.fence}"

    @property
    def is_held(self) -> bool:
        """Whether somebody holds it still, as it was read."""
        return self.state == LEASED and self.lease_until is not None and self.lease_until > timezone.now()

    @property
    def standing_asks(self) -> list[Ask]:
        """As `AskQuerySet.standing`, of asks that may have been read already; the earliest hour first."""
        newest = {ask.dimension: ask for ask in sorted(self.asks.all(), key=attrgetter("at"))}
        return sorted(
            (ask for ask in newest.values() if ask.taken_back_at is None), key=attrgetter("due_at", "id")
        )

    @property
    def standing(self) -> Standing:
        """What its place follows from; reads the desk's policy."""
        policy = self.desk.policy
        priority = Priority(self.priority)
        return Standing(
            priority,
            self.created_at,
            self.due_at,
            policy.goal(priority),
            timedelta(seconds=policy.aging_seconds),
        )

    def put_in_place(self, at: datetime) -> None:
        """Sets what follows from the rest; the caller saves."""
        standing = self.standing
        self.wanted_by = standing.wanted_by
        self.place = standing.place(at)
        self.rises_at = standing.rises_at(at)

    PLACED = ("wanted_by", "place", "rises_at")


class SkipQuerySet(models.QuerySet["Skip"]):
    def in_force(self, person: Person) -> SkipQuerySet:
        """Those of the person for which the entry is not offered to them now."""
        return self.filter(person_id=person.pk, until__gt=Now())


class Skip(Identified):
    """Somebody passed an entry over; it is not offered to them until then."""

    entry = models.ForeignKey(QueueEntry, on_delete=models.CASCADE, related_name="skips")
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    reason = models.TextField()
    at = models.DateTimeField()
    until = models.DateTimeField()

    objects = SkipQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["person", "until"], name="skips_in_force")]

    def __str__(self) -> str:
        return f"{self.person_id} skipped {self.entry_id}"


class HandOver(Identified):
    """What somebody who gave a review on says to whoever takes it: what was tried, what is next."""

    entry = models.ForeignKey(QueueEntry, on_delete=models.CASCADE, related_name="hand_overs")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    to = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+", help_text='{"tried", "next"}')
    call_back_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(
        null=True, help_text="When somebody was told that it is time to call back"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(
                fields=["call_back_at"],
                condition=models.Q(call_back_at__isnull=False, reminded_at=None),
                name="hand_overs_to_call_back",
            )
        ]

    def __str__(self) -> str:
        return f"{self.by_id} handed {self.entry_id} over"

    @property
    def claim(self) -> Claim:
        return self.entry.claim

    @property
    def said(self) -> dict[str, str]:
        """`tried` and `next`; empty ones once redacted."""
        value: dict[str, str] | None = self.body.value
        return value or {"tried": "", "next": ""}


class AskQuerySet(models.QuerySet["Ask"]):
    def standing(self) -> AskQuerySet:
        """The newest of each dimension of an entry, where it was not taken back: to ask anew is to put off, or to bring
        forward.
        """
        newer = Ask.objects.filter(
            entry=models.OuterRef("entry"),
            dimension=models.OuterRef("dimension"),
            at__gt=models.OuterRef("at"),
        )
        return self.filter(taken_back_at=None).exclude(models.Exists(newer))


class Ask(Identified):
    """An editor wants a dimension decided by an hour. It is open as long as its entry is."""

    entry = models.ForeignKey(QueueEntry, on_delete=models.CASCADE, related_name="asks")
    dimension = word_field(Dimension)
    due_at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)

    objects = AskQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "id"]

    def __str__(self) -> str:
        return f"{self.dimension} of {self.entry_id} by {self.due_at}"


class LeaseEvent(models.Model):
    """What happened to a lease: leased, renewed, released, skipped, handed over, broken, expired, submitted; to its entry:
    cancelled, restored. Append-only.
    """

    entry = models.ForeignKey(QueueEntry, on_delete=models.PROTECT, related_name="events")
    fence = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    until = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["at"],
                condition=models.Q(kind__in=["submitted", "cancelled", "expired"]),
                name="ends_of_leases",
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}.{self.fence} {self.kind}"
