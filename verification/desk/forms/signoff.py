"""What an editor fills in to sign a claim off, or to do anything else with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms

from claims.errors import Missing
from claims.models import Claim, Person
from claims.vocabulary import IN_ORDER_OF_WORK, Cause, Dimension
from verification.desk.forms.together import staff_choices
from verification.desk.words import label
from verification.services.reading import claim_named

MAX_TEXT = 20_000
MAX_RADIUS_KM = 20_000

CAUSES: dict[Cause, str] = {
    Cause.ERROR: "Error: we were wrong",
    Cause.UPDATE: "Update: something new is known",
    Cause.RIGHTS: "Rights: we may not use it",
    Cause.LEGAL: "Legal: a court or a law asks for it",
    Cause.SAFETY: "Safety: somebody could come to harm",
    Cause.PRIVACY: "Privacy: somebody has a right to be left out",
}

FIELDS: dict[str, str] = {
    "embargo_until": "embargo_date",
    "public_location_radius_m": "radius_km",
    "due_at": "due_date",
}
"""Which field of a form stands for one of a service's that is called otherwise."""


class ActForm(forms.Form):
    """One act on a claim: what the page asks for, as the service takes it."""

    def __init__(self, *args: Any, claim: Claim, person: Person, **kwargs: Any) -> None:
        self.claim, self.person = claim, person
        super().__init__(*args, **kwargs)

    def arguments(self) -> dict[str, Any]:
        """The service's arguments."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}

    def add_service_errors(self, errors: Any) -> None:
        """Puts what a service found wrong at the fields that it was typed into."""
        for error in errors:
            name = FIELDS.get(error.pointer.strip("/"), error.pointer.strip("/"))
            self.add_error(name if name in self.fields else None, error.detail)


def _text(label: str, *, required: bool = True, rows: int = 3, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=MAX_TEXT,
        help_text=hint,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": "Say why."},
    )


class ReasonForm(ActForm):
    """For what stays inside the house."""

    reason = _text("Reason", hint="Kept in the claim's history.")


class PublicReasonForm(ActForm):
    """For what the public is told of."""

    reason = _text("Reason", hint="Public: it is in the change log and on the public page.")
    internal_reason = _text("Internal reason", required=False, rows=2, hint="Only for the desk.")


class CoarseForm(ActForm):
    """For what is published anew: how exactly its places are told."""

    radius_km = forms.FloatField(
        label="Public radius in km",
        required=False,
        min_value=0.001,
        max_value=MAX_RADIUS_KM,
        help_text="Places are published no more exactly than this. Empty: as it is now.",
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        error_messages={
            "invalid": "Write a number of kilometres, such as 2 or 0.5.",
            "min_value": "The smallest radius is a metre: 0.001.",
        },
    )

    def arguments(self) -> dict[str, Any]:
        said = super().arguments()
        radius = said.pop("radius_km", None)
        return said | ({"public_location_radius_m": radius * 1000} if radius else {})


class PublishForm(CoarseForm):
    """Now, or when an embargo ends."""

    NOW, LATER = "now", "later"

    when = forms.ChoiceField(
        label="When", choices=[(NOW, "Now"), (LATER, "At a time")], widget=forms.RadioSelect, required=False
    )
    embargo_date = forms.DateField(
        label="Date",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write the date as 2022-10-04."},
    )
    embargo_time = forms.TimeField(
        label="Time, UTC",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": "Write the time as 15:30."},
    )
    headline = forms.CharField(
        label="Headline", required=False, max_length=300, help_text="Empty: as it is now."
    )

    field_order = ["headline", "radius_km", "when", "embargo_date", "embargo_time"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("when") == self.LATER:
            for name, missing in (
                ("embargo_date", "Say on which day."),
                ("embargo_time", "Say at what time, in UTC."),
            ):
                if said.get(name) is None and name not in self.errors:
                    self.add_error(name, missing)
        elif said.get("embargo_date") or said.get("embargo_time"):
            self.add_error("when", "You gave a time. Choose 'At a time', or empty date and time.")
        return said

    def arguments(self) -> dict[str, Any]:
        said = super().arguments()
        later = said.pop("when", self.NOW) == self.LATER
        day, time = said.pop("embargo_date", None), said.pop("embargo_time", None)
        if later and day and time is not None:
            said["embargo_until"] = datetime.combine(day, time, tzinfo=UTC)
        return said


class AmendForm(CoarseForm, PublicReasonForm):
    field_order = ["reason", "internal_reason", "radius_km"]


class CausedForm(PublicReasonForm):
    cause = forms.ChoiceField(
        label="Cause",
        choices=[(cause.value, said) for cause, said in CAUSES.items()],
        initial=Cause.ERROR.value,
    )

    field_order = ["reason", "cause", "internal_reason"]

    def arguments(self) -> dict[str, Any]:
        said = super().arguments()
        return said | {"cause": Cause(said["cause"])}


class CorrectForm(CoarseForm, CausedForm):
    field_order = ["reason", "cause", "internal_reason", "radius_km"]


class AssignForm(ActForm):
    to = forms.ChoiceField(label="To", required=False)
    reason = _text("Reason", required=False, rows=2, hint="Kept in the claim's history.")

    def __init__(self, *args: Any, claim: Claim, **kwargs: Any) -> None:
        super().__init__(*args, claim=claim, **kwargs)
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            ("", "Nobody: whoever takes it"),
            *staff_choices(claim),
        ]
        self.initial.setdefault("to", claim.assignee.username if claim.assignee else "")

    def arguments(self) -> dict[str, Any]:
        name = self.cleaned_data["to"]
        person = (
            Person.objects.filter(username=name, memberships__desk=self.claim.desk_id).first()
            if name
            else None
        )
        return {"to": person, "reason": self.cleaned_data["reason"]}


class AskForm(ActForm):
    """A dimension, and the hour by which it is wanted."""

    dimension = forms.ChoiceField(
        label="Dimension", choices=[(word.value, label(word)) for word in IN_ORDER_OF_WORK]
    )
    due_date = forms.DateField(
        label="Wanted by",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write the date as 2022-10-04.", "required": "Say by which day."},
    )
    due_time = forms.TimeField(
        label="Time, UTC",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": "Write the time as 15:30.", "required": "Say by what time, in UTC."},
    )
    message = _text("Message", required=False, rows=2, hint="Kept in the claim's history.")

    def arguments(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "dimension": Dimension(said["dimension"]),
            "due_at": datetime.combine(said["due_date"], said["due_time"], tzinfo=UTC),
            "message": said["message"],
        }


class UnaskForm(ActForm):
    """Which dimension is no longer asked for."""

    dimension = forms.ChoiceField(
        label="Dimension",
        error_messages={"invalid_choice": "Nobody asks for this by an hour any more. Choose another."},
    )
    reason = _text("Reason", required=False, rows=2, hint="Kept in the claim's history, and told with it.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = [ask for entry in self.claim.queue_entries.open() for ask in entry.standing_asks]
        self.fields["dimension"].choices = [  # type: ignore[attr-defined]
            (ask.dimension, f"{label(ask.dimension)}, by {ask.due_at:%d %B, %H:%M} UTC") for ask in asked
        ]

    def arguments(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {"dimension": Dimension(said["dimension"]), "reason": said["reason"]}


class DuplicateForm(ReasonForm):
    of = forms.CharField(
        label="The other claim",
        max_length=40,
        help_text="Its reference, such as 2026-00042.",
        error_messages={"required": "Name the claim that this is a duplicate of."},
    )

    merge = forms.BooleanField(
        label="Merge: take this claim's media into the other one, where they are not checked yet",
        required=False,
    )

    field_order = ["of", "reason", "merge"]

    def clean_of(self) -> Claim:
        try:
            return claim_named(self.person, self.cleaned_data["of"].strip())
        except Missing as missing:
            raise forms.ValidationError("You know no claim of this reference.") from missing
