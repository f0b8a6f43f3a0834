"""People, and the desks they work on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models

from claims.models.base import Identified, PlainEncoder, word_field
from claims.vocabulary import Role, Theme


class Person(AbstractUser, Identified):
    """Somebody who works with Stet, or a service account that does so for a machine."""

    NAMED_BY = ("username", "first_name", "last_name")
    """What is read of somebody who is only named."""

    is_service = models.BooleanField(default=False)
    theme = word_field(Theme, Theme.SYSTEM)
    shortcuts = models.BooleanField(default=True, help_text="Single-key shortcuts on the desk's pages")

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def offered_as(self) -> str:
        """The name in a list to choose from, where a program is told from people."""
        return f"{self.display_name} (program)" if self.is_service else self.display_name


class DeskQuerySet(models.QuerySet["Desk"]):
    def visible_to(self, person: Person) -> DeskQuerySet:
        """The desks whose inner work the person may see: not those where they are only a client."""
        return self.filter(pk__in=Membership.objects.desks_of_staff(person))


class Desk(Identified):
    """A team with its own queue, members, house name and policy."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    house_name = models.CharField(max_length=120, help_text="Who verified, as printed: Reuters, the BBC")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DeskQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


STAFF: tuple[str, ...] = (Role.FACT_CHECKER.value, Role.EDITOR.value, Role.ADMIN.value)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def of_staff(self, person: Person) -> MembershipQuerySet:
        return self.filter(person_id=person.pk, role__in=STAFF)

    def desks_of_staff(self, person: Person) -> models.QuerySet[Membership, Any]:
        """The desks whose inner work the person may see, for a column to be one of."""
        return self.of_staff(person).values("desk_id")

    def held_by(self, person: Person, roles: Iterable[str]) -> MembershipQuerySet:
        return self.filter(person_id=person.pk, role__in=list(roles))


class Membership(Identified):
    """What a person is on a desk; one role a desk."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="memberships")
    role = word_field(Role)
    languages = models.JSONField(
        default=list, help_text="What they read, as language tags; none said = every one"
    )
    skills = models.JSONField(default=list, encoder=PlainEncoder)
    topics = models.JSONField(default=list, encoder=PlainEncoder)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "desk"], name="one_role_a_desk")]

    def __str__(self) -> str:
        return f"{self.person_id} is {self.role} on {self.desk_id}"
