"""The queue: what waits for me and why in this order, what I hold, what others hold."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Exists, F, OuterRef, Prefetch, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from claims.errors import FieldError, InvalidInput, LeaseLost
from claims.models import Claim, MediaItem
from claims.vocabulary import MediaKind, Stage
from verification.desk.frame import DeskRequest, live, page
from verification.domain.transitions import EDITORS
from verification.models import HandOver, QueueEntry, Review
from verification.models.queue import QueueEntryQuerySet, reach_of
from verification.services import leases, queue, waiting

SHOWN = 50


@page()
def queue_page(request: DeskRequest) -> HttpResponse:
    shown = _shown(request)
    if request.role in EDITORS:
        awaiting = Claim.objects.visible_to(request.user).filter(
            desk=request.desk, stage=Stage.AWAITING_SIGNOFF
        )
        shown["awaiting"] = awaiting.count()
    return render(request, "desk/queue/page.html", shown)


@page()
def queue_live(request: DeskRequest) -> HttpResponse:
    return live(request, "desk/queue/entries.html", _shown(request))


@page(methods=("POST",))
def take_next(request: DeskRequest) -> HttpResponse:
    """Leases the best review and opens it; says plainly where there is none."""
    lease = queue.lease_next(request.user, _narrowing(request, request.POST))
    if lease is None:
        messages.info(request, "Nothing waits that you may take. What waits for others is listed below.")
        return redirect("queue")
    return redirect("claim", ref=lease.claim.ref)


@page(methods=("POST",))
def give_all_back(request: DeskRequest) -> HttpResponse:
    """Gives back everything that the person holds on this desk, as at the end of a shift."""
    number = len(leases.release_all(request.user, desks=[request.desk]))
    messages.info(
        request,
        f"{number} review{'' if number == 1 else 's'} given back. What you recorded in them is kept.",
    )
    return redirect("queue")


@page(methods=("POST",))
def take(request: DeskRequest, entry_id: uuid.UUID) -> HttpResponse:
    """Leases this very review and opens it; where another was faster, opens it to be read."""
    entry = queue.entry_of(request.user, entry_id)
    try:
        queue.lease_entry(entry, request.user)
    except LeaseLost as error:
        messages.error(request, error.detail)
    return redirect("claim", ref=entry.claim.ref)


def _narrowing(request: DeskRequest, params: Any) -> waiting.Narrowing:
    kind = params.get("kind", "")
    if kind and kind not in set(MediaKind):
        raise InvalidInput(FieldError("kind", f"Use one of: {', '.join(MediaKind)}.", "unknown_word"))
    return waiting.Narrowing(
        desk_id=request.desk.pk,
        language=params.get("language") or None,
        kind=MediaKind(kind) if kind else None,
    )


def _shown(request: DeskRequest) -> dict[str, Any]:
    person = request.user
    narrowing = _narrowing(request, request.GET)
    here = (
        QueueEntry.objects.filter(desk=request.desk)
        .select_related("claim__statement", "claim__source", "holder", "assignee", "need", "desk__policy")
        .prefetch_related(Prefetch("claim__media", MediaItem.objects.only("id", "claim_id", "kind", "state")))
    )
    held = here.held().order_by("lease_until")
    asked_in = Review.objects.filter(
        entry=OuterRef("pk"), reviewer=OuterRef("holder"), state=Review.OPEN, invitations__person=person
    )
    at_work = list(held.filter(Q(holder=person) | Exists(asked_in)))
    reach = reach_of(person)
    offered = _in_order(here, waiting.first_offered(person, narrowing, SHOWN + 1, reach=reach))
    not_mine = _in_order(here, waiting.first_not_offered(person, SHOWN + 1, desk=request.desk, reach=reach))
    return {
        "area": "queue",
        "kinds": list(MediaKind),
        "narrowing": narrowing,
        "query": request.GET.urlencode(),
        "summary": waiting.summary(person, desk=request.desk, reach=reach),
        "mine": [entry for entry in at_work if entry.holder_id == person.pk],
        "asked_in": [entry for entry in at_work if entry.holder_id != person.pk],
        "waiting": _first([(entry, waiting.why_next(entry, person)) for entry in offered]),
        "handed": _handed(here),
        "flagged": _first(here.open().exclude(flagged_at=None).order_by("flagged_at")[: SHOWN + 1])
        if request.role in EDITORS
        else None,
        "others": _first(held.exclude(pk__in=[entry.pk for entry in at_work])[: SHOWN + 1]),
        "not_mine": _first(zip(not_mine, waiting.why_none(not_mine, person, reach=reach), strict=True)),
        "now": timezone.now(),
    }


def _in_order(entries: QueueEntryQuerySet, keys: list[uuid.UUID]) -> list[QueueEntry]:
    """The entries of these keys, in the order of these."""
    found = entries.in_bulk(keys)
    return [found[key] for key in keys if key in found]


@dataclass(frozen=True)
class First:
    """The first rows of a list that may go on."""

    rows: Sequence[Any]
    goes_on: bool

    def __bool__(self) -> bool:
        return bool(self.rows)


def _first(rows: Iterable[Any]) -> First:
    """Of up to SHOWN + 1 rows, those that are shown."""
    read = list(rows)
    return First(read[:SHOWN], len(read) > SHOWN)


def _handed(entries: QueueEntryQuerySet) -> First:
    """What the last shift gave on and nobody has taken yet, what is to be called back soonest first."""
    latest = HandOver.objects.filter(entry=OuterRef("entry")).order_by("-at", "-id").values("pk")[:1]
    return _first(
        HandOver.objects.filter(entry__in=entries.free(), pk=Subquery(latest))
        .select_related("by", "to", "body", "entry__claim__statement")
        .order_by(F("call_back_at").asc(nulls_last=True), "at")[: SHOWN + 1]
    )


urlpatterns = [
    path("queue/", queue_page, name="queue"),
    path("queue/live/", queue_live, name="queue-live"),
    path("queue/give-back/", give_all_back, name="give-all-back"),
    path("queue/next/", take_next, name="next"),
    path("queue/<uuid:entry_id>/take/", take, name="take"),
]
