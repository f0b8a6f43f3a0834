"""The desk's numbers as a page: small plots, and the table that they are drawn from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from claims.dates import known_zones
from claims.errors import FieldError, InvalidInput
from verification.desk import plots
from verification.desk.frame import DeskRequest, page
from verification.domain.days import Days
from verification.services import numbers

_LABELS = {"from": "From", "to": "To", "timezone": "Time zone"}
_READY_MADE = (7, 28, 90, 365)
_A_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@page()
def desk_numbers(request: DeskRequest) -> HttpResponse:
    given = request.GET.dict()
    said = {name: value.strip() for name, value in given.items() if value.strip()}
    if said != given:  # what a form leaves empty is no part of the address
        return redirect(_address(said))
    now = timezone.now()
    context: dict[str, Any] = {"area": "numbers", "zones": sorted(known_zones()), "errors": []}
    try:
        if unknown := sorted(set(said) - numbers.PARAMETERS):
            raise InvalidInput([FieldError(name, "There is no such filter.", "unknown") for name in unknown])
        days = numbers.read_days(said, now=now)
    except InvalidInput as error:
        context["errors"] = [(_LABELS.get(one.pointer, one.pointer), one.detail) for one in error.errors]
        context["fields"] = {name: said.get(name, "") for name in ("from", "to", "timezone")}
    else:
        context |= _shown(numbers.numbers_of(request.desk, days, now=now))
    context["typed"] = [name for name in ("from", "to") if not _is_day(context["fields"][name])]
    context["ready_made"] = list(_ready_made(said, now))
    return render(request, "desk/numbers/page.html", context, status=400 if context["errors"] else 200)


def _shown(found: numbers.Numbers) -> dict[str, Any]:
    said = _said(found.days)
    table = f"{reverse('desk-numbers', args=[found.desk.slug])}?{urlencode({**said, 'format': 'csv'})}"
    return {
        "fields": said,
        "found": found,
        "starts": plots.say_day(found.days.first),
        "ends": plots.say_day(found.days.last),
        "is_running": found.as_of < found.days.end,
        "is_empty": plots.nothing_happened(found),
        "sections": [
            (title, [plots.draw(measure, found) for measure in measures])
            for title, measures in plots.SECTIONS
        ],
        "columns": [column.title for column in plots.COLUMNS],
        "rows": plots.table_of(found),
        "table": table,
    }


def _ready_made(said: dict[str, str], now: datetime) -> Iterator[tuple[str, str, bool]]:
    """Name, address and whether it is the one shown, of stretches that end today."""
    zone = said.get("timezone", "UTC")
    if zone not in known_zones():
        zone = "UTC"
    today = now.astimezone(ZoneInfo(zone)).date()
    for length in _READY_MADE:
        days = Days(today - timedelta(days=length - 1), today, zone)
        usual = {} if zone == "UTC" else {"timezone": zone}
        wanted = usual if length == numbers.USUAL_DAYS else _said(days)
        is_shown = said in (wanted, _said(days))
        yield f"Last {length} days", _address(wanted), is_shown


def _said(days: Days) -> dict[str, str]:
    return {"from": str(days.first), "to": str(days.last), "timezone": days.zone}


def _address(said: dict[str, str]) -> str:
    here = reverse("numbers")
    return f"{here}?{urlencode(said)}" if said else here


def _is_day(text: str) -> bool:
    """Whether a date field can show it; what it can't stays as it was typed, in a plain one."""
    try:
        return not text or bool(_A_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


urlpatterns = [path("numbers/", desk_numbers, name="numbers")]
