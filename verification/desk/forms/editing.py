"""The form in which what is said of a claim is changed."""

from __future__ import annotations

from typing import Any

from django import forms

from claims.models import Claim
from claims.vocabulary import Priority
from verification.desk.forms.filing import ClaimForm

_DATE, _PLACE = {"date", "zone"}, {"place", "point", "radius", "precision"}


class EditForm(ClaimForm):
    """As it was filed; who claims it is not changed here. `revision` is the one that the person read."""

    source_name = None  # type: ignore[assignment]
    source_kind = None  # type: ignore[assignment]
    source_url = None  # type: ignore[assignment]
    revision = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, claim: Claim, data: Any = None) -> EditForm:
        """With what is said of the claim now."""
        date, place = claim.claimed_date or {}, claim.claimed_location or {}
        has_point = place.get("latitude") is not None
        radius_m = place.get("radius_m")
        return cls(
            data,
            initial={
                "revision": claim.revision,
                "statement": claim.statement.content or "",
                "language": claim.language,
                "priority": claim.priority,
                "tags": ", ".join(claim.tags),
                "skills": ", ".join(claim.skills),
                "topics": ", ".join(claim.topics),
                "date": date.get("edtf", ""),
                "zone": date.get("timezone") or "",
                "place": place.get("name", ""),
                "point": f"{place['latitude']}, {place['longitude']}" if has_point else "",
                "radius": f"{radius_m / 1000:g}" if radius_m is not None else "",
                "precision": place.get("precision") or "",
            },
        )

    def changes(self) -> dict[str, Any]:
        """What was changed, as the service takes it."""
        changed = set(self.changed_data)
        if self.cleaned_data["statement"] == self.initial["statement"].replace("\r\n", "\n"):
            changed.discard("statement")
        changes: dict[str, Any] = {
            name: self.cleaned_data[name]
            for name in ("statement", "language", "tags", "skills", "topics")
            if name in changed
        }
        if "priority" in changed:
            changes["priority"] = Priority(self.cleaned_data["priority"] or Priority.NORMAL)
        if changed & _DATE:
            changes["claimed_date"] = self.claimed_date
        if changed & _PLACE:
            changes["claimed_location"] = self.claimed_location
        return changes
