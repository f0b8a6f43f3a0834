"""The claim page: claimed beside found, a verdict per dimension, the line as it compiles."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path, reverse

from claims.api.statuses import status_of
from claims.errors import FieldError, IllegalState, InvalidInput, LeaseLost, Missing, StetError
from claims.intake import MAX_TEXT
from claims.models import Claim
from claims.vocabulary import Dimension
from verification.desk.forms.verdict import VerdictForm, what_is_typed
from verification.desk.frame import DeskRequest, live, page
from verification.desk.words import label
from verification.desk.workbench import Workbench
from verification.models import Note, Verdict
from verification.services import drafts, leases, notes, queue, review, telling, verdicts
from verification.services.reading import claim_named
from verification.services.waiting import Narrowing

_SUBMITS = ("next", "stay")
_NOT_DRAFTED = {"csrfmiddlewaretoken", "lease_token", "dimension", "more_basis", "keep", "verdict"}


@page()
def claim_page(request: DeskRequest, ref: str) -> HttpResponse:
    claim = claim_named(request.user, ref)
    refused = request.GET.get("unrecorded", "")
    bench = Workbench(
        claim,
        request.user,
        refused_submit=refused if refused in _SUBMITS else "",
        sun_times=_sun_times(request.GET),
    )
    return _whole(request, claim, bench=bench)


def _sun_times(asked: QueryDict) -> dict[uuid.UUID, str]:
    """Of which media item the sun is to be seen, and when; nothing where the address names none."""
    try:
        return {uuid.UUID(asked.get("sun", "")): asked.get("at", "")}
    except ValueError:
        return {}


@page()
def lease_live(request: DeskRequest, ref: str) -> HttpResponse:
    """Who holds the review and until when."""
    bench = Workbench(claim_named(request.user, ref), request.user)
    return live(request, "desk/workbench/lease.html", {"bench": bench, "token": request.GET.get("token", "")})


@page(methods=("POST",))
def take_claim(request: DeskRequest, ref: str) -> HttpResponse:
    claim = claim_named(request.user, ref)
    entry = claim.queue_entries.open().first()
    if entry is None:
        raise IllegalState("No review of this claim is waiting.", code="not_waiting")
    queue.lease_entry(entry, request.user)
    return redirect("claim", ref=claim.ref)


@page(methods=("POST",))
def record(request: DeskRequest, ref: str) -> HttpResponse:
    """Records a verdict. What can't be recorded comes back as it was typed, with why."""
    claim = claim_named(request.user, ref)
    bench = Workbench(claim, request.user)
    dimension = _dimension(request.POST)
    form = VerdictForm(bench, dimension, request.POST)
    refused: StetError | None = None
    more = "more_basis" in request.POST
    if more:
        form = VerdictForm.for_dimension(bench, dimension, typed=_typed(request.POST, rows=form.rows))
        form.is_more = True
    elif form.is_valid():
        try:
            token = request.POST.get("lease_token", "")
            verdicts.record_verdict(claim, actor=request.user, lease_token=token, new=form.read())
        except InvalidInput as error:
            form.refuse(error)
            refused = error
        except (LeaseLost, IllegalState) as error:
            form.add_error(None, f"{error.detail} {_keep(claim, request, dimension)}")
            refused = error
    if more or form.errors:
        bench.bound = form
        status = 200 if more else status_of(refused) if refused else 422
        return _after(request, bench, dimension, status=status)
    if not request.htmx:
        messages.success(request, f"{label(dimension)} recorded.")
    return _after(request, Workbench(claim, request.user), dimension, then="go-on")


@page(methods=("POST",))
def take_over(request: DeskRequest, ref: str) -> HttpResponse:
    """Settles a disagreement by one side's verdict. A reason that can't be recorded stays as a draft."""
    claim = claim_named(request.user, ref)
    dimension = _dimension(request.POST)
    verdict = _verdict_named(request, claim)
    reason, token = request.POST.get("reason", "").strip(), request.POST.get("lease_token", "")
    if len(reason) > MAX_TEXT:
        raise InvalidInput(FieldError("/reason", f"Say why in at most {MAX_TEXT:,} characters.", "too_long"))
    try:
        verdicts.take_over(claim, actor=request.user, lease_token=token, verdict=verdict, reason=reason)
    except InvalidInput as error:
        messages.error(request, " ".join(one.detail for one in error.errors))
    except (LeaseLost, IllegalState) as error:
        kept = _keep(claim, request, dimension) if reason else ""
        messages.error(request, f"{error.detail} {kept}".strip())
    else:
        messages.success(request, f"{label(dimension)} settled.")
    return redirect(f"{reverse('claim', args=[claim.ref])}#dimension-{dimension}")


