"""One act on many claims: each by the rules of a single one, with a result each, and taken back while that may be."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims.models import Claim, Desk
from claims.vocabulary import Role, Stage
from tests.conftest import Caller, everything, file_claim, lease, refused, submitted
from verification.domain.bulk import ACTION, BulkAction, with_tags
from verification.domain.transitions import TABLE
from verification.models import AuditEntry, BulkAct, QueueEntry
from verification.services import bulk

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "because"}


def body(act: str, claims: list[str], **more: Any) -> dict[str, Any]:
    usual: dict[str, dict[str, Any]] = {
        "assign": {"to": "marko"},
        "prioritise": {"priority": "breaking"},
        "tag": {"add_tags": ["flags"], "remove_tags": ["old"]},
        "drop": WHY,
        "duplicate": WHY,
    }
    return {"act": act, "claims": claims, **usual[act], **more}


def act_on(caller: Caller, act: str, claims: list[str], **more: Any) -> dict[str, Any]:
    response = caller.post("claims/bulk-act/", body(act, claims, **more))
    assert response.status_code == 200, response.content
    told: dict[str, Any] = response.json()
    assert told["done"] + told["refused"] == len(told["results"])
    return told


def taken_back(caller: Caller, told: dict[str, Any]) -> dict[str, Any]:
    response = caller.post("claims/bulk-act/undo/", {"undo": told["undo"]})
    assert response.status_code == 200, response.content
    back: dict[str, Any] = response.json()
    return back


def codes(told: dict[str, Any]) -> list[str | None]:
    return [one["error"] and one["error"]["code"] for one in told["results"]]


def expected(act: BulkAction, stage: Stage, role: Role, held: str) -> str | None:
    rule = TABLE[ACTION[act]]
    if role not in rule.roles:
        return "forbidden"
    if stage not in rule.stages:
        return "illegal_state"
    takes = act in {BulkAction.DROP, BulkAction.DUPLICATE}
    return "lease_held" if takes and held == "another's" else None


@pytest.mark.parametrize("act", BulkAction)
def test_each_claim_goes_by_the_rule_of_a_single_one(
    act: BulkAction, checker: Caller, second_checker: Caller, editor: Caller, subtests: pytest.Subtests
) -> None:
    """Every stage, role and lease; the preview says the same and changes nothing."""
    original = file_claim(second_checker, statement="The first one.")["ref"]
    more = {"of": original} if act == "duplicate" else {}
    for stage, (caller, role), held in product(
        Stage,
        [(checker, Role.FACT_CHECKER), (editor, Role.EDITOR)],
        ["nobody's", "mine", "another's"],
    ):
        claim = file_claim(second_checker, statement=f"{stage} {role} {held}", tags=["old"])["id"]
        holder = {"nobody's": None, "mine": caller.person, "another's": second_checker.person}[held]
        Claim.objects.filter(pk=claim).update(stage=stage)
        if holder:
            QueueEntry.objects.filter(claim=claim).update(
                state="leased", holder=holder, lease_until=timezone.now() + timedelta(hours=1)
            )
        with subtests.test(f"{stage} as {role}, the lease {held}"):
            before = everything()
            foretold = act_on(caller, act, [claim], preview=True, **more)
            assert everything() == before
            told = act_on(caller, act, [claim], **more)
            assert codes(told) == codes(foretold) == [expected(act, stage, role, held)]
            assert told["results"][0] == foretold["results"][0]
            assert (told["undo"] is None) == (told["done"] == 0)
            assert foretold["undo"] is None
            if codes(told) == ["lease_held"]:
                assert told["results"][0]["error"]["holder"] == second_checker.person.display_name


@pytest.mark.parametrize(
    ("add", "remove", "left"),
    [
        (["c"], [], ["a", "b", "c"]),
        (["a"], [], ["a", "b"]),
        ([], ["a", "x"], ["b"]),
        (["c", "c"], ["b"], ["a", "c"]),
        (["a"], ["a"], ["a", "b"]),
    ],
)
def test_tags_are_added_and_removed_once(add: list[str], remove: list[str], left: list[str]) -> None:
    assert with_tags(["a", "b"], add=add, remove=remove) == left


DONE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("assign", {"assignee": None}, {"assignee": "marko"}),
    ("prioritise", {"priority": "high"}, {"priority": "breaking"}),
    ("tag", {"tags": ["old", "kept"]}, {"tags": ["kept", "flags"]}),
    ("drop", {"stage": "queued"}, {"stage": "dropped"}),
    ("duplicate", {"stage": "queued", "duplicate_of": None}, {"stage": "duplicate"}),
]


@pytest.mark.parametrize(("act", "was", "now"), DONE)
def test_what_is_done_is_told_and_taken_back(
    act: str,
    was: dict[str, Any],
    now: dict[str, Any],
    checker: Caller,
    second_checker: Caller,
    editor: Caller,
) -> None:
    original = file_claim(checker, statement="The first one.")
    more = {"of": original["ref"]} if act == "duplicate" else {}
    now = now | ({"duplicate_of": original["ref"]} if more else {})
    claims = [
        file_claim(checker, statement=str(number), tags=["old", "kept"], priority="high")
        for number in range(2)
    ]
    told = act_on(editor, act, [claims[1]["ref"], claims[0]["id"]], **more)
    assert [(one["ref"], one["was"], one["now"]) for one in told["results"]] == [
        (claim["ref"], was, now) for claim in reversed(claims)
    ]
    read = editor.get(f"claims/{claims[0]['id']}/").json()
    assert {name: read[name] for name in now if name in read and name != "duplicate_of"} == {
        name: now[name] for name in now if name in read and name != "duplicate_of"
    }
    back = taken_back(editor, told)
    assert [(one["was"], one["now"], one["error"]) for one in back["results"]] == [(now, was, None)] * 2
    assert back["undo"] is None
    for claim in claims:
        entry = QueueEntry.objects.open().get(claim=claim["id"])
        assert (entry.state, entry.assignee_id, entry.priority) == ("waiting", None, "high")


def test_one_refusal_stops_none_of_the_others_and_none_is_taken_out_of_somebodys_hands(
    checker: Caller, second_checker: Caller, stranger: Caller
) -> None:
    theirs = file_claim(stranger)["ref"]
    file_claim(checker, statement="Held.")
    held = lease(second_checker)["claim"]
    dropped = file_claim(checker, statement="Dropped.")["ref"]
    checker.post(f"claims/{dropped}/drop/", WHY)
    free = [file_claim(checker, statement=str(number))["ref"] for number in range(2)]
    nonesuch = str(uuid.uuid4())
    named = [free[0], held["ref"], theirs, dropped, nonesuch, "2000-1", free[1]]
    told = act_on(checker, "drop", named)
    missing = "not_found"
    assert codes(told) == [None, "lease_held", missing, "illegal_state", missing, missing, None]
    assert [one["name"] for one in told["results"]] == named
    assert (told["done"], told["refused"]) == (2, 5)
    assert told["results"][2] == {**told["results"][2], "claim": None, "ref": None, "was": None, "now": None}
    assert QueueEntry.objects.held().get().claim_id == uuid.UUID(held["id"])
    assert set(Claim.objects.filter(stage="dropped").values_list("ref", flat=True)) == {dropped, *free}
    assert [row["claim"] for row in BulkAct.objects.get().results] == [
        str(Claim.objects.get(ref=ref).pk) for ref in free
    ]
    # By itself it may be dropped, whoever holds it.
    assert checker.post(f"claims/{held['id']}/drop/", WHY).status_code == 200


def test_a_claim_is_done_once_however_often_it_is_named(checker: Caller) -> None:
    claim = file_claim(checker)
    told = act_on(checker, "tag", [claim["ref"], claim["id"], claim["id"].upper(), claim["ref"]])
    assert [one["name"] for one in told["results"]] == [claim["ref"]]
    assert AuditEntry.objects.filter(action="edit").count() == 1


def test_a_duplicate_of_itself_or_of_another_desks_claim_is_refused(
    checker: Caller, stranger: Caller
) -> None:
    claim, theirs = file_claim(checker)["ref"], file_claim(stranger)["ref"]
    told = act_on(checker, "duplicate", [claim], of=claim)
    assert told["results"][0]["error"]["errors"][0]["pointer"] == "/of"
    refused(checker.post("claims/bulk-act/", body("duplicate", [claim], of=theirs)), 400, pointer="/of")


def test_a_claim_that_would_have_too_many_tags_is_refused_alone(checker: Caller) -> None:
    full = file_claim(checker, tags=[f"t{number}" for number in range(50)])["ref"]
    free = file_claim(checker, statement="Other.")["ref"]
    told = act_on(checker, "tag", [full, free], remove_tags=[])
    assert codes(told) == ["invalid", None]
    assert told["results"][0]["error"]["errors"][0]["pointer"] == "/add_tags"


def test_nobody_outside_the_desk_is_assigned(checker: Caller, editor: Caller, stranger: Caller) -> None:
    claim = file_claim(checker)["ref"]
    told = act_on(editor, "assign", [claim], to=stranger.person.username)
    assert told["results"][0]["error"]["errors"][0]["pointer"] == "/to"
    assert told["undo"] is None


BAD: list[tuple[dict[str, Any], str]] = [
    ({"act": "publish", "claims": ["a"]}, "/act"),
    ({"act": "drop", "claims": [], **WHY}, "/claims"),
    ({"act": "drop", "claims": "2026-00001", **WHY}, "/claims"),
    ({"act": "drop", "claims": [f"2026-{n}" for n in range(1001)], **WHY}, "/claims"),
    ({"act": "drop", "claims": ["a"]}, "/reason"),
    ({"act": "drop", "claims": ["a"], "reason": " "}, "/reason"),
    ({"act": "drop", "claims": ["a"], **WHY, "to": "marko"}, "/to"),
    ({"act": "assign", "claims": ["a"]}, "/to"),
    ({"act": "prioritise", "claims": ["a"], "priority": "now"}, "/priority"),
    ({"act": "tag", "claims": ["a"]}, "/add_tags"),
    ({"act": "tag", "claims": ["a"], "add_tags": []}, "/add_tags"),
    ({"act": "duplicate", "claims": ["a"], **WHY}, "/of"),
    ({"act": "duplicate", "claims": ["a"], **WHY, "of": "2000-1"}, "/of"),
    ({"act": "drop", "claims": ["a"], **WHY, "colour": "red"}, "/colour"),
]


@pytest.mark.parametrize(("said", "pointer"), BAD)
def test_what_makes_no_sense_is_refused_whole_and_named(
    said: dict[str, Any], pointer: str, checker: Caller
) -> None:
    refused(checker.post("claims/bulk-act/", said), 400, pointer=pointer)


@pytest.mark.parametrize("act", BulkAction)
def test_a_thousand_claims_cost_a_thousand_times_what_one_costs(
    act: BulkAction, checker: Caller, second_checker: Caller, editor: Caller, desk: Desk
) -> None:
    """Counted over few: the number of queries a claim does not grow with how many there are."""
    original = file_claim(checker, statement="The first one.")["ref"]
    more = {"of": original} if act == "duplicate" else {}
    claims = [file_claim(checker, statement=str(number))["id"] for number in range(24)]

    def queries(some: list[str]) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert act_on(editor, act, some, **more)["done"] == len(some)
        return len(asked)

    queries(claims[:1])
    one, four, sixteen = queries(claims[1:2]), queries(claims[2:6]), queries(claims[6:22])
    assert sixteen - four == 4 * (four - one)
    assert (four - one) / 3 <= 24


def test_a_thousand_claims_are_done_and_taken_back(checker: Caller) -> None:
    first = Claim.objects.get(pk=file_claim(checker)["id"])
    Claim.objects.bulk_create(
        Claim(ref=f"2000-{n:05d}", desk=first.desk, statement=first.statement, language="en", source=first.source, stage="queued", filed_by=first.filed_by)
        for n in range(999)
    )  # fmt: skip
    claims = list(Claim.objects.order_by("ref").values_list("ref", flat=True))
    told = act_on(checker, "tag", claims)
    assert (told["done"], [one["ref"] for one in told["results"]]) == (bulk.MAX_CLAIMS, claims)
    assert set(map(tuple, Claim.objects.values_list("tags", flat=True))) == {("flags",)}
    assert taken_back(checker, told)["done"] == 1000
    assert set(map(tuple, Claim.objects.values_list("tags", flat=True))) == {()}


# Taking it back


def changed_since(checker: Caller, ref: str) -> None:
    etag = checker.get(f"claims/{ref}/")["ETag"]
    assert checker.patch(f"claims/{ref}/", {"priority": "low"}, If_Match=etag).status_code == 200


def reopened_since(checker: Caller, ref: str) -> None:
    assert checker.post(f"claims/{ref}/reopen/", WHY).status_code == 200


@pytest.mark.parametrize(
    ("act", "change", "left"),
    [
        ("assign", changed_since, {"assignee": "marko"}),
        ("prioritise", changed_since, {"priority": "low"}),
        ("tag", changed_since, {"tags": ["flags"]}),
        ("drop", reopened_since, {"stage": "queued"}),
        ("duplicate", reopened_since, {"stage": "queued"}),
    ],
)
def test_what_somebody_changed_since_stays_and_says_so(
    act: str, change: Callable[[Caller, str], None], left: dict[str, Any],
    checker: Caller, second_checker: Caller, editor: Caller,
) -> None:  # fmt: skip
    original = file_claim(checker, statement="The first one.")["ref"]
    more = {"of": original} if act == "duplicate" else {}
    changed, kept = (file_claim(checker, statement=str(n))["ref"] for n in range(2))
    told = act_on(editor, act, [changed, kept], **more)
    change(checker, changed)
    back = taken_back(editor, told)
    assert codes(back)[1] is None
    assert codes(back)[0] in {"stale", "illegal_state"}
    read = checker.get(f"claims/{changed}/").json()
    assert {name: read[name] for name in left} == left


def test_it_is_taken_back_once_in_time_and_by_who_did_it(
    checker: Caller, second_checker: Caller, stranger: Caller
) -> None:
    claim = file_claim(checker)["ref"]
    told = act_on(checker, "tag", [claim])
    undo = {"undo": told["undo"]}
    for other in (second_checker, stranger):
        refused(other.post("claims/bulk-act/undo/", undo), 404)
    refused(checker.post("claims/bulk-act/undo/", {"undo": str(uuid.uuid4())}), 404)
    refused(checker.post("claims/bulk-act/undo/", {"undo": "that"}), 400, pointer="/undo")
    BulkAct.objects.update(at=timezone.now() - bulk.UNDO_FOR)
    refused(checker.post("claims/bulk-act/undo/", undo), 409, code="too_late")
    BulkAct.objects.update(at=timezone.now())
    taken_back(checker, told)
    refused(checker.post("claims/bulk-act/undo/", undo), 409, code="undone")
    assert Claim.objects.get(ref=claim).tags == []


def test_what_can_not_be_taken_back_any_more_is_not_kept(checker: Caller, second_checker: Caller) -> None:
    claim = file_claim(checker)["ref"]
    act_on(checker, "tag", [claim])
    act_on(second_checker, "tag", [claim])
    BulkAct.objects.update(at=timezone.now() - bulk.UNDO_FOR)
    act_on(checker, "tag", [claim])
    assert BulkAct.objects.filter(person=checker.person).count() == 1
    assert BulkAct.objects.filter(person=second_checker.person).count() == 1


def test_the_same_key_does_it_once(checker: Caller) -> None:
    claim = file_claim(checker)["ref"]
    said = body("tag", [claim])
    first = checker.post("claims/bulk-act/", said, Idempotency_Key="one")
    again = checker.post("claims/bulk-act/", said, Idempotency_Key="one")
    assert first.json() == again.json()
    assert AuditEntry.objects.filter(action="edit").count() == 1


def test_what_awaits_sign_off_and_was_dropped_awaits_it_again_when_taken_back(checker: Caller) -> None:
    claim = submitted(checker)["ref"]
    taken_back(checker, act_on(checker, "drop", [claim]))
    assert Claim.objects.get(ref=claim).stage == "awaiting_signoff"
    assert not QueueEntry.objects.open().filter(claim__ref=claim).exists()


def test_a_note_since_is_no_change_of_what_is_taken_back(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    noted, edited = (file_claim(checker, statement=text)["id"] for text in ("One.", "Two."))
    done = editor.post(
        "claims/bulk-act/", {"act": "drop", "claims": [noted, edited], "reason": "spam"}
    ).json()
    for claim in (noted, edited):
        assert second_checker.post(f"claims/{claim}/notes/", {"body": "Why?"}).status_code == 201
    assert editor.post(f"claims/{edited}/reopen/", {"reason": "no"}).status_code == 200
    assert editor.post(f"claims/{edited}/drop/", {"reason": "yes"}).status_code == 200
    back = editor.post("claims/bulk-act/undo/", {"undo": done["undo"]}).json()["results"]
    assert [one["error"]["code"] if one.get("error") else None for one in back] == [None, "stale"]
    assert checker.get(f"claims/{noted}/").json()["stage"] == "queued"
