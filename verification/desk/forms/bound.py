"""The small form by which a person adds a bound of their own to a media item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from claims.errors import FieldError, InvalidInput
from claims.intake import MAX_TEXT
from verification.desk.forms.values import read_date
from verification.domain.evidence import EvidenceKind
from verification.domain.findings import Side
from verification.services.evidence import NewEvidence


@dataclass(frozen=True)
class TypedBound:
    """What was typed and refused, and why, by field."""

    said: Mapping[str, object]
    errors: Mapping[str, Sequence[str]]


def refused_bound(data: QueryDict, error: InvalidInput) -> TypedBound:
    """What was typed, to be shown again with what is wrong with it."""
    errors: dict[str, list[str]] = {}
    for one in error.errors:
        # A date that can't be read is refused as a whole.
        errors.setdefault(one.pointer.removeprefix("/") or "date", []).append(one.detail)
    return TypedBound(data.dict(), errors)


def read_bound(data: QueryDict) -> NewEvidence:
    """What was typed. Raises InvalidInput with what is missing or can't be read."""
    kind, side, reason = data.get("kind", ""), data.get("side", ""), data.get("reason", "").strip()
    if kind not in set(EvidenceKind):
        raise InvalidInput(FieldError("/kind", "Choose what you go by.", "unknown_word"))
    if side not in set(Side):
        raise InvalidInput(FieldError("/side", "Choose not before or not after.", "unknown_word"))
    if len(reason) > MAX_TEXT:
        raise InvalidInput(FieldError("/reason", f"Keep it within {MAX_TEXT:,} characters.", "too_long"))
    return NewEvidence(
        kind=EvidenceKind(kind),
        side=Side(side),
        date=read_date(edtf=data.get("date", ""), zone=""),
        reason=reason,
        hard=data.get("hard") == "yes",
    )
