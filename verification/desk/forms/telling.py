"""How somebody wants to be told outside the pages. Rules are the service's."""

from __future__ import annotations

from typing import Any

from django import forms

from claims.dates import known_zones
from claims.errors import InvalidInput
from claims.vocabulary import Pace
from verification.models import TellingWishes

PACES = [(Pace.OFF, "Not at all"), (Pace.AT_ONCE, "At once"), (Pace.DIGEST, "Once a day")]
HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


class ClockInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class TellingForm(forms.Form):
    email = forms.ChoiceField(label="E-mail", choices=PACES)
    email_address = forms.CharField(label="To", max_length=254, required=False)
    webhook = forms.ChoiceField(label="Slack, Teams or Mattermost", choices=PACES)
    webhook_url = forms.CharField(label="Incoming webhook", max_length=2000, required=False)
    digest_hour = forms.TypedChoiceField(label="Once a day at", choices=HOURS, coerce=int)
    quiet_from = forms.TimeField(label="Quiet from", required=False, widget=ClockInput)
    quiet_to = forms.TimeField(label="until", required=False, widget=ClockInput)
    time_zone = forms.ChoiceField(
        label="By the clocks of", choices=lambda: [(z, z) for z in sorted(known_zones())]
    )

    @staticmethod
    def filled_from(wishes: TellingWishes) -> dict[str, Any]:
        return {name: getattr(wishes, name) for name in TellingForm.base_fields}

    def wanted(self) -> dict[str, Any]:
        """What is wanted by now, in the service's words."""
        said = self.cleaned_data
        return {**said, "email": Pace(said["email"]), "webhook": Pace(said["webhook"])}

    def refuse(self, error: InvalidInput) -> None:
        """Shows what the service found wrong at the form's fields."""
        for one in error.errors:
            self.add_error(one.pointer.removeprefix("/"), one.detail)