@page(methods=("POST",))
def fill_in(request: DeskRequest, ref: str) -> HttpResponse:
    """Fills a form with what another claim has decided of the same picture, or with what somebody recorded in this
    review before it was given on. It is kept as a draft: nothing is recorded by it.

    What the person typed themselves stays, and the offer is refused.
    """
    claim = claim_named(request.user, ref)
    dimension = _dimension(request.POST)
    bench = Workbench(claim, request.user)
    offered = _offered(bench, dimension)
    chosen = offered.get((request.POST.get("offer", ""), request.POST.get("item", "")))
    if chosen is None:
        raise Missing("There is no such offer any more. Reload the page to see what is offered now.")
    whence, fields = chosen
    typed = _given(bench.typed.get(dimension.value, {}))
    if what_is_typed(typed) and typed not in [_given(each) for _, each in offered.values()]:
        raise IllegalState(
            f"You typed something for the {label(dimension).lower()}. Record or discard it, then take the offer.",
            code="typed_already",
        )
    drafts.save_draft(claim, actor=request.user, dimension=dimension, fields=fields)
    messages.info(request, f"Filled in from {whence}. Look at it and record it: nothing is recorded yet.")
    return _after(request, Workbench(claim, request.user), dimension, then="filled-in")


def _offered(
    bench: Workbench, dimension: Dimension
) -> dict[tuple[str, str], tuple[str, dict[str, list[str]]]]:
    """What a form may be filled with, by verdict and media item: whence it is, and the fields."""
    offered = {
        (str(offer.verdict.pk), str(offer.item.pk)): (
            offer.verdict.claim.ref,
            VerdictForm.as_typed(offer.as_said()),
        )
        for offer in bench.offers
        if offer.dimension == dimension
    }
    for (media, of), verdict in bench.left.items():
        if of == dimension:
            name = verdict.by.display_name
            fields = VerdictForm.fields_of(verdict)
            reason = f"As recorded by {name}: {verdict.content['reason']}"[:MAX_TEXT]
            offered[str(verdict.pk), str(media or "")] = (name, {**fields, "reason": [reason]})
    return offered


