"""The board: what stands, what does not, and what is blocked and why; its filter is its address."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.http import urlencode

from claims.api.lists import page_of
from claims.errors import InvalidInput
from claims.models import Claim
from claims.models.claims import ClaimQuerySet
from claims.vocabulary import Stage
from verification.desk.board import Row, rows_of
from verification.desk.bulk import BUTTON
from verification.desk.forms import board as filters
from verification.desk.frame import DeskRequest, live, page
from verification.domain.bulk import acts_of
from verification.domain.transitions import EDITORS
from verification.services import claim_lists

SIGNED_AT = (Stage.AWAITING_SIGNOFF, Stage.SCHEDULED, Stage.PUBLISHED, Stage.HELD)
"""Where an editor has more to do than a reviewer: rows lead to the sign-off."""

COUNTED, SHOWN, SHOWN_AWAITING, PAGE_SIZE = 50, 5, 12, 30


@page()
def board(request: DeskRequest) -> HttpResponse:
    given = request.GET.dict()
    said = {name: value.strip() for name, value in given.items() if value.strip()}
    if said != given:  # what a form leaves empty is no part of the address
        return redirect(filters.address(said))
    shown = _shown(request, said)
    mine = ("Assigned to me", {"assignee": request.user.username})
    shown |= {
        "common": filters.fields(said, filters.COMMON),
        "folded": filters.fields(said, filters.FOLDED),
        "unfold": any(name in said for name, _ in filters.FOLDED),
        "carried": filters.carried(said),
        "search": said.get("q", ""),
        "is_narrowed": bool(set(said) - {"cursor", "ordering"}),
        "bulk_acts": [(act.value, BUTTON[act]) for act in acts_of(request.role)],
        "ready_made": [
            (name, filters.address(params), params == said) for name, params in (*filters.READY_MADE, mine)
        ],
    }
    return render(request, "desk/board/page.html", shown, status=400 if shown["errors"] else 200)


@page()
def board_rows(request: DeskRequest) -> HttpResponse:
    return live(request, "desk/board/rows.html", _shown(request, request.GET.dict()))


@dataclass(frozen=True)
class StageLink:
    """A stage with the first claims in it, as far as they are counted."""

    stage: Stage
    ids: Sequence[uuid.UUID]
    address: str
    is_current: bool

    @property
    def count(self) -> str:
        return f"{COUNTED}+" if len(self.ids) > COUNTED else str(len(self.ids))


@dataclass(frozen=True)
class Section:
    stage: StageLink
    rows: Sequence[Row]

    @property
    def has_more(self) -> bool:
        return len(self.stage.ids) > len(self.rows)


def _shown(request: DeskRequest, said: Mapping[str, str]) -> dict[str, Any]:
    context: dict[str, Any] = {
        "area": "board",
        "query": urlencode(said),
        "active": filters.active(said),
        "errors": [],
        "signed_at": SIGNED_AT,
        "may_choose": bool(acts_of(request.role)),
        "today": timezone.now().date(),
        "now": timezone.now(),
    }
    try:
        params = filters.read_filters(said)
        by = claim_lists.ordering(params)
        mine = Claim.objects.visible_to(request.user).filter(desk=request.desk)
        claims = claim_lists.narrowed(mine, params, request.user)
        stages = _stages(claims, by, said)
        context |= {"stages": stages, "everywhere": filters.address(_but(said, "stage", "cursor"))}
        if "stage" in said:
            context |= _one_list(request, claims, by, said)
        else:
            context["sections"] = _sections(request, stages, is_search=bool(set(params) - {"ordering"}))
    except InvalidInput as error:
        context["errors"] = [(filters.name_of(one.pointer), one.detail) for one in error.errors]
    return context


def _one_list(
    request: DeskRequest, claims: ClaimQuerySet, by: str, said: Mapping[str, str]
) -> dict[str, Any]:
    found = page_of(claims, by=by, size=PAGE_SIZE, cursor=said.get("cursor"))
    return {
        "is_flat": True,
        "rows": _rows(request, [claim.pk for claim in found.rows]),
        "next": filters.address({**said, "cursor": found.next}) if found.next else None,
        "previous": filters.address({**said, "cursor": found.previous}) if found.previous else None,
    }


def _stages(claims: ClaimQuerySet, by: str, said: Mapping[str, str]) -> list[StageLink]:
    others = _but(said, "stage", "cursor")
    order = (by, "-pk" if by.startswith("-") else "pk")
    stages = []
    for stage in (*filters.SECTIONS, *filters.PUT_AWAY):
        ids: Sequence[uuid.UUID] = ()
        if "stage" not in said:
            # A query each: an index serves that, and would not serve one over all of them.
            ids = list(
                claims.filter(stage=stage.value).order_by(*order).values_list("pk", flat=True)[: COUNTED + 1]
            )
        address = filters.address({**others, "stage": stage.value})
        stages.append(StageLink(stage, ids, address, said.get("stage") == stage))
    return stages


def _sections(request: DeskRequest, stages: Sequence[StageLink], *, is_search: bool) -> list[Section]:
    """The stages where anything is. What is put away shows only to who looks for something."""
    shown = {
        one.stage: one.ids[: SHOWN_AWAITING if one.stage == Stage.AWAITING_SIGNOFF else SHOWN]
        for one in stages
        if is_search or one.stage in filters.SECTIONS
    }
    rows = {row.claim.pk: row for row in _rows(request, [pk for ids in shown.values() for pk in ids])}
    return [
        Section(one, [rows[pk] for pk in shown[one.stage] if pk in rows])
        for one in stages
        if shown.get(one.stage)
    ]


def _rows(request: DeskRequest, ids: Sequence[uuid.UUID]) -> list[Row]:
    return rows_of(ids, viewer=request.user, approver=request.user if request.role in EDITORS else None)


def _but(said: Mapping[str, str], *left_out: str) -> dict[str, str]:
    return {name: value for name, value in said.items() if name not in left_out}


urlpatterns = [
    path("claims/", board, name="board"),
    path("claims/rows/", board_rows, name="board-rows"),
]
