"""The editor's sign-off page: the line, the gate, who decided what, what outsiders will see, and what may be done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone

from claims.errors import Blocker, IllegalState, InvalidInput, Missing
from claims.models import Claim, Person, Publication
from claims.models.bodies import canonical
from claims.published import Step, alterations, history_of
from claims.vocabulary import IN_ORDER_OF_WORK, ChangeKind, Dimension, Role, Stage, Status
from verification.desk.faces import Face, altered, face_from, item_names
from verification.desk.forms.signoff import ActForm, CoarseForm
from verification.desk.frame import DeskRequest, live, page
from verification.desk.signoff_acts import ACTS, Act, form_class, meaning
from verification.desk.views.published import with_words
from verification.domain.transitions import EDITORS, Action, allowed_actions
from verification.models import FindingRow, ScheduledPublication
from verification.services.acting import situation
from verification.services.duplicates import original_of
from verification.services.reading import claim_named
from verification.services.sayings import sayings_of
from verification.services.signoff import OfDimension, Outlook, decisions_of, outlook_of, rules_for
from verification.services.veil import WHY, is_veiled

ENDED = frozenset({Stage.WITHDRAWN, Stage.DROPPED, Stage.DUPLICATE})
"""Where there is no gate to be passed."""

OPENED_AT = {Stage.AWAITING_SIGNOFF: Action.PUBLISH, Stage.HELD: Action.RELEASE}
"""The act that a stage waits for stands open."""


@dataclass(frozen=True)
class Offer:
    """An act that this person may do now, with its form; `refusal` says why it was refused just now."""

    act: Act
    form: ActForm
    means: str
    is_open: bool
    refusal: IllegalState | None = None

    @property
    def is_coarse(self) -> bool:
        return isinstance(self.form, CoarseForm)


@dataclass(frozen=True)
class TopLine:
    """The line at the top of the page, and the publication that it is from."""

    text: str | None
    long: str | None
    version: int | None = None
    permalink: str = ""
    can_copy: bool = False
    blockers: tuple[Blocker, ...] = ()


@dataclass(frozen=True)
class Tried:
    """What was just sent and not carried out."""

    act: Act
    form: ActForm
    refusal: IllegalState | None = None


@page(methods=("GET", "POST"))
def sign_off(request: DeskRequest, ref: str) -> HttpResponseBase:
    """Everything that a signature rests on; every act is a POST to here."""
    claim = claim_named(request.user, ref)
    return _do(request, claim) if request.method == "POST" else _show(request, claim)


@page()
def gate_part(request: DeskRequest, ref: str) -> HttpResponse:
    """The gate as it is now, and whether the claim changed since the page was drawn."""
    claim = claim_named(request.user, ref)
    drawn = request.GET.get("revision", "")
    has_changed = drawn not in {"", str(claim.revision)}
    context = {"claim": claim, "has_changed": has_changed, **_gate(request, claim)}
    return live(request, "desk/signoff/gate.html", context)


def _do(request: DeskRequest, claim: Claim) -> HttpResponse:
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Missing("There is no such act. Open the page again.")
    form = _form(request, act, claim, request.POST)
    if not form.is_valid():
        return _show(request, claim, Tried(act, form), status=422)
    if "preview" in request.POST:
        return _show(request, claim, Tried(act, form))
    try:
        if act.through_gate and request.POST.get("seen") != _digest(
            outlook_of(claim, viewer=request.user, at=timezone.now())
        ):
            raise IllegalState(
                "What would be published changed after you opened this page. Look at it again, then repeat.",
                code="changed",
            )
        made = act.do(claim, actor=request.user, **form.arguments())
    except InvalidInput as error:
        form.add_service_errors(error.errors)
        return _show(request, claim_named(request.user, claim.ref), Tried(act, form), status=422)
    except IllegalState as error:
        return _show(request, claim_named(request.user, claim.ref), Tried(act, form, error), status=409)
    return _done(request, claim, act, made)


def _done(request: DeskRequest, claim: Claim, act: Act, made: object) -> HttpResponse:
    here = reverse("sign-off", args=[claim.ref])
    if isinstance(made, ScheduledPublication):
        messages.success(request, f"Embargoed until {_in_words(made.due_at)}.")
        return redirect(here)
    if isinstance(made, Publication):
        messages.success(request, f"{act.done} Version {made.version}.")
        return redirect(f"{here}?signed={made.version}")
    messages.success(request, act.done)
    return redirect(here)


def _show(request: DeskRequest, claim: Claim, tried: Tried | None = None, status: int = 200) -> HttpResponse:
    at = timezone.now()
    here = situation(claim, request.user)
    may = allowed_actions(here)
    outlook = outlook_of(claim, viewer=request.user, at=at)
    seen = _digest(outlook)
    gate = _gate(request, claim)
    # The forms are filled with what is kept, before what was typed into one of them is tried.
    offers = _offers(request, claim, may, tried, is_closed=bool(gate["broken"]))
    previewed = _as_typed(claim, tried)
    if previewed:
        outlook = outlook_of(claim, viewer=request.user, at=at)
    steps = history_of(claim.pk)
    context = {
        "area": "board",
        "claim": claim,
        "original": original_of(claim),
        "said": sayings_of(claim, viewer=request.user),
        "line": _top_line(claim, outlook, steps),
        "outlook": outlook,
        "face": _face(claim, outlook),
        "changes": _changes(claim, outlook),
        "previewed": previewed,
        "decisions": _decisions(claim, request.user),
        "is_veiled": is_veiled(claim, request.user),
        "veil": WHY,
        "steps": with_words(steps),
        "offers": offers,
        "missing": None if tried is None or any(each.act is tried.act for each in offers) else tried,
        "seen": seen,
        "signed": request.GET.get("signed", ""),
        "entry": claim.queue_entries.open().select_related("holder", "assignee").first(),
        "schedule": _schedule(claim),
        "can_sign": bool(here.roles & EDITORS),
        "sees_audit": Role.ADMIN in here.roles,
        "may": [action.value for action in may],
        "house_title": claim.desk.house_name[:1].upper() + claim.desk.house_name[1:],
        **gate,
    }
    return render(request, "desk/signoff/page.html", context, status=status)


def _gate(request: DeskRequest, claim: Claim) -> dict[str, Any]:
    rules = [] if claim.stage in ENDED else rules_for(claim, request.user)
    return {
        "rules": rules,
        "broken": sum(rule.blocker is not None for rule in rules),
        "is_under_review": claim.queue_entries.open().exists(),
    }


def _form(request: DeskRequest, act: Act, claim: Claim, data: Any = None) -> ActForm:
    initial = {"when": "now"}
    if claim.public_radius_m:
        initial["radius_km"] = f"{claim.public_radius_m / 1000:g}"
    if claim.headline:
        initial["headline"] = claim.headline
    kind = form_class(act, claim)
    return kind(data, claim=claim, person=request.user, auto_id=f"{act.action}-%s", initial=initial)


def _offers(
    request: DeskRequest, claim: Claim, may: Iterable[Action], tried: Tried | None, *, is_closed: bool
) -> list[Offer]:
    allowed = set(may)
    waits_for = None if is_closed and claim.stage != Stage.HELD else OPENED_AT.get(Stage(claim.stage))
    offers = []
    for act in ACTS.values():
        if act.action not in allowed:
            continue
        if tried is not None and tried.act is act:
            offers.append(Offer(act, tried.form, meaning(act, claim), True, tried.refusal))
        else:
            is_open = tried is None and act.action == waits_for
            offers.append(Offer(act, _form(request, act, claim), meaning(act, claim), is_open))
    return offers


def _top_line(claim: Claim, outlook: Outlook, steps: list[Step]) -> TopLine:
    """As it is published; else as the submitted verdicts make it."""
    latest = steps[0] if steps else None
    if claim.stage in {Stage.PUBLISHED, Stage.HELD} and outlook.published and outlook.published.rendered:
        said = outlook.published.rendered
        on_show = latest is not None and latest.kind != ChangeKind.HELD
        return TopLine(
            said["line"],
            said["line_long"],
            said["version"],
            said["permalink"],
            can_copy=on_show and bool(said["line"]),
            blockers=() if said["line"] else outlook.short.blockers,
        )
    if claim.stage == Stage.WITHDRAWN:
        return TopLine(None, None)
    return TopLine(outlook.short.text, outlook.long.text, blockers=outlook.short.blockers)


def _face(claim: Claim, outlook: Outlook) -> Face | None:
    """What a preview shows: what would be published, or, while it is held, what a release puts on show again."""
    if claim.stage == Stage.HELD and outlook.published and outlook.published.rendered:
        return face_from(outlook.published.rendered)
    decided = any(
        of["status"] not in {Status.NOT_CHECKED, Status.NOT_APPLICABLE}
        for of in outlook.rendered["statuses"].values()
    )
    return face_from(outlook.rendered) if decided and claim.stage not in ENDED else None


def _changes(claim: Claim, outlook: Outlook) -> list[Any] | None:
    """What the next publication would say otherwise than the one on show; None where none is."""
    if outlook.published is None or claim.stage not in {Stage.PUBLISHED, Stage.HELD}:
        return None
    before = outlook.published.rendered or {}
    names = item_names([*outlook.rendered["media"]])
    return altered(alterations(before, outlook.rendered), names) if before else None


def _decisions(claim: Claim, viewer: Person) -> dict[str, Any]:
    decided = decisions_of(claim, viewer)
    names = item_names([{"id": item.pk, "kind": item.kind} for item in claim.media.all()])
    return {
        "dimensions": [(each, _named(each, claim, names)) for each in decided],
        "media": list(claim.media.select_related("asset")),
        "names": names,
        "findings": _findings(decided),
        "untouched": [word for word in IN_ORDER_OF_WORK if word not in {each.dimension for each in decided}],
    }


def _named(of: OfDimension, claim: Claim, names: dict[Any, str]) -> list[dict[str, Any]]:
    """Each item of a dimension with its name and what is claimed of it."""
    field = {Dimension.DATE: "claimed_date", Dimension.LOCATION: "claimed_location"}.get(of.dimension)
    return [
        {
            "of": item,
            "name": names[item.media.pk] if item.media else "The claim",
            "claimed": (getattr(item.media, field, None) or getattr(claim, field)) if field else None,
        }
        for item in of.items
    ]


def _findings(decided: Iterable[OfDimension]) -> dict[str, str]:
    """The sentences of the findings that verdicts rest on, by id."""
    verdicts = [v for of in decided for item in of.items for v in (*item.beside, *item.earlier)]
    named = {
        part["finding"] for verdict in verdicts for part in verdict.content["basis"] if part.get("finding")
    }
    if not named:
        return {}
    return {
        str(pk): sentence
        for pk, sentence in FindingRow.objects.filter(pk__in=named).values_list("pk", "sentence")
    }


def _schedule(claim: Claim) -> ScheduledPublication | None:
    """The embargo that waits, or the one that ended at a closed gate and has not been answered yet."""
    latest = claim.schedules.select_related("by").order_by("-created_at").first()
    waits = latest is not None and latest.state == ScheduledPublication.WAITING
    refused = (
        latest is not None
        and latest.state == ScheduledPublication.REFUSED
        and claim.stage not in ENDED | {Stage.PUBLISHED, Stage.HELD}
    )
    return latest if waits or refused else None


def _as_typed(claim: Claim, tried: Tried | None) -> bool:
    """Lets the preview be drawn with the radius and headline that were typed and not kept."""
    if tried is None or not isinstance(tried.form, CoarseForm) or not tried.form.is_bound:
        return False
    said = getattr(tried.form, "cleaned_data", {})
    typed = {"public_radius_m": (said.get("radius_km") or 0) * 1000, "headline": said.get("headline")}
    typed = {name: value for name, value in typed.items() if value and value != getattr(claim, name)}
    for name, value in typed.items():
        setattr(claim, name, value)
    return bool(typed)


def _digest(outlook: Outlook) -> str:
    """What would be published, in short: a signature is for what was looked at."""
    said = {name: value for name, value in outlook.rendered.items() if name != "as_of"}
    return hashlib.sha256(canonical(said).encode()).hexdigest()[:32]


def _in_words(at: datetime) -> str:
    return f"{at:%A} {at.day} {at:%B %Y}, {at:%H:%M} UTC"


urlpatterns = [
    path("claims/<str:ref>/sign-off/", sign_off, name="sign-off"),
    path("claims/<str:ref>/sign-off/gate/", gate_part, name="sign-off-gate"),
]