def _given(fields: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What a form holds, whether it was saved by its own fields or filled in; whom it is for aside."""
    return {name: values for name, values in fields.items() if any(values) and name != "target"}


@page(methods=("POST",))
def undo(request: DeskRequest, ref: str) -> HttpResponse:
    """Takes back what was decided last in this review."""
    claim = claim_named(request.user, ref)
    taken = verdicts.undo_verdict(claim, actor=request.user, lease_token=request.POST.get("lease_token", ""))
    dimension = Dimension(taken[0].dimension)
    _bring_back(claim, request, dimension, [one.undoes for one in taken if one.undoes is not None])
    messages.info(request, f"Undone: {label(dimension).lower()}. What you had typed is in its form.")
    return _after(request, Workbench(claim, request.user), dimension, then="decide-again")


@page(methods=("POST",))
def submit(request: DeskRequest, ref: str) -> HttpResponse:
    """Ends the review; with `next`, takes the next claim at once.

    Refused once where something is typed and not recorded. With `anyway` it stays the reviewer's draft.
    """
    claim = claim_named(request.user, ref)
    token = request.POST.get("lease_token", "")
    anyway = request.POST.get("anyway", "")
    then = anyway or ("next" if "next" in request.POST else "stay")
    if not anyway and any(what_is_typed(fields) for fields in drafts.typed_by(claim, request.user).values()):
        return redirect(f"{reverse('claim', args=[claim.ref])}?unrecorded={then}#unrecorded")
    try:
        done = review.submit_review(claim, actor=request.user, lease_token=token)
    except (IllegalState, LeaseLost, InvalidInput) as error:
        messages.error(request, error.detail)
        return redirect("claim", ref=claim.ref)
    messages.success(request, f"{claim.ref} submitted. It is {label(done.stage).lower()} now.")
    if then != "next":
        return redirect("claim", ref=claim.ref)
    try:
        lease = queue.lease_next(request.user, Narrowing(desk_id=request.desk.pk))
    except IllegalState as error:
        messages.info(request, error.detail)
        return redirect("queue")
    return redirect("claim", ref=lease.claim.ref) if lease else redirect("queue")


@page(methods=("POST",))
def save_draft(request: DeskRequest, ref: str) -> HttpResponse:
    """Keeps what is being typed, and the lease as well while there is one. A button `keep` leads back to the page."""
    claim = claim_named(request.user, ref)
    drafts.save_draft(
        claim, actor=request.user, dimension=_dimension(request.POST), fields=_typed(request.POST)
    )
    try:
        lease = leases.renew(request.POST.get("lease_token", ""), request.user)
    except (LeaseLost, InvalidInput):
        until = None
    else:
        until = lease.entry.lease_until
    if "keep" in request.POST:
        messages.info(request, f"Kept as your draft: {label(request.POST['dimension']).lower()}.")
        return redirect(f"{reverse('claim', args=[claim.ref])}#dimension-{request.POST['dimension']}")
    return JsonResponse({"saved": True, "lease": until})


@page(methods=("POST",))
def discard_draft(request: DeskRequest, ref: str) -> HttpResponse:
    """Throws away what was typed for one dimension and not recorded."""
    claim = claim_named(request.user, ref)
    dimension = _dimension(request.POST)
    drafts.discard(claim, actor=request.user, dimension=dimension)
    messages.info(request, f"What you had typed for the {label(dimension).lower()} is discarded.")
    return redirect(f"{reverse('claim', args=[claim.ref])}#dimension-{dimension}")


@page(methods=("POST",))
def end_lease(request: DeskRequest, ref: str, act: str) -> HttpResponse:
    """Keeps a lease for its full time again, hands it back, or skips it with a reason."""
    claim = claim_named(request.user, ref)
    token = request.POST.get("lease_token", "")
    if act == "renew":
        leases.renew(token, request.user)
        return redirect("claim", ref=claim.ref)
    if act == "hand-back":
        given_back = leases.release(token, request.user).claim
        messages.info(request, f"{given_back.ref} is back in the queue. What you recorded in it is kept.")
        return redirect("queue")
    reason = request.POST.get("reason", "").strip()
    if not 0 < len(reason) <= MAX_TEXT:
        raise InvalidInput(
            FieldError("/reason", f"Say why you skip it, in at most {MAX_TEXT:,} characters.", "required")
        )
    skipped = leases.skip(token, request.user, reason=reason).claim
    messages.info(request, f"{skipped.ref} skipped. It is not offered to you again for a while.")
    return redirect("queue")


@page(methods=("POST",))
def add_note(request: DeskRequest, ref: str) -> HttpResponse:
    claim = claim_named(request.user, ref)
    body = request.POST.get("body", "").strip()
    if not 0 < len(body) <= MAX_TEXT:
        raise InvalidInput(
            FieldError("/body", f"Write something, in at most {MAX_TEXT:,} characters.", "required")
        )
    about = request.POST.get("about", "")
    notes.add_note(
        claim,
        actor=request.user,
        body=body,
        dimension=Dimension(about) if about in set(Dimension) else None,
        media=next((item.pk for item in claim.media.all() if str(item.pk) == about), None),
    )
    if missed := telling.missed_by(claim, body):
        names = ", ".join(f"@{name}" for name in missed)
        messages.warning(request, f"Nobody on this desk is called {names}, so nobody was told by that.")
    return _notes(request, claim)


@page(methods=("POST",))
def strike_note(request: DeskRequest, ref: str, note_id: uuid.UUID) -> HttpResponse:
    claim = claim_named(request.user, ref)
    note = Note.objects.visible_to(request.user).filter(claim=claim, pk=note_id).first()
    if note is None:
        raise Missing("There is no such note on this claim.")
    notes.strike_note(note, actor=request.user)
    return _notes(request, claim)


def _notes(request: DeskRequest, claim: Claim) -> HttpResponse:
    if not request.htmx:
        return redirect(f"{reverse('claim', args=[claim.ref])}#notes")
    context = {"bench": Workbench(claim, request.user), "oob": True}
    parts = ("desk/workbench/notes.html", "desk/parts/toasts.html")
    return HttpResponse("".join(render_to_string(part, context, request) for part in parts))


def _after(
    request: DeskRequest, bench: Workbench, dimension: Dimension, *, status: int = 200, then: str = ""
) -> HttpResponse:
    """The parts that a decision changes; without htmx the whole page."""
    claim = bench.claim
    if not request.htmx:
        if bench.bound is None:
            return redirect(f"{reverse('claim', args=[claim.ref])}#dimension-{dimension}")
        return _whole(request, claim, bench=bench, status=status)
    context = {"bench": bench, "view": bench.dimension(dimension), "oob": True, "then": then}
    names = ("workbench/dimension", "workbench/recheck", "workbench/outcome", "parts/toasts")
    parts = [f"desk/{name}.html" for name in names]
    html = "".join(render_to_string(part, context, request) for part in parts)
    response = HttpResponse(html, status=status)
    response["HX-Retarget"] = f"#dimension-{dimension}"
    return response


def _whole(
    request: DeskRequest, claim: Claim, *, bench: Workbench | None = None, status: int = 200
) -> HttpResponse:
    bench = bench or Workbench(claim, request.user)
    context = {"area": "queue", "bench": bench, "claim": claim}
    return render(request, "desk/workbench/page.html", context, status=status)


def _dimension(data: QueryDict) -> Dimension:
    given = data.get("dimension", "")
    if given not in set(Dimension):
        raise InvalidInput(FieldError("dimension", "There is no such dimension.", "unknown_word"))
    return Dimension(given)


def _verdict_named(request: DeskRequest, claim: Claim) -> Verdict:
    try:
        named = uuid.UUID(request.POST.get("verdict", ""))
    except ValueError:
        named = None
    verdict = (
        Verdict.objects.visible_to(request.user).filter(claim=claim, pk=named).first() if named else None
    )
    if verdict is None:
        raise Missing("There is no such verdict on this claim.")
    return verdict


def _typed(data: QueryDict, **more: Any) -> dict[str, list[str]]:
    typed = {
        name: values
        for name, values in ((name, data.getlist(name)) for name in data)
        if name not in _NOT_DRAFTED
    }
    return typed | {name: [str(value)] for name, value in more.items()}


def _bring_back(claim: Claim, request: DeskRequest, dimension: Dimension, undone: list[Verdict]) -> None:
    """Puts what was undone back into its form, unless something newer is typed there."""
    if dimension.value in drafts.typed_by(claim, request.user):
        return
    typed = VerdictForm.fields_of(undone[0])
    if len(undone) > 1:
        typed.pop("target", None)
    with suppress(InvalidInput):  # too much to be kept beside what is typed elsewhere; the record has it
        drafts.save_draft(claim, actor=request.user, dimension=dimension, fields=typed)


def _keep(claim: Claim, request: DeskRequest, dimension: Dimension) -> str:
    """Keeps as a draft what could not be recorded, and says so."""
    try:
        drafts.save_draft(claim, actor=request.user, dimension=dimension, fields=_typed(request.POST))
    except (IllegalState, InvalidInput):
        return "Copy what you typed before you leave the page."
    return "What you typed is kept as your draft."


urlpatterns = [
    path("claims/<str:ref>/", claim_page, name="claim"),
    path("claims/<str:ref>/lease/", lease_live, name="lease-live"),
    path("claims/<str:ref>/take/", take_claim, name="take-claim"),
    path("claims/<str:ref>/verdict/", record, name="record"),
    path("claims/<str:ref>/take-over/", take_over, name="take-over"),
    path("claims/<str:ref>/fill-in/", fill_in, name="fill-in"),
    path("claims/<str:ref>/undo/", undo, name="undo"),
    path("claims/<str:ref>/submit/", submit, name="submit"),
    path("claims/<str:ref>/draft/", save_draft, name="draft"),
    path("claims/<str:ref>/draft/discard/", discard_draft, name="discard-draft"),
    path("claims/<str:ref>/renew/", end_lease, {"act": "renew"}, name="renew"),
    path("claims/<str:ref>/hand-back/", end_lease, {"act": "hand-back"}, name="hand-back"),
    path("claims/<str:ref>/skip/", end_lease, {"act": "skip"}, name="skip"),
    path("claims/<str:ref>/note/", add_note, name="note"),
    path("claims/<str:ref>/notes/<uuid:note_id>/strike/", strike_note, name="strike-note"),
]
