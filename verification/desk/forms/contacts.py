"""What somebody fills in of a contact with an uploader, and of a permission. Rules are the services'."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms

from claims.errors import InvalidInput
from claims.intake import MAX_TEXT
from claims.models import MediaItem
from claims.vocabulary import ContactChannel, Permission
from verification.desk.words import label
from verification.services.contacts import Said
from verification.services.permissions import MAX_TERM, Terms

CHANNELS = [(channel.value, label(channel)) for channel in ContactChannel]
OUTCOMES = [
    ("", "Nothing is decided yet"),
    (Permission.GRANTED.value, "They allow it"),
    (Permission.EMBED_ONLY.value, "They allow embedding only"),
    (Permission.REFUSED.value, "They refuse"),
]
PERMISSIONS = [(word.value, label(word)) for word in Permission if word != Permission.ASKED]


class MomentField(forms.DateTimeField):
    """A day and hour in UTC."""

    def __init__(self, label: str, hint: str = "") -> None:
        super().__init__(
            label=label,
            required=False,
            help_text=hint,
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            error_messages={"invalid": "Write day and hour as 2022-10-04T15:30."},
        )


class ContactForm(forms.Form):
    """A form of the page, whose fields are called as the service calls what it takes."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.label_suffix = ""

    def refuse(self, error: InvalidInput) -> None:
        """Shows what the service found wrong at the form's fields."""
        for one in error.errors:
            name = one.pointer.strip("/")
            self.add_error(name if name in self.fields else None, one.detail)


def _words(title: str, *, rows: int = 3, required: bool = False, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=title,
        required=required,
        max_length=MAX_TEXT,
        help_text=hint,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": "Write down what was said."},
    )


def _term(title: str, hint: str = "") -> forms.CharField:
    return forms.CharField(label=title, required=False, max_length=MAX_TERM, help_text=hint)


class SaidForm(ContactForm):
    text = _words("What was asked", required=True)
    channel = forms.ChoiceField(label="By", choices=CHANNELS)
    at = MomentField("When, UTC", "Empty: just now.")
    call_again_at = MomentField("Ask again at, UTC", "Optional. Who opened the contact is told then.")

    def said(self) -> Said:
        given = self.cleaned_data
        return Said(
            text=given["text"],
            channel=ContactChannel(given["channel"]),
            at=given["at"],
            call_again_at=given["call_again_at"],
        )


class AskForm(SaidForm):
    account = forms.CharField(label="Whom (account, address or number)", required=False, max_length=300)
    platform = forms.CharField(
        label="Platform",
        required=False,
        max_length=100,
        help_text="Such as x.com or Telegram. Empty: where it was posted.",
    )
    for_permission = forms.BooleanField(required=False, initial=True)


class TermsForm(ContactForm):
    scope = _term("For which uses", "Such as: editorial, online and broadcast.")
    territory = _term("Where", "Such as: worldwide.")
    until = MomentField("Until, UTC", "Empty: no end is agreed.")
    credit = _term("Credit line", "Printed as it stands here.")
    rights_holder = _term("Rights holder")
    proof = _words("Proof", rows=2, hint="Where it can be seen: a link, a file's place, who heard it.")

    def terms(self, permission: Permission) -> Terms:
        given = {name: self.cleaned_data[name] for name in TermsForm.base_fields}
        return Terms(permission, reason=self.cleaned_data.get("reason", ""), **given)

    @staticmethod
    def named(item: MediaItem) -> dict[str, Any]:
        """Whom the item names already."""
        return {"credit": item.credit, "rights_holder": item.rights_holder}


class AnswerForm(TermsForm, SaidForm):
    permission = forms.ChoiceField(label="What comes of it", choices=OUTCOMES, required=False)
    covers = forms.MultipleChoiceField(
        label="It goes for these items too", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, others: Sequence[tuple[str, str]], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["text"].label = "What they answered"
        if others:
            self.fields["covers"].choices = others  # type: ignore[attr-defined]
        else:
            del self.fields["covers"]

    def decided(self) -> Terms | None:
        """The terms, where the answer decides something."""
        word = self.cleaned_data["permission"]
        return self.terms(Permission(word)) if word else None

    def covered(self) -> list[uuid.UUID]:
        return [uuid.UUID(one) for one in self.cleaned_data.get("covers", ())]


class PermissionForm(TermsForm):
    permission = forms.ChoiceField(label="Permission", choices=PERMISSIONS)
    reason = _words("Why", rows=2, hint="Only for the desk.")

    @staticmethod
    def filled_from(item: MediaItem) -> dict[str, Any]:
        return {
            **TermsForm.named(item),
            "permission": item.permission,
            "scope": item.permission_scope,
            "territory": item.permission_territory,
            "until": item.permission_until,
        }


class CloseForm(ContactForm):
    reason = _words("Why", rows=2)
