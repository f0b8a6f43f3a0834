"""Who is told of what, who follows which claim, and what of it goes out by mail or webhook."""

from __future__ import annotations

from django.db import models

from claims.models import Claim, Person
from claims.models.base import Identified, word_field
from claims.vocabulary import Channel, Notice, Pace


class ToldQuerySet(models.QuerySet["Told"]):
    def visible_to(self, person: Person) -> ToldQuerySet:
        """What the person was told themselves, of claims that they may (still) see."""
        return self.filter(person_id=person.pk, claim__in=Claim.objects.visible_to(person))

    def unread(self) -> ToldQuerySet:
        return self.filter(read_at=None)


class Told(Identified):
    """One person told of one claim on one occasion: a line of their inbox.

    `about` holds ids and short words (`note`, `dimension`, `until`), never what somebody wrote: a text that may have
    to be erased one day is named by its id and read where it stands.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="told")
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="told")
    occasion = word_field(Notice)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    about = models.JSONField(default=dict)
    read_at = models.DateTimeField(null=True)

    objects = ToldQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["person", "-at", "-id"], name="told_newest_first"),
            models.Index(fields=["person"], condition=models.Q(read_at=None), name="told_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} told of {self.claim_id}: {self.occasion}"


class FollowQuerySet(models.QuerySet["Follow"]):
    def going_on(self) -> FollowQuerySet:
        return self.filter(ended_at=None)


class Follow(Identified):
    """Somebody is told what becomes of a claim. One who ended it stays out until they follow anew themselves."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="follows")
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="follows")
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = FollowQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "claim"], name="one_follow_a_claim")]

    def __str__(self) -> str:
        return f"{self.person_id} follows {self.claim_id}"


class TellingWishes(models.Model):
    """How somebody wants to be told outside the pages. Hours are those of the clock in their `time_zone`."""

    person = models.OneToOneField(
        Person, on_delete=models.CASCADE, primary_key=True, related_name="telling_wishes"
    )
    email = word_field(Pace, Pace.OFF)
    email_address = models.CharField(max_length=254, blank=True, default="")
    webhook = word_field(Pace, Pace.OFF)
    webhook_url = models.CharField(max_length=2000, blank=True, default="")
    digest_hour = models.PositiveSmallIntegerField(default=8)
    quiet_from = models.TimeField(null=True)
    quiet_to = models.TimeField(null=True)
    revision = models.PositiveIntegerField(default=1)
    time_zone = models.CharField(
        max_length=64, default="UTC", help_text="A name of the IANA time zone database"
    )

    class Meta:
        verbose_name_plural = "telling wishes"

    def __str__(self) -> str:
        return f"how {self.person_id} is told"


class Message(Identified):
    """One e-mail or webhook call to one person, sent by a job of kind `tell`.

    What it says is read when it goes out, of what its reader may see at that moment. One without anything told is
    the test that its reader asked for.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="messages")
    channel = word_field(Channel)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.channel} to {self.person_id}"


class Outgoing(models.Model):
    """That something told is to go out by a channel, not before `due_at`; taken up into one message."""

    told = models.ForeignKey(Told, on_delete=models.CASCADE, related_name="outgoing")
    channel = word_field(Channel)
    due_at = models.DateTimeField()
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, related_name="outgoing")

    class Meta:
        verbose_name_plural = "outgoing"
        constraints = [models.UniqueConstraint(fields=["told", "channel"], name="once_a_channel")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(message=None), name="outgoing_by_due_time"),
        ]

    def __str__(self) -> str:
        return f"{self.told_id} by {self.channel}"
