"""Acting on several claims from the board: ticked or filtered, previewed, done and taken back, in parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from claims.models import Claim, Desk, Membership
from claims.vocabulary import Role
from tests.conftest import Caller, file_claim, lease
from tests.desk.test_board import text
from verification.domain.bulk import BulkAction, acts_of
from verification.models import AuditEntry, BulkAct, BulkRun, QueueEntry
from verification.services import bulk, bulk_runs, work

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]
BULK = "/claims/bulk/"
FILLED: dict[str, dict[str, str]] = {
    "assign": {"to": "marko", "reason": ""},
    "prioritise": {"priority": "breaking"},
    "tag": {"add_tags": "flags, villages", "remove_tags": "old"},
    "drop": {"reason": "because"},
    "duplicate": {"reason": "because"},
}
BECAME: dict[str, str] = {
    "assign": "Assignee: nobody → marko",
    "prioritise": "Priority: Normal → Breaking",
    "tag": "Tags: old → flags, villages",
    "drop": "Stage: Queued → Dropped",
    "duplicate": "Stage: Queued → Duplicate",
}


def filed(caller: Caller, number: int) -> list[str]:
    return [str(file_claim(caller, statement=f"No. {n}", tags=["old"])["ref"]) for n in range(number)]


def begun(browser: Client, act: str, refs: list[str], **said: str) -> str:
    """The address of the preview."""
    form = {"act": act, "claim": " ".join(refs), "ready": "yes", **FILLED[act], **said}
    response = browser.post(BULK, form)
    assert response.status_code == 302, text(response)
    return str(response["Location"])


def pressed(browser: Client, address: str, what: str) -> Any:
    response = browser.post(f"{address}{what}/", follow=True)
    assert response.status_code == 200, text(response)
    return response


# From the board to the preview


def test_the_board_has_a_box_a_claim_and_the_acts_of_the_role(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    ref = file_claim(checker)["ref"]
    for caller, acts in ((checker, ["prioritise", "tag", "drop", "duplicate"]), (editor, list(BulkAction))):
        html = pages(caller).get("/claims/").content.decode()
        assert f'aria-label="Choose {ref}" form="bulk" name="claim" value="{ref}"' in html
        assert re.findall(r'name="act" value="(\w+)"', html) == acts
        assert "everything" not in html
        assert 'name="everything"' in pages(caller).get("/claims/", {"stage": "queued"}).content.decode()


def test_who_may_do_none_of_it_gets_no_bar() -> None:
    assert {role: len(acts_of(role)) for role in Role} == {
        Role.FACT_CHECKER: 4,
        Role.EDITOR: 5,
        Role.ADMIN: 5,
        Role.CLIENT: 0,
    }


def test_an_act_of_another_role_or_on_nothing_is_refused(pages: Pages, checker: Caller) -> None:
    ref = file_claim(checker)["ref"]
    browser = pages(checker)
    assert browser.post(BULK, {"act": "assign", "claim": ref}).status_code == 403
    for said in ({"act": "publish", "claim": ref}, {"act": "drop"}, {"act": "drop", "claim": "2000-1"}):
        assert browser.post(BULK, said).status_code == 400
    assert not BulkRun.objects.exists()


@pytest.mark.parametrize("act", BulkAction)
def test_it_is_asked_for_previewed_done_and_taken_back(
    act: str, pages: Pages, checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    refs = filed(checker, 3)
    original = str(file_claim(checker, statement="The first.")["ref"])
    more = {"of": original} if act == "duplicate" else {}
    browser = pages(editor)
    asked = browser.post(BULK, {"act": act, "claim": refs[:2]})
    assert f'name="claim" value="{refs[0]} {refs[1]}"' in asked.content.decode()
    assert "2 claims" in text(asked)
    before = list(Claim.objects.order_by("pk").values())
    address = begun(browser, act, refs[:2], **more)
    preview = browser.get(address)
    assert "<b>2</b> would be done, <b>0</b> refused. Nothing is changed yet." in text(preview)
    assert text(preview).count(BECAME[act]) == 2
    assert list(Claim.objects.order_by("pk").values()) == before
    done = pressed(browser, address, "confirm")
    assert "<b>2</b> done, <b>0</b> refused." in text(done)
    assert text(done).count(BECAME[act]) == 2
    for ref in refs[:2]:
        assert f'href="/claims/{ref}/"' in text(done)
    changed = {
        row["ref"]
        for row, was in zip(Claim.objects.order_by("pk").values(), before, strict=True)
        if row != was
    }
    assert changed == set(refs[:2])
    back = pressed(browser, address, "undo")
    assert "<b>2</b> taken back" in text(back)
    assert "data-bulk-undo" not in text(back)
    columns = ("stage", "priority", "tags", "assignee_id", "duplicate_of_id")
    assert [{c: row[c] for c in columns} for row in Claim.objects.order_by("pk").values()] == [
        {c: row[c] for c in columns} for row in before
    ]


@pytest.mark.parametrize(
    ("act", "said", "told"),
    [
        ("drop", {"reason": " "}, "Say why."),
        ("tag", {"add_tags": ", ", "remove_tags": ""}, "Name a tag to add, or one to take away."),
        ("tag", {"add_tags": "x" * 61}, "a tag has at most 60 characters."),
        ("duplicate", {"of": "2000-1"}, "You know no claim of this reference."),
        ("assign", {"to": "nobody-here"}, "Select a valid choice."),
    ],
)
def test_what_is_not_filled_in_well_is_asked_for_again_with_what_was_typed(
    act: str, said: dict[str, str], told: str, pages: Pages, checker: Caller, editor: Caller
) -> None:
    refs = filed(checker, 2)
    form = {"act": act, "claim": " ".join(refs), "ready": "yes", "of": "", **FILLED[act], **said}
    response = pages(editor).post(BULK, form)
    assert response.status_code == 422
    assert told in text(response)
    assert f'value="{refs[0]} {refs[1]}"' in response.content.decode()
    assert not BulkRun.objects.exists()


def test_everything_is_what_the_filters_let_pass_on_this_desk(
    pages: Pages, checker: Caller, editor: Caller, stranger: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [str(file_claim(checker, statement=str(n), priority="high")["ref"]) for n in range(3)]
    file_claim(checker, statement="Another.")
    file_claim(stranger, statement="Theirs.", priority="high")
    browser = pages(editor)
    address = begun(browser, "tag", wanted, query="priority=high&cursor=x")
    assert 'href="/claims/?priority=high" data-back' in browser.get(address).content.decode()
    said = {"act": "tag", "everything": "on", "query": "priority=high&ordering=created_at&cursor=x"}
    assert f'name="claim" value="{" ".join(wanted)}"' in browser.post(BULK, said).content.decode()
    monkeypatch.setattr("verification.desk.views.bulk.MAX_CLAIMS", 2)
    page = browser.post(BULK, said)
    assert f'name="claim" value="{" ".join(wanted[:2])}"' in page.content.decode()
    assert "These are the first" in text(page)
    assert browser.post(BULK, {**said, "query": "colour=red"}).status_code == 400


def test_another_desks_claims_are_not_taken_along(
    pages: Pages, checker: Caller, stranger: Caller, other_desk: Desk
) -> None:
    mine, theirs = file_claim(checker)["ref"], file_claim(stranger)["ref"]
    Membership.objects.create(person=checker.person, desk=other_desk, role="fact_checker")
    page = pages(checker).post(BULK, {"act": "tag", "claim": [mine, theirs]})
    assert f'name="claim" value="{mine}"' in page.content.decode()


# Leases, refusals, and what changed meanwhile


def test_what_is_refused_says_why_and_stops_none_of_the_others(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    file_claim(checker, statement="Held.")
    held = lease(second_checker)["claim"]["ref"]
    free = filed(checker, 2)
    dropped = str(file_claim(checker, statement="Dropped.")["ref"])
    checker.post(f"claims/{dropped}/drop/", {"reason": "because"})
    browser = pages(checker)
    address = begun(browser, "drop", [free[0], held, dropped, free[1]])
    preview = text(browser.get(address))
    assert "<b>2</b> would be done, <b>2</b> refused." in preview
    assert "marko holds a review of this claim until" in preview
    assert (
        "&#x27;drop&#x27; is not possible while the claim is dropped."
        in browser.get(address).content.decode()
    )
    assert "Do it to 2 claims" in preview
    # What is taken between preview and act is left to who took it.
    entry = QueueEntry.objects.get(claim__ref=free[1])
    assert second_checker.post(f"queue/{entry.pk}/lease/").status_code == 200
    done = text(pressed(browser, address, "confirm"))
    assert "<b>1</b> done, <b>3</b> refused." in done
    assert done.count("marko holds a review") == 2
    assert QueueEntry.objects.held().filter(pk=entry.pk).exists()
    assert set(Claim.objects.filter(stage="dropped").values_list("ref", flat=True)) == {dropped, free[0]}


def test_nothing_to_do_can_not_be_confirmed(pages: Pages, checker: Caller) -> None:
    ref = str(file_claim(checker)["ref"])
    checker.post(f"claims/{ref}/drop/", {"reason": "because"})
    browser = pages(checker)
    address = begun(browser, "drop", [ref])
    page = text(browser.get(address))
    assert "None of them can be done." in page
    assert "confirm/" not in page


def test_what_is_so_already_is_counted_apart(pages: Pages, checker: Caller, editor: Caller) -> None:
    refs = filed(checker, 3)
    editor.post(f"claims/{refs[0]}/assign/", {"to": "olena"})
    browser = pages(editor)
    address = begun(browser, "assign", refs, to="")
    assert "<b>3</b> would be done (2 of them are so already), <b>0</b> refused." in text(
        browser.get(address)
    )
    assert "<b>3</b> done (2 of them were so already), <b>0</b> refused." in text(
        pressed(browser, address, "confirm")
    )


def test_what_somebody_changed_since_is_left_and_said(pages: Pages, checker: Caller, editor: Caller) -> None:
    refs = filed(checker, 2)
    browser = pages(editor)
    address = begun(browser, "prioritise", refs)
    pressed(browser, address, "confirm")
    etag = checker.get(f"claims/{refs[0]}/")["ETag"]
    assert checker.patch(f"claims/{refs[0]}/", {"priority": "low"}, If_Match=etag).status_code == 200
    back = text(pressed(browser, address, "undo"))
    assert "<b>1</b> taken back, <b>1</b> left as it is." in back
    assert "The claim was changed since." in back
    assert dict(Claim.objects.values_list("ref", "priority")) == {refs[0]: "low", refs[1]: "normal"}


def test_each_step_is_done_once_in_time_and_by_who_began_it(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    browser = pages(checker)
    address = begun(browser, "tag", filed(checker, 1))
    for path in ("", "go-on/", "confirm/", "undo/"):
        way = pages(second_checker).get if not path else pages(second_checker).post
        assert way(f"{address}{path}").status_code == 404
    assert browser.post(f"{address}undo/").status_code == 409
    pressed(browser, address, "confirm")
    assert browser.post(f"{address}confirm/").status_code == 409
    assert AuditEntry.objects.filter(action="edit").count() == 1
    BulkRun.objects.update(acted_at=timezone.now() - bulk.UNDO_FOR)
    assert "data-bulk-undo" not in text(browser.get(address))
    assert browser.post(f"{address}undo/").status_code == 409
    BulkRun.objects.update(acted_at=timezone.now())
    pressed(browser, address, "undo")
    assert browser.post(f"{address}undo/").status_code == 409
    assert AuditEntry.objects.filter(action="edit").count() == 2


# In parts


def test_many_are_done_in_parts_that_can_be_watched_and_stopped(
    pages: Pages, checker: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_runs, "PART_CLAIMS", 3)
    refs = filed(checker, 8)
    browser = pages(checker)
    address = begun(browser, "tag", refs)
    page = text(browser.get(address))
    assert "3 of 8 claims tried." in page
    assert "confirm/" not in page
    assert browser.post(f"{address}confirm/").status_code == 409
    part = browser.post(f"{address}go-on/", headers={"HX-Request": "true"})
    assert "6 of 8 claims tried." in text(part)
    assert "<html" not in part.content.decode()
    assert "<b>8</b> would be done" in text(pressed(browser, address, "go-on"))
    done = text(pressed(browser, address, "confirm"))
    assert "3 of 8 claims gone over." in done
    assert Claim.objects.filter(tags=["flags", "villages"]).count() == 3
    assert "Stop and take back what was done" in done
    assert "<b>3</b> taken back" in text(pressed(browser, address, "undo"))
    assert Claim.objects.filter(tags=["old"]).count() == 8


def test_a_part_ends_when_its_time_is_up(
    checker: Caller, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed(checker, 4)
    now = iter(range(100))
    monkeypatch.setattr(bulk_runs, "monotonic", lambda: next(now))
    monkeypatch.setattr(bulk_runs, "PART_SECONDS", 3)
    run = bulk_runs.begin(
        list(Claim.objects.values_list("pk", flat=True)), actor=checker.person, desk=desk,
        act=BulkAction.TAG, arguments=bulk.Arguments(add_tags=["a"]),
    )  # fmt: skip
    run = bulk_runs.go_on(run, actor=checker.person)
    assert (len(run.results), len(run.waiting)) == (2, 2)


def test_a_fault_in_a_part_leaves_neither_its_effect_nor_its_results(
    checker: Caller, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed(checker, 3)
    run = bulk_runs.begin(
        list(Claim.objects.values_list("pk", flat=True)), actor=checker.person, desk=desk,
        act=BulkAction.TAG, arguments=bulk.Arguments(add_tags=["a"]),
    )  # fmt: skip
    run = bulk_runs.confirm(bulk_runs.go_on(run, actor=checker.person), actor=checker.person)
    tried, calls = bulk.tried, iter(range(9))

    def fails(*args: Any, **named: Any) -> Any:
        if next(calls) == 2:
            raise RuntimeError("lost")
        return tried(*args, **named)

    monkeypatch.setattr(bulk, "tried", fails)
    with pytest.raises(RuntimeError):
        bulk_runs.go_on(run, actor=checker.person)
    assert Claim.objects.filter(tags=["old", "a"]).count() == 0
    run = bulk_runs.go_on(run, actor=checker.person)
    assert (len(run.results), run.waiting) == (3, [])
    assert AuditEntry.objects.filter(action="edit").count() == 3


def test_a_thousand_results_are_pages_with_refusals_first(pages: Pages, checker: Caller) -> None:
    filed(checker, 3)
    first = Claim.objects.earliest("pk")
    Claim.objects.bulk_create(
        Claim(ref=f"2000-{n:05d}", desk=first.desk, statement=first.statement, language="en", source=first.source, stage="dropped" if n % 10 == 0 else "queued", filed_by=first.filed_by)
        for n in range(117)
    )  # fmt: skip
    browser = pages(checker)
    address = begun(browser, "drop", list(Claim.objects.values_list("ref", flat=True)))
    while BulkRun.objects.get().waiting:
        pressed(browser, address, "go-on")
    page = browser.get(address).content.decode()
    assert "<b>108</b> would be done, <b>12</b> refused." in " ".join(page.split())
    assert (page.count("<b>Refused:</b>"), page.count("data-row")) == (12, 50)
    assert "Page 1 of 3" in page
    last = browser.get(f"{address}?page=3").content.decode()
    assert (last.count("<b>Refused:</b>"), last.count("data-row")) == (0, 20)
    for odd in ("0", "99", "x", "-1"):
        assert browser.get(f"{address}?page={odd}").status_code == 200


def test_what_was_begun_a_day_ago_is_not_kept(checker: Caller, second_checker: Caller, desk: Desk) -> None:
    refs = filed(checker, 1)
    ids = list(Claim.objects.values_list("pk", flat=True))

    def begin(caller: Caller) -> None:
        bulk_runs.begin(ids, actor=caller.person, desk=desk, act=BulkAction.DROP, arguments=bulk.Arguments(reason="x"))  # fmt: skip

    begin(checker)
    begin(second_checker)
    checker.post("claims/bulk-act/", {"act": "tag", "claims": refs, "add_tags": ["a"]})
    work.reconcile()
    assert (BulkRun.objects.count(), BulkAct.objects.count()) == (2, 1)
    for kept in (BulkRun, BulkAct):
        kept.objects.update(at=timezone.now() - timedelta(days=1))
    begin(checker)
    work.reconcile()
    assert (BulkRun.objects.count(), BulkAct.objects.count()) == (1, 0)


def test_a_reason_is_kept_beside_a_run_only_until_the_claims_have_it(
    pages: Pages, checker: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_runs, "PART_CLAIMS", 2)
    browser = pages(checker)

    def reason() -> str:
        return str(BulkRun.objects.latest("at").arguments["reason"])

    address = begun(browser, "drop", filed(checker, 4))
    pressed(browser, address, "go-on")
    pressed(browser, address, "confirm")
    assert reason() == "because"
    pressed(browser, address, "go-on")
    assert reason() == ""
    assert Claim.objects.filter(stage="dropped").count() == 4
    address = begun(browser, "drop", filed(checker, 3))
    pressed(browser, address, "go-on")
    pressed(browser, address, "confirm")
    assert reason() == "because"
    pressed(browser, address, "undo")
    assert reason() == ""
