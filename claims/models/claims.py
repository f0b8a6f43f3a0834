"""Claims, and the sources that stand behind them."""

from __future__ import annotations

from django.db import models

from claims.models.base import Identified, PlainEncoder, word_field
from claims.models.bodies import Body
from claims.models.desks import Desk, Membership, Person
from claims.vocabulary import Priority, Reliability, SourceKind, SourceRole, Stage


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, person: Person) -> SourceQuerySet:
        return self.filter(desk__in=Membership.objects.desks_of_staff(person))


class Source(Identified):
    """A person, body, outlet or account that claims, films or posts; known to one desk."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="sources")
    name = models.CharField(max_length=200)
    kind = word_field(SourceKind, SourceKind.UNKNOWN)
    url = models.CharField(max_length=2000, blank=True, default="")
    reliability = word_field(Reliability, Reliability.F)
    confidential = models.BooleanField(default=False)
    pseudonym = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "kind", "name", "url"], name="one_source_a_desk")
        ]

    def __str__(self) -> str:
        return self.pseudonym if self.confidential else self.name


class Claimed(models.Model):
    """When and where something is said to have been, as said and as columns to search by.

    `claimed_date` is `{"edtf", "timezone", "not_before", "not_after"}`, `claimed_location` a place of the API.
    """

    claimed_date = models.JSONField(null=True)
    claimed_location = models.JSONField(null=True)
    claimed_not_before = models.DateTimeField(null=True)
    claimed_not_after = models.DateTimeField(null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)

    class Meta:
        abstract = True


class ClaimQuerySet(models.QuerySet["Claim"]):
    def visible_to(self, person: Person) -> ClaimQuerySet:
        """The claims of the desks whose inner work the person may see."""
        return self.filter(desk__in=Membership.objects.desks_of_staff(person))

    def named(self, name: str) -> ClaimQuerySet:
        """By id or by `ref`."""
        return self.filter(ref=name) if len(name) < 32 else self.filter(pk=name)


class Claim(Identified, Claimed):
    """A checkable statement that somebody makes, with what they say about when and where."""

    ref = models.CharField(max_length=16, unique=True)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="claims")
    statement = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    statement_key = models.CharField(max_length=64, blank=True, default="", db_index=True)
    language = models.CharField(max_length=35)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="claims")
    external_id = models.CharField(max_length=200, null=True)  # noqa: DJ001  NULLs are distinct to the constraint
    priority = word_field(Priority, Priority.NORMAL)
    tags = models.JSONField(default=list, encoder=PlainEncoder)
    skills = models.JSONField(
        default=list, encoder=PlainEncoder, help_text="What its review needs somebody to know"
    )
    topics = models.JSONField(
        default=list, encoder=PlainEncoder, help_text="What it is about, for whom knows about it"
    )
    stage = word_field(Stage)
    filed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    assignee = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="assigned_claims")
    headline = models.CharField(max_length=300, blank=True, default="")
    public_radius_m = models.FloatField(
        null=True, help_text="Published places are known to no less than this"
    )
    duplicate_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="duplicates")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "external_id"], name="one_claim_an_external_id")
        ]
        indexes = [
            models.Index(fields=["desk", "stage", "-updated_at"]),
            models.Index(fields=["-updated_at", "-id"]),
            models.Index(fields=["claimed_not_before"]),
            models.Index(fields=["latitude", "longitude"]),
        ]

    def __str__(self) -> str:
        return self.ref


class RefCounter(models.Model):
    """How many claims a year has seen; refs are drawn from it."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class SourceLink(Identified):
    """A source in a role towards a claim or one of its media items."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="links")
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="source_links")
    media = models.ForeignKey(
        "claims.MediaItem", on_delete=models.CASCADE, null=True, related_name="source_links"
    )
    role = word_field(SourceRole)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "claim", "role"],
                condition=models.Q(media=None),
                name="one_claim_link_a_role",
            ),
            models.UniqueConstraint(
                fields=["source", "media", "role"],
                condition=models.Q(media__isnull=False),
                name="one_media_link_a_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} is {self.role} of {self.media_id or self.claim_id}"
