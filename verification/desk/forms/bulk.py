"""What an act on several claims needs to be told besides the claims."""

from __future__ import annotations

from typing import Any

from django import forms

from claims.errors import Missing
from claims.intake import MAX_TAG, MAX_TAGS, MAX_TEXT
from claims.models import Desk, Membership, Person
from claims.models.desks import STAFF
from claims.vocabulary import Priority
from verification.desk.words import label
from verification.domain.bulk import BulkAction
from verification.services.bulk import Arguments
from verification.services.reading import claim_named


class BulkForm(forms.Form):
    """Base of all of them. `person` is who acts, on `desk`."""

    def __init__(self, *args: Any, desk: Desk, person: Person, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.desk, self.person = desk, person
        self.prepare()
        next(iter(self.fields.values())).widget.attrs["autofocus"] = True

    def prepare(self) -> None:
        """Fills choices that depend on the desk."""

    def arguments(self) -> Arguments:
        """What was filled in, as the service takes it."""
        return Arguments(**self.cleaned_data)


def _reason(*, required: bool) -> forms.CharField:
    return forms.CharField(
        label="Why" if required else "Why (if it needs saying)",
        required=required,
        max_length=MAX_TEXT,
        help_text="Kept with each claim.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why."},
    )


class AssignForm(BulkForm):
    to = forms.ChoiceField(label="Whose they are", required=False)
    reason = _reason(required=False)

    def prepare(self) -> None:
        staff = Membership.objects.filter(desk=self.desk, role__in=STAFF, person__is_active=True)
        people = [each.person for each in staff.select_related("person").order_by("person__username")]
        self.fields["to"] = forms.ChoiceField(
            label="Whose they are",
            required=False,
            choices=[
                ("", "Nobody's in particular"),
                *((each.username, each.offered_as) for each in people),
            ],
        )

    def clean_to(self) -> str | None:
        return self.cleaned_data["to"] or None


class PrioritiseForm(BulkForm):
    priority = forms.TypedChoiceField(
        label="Priority",
        choices=[(word.value, label(word)) for word in Priority],
        initial=Priority.NORMAL.value,
        coerce=Priority,
    )


class TagForm(BulkForm):
    add_tags = forms.CharField(label="Tags to add", required=False, help_text="With commas between them.")
    remove_tags = forms.CharField(label="Tags to take away", required=False, help_text="With commas between them.")  # fmt: skip

    def clean_add_tags(self) -> list[str]:
        return _tags(self.cleaned_data["add_tags"])

    def clean_remove_tags(self) -> list[str]:
        return _tags(self.cleaned_data["remove_tags"])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not self.errors and not (said["add_tags"] or said["remove_tags"]):
            self.add_error("add_tags", "Name a tag to add, or one to take away.")
        return said


class DropForm(BulkForm):
    reason = _reason(required=True)


class DuplicateForm(BulkForm):
    of = forms.CharField(
        label="The same as",
        max_length=40,
        help_text="The reference of the claim that stays, such as 2022-00042.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
        error_messages={"required": "Name the claim that these are the same as."},
    )
    reason = _reason(required=True)

    def clean_of(self) -> Any:
        try:
            return claim_named(self.person, self.cleaned_data["of"].strip())
        except Missing as missing:
            raise forms.ValidationError("You know no claim of this reference.") from missing


FORMS: dict[BulkAction, type[BulkForm]] = {
    BulkAction.ASSIGN: AssignForm,
    BulkAction.PRIORITISE: PrioritiseForm,
    BulkAction.TAG: TagForm,
    BulkAction.DROP: DropForm,
    BulkAction.DUPLICATE: DuplicateForm,
}


def _tags(text: str) -> list[str]:
    tags = list(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))
    if len(tags) > MAX_TAGS:
        raise forms.ValidationError(f"At most {MAX_TAGS} tags at once.")
    if too_long := next((tag for tag in tags if len(tag) > MAX_TAG), None):
        raise forms.ValidationError(
            f"\u201c{too_long[:20]}\u2026\u201d is too long: a tag has at most {MAX_TAG} characters."
        )
    return tags
