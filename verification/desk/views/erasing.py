"""Erasing for a court or a person's right, and the legal hold that stands against it: one page of an admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.text import Truncator

from claims.dates import say_utc
from claims.errors import IllegalState, Missing
from claims.models import Claim, MediaItem, Person
from claims.vocabulary import Stage
from verification.desk.audit_words import did
from verification.desk.faces import item_names
from verification.desk.forms.erasing import Erasable, EraseForm, HoldForm
from verification.desk.frame import DeskRequest, page
from verification.domain.transitions import Action, permit_role
from verification.models import Evidence, HandOver, Note, Redaction
from verification.services import erasure
from verification.services.acting import roles_of
from verification.services.reading import claim_named
from verification.services.sayings import Saying, sayings_of
from verification.services.veil import hidden_people

WORDS = {
    "statement": "What the claim says",
    "note": "A note",
    "hand_over": "What was said at a hand-over",
    "said": "What was said with an act",
    "evidence": "A bound",
    "original": "An original",
    "uploader": "Who put a media item up",
}


@page(methods=("GET", "POST"))
def erase_or_hold(request: DeskRequest, ref: str) -> HttpResponse:
    """For admins of the claim's own desk, whichever desk they look at."""
    claim = claim_named(request.user, ref)
    permit_role(Action.REDACT, roles_of(request.user, claim))
    if request.method == "GET":
        return _show(request, claim)
    act = {"erase": _erase, "hold": _hold, "lift": _lift}.get(request.POST.get("act", "erase"))
    if act is None:
        raise Missing("There is no such act. Open the page again.")
    return act(request, claim)


def _erase(request: DeskRequest, claim: Claim) -> HttpResponse:
    form = EraseForm(claim, list(_offered(claim, request.user)), request.POST)
    if not form.is_valid():
        return _show(request, claim, erase=form, status=422)
    one = form.offered[form.cleaned_data["target"]]
    why = {"reason": form.cleaned_data["reason"], "legal_ground": form.cleaned_data["legal_ground"]}
    try:
        if isinstance(one.subject, Note):
            erasure.redact_note(one.subject, actor=request.user, **why)
        elif isinstance(one.subject, HandOver):
            erasure.redact_hand_over(one.subject, actor=request.user, **why)
        elif isinstance(one.subject, Evidence):
            erasure.redact_evidence(one.subject, actor=request.user, **why)
        elif isinstance(one.subject, Saying):
            erasure.redact_saying(claim, one.subject, actor=request.user, **why)
        elif isinstance(one.subject, MediaItem) and one.value.startswith("uploader:"):
            erasure.redact_uploader(one.subject, actor=request.user, **why)
        elif isinstance(one.subject, MediaItem):
            erasure.redact_original(one.subject, actor=request.user, **why)
        else:
            erasure.redact_statement(one.subject, actor=request.user, **why)
    except IllegalState as error:
        form.add_error(None, error.detail)
        return _show(request, claim, erase=form, status=409)
    messages.success(request, f"Erased: {one.title[:1].lower()}{one.title[1:]}. It is on record below.")
    return redirect("erase", ref=claim.ref)


def _hold(request: DeskRequest, claim: Claim) -> HttpResponse:
    form = HoldForm(request.POST, auto_id="hold-%s")
    if not form.is_valid():
        return _show(request, claim, hold=form, status=422)
    try:
        erasure.place_legal_hold(claim, actor=request.user, reason=form.cleaned_data["reason"])
    except IllegalState as error:
        form.add_error(None, error.detail)
        return _show(request, claim, hold=form, status=409)
    messages.success(request, "The legal hold is in force: nothing of this claim can be erased.")
    return redirect("erase", ref=claim.ref)


def _lift(request: DeskRequest, claim: Claim) -> HttpResponse:
    erasure.lift_legal_hold(claim, actor=request.user)
    messages.success(request, "The legal hold is lifted.")
    return redirect("erase", ref=claim.ref)


def _show(
    request: DeskRequest,
    claim: Claim,
    *,
    erase: EraseForm | None = None,
    hold: HoldForm | None = None,
    status: int = 200,
) -> HttpResponse:
    offered = list(_offered(claim, request.user))
    form = erase or EraseForm(claim, offered)
    holds = list(claim.legal_holds.select_related("placed_by", "lifted_by").order_by("-placed_at"))
    context = {
        "area": "board",
        "claim": claim,
        "form": form,
        "choices": [(radio, one.means) for radio, one in zip(form["target"], offered, strict=False)],
        "hold_form": hold or HoldForm(auto_id="hold-%s"),
        "in_force": next((one for one in holds if one.lifted_at is None), None),
        "lifted": [one for one in holds if one.lifted_at is not None],
        "erased": list(_erased(claim)),
    }
    return render(request, "desk/erasing.html", context, status=status)


