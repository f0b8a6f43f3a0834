"""Reviews, the verdicts recorded in them, and what is known of each dimension because of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from claims.models import Body, Claim, MediaItem, Membership, Person
from claims.models.base import Identified, PlainEncoder, word_field
from claims.vocabulary import Dimension, Relation, ReviewKind, Status
from verification.models.queue import LEASED, WAITING, QueueEntry
from verification.models.veil import veiled_from

OPEN_STATES = (WAITING, LEASED)


class Review(Identified):
    """One pass of one person over one claim. Its verdicts are provisional until it is submitted."""

    OPEN, SUBMITTED, CLOSED = "open", "submitted", "closed"

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="reviews")
    entry = models.ForeignKey(QueueEntry, on_delete=models.PROTECT, related_name="reviews")
    kind = word_field(ReviewKind)
    round = models.PositiveSmallIntegerField(default=1)
    reviewer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="reviews")
    state = models.CharField(max_length=10, default=OPEN)
    opened_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "reviewer"], name="one_review_a_person_and_entry"),
            models.UniqueConstraint(
                fields=["claim", "round", "kind"],
                condition=models.Q(state="submitted"),
                name="one_submitted_review_a_kind_and_round",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} review of {self.claim_id} by {self.reviewer_id}: {self.state}"


class Invitation(Identified):
    """A colleague whom the holder of a review asked in: they add basis, notes and verdicts, the holder submits."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="invitations")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "person"], name="one_invitation_a_person")]

    def __str__(self) -> str:
        return f"{self.person_id} is asked into {self.review_id}"


class VerdictQuerySet(models.QuerySet["Verdict"]):
    def visible_to(self, person: Person) -> VerdictQuerySet:
        """Those of the person's desks, and behind a veil only their own and those of a review that they are in."""
        visible = self.filter(claim__desk__in=Membership.objects.desks_of_staff(person))
        own = Q(by=person) | Q(review__in=reviews_with(person))
        return visible.filter(~veiled_from(person, "claim_id") | own)


class Verdict(Identified):
    """A recorded decision on one dimension of a media item, or of the claim. Newer supersedes, never edits.

    `body` holds `{"reason", "basis", "value", "relied_on"}`; the last is None where nothing was decided, and absent from
    verdicts that were recorded before it was kept. See `services.reliance`.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="verdicts")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="verdicts")
    media = models.ForeignKey(MediaItem, on_delete=models.PROTECT, null=True, related_name="verdicts")
    dimension = word_field(Dimension)
    status = word_field(Status)
    interim = models.BooleanField(default=False)
    relation = models.CharField(max_length=20, blank=True, default="")
    credibility = models.PositiveSmallIntegerField(null=True)
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    seq = models.PositiveIntegerField(help_text="Order of recording within the claim")
    undoes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="undone_by")

    EMPTY: ClassVar[Mapping[str, Any]] = {"reason": "", "basis": [], "value": None, "relied_on": None}

    objects = VerdictQuerySet.as_manager()

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "seq"], name="verdicts_of_a_claim_in_one_order"),
            models.CheckConstraint(
                condition=~models.Q(status=Status.PARTLY_VERIFIED.value),
                name="partly_verified_is_only_rolled_up",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=Status.VERIFIED.value, relation=Relation.DIFFERS.value),
                name="verified_never_differs",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.status} ({self.claim_id})"

    @property
    def content(self) -> dict[str, Any]:
        """Reason, basis, value and what was relied on; empty ones once redacted."""
        value: dict[str, Any] | None = self.body.value
        return value or dict(self.EMPTY)


class Draft(Identified):
    """What somebody has typed into a review and not yet recorded, kept when a lease is lost or a page is left.

    `content` holds, by dimension, the fields of the form that it was typed into.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="drafts")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    content = models.JSONField(default=dict, encoder=PlainEncoder)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "person"], name="one_draft_a_person")]

    def __str__(self) -> str:
        return f"draft of {self.person_id} in {self.review_id}"


class DimensionStatusQuerySet(models.QuerySet["DimensionStatus"]):
    def visible_to(self, person: Person) -> DimensionStatusQuerySet:
        """Those of the person's desks; of a claim behind a veil none."""
        visible = self.filter(claim__desk__in=Membership.objects.desks_of_staff(person))
        return visible.exclude(veiled_from(person, "claim_id"))


class DimensionStatus(models.Model):
    """What is known of a dimension of a claim: rolled up from verdicts, kept to filter and list by."""

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="dimension_statuses")
    dimension = word_field(Dimension)
    status = word_field(Status, Status.NOT_CHECKED)
    counts = models.JSONField(default=dict)
    recheck_needed = models.JSONField(
        default=list, help_text="Why it should be looked at again: see services.reliance"
    )

    objects = DimensionStatusQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "dimension statuses"
        constraints = [models.UniqueConstraint(fields=["claim", "dimension"], name="one_status_a_dimension")]
        indexes = [models.Index(fields=["dimension", "status", "claim"])]

    def __str__(self) -> str:
        return f"{self.dimension} of {self.claim_id}: {self.status}"


def by_another_reviewer(person: Person) -> Q:
    """Whether what a row with `claim` and `by` says is of somebody else who took part in a review of the claim that
    has ended.
    """
    reviews = Review.objects.filter(claim=OuterRef("claim_id")).exclude(entry__state__in=OPEN_STATES)
    took_part = Q(reviewer=OuterRef("by_id")) | Q(verdicts__by=OuterRef("by_id"))
    return Exists(reviews.filter(took_part | Q(invitations__person=OuterRef("by_id")))) & ~Q(by=person)


def reviews_with(person: Person) -> models.QuerySet[Review]:
    """The reviews that the person does, or is asked into."""
    return Review.objects.filter(Q(reviewer=person) | Q(invitations__person=person))


class NoteQuerySet(models.QuerySet["Note"]):
    def visible_to(self, person: Person) -> NoteQuerySet:
        """Those of the person's desks, and behind a veil none of other reviewers."""
        visible = self.filter(claim__desk__in=Membership.objects.desks_of_staff(person))
        return visible.exclude(Q(veiled_from(person, "claim_id")) & by_another_reviewer(person))


class Note(Identified):
    """A remark on a claim, a media item or a dimension; struck, never deleted."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="notes")
    media = models.ForeignKey(MediaItem, on_delete=models.PROTECT, null=True, related_name="notes")
    dimension = models.CharField(max_length=20, blank=True, default="")
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = NoteQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"note on {self.claim_id} by {self.by_id}"


class NoteStrike(models.Model):
    """A note that its author or an editor struck out."""

    note = models.OneToOneField(Note, on_delete=models.PROTECT, primary_key=True, related_name="strike")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.note_id} struck"
