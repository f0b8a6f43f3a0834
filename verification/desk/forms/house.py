"""The forms of the admin's pages. Rules are the services'; what these refuse is only what could not be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from claims.api.fields import LanguageField
from claims.errors import StetError
from claims.models import Desk, Membership
from claims.vocabulary import Dimension, Priority, Role, Scope
from verification.desk import words
from verification.desk.forms.values import read_words
from verification.models import Policy

ROLES = [(role.value, words.label(role)) for role in Role]
SCOPE_MEANING: dict[Scope, str] = {
    Scope.CLAIMS_WRITE: "file and change claims and media",
    Scope.QUEUE_WORK: "take, keep and give back reviews",
    Scope.VERDICTS_WRITE: "record verdicts and submit",
    Scope.PUBLISH: "publish, amend, correct, hold, withdraw",
    Scope.VERIFIED_READ: "read what is published",
    Scope.INTERNAL_READ: "read the desk's claims, media and findings",
    Scope.AUDIT_READ: "read the audit",
    Scope.ADMIN: "erase, place legal holds, administer",
}
LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("0", "No end")]


def take_errors(form: forms.BaseForm, error: StetError) -> None:
    """Shows what a service found wrong at the form's fields."""
    pointers = {
        "lease_seconds": "lease_minutes",
        "skip_seconds": "skip_hours",
        "aging_seconds": "aging_hours",
        "expires_at": "lifetime",
    }
    for one in getattr(error, "errors", ()):
        name = one.pointer.removeprefix("/")
        name = pointers.get(name, name)
        form.add_error(name if name in form.fields else None, one.detail)
    if not form.errors:
        form.add_error(None, error.detail)


class MemberForm(forms.Form):
    """Somebody who has an account already."""

    username = forms.CharField(
        label="User name", max_length=150, help_text="Exactly as they log in with it on their other desk."
    )
    role = forms.ChoiceField(label="Role", choices=ROLES)


class PersonForm(forms.Form):
    """A new account."""

    username = forms.CharField(
        label="User name",
        max_length=150,
        help_text="Letters, digits and @ . + - _ ; it can't be changed later.",
    )
    full_name = forms.CharField(label="Full name", max_length=150, required=False)
    email = forms.EmailField(label="E-mail", required=False)
    role = forms.ChoiceField(label="Role", choices=ROLES)
    service = forms.BooleanField(
        label="This is a program, not a person",
        required=False,
        help_text="It gets no password; issue a key for it afterwards.",
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label="Role", choices=ROLES)


class BringsForm(forms.Form):
    """What somebody knows, as words with commas between them."""

    languages = forms.CharField(
        label="Reads",
        required=False,
        help_text="Languages as tags: uk, ru, pt-BR. Empty: every one is offered to them.",
    )
    skills = forms.CharField(label="Skills", required=False, help_text="Such as geolocation, audio.")
    topics = forms.CharField(label="Topics", required=False, help_text="Such as public-health, elections.")

    @classmethod
    def of(cls, member: Membership, data: Any = None) -> BringsForm:
        now = {name: ", ".join(getattr(member, name)) for name in ("languages", "skills", "topics")}
        return cls(data, initial=now)

    def clean_languages(self) -> list[str]:
        said = [tag.strip() for tag in self.cleaned_data["languages"].split(",") if tag.strip()]
        for tag in said:
            if not LanguageField.SHAPE.fullmatch(tag):
                raise forms.ValidationError(f"“{tag[:20]}” is no language tag. Write it as uk or pt-BR.")
        return said

    def clean_skills(self) -> list[str]:
        return read_words(self.cleaned_data["skills"])

    def clean_topics(self) -> list[str]:
        return read_words(self.cleaned_data["topics"])


class LifetimeForm(forms.Form):
    """How long a key is to open anything."""

    lifetime = forms.ChoiceField(label="Valid for", choices=LIFETIMES, initial="365")

    def expires_at(self) -> datetime | None:
        days = int(self.cleaned_data["lifetime"])
        return timezone.now() + timedelta(days=days) if days else None


