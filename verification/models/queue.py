"""Reviews that want doing, and who holds one until when."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models
from django.db.models.functions import Now

from claims.models import Claim, Desk, Membership, Person
from claims.models.base import Identified, word_field
from claims.models.desks import STAFF
from claims.vocabulary import Priority, ReviewKind

WAITING, LEASED, DONE, CANCELLED = "waiting", "leased", "done", "cancelled"
RANK = {Priority.BREAKING: 0, Priority.HIGH: 1, Priority.NORMAL: 2, Priority.LOW: 3}


class QueueEntryQuerySet(models.QuerySet["QueueEntry"]):
    def visible_to(self, person: Person) -> QueueEntryQuerySet:
        return self.filter(desk__in=Desk.objects.visible_to(person))

    def open(self) -> QueueEntryQuerySet:
        return self.filter(state__in=[WAITING, LEASED])

    def free(self) -> QueueEntryQuerySet:
        """Nobody holds it: it waits, or its lease ran out on the database's clock."""
        return self.filter(models.Q(state=WAITING) | models.Q(state=LEASED, lease_until__lte=Now()))

    def held(self) -> QueueEntryQuerySet:
        return self.filter(state=LEASED, lease_until__gt=Now())

    def takeable_by(self, person: Person) -> QueueEntryQuerySet:
        """What the person may be handed: on their desks, assigned to nobody else, not a second look at their own work."""
        return self.filter(
            models.Q(assignee=None) | models.Q(assignee_id=person.pk),
            desk__in=Membership.objects.filter(person_id=person.pk, role__in=STAFF).values("desk_id"),
        ).exclude(barred__contains=f"|{person.pk}|")

    def not_skipped_by(self, person: Person) -> QueueEntryQuerySet:
        return self.exclude(
            pk__in=Skip.objects.filter(person_id=person.pk, until__gt=Now()).values("entry_id")
        )

    def in_order_for(self, person: Person) -> QueueEntryQuerySet:
        """Their own assignments first, then by place: priority class, due time (none last), age."""
        own_first = models.Case(models.When(assignee_id=person.pk, then=0), default=1)
        return self.order_by(own_first, "place", "id")


def place_of(*, rank: int, due_at: datetime | None, created_at: datetime) -> str:
    """Where an entry stands in the order, as text that sorts so."""
    due = due_at.astimezone(UTC).isoformat(timespec="seconds") if due_at else "~"
    return f"{rank}|{due}|{created_at.astimezone(UTC).isoformat(timespec='microseconds')}"


class QueueEntry(Identified):
    """A review that wants doing. The lease token is `<id>.<fence>`; the fence rises with every lease."""

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="queue_entries")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="queue_entries")
    review_kind = word_field(ReviewKind, ReviewKind.FIRST)
    round = models.PositiveSmallIntegerField(default=1)
    place = models.CharField(max_length=80)
    language = models.CharField(max_length=35, blank=True, default="")
    due_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, default=WAITING)
    holder = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="leases")
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    assignee = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    barred = models.TextField(blank=True, default="", help_text="|id|id|: who may not take it")
    created_at = models.DateTimeField()

    objects = QueueEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "queue entries"
        constraints = [
            models.UniqueConstraint(
                fields=["claim"],
                condition=models.Q(state__in=[WAITING, LEASED]),
                name="one_open_entry_a_claim",
            )
        ]
        indexes = [
            models.Index(
                fields=["desk", "place", "id"],
                condition=models.Q(state=WAITING),
                name="waiting_in_order",
            ),
            models.Index(fields=["lease_until"], condition=models.Q(state=LEASED), name="leases_by_end"),
            models.Index(fields=["holder"], condition=models.Q(state=LEASED), name="leases_by_holder"),
        ]

    def __str__(self) -> str:
        return f"{self.review_kind} review of {self.claim_id}: {self.state}"

    @property
    def token(self) -> str:
        return f"{self.id}.{self.fence}"


class Skip(Identified):
    """Somebody passed an entry over; it is not offered to them until then."""

    entry = models.ForeignKey(QueueEntry, on_delete=models.CASCADE, related_name="skips")
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    reason = models.TextField()
    at = models.DateTimeField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id} skipped {self.entry_id}"


class LeaseEvent(models.Model):
    """What happened to a lease: leased, renewed, released, skipped, expired, submitted; append-only."""

    entry = models.ForeignKey(QueueEntry, on_delete=models.PROTECT, related_name="events")
    fence = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    until = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.entry_id}.{self.fence} {self.kind}"
