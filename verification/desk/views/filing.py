"""Filing a claim: paste first, then what is claimed of when and where, with what is here already shown before."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from claims.dates import known_zones
from claims.errors import InvalidInput, Missing, StetError
from claims.models import Asset, Claim, Source
from verification.desk.forms.filing import (
    MAX_PASTE,
    MAX_ROWS,
    Filing,
    MediaForm,
    Traces,
    Upload,
    WhenAndWhere,
)
from verification.desk.frame import DeskRequest, page
from verification.desk.readings import EDTF_EXAMPLES
from verification.services import submissions
from verification.services.duplicates import Candidate, find_duplicates

KNOWN_SOURCES = 200
_ROW_PREFIXES = {f"m{number}" for number in range(MAX_ROWS)}


@page(methods=("GET", "POST"))
def file_page(request: DeskRequest) -> HttpResponse:
    if request.method == "POST":
        return _sent(request)
    if "paste" not in request.GET:
        return render(request, "desk/filing/start.html", {"area": "file", "max_paste": MAX_PASTE})
    filing = Filing.begun(request.GET["paste"])
    links = [row.initial.get("url", "") for row in filing.rows]
    matches = _matches(request, Traces.of(filing.claim.initial["statement"], links))
    return _shown(request, filing, matches)


def _sent(request: DeskRequest) -> HttpResponse:
    # Before any transaction opens: what is uploaded may be large, and others wait for the database.
    filing = Filing.sent(request.POST, request.FILES, request.user)
    matches = _matches(
        request,
        Traces.of(filing.claim["statement"].value() or "", [row["url"].value() for row in filing.links]),
        [upload.captured.stored.sha256 for _, upload in filing.uploads],
    )
    if "add" in request.POST:
        filing = filing.unchecked()
        filing.grow()
        return _shown(request, filing, matches)
    if not filing.is_valid:
        return _shown(request, filing, matches, status=422)
    if {str(match.claim.pk) for match in matches} - set(request.POST.getlist("seen")):
        return _shown(request, filing, matches, asked=True)
    draft = request.POST.get("as") == "draft"
    try:
        claim = submissions.file_claim(
            filing.new_claim(request.desk, draft=draft), desk=request.desk, actor=request.user
        ).claim
    except InvalidInput as error:
        filing.claim.add_error(None, [one.detail for one in error.errors])
        return _shown(request, filing, matches, status=422)
    _add_uploads(request, claim, filing.uploads)
    said = f"Kept {claim.ref} as a draft." if draft else f"Filed as {claim.ref}. It waits in the queue."
    messages.success(request, said)
    return redirect("claim", ref=claim.ref)


def _add_uploads(request: DeskRequest, claim: Claim, uploads: Sequence[tuple[MediaForm, Upload]]) -> None:
    """Adds the files to the claim that is filed now; what can't be added is said, and the claim stays."""
    for row, upload in uploads:
        try:
            submissions.add_media(claim, actor=request.user, new=row.new_media(), uploaded=upload.captured)
        except StetError as error:
            messages.error(
                request, f"The claim is filed, but {upload.name} was not added: {error.detail} Add it here."
            )


def _shown(
    request: DeskRequest,
    filing: Filing,
    matches: Sequence[Candidate],
    *,
    asked: bool = False,
    status: int = 200,
) -> HttpResponse:
    names = (
        Source.objects.filter(desk=request.desk, confidential=False)
        .order_by("name")
        .values_list("name", flat=True)
        .distinct()[:KNOWN_SOURCES]
    )
    context = {
        "area": "file",
        "filing": filing,
        "form": filing.claim,
        "matches": matches,
        "asked": asked,
        "sources": names,
        "zones": sorted(known_zones()),
        "examples": EDTF_EXAMPLES,
        "max_rows": MAX_ROWS,
    }
    return render(request, "desk/filing/form.html", context, status=status)


@page()
def check(request: DeskRequest, what: str) -> HttpResponse:
    """What a date or a place is read as, while it is typed."""
    prefix = request.GET.get("of", "")
    if prefix and prefix not in _ROW_PREFIXES:
        raise Missing("There is no such part of the form.")
    form = WhenAndWhere(request.GET, prefix=prefix or None)
    form.is_valid()
    return render(request, f"desk/filing/{what}_said.html", {"form": form})


@page(methods=("POST",))
def already_here(request: DeskRequest) -> HttpResponse:
    """The claims that look like what is typed so far. Changes nothing; a POST because a statement may be long."""
    links = [
        value for name, value in request.POST.items() if name.endswith("-url") and isinstance(value, str)
    ]
    found = _matches(request, Traces.of(request.POST.get("statement", ""), links[:MAX_ROWS]))
    return render(request, "desk/filing/matches.html", {"matches": found})


def _matches(request: DeskRequest, traces: Traces, digests: Collection[str] = ()) -> list[Candidate]:
    assets: list[uuid.UUID] = []
    if digests:
        assets = list(Asset.objects.filter(sha256__in=digests).values_list("pk", flat=True))
    return find_duplicates(request.desk.pk, statement=traces.statement, urls=traces.urls, assets=assets)


urlpatterns = [
    path("claims/new/", file_page, name="file"),
    path("claims/new/date/", check, {"what": "date"}, name="check-date"),
    path("claims/new/place/", check, {"what": "place"}, name="check-place"),
    path("claims/new/already-here/", already_here, name="already-here"),
]
