"""Acting on several claims of the board: what is asked for, a preview, what happened to each, and taking it back."""

from __future__ import annotations

import uuid

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import urlencode

from claims.errors import FieldError, InvalidInput, NotAllowed
from claims.models import Claim
from claims.models.claims import ClaimQuerySet
from verification.desk.bulk import BUTTON, progress_of
from verification.desk.forms import board as filters
from verification.desk.forms.bulk import FORMS
from verification.desk.frame import DeskRequest, page
from verification.domain.bulk import BulkAction, acts_of
from verification.models import BulkRun
from verification.services import bulk_runs, claim_lists
from verification.services.bulk import MAX_CLAIMS


@page(methods=("POST",))
def choose(request: DeskRequest) -> HttpResponse:
    """Asks what the act needs for the claims that were ticked; once that is told (`ready`), begins with the preview."""
    act = _act(request)
    names = _names(request)
    given = request.POST if "ready" in request.POST else None
    form = FORMS[act](given, desk=request.desk, person=request.user)
    if form.is_valid():
        ids = list(_mine(request).filter(ref__in=names).values_list("pk", flat=True))
        run = bulk_runs.begin(
            ids,
            actor=request.user,
            desk=request.desk,
            act=act,
            arguments=form.arguments(),
            board=urlencode(_filter(request)),
        )
        bulk_runs.go_on(run, actor=request.user)
        return redirect("bulk-run", run_id=run.pk)
    context = {
        "area": "board",
        "act": act,
        "title": BUTTON[act],
        "form": form,
        "names": " ".join(names),
        "number": len(names),
        "claims": _mine(request).filter(ref__in=names[:10]).select_related("statement").order_by("-pk"),
        "most": MAX_CLAIMS,
        "query": urlencode(_filter(request)),
        "back": filters.address(_filter(request)),
    }
    return render(request, "desk/board/bulk_form.html", context, status=422 if form.is_bound else 200)


@page()
def show(request: DeskRequest, run_id: uuid.UUID) -> HttpResponse:
    return _shown(request, _run(request, run_id))


@page(methods=("POST",))
def go_on(request: DeskRequest, run_id: uuid.UUID) -> HttpResponse:
    """Does the next part."""
    return _told(request, bulk_runs.go_on(_run(request, run_id), actor=request.user))


@page(methods=("POST",))
def confirm(request: DeskRequest, run_id: uuid.UUID) -> HttpResponse:
    run = bulk_runs.confirm(_run(request, run_id), actor=request.user)
    return _told(request, bulk_runs.go_on(run, actor=request.user))


@page(methods=("POST",))
def take_back(request: DeskRequest, run_id: uuid.UUID) -> HttpResponse:
    run = bulk_runs.take_back(_run(request, run_id), actor=request.user)
    return _told(request, bulk_runs.go_on(run, actor=request.user))


def _told(request: DeskRequest, run: BulkRun) -> HttpResponse:
    """To the page itself its part that changed, to a browser without scripts the page."""
    return _shown(request, run) if request.htmx else redirect("bulk-run", run_id=run.pk)


def _shown(request: DeskRequest, run: BulkRun) -> HttpResponse:
    number = request.GET.get("page", "1")
    progress = progress_of(
        run, viewer=request.user, page=int(number) if number.isdecimal() and len(number) < 5 else 1
    )
    template = "desk/board/bulk_progress.html" if request.htmx else "desk/board/bulk_run.html"
    back = filters.address(_read(run.board))
    return render(request, template, {"area": "board", "run": run, "progress": progress, "back": back})


def _run(request: DeskRequest, run_id: uuid.UUID) -> BulkRun:
    return bulk_runs.run_of(run_id, actor=request.user, desk=request.desk)


def _act(request: DeskRequest) -> BulkAction:
    """Which act was pressed. Raises InvalidInput, and NotAllowed where no claim would let the role do it."""
    said = request.POST.get("act", "")
    if said not in BUTTON:
        raise InvalidInput(FieldError("act", "Say what to do to the claims.", "unknown"))
    act = BulkAction(said)
    if act not in acts_of(request.role):
        raise NotAllowed("This is for another role than yours on this desk.")
    return act


def _names(request: DeskRequest) -> list[str]:
    """The refs of what was chosen: ticked, or all that the board's filters let pass, in the board's order."""
    if "everything" in request.POST:
        said = filters.read_filters(_filter(request))
        by = claim_lists.ordering(said)
        found = claim_lists.narrowed(_mine(request), said, request.user)
        order = (by, "-pk" if by.startswith("-") else "pk")
        names = list(found.order_by(*order).values_list("ref", flat=True)[:MAX_CLAIMS])
    else:
        ticked = [name for given in request.POST.getlist("claim") for name in given.split()]
        mine = set(_mine(request).filter(ref__in=ticked[: MAX_CLAIMS + 1]).values_list("ref", flat=True))
        names = [name for name in dict.fromkeys(ticked) if name in mine]
    if not names:
        raise InvalidInput(FieldError("claim", "Tick one or more claims on the board first.", "required"))
    return names


def _filter(request: DeskRequest) -> dict[str, str]:
    """The board's filter that the claims were chosen under."""
    return _read(request.POST.get("query", ""))


def _read(query: str) -> dict[str, str]:
    return {name: str(value) for name, value in QueryDict(query).dict().items() if name != "cursor"}


def _mine(request: DeskRequest) -> ClaimQuerySet:
    return Claim.objects.visible_to(request.user).filter(desk=request.desk)


urlpatterns = [
    path("claims/bulk/", choose, name="bulk"),
    path("claims/bulk/<uuid:run_id>/", show, name="bulk-run"),
    path("claims/bulk/<uuid:run_id>/go-on/", go_on, name="bulk-go-on"),
    path("claims/bulk/<uuid:run_id>/confirm/", confirm, name="bulk-confirm"),
    path("claims/bulk/<uuid:run_id>/undo/", take_back, name="bulk-undo"),
]
