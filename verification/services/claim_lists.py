"""What a list of claims may be narrowed by."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q

from claims.api.base import read_time
from claims.errors import FieldError, InvalidInput
from claims.models import Person
from claims.models.claims import ClaimQuerySet
from claims.vocabulary import Dimension, Priority, Stage, Stance, Status
from verification.models import DimensionStatus, FindingRow, QueueEntry
from verification.models.veil import veiled_from

Narrow = Callable[[ClaimQuerySet, str, Person], ClaimQuerySet]

ORDERINGS = {
    "-updated_at": "-updated_at",
    "updated_at": "updated_at",
    "-created_at": "-created_at",
    "created_at": "created_at",
}


def narrowed(rows: ClaimQuerySet, params: Mapping[str, str], viewer: Person) -> ClaimQuerySet:
    """The rows that all filters let pass, by what the viewer may know. Raises InvalidInput naming the filter."""
    for name, value in params.items():
        narrow = FILTERS.get(name)
        if narrow is not None:
            if "\x00" in value:
                raise InvalidInput(FieldError(name, "Text can't hold the character U+0000.", "nul"))
            rows = narrow(rows, value, viewer)
    return rows


def ordering(params: Mapping[str, str]) -> str:
    given = params.get("ordering", "-updated_at")
    if given not in ORDERINGS:
        raise InvalidInput(FieldError("ordering", f"Use one of: {', '.join(ORDERINGS)}.", "unknown_word"))
    return ORDERINGS[given]


def words(name: str, value: str, known: type[StrEnum]) -> list[str]:
    """A comma list of words of the vocabulary; comma = or."""
    given = value.split(",")
    if unknown := [word for word in given if word not in known._value2member_map_]:
        raise InvalidInput(
            FieldError(
                name, f"'{unknown[0]}' is none of: {', '.join(word.value for word in known)}.", "unknown_word"
            )
        )
    return given


def box(name: str, value: str) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees."""
    try:
        west, south, east, north = (float(part) for part in value.split(","))
    except ValueError:
        west, south, east, north = 0.0, 1.0, 0.0, -1.0
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidInput(
            FieldError(name, "Give west,south,east,north in degrees, such as 30,45,40,52.", "bbox")
        )
    return west, south, east, north


def _by_dimension(dimension: Dimension) -> Narrow:
    def narrow(rows: ClaimQuerySet, value: str, viewer: Person) -> ClaimQuerySet:
        wanted = words(dimension.value, value, Status)
        found = DimensionStatus.objects.visible_to(viewer).filter(
            claim=OuterRef("pk"), dimension=dimension.value, status__in=wanted
        )
        if Status.NOT_CHECKED in wanted:
            return rows.filter(Exists(found) | veiled_from(viewer))
        return rows.filter(Exists(found))

    return narrow


def _in_box(rows: ClaimQuerySet, value: str, _: Person) -> ClaimQuerySet:
    west, south, east, north = box("bbox", value)
    across = Q(longitude__gte=west, longitude__lte=east)
    if west > east:
        across = Q(longitude__gte=west) | Q(longitude__lte=east)
    return rows.filter(across, latitude__gte=south, latitude__lte=north)


def _with_contradiction(rows: ClaimQuerySet, value: str, viewer: Person) -> ClaimQuerySet:
    if value not in {"true", "false"}:
        raise InvalidInput(FieldError("has_contradiction", "Use true or false.", "boolean"))
    found = Exists(
        FindingRow.objects.current().filter(run__media__claim=OuterRef("pk"), stance=Stance.CONTRADICTS.value)
    ) | Exists(
        DimensionStatus.objects.visible_to(viewer).filter(
            claim=OuterRef("pk"), status=Status.CONTRADICTED.value
        )
    )
    return rows.filter(found) if value == "true" else rows.exclude(found)


def _due_before(rows: ClaimQuerySet, value: str, _: Person) -> ClaimQuerySet:
    due = QueueEntry.objects.open().filter(claim=OuterRef("pk"), due_at__lt=read_time("due_before", value))
    return rows.filter(Exists(due))


def _source(rows: ClaimQuerySet, value: str, viewer: Person) -> ClaimQuerySet:
    """A dimension and a filter share this name: status words mean the dimension, anything else the source."""
    if set(value.split(",")) <= {status.value for status in Status}:
        return _by_dimension(Dimension.SOURCE)(rows, value, viewer)
    try:
        return rows.filter(source_id=uuid.UUID(value))
    except ValueError:
        return rows.filter(source__confidential=False, source__name__icontains=value)


# An open end reaches for ever: "2023-01-01/.." may still be meant next year.
_OPEN_END = Q(claimed_not_before__isnull=False, claimed_not_after=None)
_OPEN_BEGINNING = Q(claimed_not_before=None, claimed_not_after__isnull=False)

FILTERS: dict[str, Narrow] = {
    "q": lambda rows, value, _: rows.filter(Q(statement__content__icontains=value) | Q(ref=value)),
    "stage": lambda rows, value, _: rows.filter(stage__in=words("stage", value, Stage)),
    "desk": lambda rows, value, _: rows.filter(desk__slug=value),
    "source": _source,
    "tag": lambda rows, value, _: rows.filter(tags__icontains=json.dumps(value, ensure_ascii=False)),
    "language": lambda rows, value, _: rows.filter(language__in=value.split(",")),
    "priority": lambda rows, value, _: rows.filter(priority__in=words("priority", value, Priority)),
    "assignee": lambda rows, value, _: rows.filter(assignee__username=value),
    "has_contradiction": _with_contradiction,
    "due_before": _due_before,
    "claimed_after": lambda rows, value, _: rows.filter(
        Q(claimed_not_after__gte=read_time("claimed_after", value)) | _OPEN_END
    ),
    "claimed_before": lambda rows, value, _: rows.filter(
        Q(claimed_not_before__lte=read_time("claimed_before", value)) | _OPEN_BEGINNING
    ),
    "bbox": _in_box,
    "updated_after": lambda rows, value, _: rows.filter(updated_at__gt=read_time("updated_after", value)),
    **{each.value: _by_dimension(each) for each in Dimension if each is not Dimension.SOURCE},
}
NAMES = frozenset({*FILTERS, "ordering"})
