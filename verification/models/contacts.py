"""Contacts with uploaders, and what they allow: who asked whom what, when and how, and every permission recorded."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, F, Prefetch, Q

from claims.models import Body, Claim, Desk, MediaItem, Membership, Person
from claims.models.base import Identified, word_field
from claims.vocabulary import ContactChannel, ContactOutcome, MessageKind, Permission
from verification.models.review import by_another_reviewer
from verification.models.veil import veiled_from


def _withheld_from(person: Person) -> dict[str, Any]:
    """As an annotation of rows with `claim` and `by`: whether a row is of another reviewer, behind a veil."""
    withheld = Q(veiled_from(person, "claim_id")) & by_another_reviewer(person)
    return {"is_withheld": ExpressionWrapper(withheld, output_field=BooleanField())}


class Withheld(models.Model):
    """Of which texts may be kept back from who reads; only rows that came by `visible_to` are to be read out."""

    class Meta:
        abstract = True

    @property
    def withheld(self) -> bool:
        """Whether its texts are kept back; so they are where nobody said who reads."""
        return bool(getattr(self, "is_withheld", True))


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, person: Person) -> ContactQuerySet:
        """Those of the person's desks; `withheld` of their messages says whether a veil keeps the text back."""
        # Under the name by which the veil asks for a claim.
        messages = ContactMessage.objects.annotate(claim_id=F("contact__claim_id"))
        messages = messages.annotate(**_withheld_from(person)).select_related("body", "by")
        return (
            self.filter(desk__in=Membership.objects.desks_of_staff(person))
            .select_related("uploader", "claim", "media", "desk", "opened_by", "closed_by")
            .prefetch_related(Prefetch("messages", messages))
        )

    def open(self) -> ContactQuerySet:
        return self.filter(closed_at=None)


class Contact(Identified):
    """A conversation with the uploader of a media item, from the first asking until it is closed.

    `uploader` holds `{"account", "platform"}`; `uploader_key` is its digest, empty once that is erased. On one desk at
    most one contact with an uploader is open.
    """

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="contacts")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="contacts")
    media = models.ForeignKey(MediaItem, on_delete=models.PROTECT, related_name="contacts")
    uploader = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    uploader_key = models.CharField(max_length=64, db_index=True)
    for_permission = models.BooleanField(help_text="Whether it asks for permission, or only what is shown")
    opened_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(help_text="When the uploader was first asked")
    call_again_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(
        null=True, help_text="When who opened it was told that its hour has come"
    )
    closed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    outcome = word_field(ContactOutcome, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["desk", "uploader_key"],
                condition=Q(closed_at=None),
                name="one_open_contact_an_uploader",
            )
        ]
        indexes = [
            models.Index(fields=["desk", "closed_at", "opened_at"]),
            models.Index(
                fields=["call_again_at"], condition=Q(reminded_at=None), name="contacts_to_remind_of"
            ),
        ]

    def __str__(self) -> str:
        return f"contact about {self.media_id} since {self.opened_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def last_message(self) -> ContactMessage:
        return list(self.messages.all())[-1]

    @property
    def said_of_uploader(self) -> dict[str, str] | None:
        """`{"account", "platform"}`; None once redacted."""
        value: dict[str, str] | None = self.uploader.value
        return value

    @property
    def uploader_name(self) -> str:
        said = self.said_of_uploader
        if said is None:
            return "(erased)"
        return f"{said['account']} on {said['platform']}" if said["platform"] else said["account"]


class ContactMessage(Identified, Withheld):
    """What an uploader was asked, or answered. `at` is when that was, `recorded_at` when it was written down here."""

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="messages")
    kind = word_field(MessageKind)
    channel = word_field(ContactChannel)
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} by {self.channel} in {self.contact_id}"


class PermissionRecordQuerySet(models.QuerySet["PermissionRecord"]):
    def visible_to(self, person: Person) -> PermissionRecordQuerySet:
        """Those of the person's desks; `withheld` says whether a veil keeps proof and reason back."""
        visible = self.filter(claim__desk__in=Membership.objects.desks_of_staff(person))
        return visible.annotate(**_withheld_from(person))


class PermissionRecord(Identified, Withheld):
    """What a media item's permission became, under which terms and why. The newest speaks, and stands on the item.

    `body` holds `{"scope", "territory", "credit", "rights_holder", "proof", "reason"}`.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="permission_records")
    media = models.ForeignKey(MediaItem, on_delete=models.PROTECT, related_name="permission_records")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="permissions")
    permission = word_field(Permission)
    until = models.DateTimeField(null=True)
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = PermissionRecordQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.permission} for {self.media_id}"

    @property
    def content(self) -> dict[str, Any] | None:
        """The terms, the proof and the reason; None once redacted."""
        value: dict[str, Any] | None = self.body.value
        return value
