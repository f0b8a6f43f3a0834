"""What templates write in the same way everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from claims.dates import ClaimedDate, say_date, say_utc
from claims.vocabulary import Dimension
from verification.checks import registry
from verification.desk import audit_words, words
from verification.domain.wording import say_distance, say_hour, say_moment
from verification.models import CheckRun

register = template.Library()


@register.filter
def label(word: str | None) -> str:
    """A word of the vocabulary, written out."""
    return words.label(str(word)) if word else ""


@register.filter
def did(action: str) -> str:
    """What was done to a claim, from the word of the audit."""
    return audit_words.did(action)


@register.filter
def alike_said(why: str) -> str:
    """Why a claim may be a duplicate."""
    return words.ALIKE[why]


@register.filter
def when(moment: datetime | str | None) -> SafeString | str:
    """A moment in UTC, marked as a time."""
    if not moment:
        return ""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    at = moment.astimezone(UTC)
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), say_utc(at))


@register.filter
def hour(moment: datetime) -> str:
    """An hour in UTC that is soon, with its day where that is another than today."""
    return say_hour(moment, now=timezone.now())


@register.filter
def countdown(moment: datetime) -> SafeString:
    """Until when something lasts; where scripts run, how much of it is left."""
    at = moment.isoformat(timespec="seconds")
    return format_html('<time data-countdown datetime="{}">until {}</time>', at, hour(moment))


@register.filter
def clock(local: datetime) -> str:
    """A moment as the clocks that it is given by showed it: "06:21 on 4 October 2022"."""
    return say_moment(local)


@register.filter
def day(claimed: Mapping[str, Any] | None) -> str:
    """A claimed or established date as people say it."""
    return say_date(ClaimedDate.from_json(claimed)) if claimed else ""


@register.filter
def distance(metres: float | None) -> str:
    """A distance in metres or km."""
    return say_distance(metres) if metres is not None else ""


@register.filter
def meaning(dimension: Dimension) -> str:
    """What a dimension asks."""
    return words.DIMENSION_MEANING[dimension]


@register.filter
def data(value: Any) -> str:
    """A finding's value as it is: text plainly, anything structured as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def bytes_said(size: int) -> str:
    """A size in units of 1,000."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size = size / 1000  # type: ignore[assignment]
    return f"{size:.1f} GB"


@register.filter
def is_stale(run: CheckRun) -> bool:
    """Whether a check's run is of an earlier version."""
    return registry.is_stale(run.check_slug, run.version)


@register.filter
def cannot_know(slug: str) -> str:
    """What nobody may conclude from a check's findings; nothing of one that is no longer there."""
    return next((check.cannot_know for check in registry.all_checks() if check.slug == slug), "")


@register.inclusion_tag("desk/parts/chip.html")
def chip(dimension: str, status: str, counts: Mapping[str, int] | None = None) -> dict[str, Any]:
    """A dimension with its status: by word, sign and colour."""
    several = sum((counts or {}).values()) > 1
    spread = ", ".join(f"{number} {words.label(word).lower()}" for word, number in (counts or {}).items())
    return {
        "dimension": dimension,
        "status": status,
        "spread": spread if several else "",
        "meaning": words.STATUS_MEANING.get(status, ""),  # type: ignore[call-overload]
    }


@register.inclusion_tag("desk/parts/stage.html")
def stage(claim: Any, under_review: bool = False) -> dict[str, Any]:
    """A claim's stage; what is published and looked at again says so."""
    return {"stage": claim.stage, "under_review": under_review and claim.stage in {"published", "held"}}


@register.inclusion_tag("desk/parts/errors.html")
def errors(form: Any, name: str = "") -> dict[str, Any]:
    """What is wrong with a field, or with the form as a whole."""
    field = form[name].auto_id if name else ""
    return {"errors": form.errors.get(name or "__all__", ()), "name": field}
