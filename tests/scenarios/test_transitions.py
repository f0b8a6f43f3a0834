"""Which action is allowed in which stage, to whom and under which lease: one table, tried on the domain and the API."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from claims.errors import IllegalState, NotAllowed
from claims.models import Asset, Claim, MediaItem
from claims.vocabulary import Role, Stage
from tests.conftest import Caller, everything, file_claim, lease, refused, review
from verification.domain.transitions import Action, Situation, allowed_actions, permit
from verification.models import MediaMatch, QueueEntry

STAGES = ("draft", "queued", "in_review", "awaiting_signoff", "scheduled", "published", "held", "withdrawn", "dropped", "duplicate")  # fmt: skip
# x allowed; L to who holds the lease, C to them and whom they asked in; O where somebody else holds it;
# F where the review is free to take; P where something was made public; N where no review is open; A where something is
# asked for by an hour; R where the review was asked for and is theirs to cancel.
TABLE = """
                  who       draft queued review signoff scheduled public held withdrawn dropped duplicate
edit              staff       x     x      x       x        x       x     x       .        .        .
queue             staff       x     .      .       .        .       .     .       .        .        .
add-media         staff       x     x      x       x        .       x     x       .        .        .
recapture         staff       x     x      x       x        x       x     x       .        .        .
recheck           staff       x     x      x       x        x       x     x       .        .        .
judge-match       staff       x     x      x       x        x       x     x       .        .        .
note              staff       x     x      x       x        x       x     x       x        x        x
add-bound         staff       x     x      x       x        x       x     x       x        x        x
contact           staff       x     x      x       x        x       x     x       x        x        x
set-permission    staff       x     x      x       x        x       x     x       x        x        x
lease             staff       .     F      F       .        .       F     F       .        .        .
give-back         staff       .     L      L       .        .       L     L       .        .        .
skip              staff       .     L      L       .        .       L     L       .        .        .
hand-over         staff       .     L      L       .        .       L     L       .        .        .
invite            staff       .     L      L       .        .       L     L       .        .        .
break-lease       editors     .     O      O       .        .       O     O       .        .        .
record-verdict    staff       .     C      C       .        .       C     C       .        .        .
submit            staff       .     L      L       .        .       L     L       .        .        .
ask               editors     .     x      x       x        .       x     x       .        .        .
unask             editors     .     A      A       .        .       A     A       .        .        .
assign            editors     x     x      x       x        .       x     x       .        .        .
drop              staff       x     x      x       x        .       .     .       .        .        .
duplicate         staff       x     x      x       x        .       .     .       .        .        .
reopen            staff       .     .      .       .        .       .     .       x        x        x
request-recheck   staff       .     .      .       N        .       N     N       .        .        .
request-second-review staff   .     .      .       N        .       N     N       .        .        .
cancel-review     staff       .     R      R       .        .       R     R       .        .        .
publish           editors     .     .      .       x        x       .     .       .        .        .
amend             editors     .     .      .       .        .       N     .       .        .        .
correct           editors     .     .      .       .        .       N     .       .        .        .
hold              editors     .     .      .       x        x       x     .       .        .        .
release           editors     .     .      .       .        .       .     x       .        .        .
withdraw          editors     .     .      .       .        .       P     P       .        .        .
redact            admins      x     x      x       x        x       x     x       x        x        x
legal-hold        admins      x     x      x       x        x       x     x       x        x        x
"""
ROLES = {
    "staff": {Role.FACT_CHECKER, Role.EDITOR, Role.ADMIN},
    "editors": {Role.EDITOR, Role.ADMIN},
    "admins": {Role.ADMIN},
}
ROWS = [line.split() for line in TABLE.strip().splitlines()[1:]]
CELLS = {
    (action, stage): (ROLES[who], mark)
    for action, who, *marks in ROWS
    for stage, mark in zip(STAGES, marks, strict=True)
}


LEASES = {
    "nobody's": {},
    "waiting for others": {"review_is_open": True},
    "free": {"review_is_open": True, "entry_is_free": True},
    "asked for an hour": {"review_is_open": True, "entry_is_free": True, "is_asked": True},
    "a request": {"review_is_open": True, "entry_is_free": True, "may_cancel": True},
    "an editor's": {"review_is_open": True, "entry_is_free": True, "is_asked": True, "may_cancel": True},
    "mine": {"review_is_open": True, "holds_lease": True},
    "a colleague's": {"review_is_open": True, "is_invited": True, "others_hold_it": True},
    "another's": {"review_is_open": True, "others_hold_it": True},
}
MARKS = {
    ".": set(),
    "x": set(LEASES),
    "L": {"mine"},
    "C": {"mine", "a colleague's"},
    "O": {"a colleague's", "another's"},
    "F": {"free", "asked for an hour", "a request", "an editor's"},
    "N": {"nobody's"},
    "A": {"asked for an hour", "an editor's"},
    "R": {"a request", "an editor's"},
}


def says_table(action: str, stage: str, role: Role, *, lease: str, public: bool) -> bool:
    who, mark = CELLS[action, stage]
    return role in who and (public if mark == "P" else lease in MARKS[mark])


def test_the_table_speaks_of_every_action_and_stage() -> None:
    assert [row[0] for row in ROWS] == list(Action)
    assert set(STAGES) == set(Stage)


@pytest.mark.parametrize(("lease", "public"), list(product(LEASES, [False, True])))
def test_the_domain_allows_what_the_table_says(lease: str, public: bool) -> None:
    for stage, role in product(STAGES, Role):
        situation = Situation(Stage(stage), frozenset({role}), is_public=public, **LEASES[lease])
        expected = [a for a in Action if says_table(a, stage, role, lease=lease, public=public)]
        assert allowed_actions(situation) == expected, (stage, role)
        for action in Action:
            if any(says_table(action, stage, role, lease=other, public=public) for other in LEASES):
                permit(action, situation)
            elif role not in CELLS[action, stage][0]:
                with pytest.raises(NotAllowed):
                    permit(action, situation)
            else:
                with pytest.raises(IllegalState) as refusal:
                    permit(action, situation)
                assert refusal.value.allowed_actions == expected


def test_roles_add_up_and_nobody_is_nobody() -> None:
    both = Situation(Stage.AWAITING_SIGNOFF, frozenset({Role.FACT_CHECKER, Role.CLIENT, Role.EDITOR}))
    alone = Situation(Stage.AWAITING_SIGNOFF, frozenset({Role.EDITOR}))
    assert allowed_actions(both) == allowed_actions(alone)
    assert allowed_actions(Situation(Stage.AWAITING_SIGNOFF, frozenset())) == []


WHY = {"reason": "because"}
BOUND = {"kind": "landmark", "reason": "The bridge", "side": "not_before", "date": "2019"}
BOTH = {"location": "verified", "date": "unverified"}
# What brings a claim to a stage, after the stage that it is brought from.
ROAD: dict[str, tuple[str, Any]] = {
    "draft": ("", lambda c, e, claim: None),
    "queued": ("draft", lambda c, e, claim: c.post(f"claims/{claim}/queue/")),
    "in_review": ("queued", lambda c, e, claim: lease(c)),
    "awaiting_signoff": ("queued", lambda c, e, claim: review(c, BOTH)),
    "scheduled": ("awaiting_signoff", lambda c, e, claim: e.post(
        f"claims/{claim}/publish/", {"embargo_until": (timezone.now() + timedelta(days=1)).isoformat()})),
    "published": ("awaiting_signoff", lambda c, e, claim: e.post(f"claims/{claim}/publish/")),
    "held": ("published", lambda c, e, claim: e.post(f"claims/{claim}/hold/", WHY)),
    "held unpublished": ("awaiting_signoff", lambda c, e, claim: e.post(f"claims/{claim}/hold/", WHY)),
    "published under re-check": ("published", lambda c, e, claim: c.post(f"claims/{claim}/request-recheck/", WHY)),
    "published, asked": ("published", lambda c, e, claim: asked_for(e, claim)),
    "withdrawn": ("published", lambda c, e, claim: e.post(f"claims/{claim}/withdraw/", WHY)),
    "dropped": ("queued", lambda c, e, claim: c.post(f"claims/{claim}/drop/", WHY)),
    "duplicate": ("queued", lambda c, e, claim: c.post(
        f"claims/{claim}/duplicate/", {**WHY, "of": file_claim(c, draft=True)["id"]})),
}  # fmt: skip


def asked_for(editor: Caller, claim: str) -> Any:
    due_at = (timezone.now() + timedelta(hours=1)).isoformat()
    return editor.post(f"claims/{claim}/ask/", {"dimension": "date", "due_at": due_at})


def lease_at(stage: str, *, by_filer: bool, role: Role) -> str:
    """How the open review of a claim that was `brought_to` a stage stands to a caller."""
    if stage == "in_review":
        return "mine" if by_filer else "another's"
    if stage == "published under re-check":
        return "a request" if by_filer or role in ROLES["editors"] else "free"
    if stage == "published, asked":
        return "an editor's" if role in ROLES["editors"] else "asked for an hour"
    return "free" if stage == "queued" else "nobody's"


PUBLIC = {"published", "published under re-check", "published, asked", "held", "withdrawn"}


def brought_to(stage: str, checker: Caller, editor: Caller, claim: str = "") -> str:
    """A claim with one captured video, at a stage."""
    before, act = ROAD[stage]
    if before:
        claim = brought_to(before, checker, editor, claim)
    else:
        claim = file_claim(checker, draft=True, media=[{"url": "https://media.example/one.mp4"}])["id"]
        at = timezone.now()
        older, newer = (
            Asset.objects.create(
                sha256=uuid.uuid4().hex * 2,
                size_bytes=1,
                media_type="video/mp4",
                kind="video",
                archived_at=at,
            )
            for _ in range(2)
        )
        MediaItem.objects.update(state="captured", asset=newer)
        desk = Claim.objects.get(pk=claim).desk
        MediaMatch.objects.create(desk=desk, older=older, newer=newer, distance=9, turn="none", found_at=at)
    act(checker, editor, claim)
    return claim


OF_ENTRIES = {"lease": ("lease", None), "break-lease": ("break", WHY)}
OF_LEASES = {
    "give-back": ("release", None),
    "skip": ("skip", WHY),
    "hand-over": ("hand-over", {"to": None}),
    "invite": ("invite", {"person": "marko"}),
}
OF_MEDIA: dict[str, tuple[str, Any]] = {
    "recapture": ("recapture", None),
    "recheck": ("recheck", None),
    "add-bound": ("bounds", BOUND),
    "set-permission": ("permission", {"permission": "refused"}),
}


def tried(by: Caller, action: str, claim: dict[str, Any], etag: str, other: str) -> Any:
    """The call that an action is, well-formed."""
    here = f"claims/{claim['id']}/"
    media = f"media/{claim['media'][0]['id']}/"
    entry = QueueEntry.objects.filter(claim=claim["id"]).order_by("-created_at").first()
    token = {"lease_token": entry.token if entry else f"{claim['id']}.1"}
    verdict = {**token, "dimension": "date", "status": "unverified", "reason": "seen"}
    bodies = {
        "note": {"body": "a"},
        "unask": {"dimension": "date"},
        "submit": token,
        "add-media": {"url": "https://media.example/two.mp4"},
    }
    if action == "edit":
        return by.patch(here, {"priority": "high"}, If_Match=etag)
    if action in OF_ENTRIES:
        path, body = OF_ENTRIES[action]
        return by.post(f"queue/{entry.pk}/{path}/", body) if entry else None
    if action in OF_LEASES:
        path, body = OF_LEASES[action]
        return by.post(f"queue/leases/{token['lease_token']}/{path}/", body)
    if action == "ask":
        due_at = (timezone.now() + timedelta(hours=1)).isoformat()
        return by.post(f"{here}ask/", {"dimension": "date", "due_at": due_at})
    if action in OF_MEDIA:
        path, body = OF_MEDIA[action]
        return by.post(f"{media}{path}/", body)
    if action == "contact":
        asked = {"media": claim["media"][0]["id"], "account": "@a", "text": "a", "channel": "phone"}
        return by.post(f"{here}contacts/", asked)
    if action == "judge-match":
        match = MediaMatch.objects.get(newer__items=claim["media"][0]["id"])
        return by.post(f"{media}similar/{match.pk}/", {**WHY, "state": "confirmed"})
    if action == "record-verdict":
        return by.post(f"{here}verdicts/", verdict)
    if action == "duplicate":
        return by.post(f"{here}duplicate/", {**WHY, "of": other})
    if action == "assign":
        return by.post(f"{here}assign/", {"to": None})
    if action == "redact":
        return by.post(f"{here}redact/", {**WHY, "target": "statement", "legal_ground": "a court order"})
    path = {"note": "notes", "add-media": "media"}.get(action, action)
    return by.post(f"{here}{path}/", bodies.get(action, {} if action in {"publish", "queue"} else WHY))


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize("stage", ROAD)
def test_the_api_shows_and_enforces_the_same_table(
    stage: str, checker: Caller, second_checker: Caller, editor: Caller, admin: Caller
) -> None:
    name, other = brought_to(stage, checker, editor), file_claim(checker, draft=True)["id"]
    is_at = {"held unpublished": "held"}.get(
        stage, stage.removesuffix(" under re-check").removesuffix(", asked")
    )
    public = stage in PUBLIC
    people = ((checker, Role.FACT_CHECKER), (second_checker, Role.FACT_CHECKER), (editor, Role.EDITOR), (admin, Role.ADMIN))  # fmt: skip
    for by, role in people:
        held = lease_at(stage, by_filer=by is checker, role=role)
        expected = [a for a in Action if says_table(a, is_at, role, lease=held, public=public)]
        response = by.get(f"claims/{name}/")
        claim = response.json()
        assert (claim["stage"], claim["allowed_actions"]) == (is_at, expected), by.person.username
        before = everything()
        for action in [a for a in Action if a not in expected]:
            refusal = tried(by, action, claim, response["ETag"], other)
            if refusal is None:
                assert stage == "draft"
                continue
            # A lease that is not held is told as such; its holder too is only told that they hold it.
            needs_lease = CELLS[action, "queued"][1] in {"L", "C", "F"}
            if action == Action.LEASE and held == "mine":
                assert refusal.json()["lease_token"]
                continue
            problem = refused(refusal, *((409, 423) if needs_lease else (403, 409)))
            assert (problem["status"] == 403) == (role not in CELLS[action, is_at][0]), action
            elsewhere = CELLS[action, is_at][1] in {"N", "A", "R"} or action == Action.BREAK_LEASE
            if problem["status"] == 409 and not needs_lease and not elsewhere:
                assert problem["allowed_actions"] == expected
            assert everything() == before, action
        assert by.get(f"claims/{name}/")["ETag"] == response["ETag"]


@pytest.mark.database
@pytest.mark.django_db
def test_whom_the_holder_asked_in_may_do_what_the_table_says(checker: Caller, second_checker: Caller) -> None:
    claim = brought_to("in_review", checker, checker)
    token = checker.get(f"claims/{claim}/").json()["queue_entry"]["lease_token"]
    assert checker.post(f"queue/leases/{token}/invite/", {"person": "marko"}).status_code == 200
    shown = second_checker.get(f"claims/{claim}/").json()
    expected = [
        a
        for a in Action
        if says_table(a, "in_review", Role.FACT_CHECKER, lease="a colleague's", public=False)
    ]
    assert shown["allowed_actions"] == expected
    assert (shown["queue_entry"]["lease_token"], shown["queue_entry"]["invited"]) == (token, ["marko"])
    verdict = {"lease_token": token, "dimension": "date", "status": "unverified", "reason": "no clock"}
    assert second_checker.post(f"claims/{claim}/verdicts/", verdict).status_code == 201
    refused(second_checker.post(f"claims/{claim}/submit/", {"lease_token": token}), 423)
