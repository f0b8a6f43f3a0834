"""Each page offers a viewer what the table of transitions allows them, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from claims.models import Capture, Claim, MediaItem
from claims.vocabulary import Role
from tests.conftest import Caller, file_claim
from tests.scenarios.test_transitions import PUBLIC, ROAD, brought_to, lease_at, says_table
from verification.desk.signoff_acts import ACTS
from verification.domain.transitions import Action
from verification.models import MediaMatch

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]

# What a page offers an action by. Some are named apart on the page they lead to.
ON_CLAIM = {
    Action.EDIT: r'href="/claims/[^"]+/edit/"',
    Action.QUEUE: r'formaction="/claims/[^"]+/queue/"',
    Action.ADD_MEDIA: r'action="/claims/[^"]+/media/"',
    Action.RECAPTURE: r'formaction="/media/[^"]+/fetch-again/"',
    Action.RECHECK_MEDIA: r'formaction="/media/[^"]+/examine-again/"',
    Action.JUDGE_MATCH: r'action="/media/[^"]+/similar/[^"]+"',
    Action.NOTE: r'<form method="post" action="/claims/[^"]+/note/"',
    Action.ADD_BOUND: r'action="/media/[^"]+/bound/"',
    Action.CONTACT: r'href="/media/[^"]+/rights/"',
    Action.SET_PERMISSION: r'href="/media/[^"]+/rights/"',
    Action.LEASE: r'formaction="/claims/[^"]+/take/"',
    Action.GIVE_BACK: r'formaction="/claims/[^"]+/hand-back/"',
    Action.SKIP: r'action="/claims/[^"]+/skip/"',
    Action.HAND_OVER: r'href="/claims/[^"]+/together/"',
    Action.INVITE: r'href="/claims/[^"]+/together/"',
    Action.RECORD_VERDICT: r'action="/claims/[^"]+/verdict/"',
    Action.SUBMIT: r'id="submit-next"',
    Action.REDACT: r'href="/claims/[^"]+/erase/"',
    Action.LEGAL_HOLD: r'href="/claims/[^"]+/erase/"',
}
ON_SIGN_OFF = {
    **{act.action: f'id="act-{act.action}"' for act in ACTS.values()},
    Action.REDACT: r'href="/claims/[^"]+/erase/"',
    Action.LEGAL_HOLD: r'href="/claims/[^"]+/erase/"',
}
TOGETHER = {
    Action.HAND_OVER: r'action="/claims/[^"]+/hand-over/"',
    Action.INVITE: r'action="/claims/[^"]+/invite/"',
}
PAGES = {"": ON_CLAIM, "sign-off/": ON_SIGN_OFF, "together/": TOGETHER}


def test_every_action_is_offered_by_a_button_on_some_page() -> None:
    assert set().union(*PAGES.values()) == set(Action)


def offered(html: str, marks: dict[Action, str]) -> list[Action]:
    return [action for action in Action if action in marks and re.search(marks[action], html)]


def seen_before(checker: Caller, claim: str) -> None:
    """Gives the claim's picture an earlier appearance, and the claim an item that could not be fetched."""
    earlier = file_claim(checker, draft=True, media=[{"url": "https://media.example/old.mp4"}])["id"]
    older = MediaMatch.objects.get(newer__items__claim=claim).older
    MediaItem.objects.filter(claim=earlier).update(state="captured", asset=older)
    at = timezone.now()
    item = MediaItem.objects.get(claim=earlier)
    Capture.objects.create(media=item, asset=older, started_at=at, finished_at=at)
    MediaItem.objects.create(
        claim_id=claim,
        position=2,
        kind="video",
        url="https://media.example/gone.mp4",
        state="failed",
        failure={"code": "not_found", "detail": "It is not there.", "retriable": False},
    )
    # It was filed with the claim: media that come later keep a review from being cancelled.
    MediaItem.objects.filter(claim=claim).update(created_at=Claim.objects.get(pk=claim).created_at)


@pytest.mark.parametrize("stage", [*ROAD, "asked in"])
def test_the_pages_offer_what_the_table_allows(
    stage: str, pages: Pages, checker: Caller, second_checker: Caller, editor: Caller, admin: Caller
) -> None:
    is_asked_in = stage == "asked in"
    claim = brought_to("in_review" if is_asked_in else stage, checker, editor)
    seen_before(checker, claim)
    shown: Any = checker.get(f"claims/{claim}/").json()
    if is_asked_in:
        token = shown["queue_entry"]["lease_token"]
        assert checker.post(f"queue/leases/{token}/invite/", {"person": "marko"}).status_code == 200
    public = stage in PUBLIC
    people = ((checker, Role.FACT_CHECKER), (second_checker, Role.FACT_CHECKER), (editor, Role.EDITOR), (admin, Role.ADMIN))  # fmt: skip
    for by, role in people:
        held = lease_at("in_review" if is_asked_in else stage, by_filer=by is checker, role=role)
        if is_asked_in and by is second_checker:
            held = "a colleague's"
        for page, marks in PAGES.items():
            html = pages(by).get(f"/claims/{shown['ref']}/{page}").content.decode()
            expected = [a for a in Action if a in marks and says_table(a, shown["stage"], role, lease=held, public=public)]  # fmt: skip
            assert offered(html, marks) == expected, (by.person.username, page)
