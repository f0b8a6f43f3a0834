"""Media on the claim page: the player, what was found, adding by link, file, drop or paste, and trying again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from claims.addresses import AllowList, OutboundError, parse_url
from claims.errors import FieldError, InvalidInput, Missing, StetError
from claims.intake import MAX_TEXT, NewMedia
from claims.media.capture import CaptureFailed, take_upload
from claims.models import Claim, MediaItem
from claims.vocabulary import ContentFlag, MatchState
from verification.desk.forms.bound import read_bound, refused_bound
from verification.desk.frame import DeskRequest, live, page
from verification.desk.workbench import Workbench
from verification.models import Evidence
from verification.services import matches, submissions
from verification.services.evidence import add_evidence, strike_evidence
from verification.services.reading import claim_named, media_named

MAX_REASON = 2000


@page()
def player(request: DeskRequest, media_id: uuid.UUID) -> HttpResponse:
    """The item itself: on its way, failed with why, or there to be looked at."""
    return render(request, "desk/workbench/player.html", _view_of(request, media_id))


@page()
def found(request: DeskRequest, media_id: uuid.UUID) -> HttpResponse:
    """What is claimed of the item beside what was found in it."""
    return live(request, "desk/workbench/found.html", _view_of(request, media_id))


@page()
def sun(request: DeskRequest, media_id: uuid.UUID) -> HttpResponse:
    """Where the sun stood at a chosen time, for the map and in words."""
    at = request.GET.get("at", "")
    return render(request, "desk/workbench/sun_stood.html", _view_of(request, media_id, {media_id: at}))


@page(methods=("POST",))
def add(request: DeskRequest, ref: str) -> HttpResponse:
    """Adds links and files. Each stands for itself: what fails is named, what works stays."""
    claim = claim_named(request.user, ref)
    submissions.check_may_add_media(claim, actor=request.user)
    flags = [flag for flag in request.POST.getlist("content_flags") if flag in set(ContentFlag)]
    files = request.FILES.getlist("file")
    links = request.POST.get("url", "").split()
    added: list[MediaItem] = []
    failed: list[str] = []
    for file in files:
        try:
            captured = take_upload(file.chunks(), name=file.name or "")
            new = NewMedia(content_flags=flags)
            added.append(submissions.add_media(claim, actor=request.user, new=new, uploaded=captured))
        except (CaptureFailed, StetError) as error:
            failed.append(f"{file.name}: {error.detail}")
    for link in links:
        try:
            url = parse_url(link, allow=AllowList.parse(settings.FETCH_ALLOW)).url
            new = NewMedia(url=url, content_flags=flags)
            added.append(submissions.add_media(claim, actor=request.user, new=new))
        except (OutboundError, StetError) as error:
            failed.append(f"{link[:200]}: {error.detail}")
    if not files and not links:
        raise InvalidInput(FieldError("/file", "Choose a file or give a link.", "required"))
    if request.headers.get("Accept") == "application/json":
        status = 202 if added else 400
        return JsonResponse({"added": [item.position for item in added], "failed": failed}, status=status)
    for words in failed:
        messages.error(request, words)
    return _to_item(claim, added[-1].position if added else None)


@page(methods=("POST",))
def fetch_again(request: DeskRequest, media_id: uuid.UUID) -> HttpResponse:
    item = media_named(request.user, media_id)
    submissions.recapture(item, actor=request.user)
    messages.info(request, "It is being fetched again.")
    return _to_item(item.claim, item.position)


@page(methods=("POST",))
def examine_again(request: DeskRequest, media_id: uuid.UUID) -> HttpResponse:
    item = media_named(request.user, media_id)
    submissions.recheck_media(item, actor=request.user)
    messages.info(request, "The checks run again.")
    return _to_item(item.claim, item.position)


@page(methods=("POST",))
def add_bound(request: DeskRequest, media_id: uuid.UUID) -> HttpResponse:
    """Enters what a person knows of when the item was filmed."""
    item = media_named(request.user, media_id)
    try:
        add_evidence(item, actor=request.user, new=read_bound(request.POST))
    except InvalidInput as error:
        claim = claim_named(request.user, str(item.claim_id))
        typed = {item.pk: refused_bound(request.POST, error)}
        bench = Workbench(claim, request.user, typed_bounds=typed)
        context = {"area": "queue", "bench": bench, "claim": claim}
        return render(request, "desk/workbench/page.html", context, status=422)
    messages.info(request, "Your bound counts beside what the checks found.")
    return _to_item(item.claim, item.position)


@page(methods=("POST",))
def strike_bound(request: DeskRequest, media_id: uuid.UUID, bound_id: uuid.UUID) -> HttpResponse:
    item = media_named(request.user, media_id)
    evidence = Evidence.objects.visible_to(request.user).filter(media=item, pk=bound_id).first()
    if evidence is None:
        raise Missing("There is no such bound on this media item.")
    reason = request.POST.get("reason", "").strip()
    if not 0 < len(reason) <= MAX_TEXT:
        raise InvalidInput(FieldError("/reason", f"Say why, in at most {MAX_TEXT:,} characters.", "required"))
    strike_evidence(evidence, actor=request.user, reason=reason)
    messages.info(request, "The bound is struck. It counts no more and stays in the record.")
    return _to_item(item.claim, item.position)


@page(methods=("POST",))
def judge(request: DeskRequest, media_id: uuid.UUID, match_id: uuid.UUID) -> HttpResponse:
    """Says of an earlier appearance that it is the same picture, or that it is not."""
    item = media_named(request.user, media_id)
    match = matches.match_named(item, match_id)
    state, reason = request.POST.get("state", ""), request.POST.get("reason", "").strip()
    if state not in matches.JUDGEMENTS:
        raise InvalidInput(FieldError("/state", "Say whether it is the same picture.", "required"))
    if not reason or len(reason) > MAX_REASON:
        raise InvalidInput(
            FieldError("/reason", f"Say in 1 to {MAX_REASON:,} characters what you see.", "required")
        )
    matches.judge_match(item, match, actor=request.user, state=MatchState(state), reason=reason)
    same = state == MatchState.CONFIRMED
    messages.info(request, "Confirmed as the same picture." if same else "Dismissed: not the same picture.")
    return redirect(f"{reverse('claim', args=[item.claim.ref])}#earlier")


def _view_of(
    request: DeskRequest, media_id: uuid.UUID, sun_times: Mapping[uuid.UUID, str] | None = None
) -> dict[str, object]:
    item = media_named(request.user, media_id)
    bench = Workbench(claim_named(request.user, str(item.claim_id)), request.user, sun_times=sun_times or {})
    return {"bench": bench, "view": next(view for view in bench.items if view.item.pk == item.pk)}


def _to_item(claim: Claim, position: int | None) -> HttpResponse:
    anchor = f"#item-{position}" if position else "#add-media"
    return redirect(f"{reverse('claim', args=[claim.ref])}{anchor}")


urlpatterns = [
    path("claims/<str:ref>/media/", add, name="add-media"),
    path("media/<uuid:media_id>/player/", player, name="player"),
    path("media/<uuid:media_id>/found/", found, name="found"),
    path("media/<uuid:media_id>/sun/", sun, name="sun"),
    path("media/<uuid:media_id>/fetch-again/", fetch_again, name="fetch-again"),
    path("media/<uuid:media_id>/similar/<uuid:match_id>/", judge, name="judge-match"),
    path("media/<uuid:media_id>/examine-again/", examine_again, name="examine-again"),
    path("media/<uuid:media_id>/bound/", add_bound, name="add-bound"),
    path("media/<uuid:media_id>/bounds/<uuid:bound_id>/strike/", strike_bound, name="strike-bound"),
]
