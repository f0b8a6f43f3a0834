"""The numbers of a desk, as JSON or as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypedDict

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, caller
from claims.api.rendering import JSONRenderer
from claims.api.schema import schema_of
from claims.api.tables import CSVRenderer, csv_of
from claims.errors import FieldError, InvalidInput
from claims.vocabulary import Scope
from verification.services import numbers
from verification.services.numbers import DayFigures, Figures
from verification.services.reading import desk_named

NumbersShape = TypedDict(
    "NumbersShape",
    {
        "desk": str,
        "from": str,
        "to": str,
        "timezone": str,
        "as_of": datetime,
        "days": list[DayFigures],
        "total": Figures,
    },
)

COLUMNS = ("day", *Figures.__annotations__)


class DeskNumbers(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}
    filters = numbers.PARAMETERS | {"format"}
    renderer_classes = [JSONRenderer, CSVRenderer]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        try:
            return super().perform_content_negotiation(request, force)
        except Http404 as error:
            raise InvalidInput(FieldError("format", "Use json or csv.", "unknown_word")) from error

    @extend_schema(
        operation_id="read_desk_numbers",
        parameters=[
            OpenApiParameter("from", date, description="The first day; 28 days in all without it."),
            OpenApiParameter("to", date, description="The last day, counted too; today without it."),
            OpenApiParameter("timezone", str, default="UTC", description="Whose midnights part the days: IANA name."),
            OpenApiParameter("format", str, enum=["json", "csv"], description="As good as `Accept`."),
        ],
        responses={
            (200, "application/json"): schema_of(NumbersShape),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )  # fmt: skip
    def get(self, request: Request, slug: str) -> Response:
        """What came to the desk and left it, day by day, how long it took, and what waits. At most 366 days.

        Times are whole seconds; medians and 90th percentiles are by nearest rank, null (empty in CSV) where nothing
        was counted. `total` is of all days together; its backlog is that of the end. CSV holds the days.
        """
        desk = desk_named(caller(request), slug)
        now = timezone.now()
        found = numbers.numbers_of(desk, numbers.read_days(request.query_params.dict(), now=now), now=now)
        if request.accepted_renderer.format == CSVRenderer.format:
            name = f"numbers-{desk.slug}-{found.days.first}-{found.days.last}.csv"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(csv_of(found.by_day, COLUMNS), headers=headers)  # type: ignore[arg-type]
        return Response(
            {
                "desk": desk.slug,
                "from": str(found.days.first),
                "to": str(found.days.last),
                "timezone": found.days.zone,
                "as_of": found.as_of,
                "days": found.by_day,
                "total": found.total,
            }
        )
