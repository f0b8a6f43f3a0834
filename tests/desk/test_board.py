"""The board: how each claim stands at a glance, filters in the address, and one gate for one claim and for many."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims.errors import Blocker
from claims.models import Claim, Desk, MediaItem, Membership, Person
from claims.vocabulary import Dimension, ReviewKind, Stage, Status
from config.demo.seeding import demo_desk, seed
from tests.conftest import Caller, decide, file_claim, lease, published, review, submitted
from verification.desk.board import say_blockers
from verification.domain import gate as rule
from verification.models import CheckRun, FindingRow, Policy, QueueEntry, Verdict
from verification.services.publication import gate, gates

Pages = Callable[[Caller], Client]
BOARD = "/claims/"
BOTH = {"location": "verified", "date": "unverified"}


def text(response: Any) -> str:
    html: str = response.content.decode()
    return " ".join(html.replace("&#x27;", "'").split())


def row_of(response: Any, ref: str) -> str:
    """What the board says of one claim, without its markup."""
    html = text(response)
    _, found, after = html.partition(f'id="claim-{ref}"')
    assert found, f"{ref} is not on the board"
    tone = re.search(r'class="board-row is-(\w+)" $', _)
    row = after.partition("<li data-row")[0].partition("</section>")[0]
    return f"{tone[1] if tone else ''} " + " ".join(re.sub(r"<[^>]*>", " ", row).split())


def refs(response: Any) -> list[str]:
    return re.findall(r'id="claim-([\d-]+)"', response.content.decode())


# The gate's rule


def test_the_gate_says_the_same_of_one_claim_and_of_many(db: None) -> None:
    desk = demo_desk()
    seed(desk)
    claims = list(Claim.objects.select_related("desk__policy"))
    people = list(Person.objects.all())
    assert len(claims) == 20
    assert len(people) >= 3
    for policy in ({}, {"required_dimensions": ["authenticity"]}, {"distinct_approver": False}):
        Policy.objects.filter(desk=desk).update(**policy)
        claims = list(Claim.objects.select_related("desk__policy"))
        for person in people:
            many = gates(claims, person)
            assert {claim.pk: gate(claim, person) for claim in claims} == many
        assert any(many.values())
    Policy.objects.filter(desk=desk).update(distinct_approver=True)
    assert any(
        blocker.code == "same_person" for person in people for found in gates(claims, person).values() for blocker in found
    )  # fmt: skip


def test_the_gate_says_the_same_where_reviews_disagree(
    checker: Caller, second_checker: Caller, editor: Caller, desk: Desk
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True)
    file_claim(checker)
    claim_id = review(checker, BOTH)
    claim = Claim.objects.get(pk=claim_id)
    assert gates([claim], editor.person) == {claim.pk: gate(claim, editor.person)}
    assert [one.code for one in gate(claim, editor.person)] == ["second_review_missing"]
    review(second_checker, {"location": "unverified", "date": "unverified"})
    claim.refresh_from_db()
    assert gates([claim], editor.person) == {claim.pk: gate(claim, editor.person)}
    assert ("disagreement", "location") in [(one.code, one.dimension) for one in gate(claim, editor.person)]
    assert "same_person" in [one.code for one in gates([claim], checker.person)[claim.pk]]
    assert "same_person" not in [one.code for one in gates([claim], None)[claim.pk]]


def test_the_gate_of_many_costs_what_the_gate_of_few_does(checker: Caller, editor: Caller) -> None:
    submitted(checker)

    def queries() -> int:
        claims = list(Claim.objects.all())
        with CaptureQueriesContext(connection) as asked:
            gates(claims, editor.person)
        return len(asked)

    few = queries()
    for number in range(6):
        submitted(checker, statement=str(number))
    assert queries() == few <= 5


def test_publishing_asks_the_verdicts_and_not_what_is_kept_beside_them(
    checker: Caller, editor: Caller
) -> None:
    """Kept statuses are to look at: were they ever wrong, nothing would be published because of them."""
    file_claim(checker)
    claim = Claim.objects.get(pk=review(checker, {"location": "verified"}))
    claim.dimension_statuses.update(status=Status.VERIFIED.value)
    assert gates([claim], editor.person)[claim.pk] == []
    assert [one.code for one in gate(claim, editor.person)] == ["dimension_undecided"]
    assert editor.post(f"claims/{claim.pk}/publish/").status_code == 409


DECIDED = {Dimension.LOCATION: Status.VERIFIED, Dimension.DATE: Status.UNVERIFIED}
RULES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"stage": Stage.HELD}, ["held"]),
    ({"is_erased": True}, ["erased"]),
    ({"open_entry": rule.OpenEntry(ReviewKind.FIRST, begun=False)}, ["review_open"]),
    ({"open_entry": rule.OpenEntry(ReviewKind.RECHECK, begun=False)}, ["recheck_needed"]),
    ({"open_entry": rule.OpenEntry(ReviewKind.RECHECK, begun=True)}, ["review_open"]),
    ({"open_entry": rule.OpenEntry(ReviewKind.SECOND, begun=True)}, ["second_review_missing"]),
    ({"statuses": {}}, ["nothing_decided", "dimension_undecided"]),
    ({"statuses": {}, "required": ()}, ["nothing_decided"]),
    ({"statuses": {Dimension.LOCATION: Status.NOT_APPLICABLE}}, ["nothing_decided"]),
    ({"statuses": {Dimension.DATE: Status.PARTLY_VERIFIED}}, ["dimension_undecided"]),
    ({"disagreements": [Dimension.DATE]}, ["disagreement"]),
    ({"reviewers": {"edith"}}, ["same_person"]),
    ({"reviewers": {"edith"}, "distinct_approver": False}, []),
    ({"reviewers": {"olena"}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "codes"), RULES)
def test_facts_become_blockers(facts: dict[str, Any], codes: list[str]) -> None:
    usual: dict[str, Any] = {"stage": Stage.AWAITING_SIGNOFF, "statuses": DECIDED, "required": {Dimension.LOCATION}}  # fmt: skip
    assert [one.code for one in rule.blockers(rule.Facts(**usual | facts), "edith")] == codes


SAID = [
    ([], []),
    (["date"], ["Date is not decided."]),
    (["date", "location"], ["Date and location are not decided."]),
    (["date", "location", "source"], ["Date, location and source are not decided."]),
]


@pytest.mark.parametrize(("undecided", "said"), SAID)
def test_what_blocks_is_said_in_one_sentence_for_all_dimensions(
    undecided: list[str], said: list[str]
) -> None:
    blockers = [Blocker("dimension_undecided", "", dimension) for dimension in undecided]
    nothing = [Blocker("nothing_decided", "")] if undecided else []
    assert say_blockers([*nothing, *blockers]) == said


def test_every_blocker_of_the_gate_can_be_said() -> None:
    facts = rule.Facts(
        stage=Stage.HELD,
        statuses={},
        required=Dimension,
        disagreements=Dimension,
        reviewers={1},
        is_erased=True,
    )
    found = [
        blocker
        for kind in ReviewKind
        for begun in (True, False)
        for blocker in rule.blockers(rule.Facts(**vars(facts) | {"open_entry": rule.OpenEntry(kind, begun)}), 1)
    ]  # fmt: skip
    assert len({blocker.code for blocker in found}) == 9
    assert all(say_blockers([blocker]) for blocker in found)


# How a claim stands


def ready(checker: Caller, editor: Caller, desk: Desk) -> str:
    return str(submitted(checker)["ref"])


def blocked(checker: Caller, editor: Caller, desk: Desk) -> str:
    ref = ready(checker, editor, desk)
    Policy.objects.filter(desk=desk).update(required_dimensions=["location", "authenticity", "source"])
    return ref


def reviewed_by_the_editor(checker: Caller, editor: Caller, desk: Desk) -> str:
    return str(submitted(editor)["ref"])


def under_way(checker: Caller, editor: Caller, desk: Desk) -> str:
    ref = file_claim(checker)["ref"]
    lease(checker)
    return str(ref)


def waiting(checker: Caller, editor: Caller, desk: Desk) -> str:
    ref = file_claim(checker)["ref"]
    editor.post(f"claims/{ref}/assign/", {"to": "marko"})
    return str(ref)


def second_look(checker: Caller, editor: Caller, desk: Desk) -> str:
    Policy.objects.filter(desk=desk).update(second_review=True)
    file_claim(checker)
    return Claim.objects.get(pk=review(checker, BOTH)).ref


def scheduled(checker: Caller, editor: Caller, desk: Desk) -> str:
    ref = ready(checker, editor, desk)
    until = timezone.now() + timedelta(days=1)
    assert editor.post(f"claims/{ref}/publish/", {"embargo_until": until.isoformat()}).status_code == 200
    return ref


def stuck(checker: Caller, editor: Caller, desk: Desk) -> str:
    ref = scheduled(checker, editor, desk)
    Policy.objects.filter(desk=desk).update(required_dimensions=["authenticity"])
    return ref


def held(checker: Caller, editor: Caller, desk: Desk) -> str:
    ref = ready(checker, editor, desk)
    assert editor.post(f"claims/{ref}/hold/", {"reason": "because"}).status_code == 200
    return ref


def out(checker: Caller, editor: Caller, desk: Desk) -> str:
    return str(published(checker, editor)["ref"])


def looked_at_again(checker: Caller, editor: Caller, desk: Desk) -> str:
    ref = out(checker, editor, desk)
    assert editor.post(f"claims/{ref}/request-recheck/", {"reason": "because"}).status_code == 200
    return ref


def draft(checker: Caller, editor: Caller, desk: Desk) -> str:
    return str(file_claim(checker, draft=True)["ref"])


STANDS: list[tuple[Any, str, list[str], list[str]]] = [
    (ready, "ready Ready for sign-off", ["Sign off", "Location verified", "Date unverified", "Media none"], ["not decided"]),
    (blocked, "blocked Blocked", ["Source and authenticity are not decided.", "Source not checked", "See what blocks"], []),
    (reviewed_by_the_editor, "blocked Blocked", ["You reviewed it yourself: another editor must sign it off."], []),
    (under_way, "underway Under way", ["olena, until", "Location not checked"], ["sign-off", "Sign off", "Authenticity"]),
    (waiting, "waiting Waits for review", ["for marko"], ["Under review"]),
    (second_look, "waiting Waits for review", ["A second review is missing."], []),
    (scheduled, "scheduled Scheduled", ["goes out"], ["planned for"]),
    (stuck, "blocked Will not go out", ["planned for", "Authenticity is not decided."], []),
    (held, "held Held", ["Location verified"], ["It is held."]),
    (out, "published Published v1", [], ["Under review"]),
    (looked_at_again, "published Published v1", ["Under review", "A re-check is asked for."], []),
    (draft, "aside Draft", [], ["not decided."]),
]  # fmt: skip


@pytest.mark.parametrize("way", STANDS, ids=lambda way: way[0].__name__)
def test_one_look_says_how_a_claim_stands(
    way: Any, pages: Pages, checker: Caller, second_checker: Caller, editor: Caller, desk: Desk
) -> None:
    make, begins, says, not_said = way
    ref = make(checker, editor, desk)
    row = row_of(pages(editor).get(BOARD), ref)
    assert row.startswith(f"{begins.split()[0]} > {begins.partition(' ')[2]}"), row
    for words in says:
        assert words in row, row
    for words in not_said:
        assert words not in row, row


def test_a_fact_checker_is_told_no_editors_matter(pages: Pages, checker: Caller) -> None:
    ref = submitted(checker)["ref"]
    row = row_of(pages(checker).get(BOARD), ref)
    assert row.startswith("ready > Ready for sign-off")
    assert "Sign off" not in row
    assert f"/claims/{ref}/sign-off/" not in pages(checker).get(BOARD).content.decode()


def test_what_hurries_and_what_failed_is_in_the_row(pages: Pages, checker: Caller, editor: Caller) -> None:
    video = {"url": "https://media.example/one.mp4"}
    filed = file_claim(checker, priority="breaking", media=[video, {**video, "url": f"{video['url']}?2"}])
    MediaItem.objects.filter(pk=filed["media"][0]["id"]).update(state="failed")
    QueueEntry.objects.update(wanted_by=timezone.now() - timedelta(hours=1))
    run = CheckRun.objects.create(
        media_id=filed["media"][1]["id"], check_slug="x", version="1", state="done", ran_at=timezone.now()
    )
    FindingRow.objects.create(run=run, position=0, dimension="date", stance="contradicts", sentence="No.")
    row = row_of(pages(editor).get(BOARD), filed["ref"])
    for said in ("Breaking", "Overdue", "Media 2, 1 not captured", "A finding contradicts", "A regional administration"):  # fmt: skip
        assert said in row, row


# Sections, lists and filters


def test_stages_are_sections_and_what_is_put_away_is_found_by_looking(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    dropped = file_claim(checker, statement="A matter of taste.")
    checker.post(f"claims/{dropped['ref']}/drop/", {"reason": "taste"})
    waits, done = file_claim(checker, statement="Waits."), submitted_after(checker)
    response = pages(editor).get(BOARD)
    assert refs(response) == [done, waits["ref"]]
    assert 'href="/claims/?stage=dropped"' in response.content.decode()
    assert refs(pages(editor).get(BOARD, {"q": "taste"})) == [dropped["ref"]]
    assert refs(pages(editor).get(BOARD, {"stage": "dropped"})) == [dropped["ref"]]
    assert "No claim fits" in text(pages(editor).get(BOARD, {"q": "nonesuch"}))


def submitted_after(checker: Caller) -> str:
    other = file_claim(checker, statement="Decided.")
    review(checker, BOTH, entry_of=other["id"])
    return str(other["ref"])


def test_a_long_section_shows_the_last_few_and_leads_to_all(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    filed = [file_claim(checker, statement=str(number))["ref"] for number in range(7)]
    response = pages(editor).get(BOARD)
    assert refs(response) == filed[:1:-1]
    html = text(response)
    assert 'Queued <span class="count">7</span>' in html
    assert '<a href="/claims/?stage=queued">All' in html
    body = Claim.objects.get(ref=filed[0]).statement
    first = Claim.objects.get(ref=filed[0])
    Claim.objects.bulk_create(
        Claim(ref=f"2000-{n:05d}", desk=first.desk, statement=body, language="en", source=first.source, stage="queued", filed_by=first.filed_by)
        for n in range(50)
    )  # fmt: skip
    assert 'Queued <span class="count">50+</span>' in text(pages(editor).get(BOARD))


def test_one_stage_is_a_list_whose_pages_neither_repeat_nor_skip(
    pages: Pages, checker: Caller, editor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verification.desk.views.board.PAGE_SIZE", 3)
    filed = [file_claim(checker, statement=str(number))["ref"] for number in range(8)]
    browser = pages(editor)
    address: str | None = f"{BOARD}?stage=queued&ordering=created_at"
    seen: list[str] = []
    last = ""
    while address:
        last = address
        response = browser.get(address)
        seen += refs(response)
        found = re.search(r'href="([^"]*)" rel="next"', response.content.decode())
        address = found[1].replace("&amp;", "&") if found else None
    assert seen == filed
    assert parse_qs(urlsplit(last).query)["stage"] == ["queued"]
    back = re.search(r'href="([^"]*)" rel="prev"', browser.get(last).content.decode())
    assert back is not None
    assert refs(browser.get(back[1].replace("&amp;", "&"))) == filed[3:6]
    rows = browser.get(f"/claims/rows/{urlsplit(last).query and '?' + urlsplit(last).query}")
    assert refs(rows) == filed[6:]


def test_filters_are_the_apis_and_each_can_be_taken_away(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    done = submitted(checker, tags=["flags"], priority="high")["ref"]
    file_claim(checker, statement="Other.", claimed_date="2023-05")
    browser = pages(editor)
    alone = [
        {"location": "verified", "date": "unverified"}, {"stage": "awaiting_signoff"}, {"tag": "flags"}, {"priority": "high"},
        {"location": "verified,partly_verified"}, {"claimed_before": "2022-10-04"}, {"claimed_before": "2022-10-04T12:00:00Z"},
        {"q": done}, {"date": "not_applicable,unverified"},
    ]  # fmt: skip
    for said in alone:
        assert refs(browser.get(BOARD, said)) == [done], said
        api = editor.get(f"claims/?{'&'.join(f'{n}={as_time(v)}' for n, v in said.items())}").json()["results"]  # fmt: skip
        assert [row["ref"] for row in api] == [done], said
    html = browser.get(
        BOARD, {"location": "verified", "date": "unverified", "bbox": "0,0,1,1"}
    ).content.decode()
    assert 'href="/claims/?date=unverified&amp;bbox=0%2C0%2C1%2C1"' in html
    assert "Location: verified" in html
    assert '<input type="hidden" name="bbox" value="0,0,1,1">' in html
    assert '<option value="verified" selected>' in html
    kept = browser.get(BOARD, {"stage": "queued,in_review"}).content.decode()
    assert '<option value="queued,in_review" selected>Queued or In review</option>' in kept
    assert "Stage: queued or in review" in kept


def as_time(value: str) -> str:
    return f"{value}T23:59:59Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else value


def test_ready_made_lists_find_what_they_name(pages: Pages, checker: Caller, editor: Caller) -> None:
    done = submitted(checker)["ref"]
    file_claim(checker, statement="Other.")
    browser = pages(editor)
    html = browser.get(BOARD).content.decode()
    found = re.search(r'<a href="([^"]*)" >Location verified, date not</a>', html)
    assert found is not None
    response = browser.get(found[1].replace("&amp;", "&"))
    assert refs(response) == [done]
    assert 'aria-current="true">Location verified, date not' in response.content.decode()


def test_what_a_form_leaves_empty_is_no_part_of_the_address(pages: Pages, editor: Caller) -> None:
    response = pages(editor).get(BOARD, {"q": " flags ", "stage": "", "location": "verified"})
    assert response["Location"] == "/claims/?q=flags&location=verified"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"location": "sure"}, "'sure' is none of"),
        ({"stage": "done"}, "'done' is none of"),
        ({"colour": "red"}, "There is no such filter."),
        ({"claimed_after": "yesterday"}, "Give an RFC 3339 time"),
        ({"ordering": "luck"}, "Use one of"),
        ({"stage": "queued", "cursor": "mine"}, "This cursor is not one of ours"),
        ({"q": "a\0"}, "U+0000"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named_and_lists_nothing(
    said: dict[str, str], told: str, pages: Pages, checker: Caller, editor: Caller
) -> None:
    file_claim(checker)
    response = pages(editor).get(BOARD, said)
    assert response.status_code == 400
    assert told in text(response)
    assert refs(response) == []
    assert told in text(pages(editor).get("/claims/rows/", said))


def test_the_list_is_asked_for_again_and_answers_only_when_it_changed(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    file_claim(checker)
    browser = pages(editor)
    first = browser.get("/claims/rows/?stage=queued")
    again = browser.get("/claims/rows/?stage=queued", headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    # A token differs each time; of fields there is only the box to choose a claim, which is the same each time.
    assert "csrf" not in first.content.decode()
    assert len(re.findall(r"<(?:input|select|textarea|button)\b", first.content.decode())) == 1
    assert not re.search(r"<input[^>]*\bchecked\b", first.content.decode())
    file_claim(checker, statement="Another.")
    changed = browser.get("/claims/rows/?stage=queued", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert "Another." in text(changed)


def test_the_board_is_the_desks_that_is_looked_at(
    pages: Pages, checker: Caller, stranger: Caller, editor: Caller, other_desk: Desk
) -> None:
    mine, theirs = file_claim(checker)["ref"], file_claim(stranger)["ref"]
    assert refs(pages(editor).get(BOARD)) == [mine]
    assert refs(pages(stranger).get(BOARD)) == [theirs]
    Membership.objects.create(person=editor.person, desk=other_desk, role="fact_checker")
    browser = pages(editor)
    assert refs(browser.get(BOARD)) == [mine]
    browser.post("/desk/switch/", {"desk": other_desk.slug})
    assert refs(browser.get(BOARD)) == [theirs]


@pytest.mark.parametrize("address", [BOARD, f"{BOARD}?stage=awaiting_signoff", "/claims/rows/"])
def test_many_claims_cost_what_few_do(
    address: str, pages: Pages, checker: Caller, editor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verification.desk.views.board.PAGE_SIZE", 60)
    monkeypatch.setattr("verification.desk.views.board.SHOWN_AWAITING", 60)
    browser = pages(editor)
    video = {"url": "https://media.example/one.mp4"}
    for number in range(5):
        submitted(checker, statement=str(number), media=[video])

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(address).status_code == 200
        return len(asked)

    queries()
    few = queries()
    for number in range(5, 50):
        file_claim(checker, statement=str(number), media=[video])
    Claim.objects.filter(stage="queued").update(stage="awaiting_signoff")
    assert len(refs(browser.get(address))) == 50
    assert queries() == few <= 32


def test_texts_that_were_erased_are_no_hole_in_the_board(
    pages: Pages, checker: Caller, admin: Caller
) -> None:
    ref = file_claim(checker)["ref"]
    said = {"target": "statement", "reason": "court", "legal_ground": "order"}
    assert admin.post(f"claims/{ref}/redact/", said).status_code == 200
    assert "(erased)" in row_of(pages(admin).get(BOARD), ref)


def test_an_erased_statement_closes_one_gate_and_many_and_the_page_says_so(
    pages: Pages, checker: Caller, editor: Caller, admin: Caller
) -> None:
    claim = Claim.objects.get(pk=submitted(checker)["id"])
    said = {"target": "statement", "reason": "court", "legal_ground": "order"}
    assert admin.post(f"claims/{claim.ref}/redact/", said).status_code == 200
    claim = Claim.objects.get(pk=claim.pk)
    assert [one.code for one in gate(claim, editor.person)] == ["erased"]
    assert gates([claim], editor.person)[claim.pk] == gate(claim, editor.person)
    assert "What it says was erased." in row_of(pages(editor).get(BOARD), claim.ref)
    page = pages(editor).get(f"/claims/{claim.ref}/sign-off/").content.decode()
    assert "Closed: 1 thing stands in the way." in page
    assert f'href="/claims/{claim.ref}/edit/">Say it anew' in page


def test_an_undone_decision_is_no_decision_for_one_gate_or_many(checker: Caller, editor: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    decide(checker, leased, "location", "verified")
    claim = Claim.objects.get(pk=leased["claim"]["id"])
    assert Verdict.objects.count() == 1
    assert gates([claim], editor.person)[claim.pk] == gate(claim, editor.person)
