"""A claim's public page: what outsiders may read of it, in the house's name."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from claims.api.base import read_time
from claims.api.statuses import status_of
from claims.errors import Gone, InvalidInput, Missing
from claims.models import Claim
from claims.published import Step, history_of, may_read, publication_of, read_version
from claims.vocabulary import PubStatus
from verification.desk.faces import Altered, altered, face_from, item_names
from verification.desk.frame import live


@require_safe
@cache_control(private=True, no_cache=True)
def published(request: HttpRequest, claim_id: uuid.UUID) -> HttpResponse:
    """The latest publication; by `version`, or `as_of` a time. 410 with the notice once withdrawn."""
    if not may_read(request.user):
        return redirect_to_login(request.get_full_path())
    try:
        asked = request.GET
        publication = publication_of(
            claim_id,
            version=read_version(asked["version"]) if asked.get("version") else None,
            as_of=read_time("as_of", asked["as_of"]) if asked.get("as_of") else None,
        )
    except Gone as gone:
        around = _around(request, claim_id, gone.notice["version"])
        return render(request, "desk/published/gone.html", {**around, "notice": gone.notice}, status=410)
    except (Missing, InvalidInput) as error:
        return render(request, "desk/published/missing.html", {"error": error}, status=status_of(error))
    said = publication.rendered or {}
    face = face_from(said) if publication.pubstatus == PubStatus.USABLE else None
    around = _around(request, claim_id, publication.version)
    context = {
        **around,
        "said": said,
        "face": face,
        "title": (said["headline"] or said["statement"]) if face else "Withheld",
        "copyable": around["later"] is None,
    }
    return live(request, "desk/published/page.html", context)


def _around(request: HttpRequest, claim_id: uuid.UUID, version: int) -> dict[str, Any]:
    """The house, the history, and what came after the version that is shown."""
    steps = history_of(claim_id)
    latest = steps[0]
    house = next((step.rendered["house"] for step in steps if step.rendered), "")
    return {
        "house": house,
        "house_title": house[:1].upper() + house[1:],
        "history": with_words(steps),
        "version": version,
        "later": latest if latest.version != version else None,
        "inside_ref": _inside_ref(request, claim_id),
        "public_read": settings.PUBLIC_READ,
    }


def with_words(steps: list[Step]) -> list[tuple[Step, list[Altered]]]:
    """Each step with what it changed, in words."""
    media: list[dict[str, Any]] = next(
        (step.rendered["media"] for step in steps if step.rendered and step.rendered["media"]), []
    )
    names = item_names(media)
    return [(step, altered(step.alterations, names)) for step in steps]


def _inside_ref(request: HttpRequest, claim_id: uuid.UUID) -> str | None:
    """The claim's ref for those whose desk it is: the way back inside."""
    if not request.user.is_authenticated:
        return None
    return Claim.objects.visible_to(request.user).filter(pk=claim_id).values_list("ref", flat=True).first()


urlpatterns = [
    path("published/<uuid:claim_id>/", published, name="published"),
]
