"""What somebody fills in to give a review on, or to ask a colleague in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms

from claims.models import Claim, Membership, Person
from claims.models.desks import STAFF

MAX_TEXT = 20_000
DATE = {"type": "date"}
TIME = {"type": "time"}


def staff_choices(claim: Claim, *, but: Person | None = None) -> list[tuple[str, str]]:
    """The people of the claim's desk by user name, as a choice shows them."""
    staff = Membership.objects.filter(desk=claim.desk_id, role__in=STAFF, person__is_active=True)
    return [
        (each.person.username, each.person.offered_as)
        for each in staff.select_related("person").order_by("person__username")
        if but is None or each.person_id != but.pk
    ]


class MomentForm(forms.Form):
    """A day and an hour in UTC, together or not at all."""

    date = forms.DateField(
        label="Date",
        required=False,
        widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
        error_messages={"invalid": "Write the date as 2022-10-04."},
    )
    time = forms.TimeField(
        label="Time, UTC",
        required=False,
        widget=forms.TimeInput(attrs=TIME, format="%H:%M"),
        error_messages={"invalid": "Write the time as 15:30."},
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if bool(said.get("date")) != (said.get("time") is not None) and not {"date", "time"} & set(
            self.errors
        ):
            missing = "time" if said.get("date") else "date"
            self.add_error(missing, f"Give a {missing} too, or leave both empty.")
        return said

    @property
    def moment(self) -> datetime | None:
        day, hour = self.cleaned_data["date"], self.cleaned_data["time"]
        return datetime.combine(day, hour, tzinfo=UTC) if day and hour is not None else None


class HandOverForm(MomentForm):
    """To whom, with what was tried and what is next."""

    to = forms.ChoiceField(label="To", required=False)
    tried = forms.CharField(
        label="What was tried",
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    next = forms.CharField(
        label="What is next",
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    field_order = ["to", "tried", "next", "date", "time"]

    def __init__(self, *args: Any, claim: Claim, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            ("", "The desk: whoever takes it"),
            *staff_choices(claim, but=person),
        ]
        self.fields["date"].label = "Call back on"


class InviteForm(forms.Form):
    person = forms.ChoiceField(label="Colleague", error_messages={"required": "Choose somebody."})

    def __init__(self, *args: Any, claim: Claim, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [  # type: ignore[attr-defined]
            ("", "Choose…"),
            *staff_choices(claim, but=person),
        ]
