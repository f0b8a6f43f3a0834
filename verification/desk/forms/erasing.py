"""What an admin fills in to erase something for good, or to place a legal hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from claims.models import Claim, MediaItem
from verification.desk.forms.signoff import MAX_TEXT
from verification.models import Evidence, HandOver, Note
from verification.services.sayings import Saying

MAX_GROUND = 200


@dataclass(frozen=True)
class Erasable:
    """One thing that can be erased, and what goes with it."""

    value: str
    title: str
    means: str
    subject: Claim | MediaItem | Note | HandOver | Evidence | Saying


class EraseForm(forms.Form):
    """What, why, on which legal ground; the claim's ref typed out, for it can't be undone."""

    target = forms.ChoiceField(
        widget=forms.RadioSelect, error_messages={"required": "Choose what is to be erased."}
    )
    legal_ground = forms.CharField(
        label="Legal ground",
        max_length=MAX_GROUND,
        help_text="Such as: order of the court of 3 March, file number; or: request under Article 17 GDPR.",
        error_messages={"required": "Name the ground: nothing is erased without one."},
    )
    reason = forms.CharField(
        label="Reason",
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For colleagues, kept apart from the audit. Don't repeat in it what is erased.",
        error_messages={"required": "Say why."},
    )
    confirm = forms.CharField(max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, claim: Claim, offered: Sequence[Erasable], data: Any = None) -> None:
        super().__init__(data, auto_id="erase-%s")
        self.claim = claim
        self.offered = {one.value: one for one in offered}
        self.fields["target"].choices = [(one.value, one.title) for one in offered]  # type: ignore[attr-defined]
        self.fields["confirm"].label = f"Type {claim.ref} to confirm"
        self.fields["confirm"].error_messages["required"] = self._unconfirmed

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"]
        if typed.strip() != self.claim.ref:
            raise forms.ValidationError(self._unconfirmed)
        return typed

    @property
    def _unconfirmed(self) -> str:
        return f"Type {self.claim.ref} as it is written here. Nothing was erased."


class HoldForm(forms.Form):
    """Why nothing of the claim may be erased for now."""

    reason = forms.CharField(
        label="Why it must be kept",
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why."},
    )