def _offered(claim: Claim, viewer: Person) -> Iterator[Erasable]:
    """What of the claim is there to be erased, and what goes with it."""
    if claim.statement.redacted_at is None:
        yield Erasable("statement", WORDS["statement"], _meaning_of_statement(claim), claim)
    items = [item for item in claim.media.all() if item.asset is not None and item.asset.redacted_at is None]
    names: dict[Any, str] = item_names([{"id": item.pk, "kind": item.kind} for item in claim.media.all()])
    shared = _other_claims(claim, items)
    for item in items:
        others = shared.get(item.asset_id, 0)
        also = (
            f" It serves {others} other claim{'' if others == 1 else 's'}, and goes from there too."
            if others
            else ""
        )
        yield Erasable(
            f"original:{item.pk}",
            f"The original of {names[item.pk]}",
            f"The file, its working copies, what was archived beside it, and everything that was read from it: dates,"
            f" positions, findings.{also} Verdicts, and what people wrote in them, stay.",
            item,
        )
    yield from _uploaders(claim, names)
    notes = Note.objects.visible_to(viewer).filter(claim=claim, body__redacted_at=None)
    for note in notes.select_related("body", "by"):
        said = Truncator(note.body.content or "").chars(120)
        yield Erasable(
            f"note:{note.pk}",
            f"The note of {note.by.display_name}, {say_utc(note.at)}",
            f"What it says: “{said}”. That it was there, whose and when, stays.",
            note,
        )
    handed_over = HandOver.objects.filter(entry__claim=claim, body__redacted_at=None)
    handed_over = handed_over.exclude(by__in=hidden_people(claim, viewer))
    for handed in handed_over.select_related("body", "by", "entry__claim"):
        said = Truncator(" / ".join(part for part in handed.said.values() if part)).chars(120)
        if not said:
            continue
        yield Erasable(
            f"hand_over:{handed.pk}",
            f"What {handed.by.display_name} said at a hand-over, {say_utc(handed.at)}",
            f"What was tried and what is next: “{said}”. That it was handed over, by whom, to whom and when, stays.",
            handed,
        )
    bounds = Evidence.objects.visible_to(viewer).filter(claim=claim, body__redacted_at=None)
    for bound in bounds.select_related("body", "by"):
        why = (bound.content or {}).get("reason", "")
        yield Erasable(
            f"evidence:{bound.pk}",
            f"The bound of {bound.by.display_name}, {say_utc(bound.at)}",
            f"What it bounds and why: “{Truncator(why).chars(120)}”, and why it was struck."
            " That it was there, whose and when, stays.",
            bound,
        )
    for one in sayings_of(claim, viewer=viewer):
        # Hand-overs are offered above, and why a contact was closed goes with its uploader.
        if one.text and one.act not in {Action.HAND_OVER, Action.CONTACT}:
            yield Erasable(
                f"said:{one.id}",
                f"What {one.by.display_name} said, {say_utc(one.at)}",
                f"{did(one.act)}: “{Truncator(one.text).chars(120)}”. That it was done, by whom and when, stays.",
                one,
            )


def _uploaders(claim: Claim, names: dict[Any, str]) -> Iterator[Erasable]:
    for item in claim.media.all():
        if erasure.knows_uploader(item):
            yield Erasable(
                f"uploader:{item.pk}",
                f"Who put up {names[item.pk]}",
                "Account, credit and rights holder, what was asked and answered, and the terms and proofs of permissions."
                " A credit that is published goes too, with every earlier version. What is allowed, and until when,"
                " stays; so does the address of the post, which may hold the name of an account.",
                item,
            )


def _meaning_of_statement(claim: Claim) -> str:
    means = "The statement and every earlier wording of it, headline, tags and the id that others know it by."
    if claim.publications.exists():
        if claim.stage in {Stage.PUBLISHED, Stage.HELD}:
            means += " What is public is withdrawn first, for a legal cause, and everybody who follows the log is told."
        means += " Every published version is suppressed: only its position, number and time are left."
    return f"{means} It can't be published again until somebody says it anew. Verdicts and notes stay."


def _other_claims(claim: Claim, items: list[MediaItem]) -> dict[Any, int]:
    rows = MediaItem.objects.filter(asset__in=[item.asset_id for item in items]).exclude(claim=claim)
    return dict(
        rows.order_by().values("asset").annotate(n=Count("claim", distinct=True)).values_list("asset", "n")
    )


def _erased(claim: Claim) -> Iterator[tuple[str, Redaction]]:
    for redaction in claim.redactions.select_related("by", "reason").order_by("-at"):
        yield WORDS[redaction.target], redaction


urlpatterns = [path("claims/<str:ref>/erase/", erase_or_hold, name="erase")]