class KeyForm(LifetimeForm):
    label = forms.CharField(
        label="What it is for",
        max_length=120,
        help_text="As you will want to find it again: newsroom CMS, own laptop.",
    )

    field_order = ["label", "scopes", "lifetime"]

    def __init__(self, *args: Any, carried: list[Scope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"] = forms.MultipleChoiceField(
            label="It may",
            choices=[(scope.value, SCOPE_MEANING[scope]) for scope in carried],
            widget=forms.CheckboxSelectMultiple,
        )


class RotateForm(LifetimeForm):
    overlap_hours = forms.IntegerField(
        label="The old key goes on for (hours)",
        min_value=0,
        max_value=168,
        initial=24,
        help_text="Time to put the new one in place. 0 ends the old one at once.",
    )

    field_order = ["overlap_hours", "lifetime"]


class PolicyForm(forms.Form):
    """House name and policy, in the units that people think in."""

    house_name = forms.CharField(label="House name", max_length=120)
    required_dimensions = forms.MultipleChoiceField(
        label="Must be decided before publication",
        choices=[(word.value, words.label(word)) for word in Dimension],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    second_review = forms.BooleanField(label="Of every claim", required=False)
    second_review_topics = forms.CharField(
        label="Of claims about",
        required=False,
        help_text="Topics with commas between them, such as elections, public-health.",
    )
    second_review_priorities = forms.MultipleChoiceField(
        label="Of claims of this priority",
        choices=[(word.value, words.label(word)) for word in Priority],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    second_review_dimensions = forms.MultipleChoiceField(
        label="Wherever this is decided",
        choices=[(word.value, words.label(word)) for word in Dimension],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    second_review_on_contradiction = forms.BooleanField(
        label="Where a verdict stands against a finding", required=False
    )
    blind_second_review = forms.BooleanField(label="Blind", required=False)
    distinct_approver = forms.BooleanField(label="Another person approves", required=False)
    lease_minutes = forms.IntegerField(label="Held for (minutes)", min_value=5, max_value=24 * 60)
    lease_limit = forms.IntegerField(label="Held at once", min_value=1, max_value=20)
    skip_hours = forms.IntegerField(label="Skipped for (hours)", min_value=0, max_value=168)
    goal_breaking = forms.FloatField(label="Breaking (hours)", min_value=0.25, max_value=720)
    goal_high = forms.FloatField(label="High (hours)", min_value=0.25, max_value=720)
    goal_normal = forms.FloatField(label="Normal (hours)", min_value=0.25, max_value=720)
    goal_low = forms.FloatField(label="Low (hours)", min_value=0.25, max_value=720)
    aging_hours = forms.IntegerField(label="Rises a class after (hours)", min_value=1, max_value=720)

    @classmethod
    def of(cls, desk: Desk, policy: Policy, data: Any = None) -> PolicyForm:
        """The form filled with what holds now; sent, measured by what it was filled with when it was opened."""
        now = {
            "house_name": desk.house_name,
            "required_dimensions": policy.required_dimensions,
            "second_review": policy.second_review,
            "second_review_topics": ", ".join(policy.second_review_topics),
            "second_review_priorities": policy.second_review_priorities,
            "second_review_dimensions": policy.second_review_dimensions,
            "second_review_on_contradiction": policy.second_review_on_contradiction,
            "blind_second_review": policy.blind_second_review,
            "distinct_approver": policy.distinct_approver,
            "lease_minutes": policy.lease_seconds // 60,
            "lease_limit": policy.lease_limit,
            "skip_hours": policy.skip_seconds // 3600,
            "aging_hours": policy.aging_seconds // 3600,
            **{f"goal_{word}": _hours(policy.goal(word)) for word in Priority},
        }
        return cls(data, initial=now | (_shown_before(data.get("was", ""), now) if data else {}))

    @property
    def was(self) -> str:
        """What the form was filled with: what somebody else changes meanwhile is no change of this person's."""
        return json.dumps(self.initial)

    @property
    def goals(self) -> list[forms.BoundField]:
        return [self[f"goal_{word}"] for word in Priority]

    def changes(self) -> dict[str, Any]:
        """What was changed on the page, in the service's words and units."""
        said = {name: self.cleaned_data[name] for name in self.changed_data}
        if "second_review_topics" in said:
            said["second_review_topics"] = said["second_review_topics"].split(",")
        if "lease_minutes" in said:
            said["lease_seconds"] = said.pop("lease_minutes") * 60
        if "skip_hours" in said:
            said["skip_seconds"] = said.pop("skip_hours") * 3600
        if "aging_hours" in said:
            said["aging_seconds"] = said.pop("aging_hours") * 3600
        goals = {word.value: said.pop(f"goal_{word}") for word in Priority if f"goal_{word}" in said}
        if goals:
            said["goals"] = {word: round(hours * 3600) for word, hours in goals.items()}
        return said


def _hours(span: timedelta) -> float:
    """Hours, without a fraction where there is none to show."""
    hours = span.total_seconds() / 3600
    return int(hours) if hours.is_integer() else hours


def _shown_before(was: str, now: Mapping[str, Any]) -> dict[str, Any]:
    try:
        shown = json.loads(was)
    except (ValueError, RecursionError):
        return {}
    given = shown if isinstance(shown, dict) else {}
    return {name: given[name] for name, value in now.items() if _is_like(given.get(name), value)}


def _is_like(given: object, value: object) -> bool:
    kinds = {type(given), type(value)}
    return len(kinds) == 1 or kinds == {int, float}
