"""Contacts with uploaders: who asked whom, one open at a time, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from claims.models import Desk, MediaItem, Person
from claims.vocabulary import Role
from tests.conftest import Caller, caller, everything, file_claim, lease, refused, review
from verification.models import AuditEntry, Contact, Policy, Told
from verification.services import audit, contacts, reminders

pytestmark = [pytest.mark.django_db, pytest.mark.database]

VIDEO = {"url": "https://x.com/stringer_kh/status/15", "account": "@stringer_kh"}
ASK = {"text": "Did you film this? May we use it?", "channel": "message"}
YES = {"text": "Yes, with my name.", "channel": "message"}
TERMS = {
    "permission": "granted",
    "scope": "editorial, online and broadcast",
    "territory": "worldwide",
    "until": "2999-01-01T00:00:00Z",
    "credit": "Stringer KH",
    "rights_holder": "Stringer KH",
    "proof": "Screenshot in the desk's channel, 4 October",
}


def claim_of(by: Caller, **more: Any) -> tuple[str, str]:
    """A claim with a video by the uploader; its id and the item's."""
    filed = file_claim(by, media=[{**VIDEO, **more}])
    return filed["id"], filed["media"][0]["id"]


def asked(by: Caller, claim: str, item: str, **more: Any) -> dict[str, Any]:
    response = by.post(f"claims/{claim}/contacts/", {**ASK, "media": item, **more})
    assert response.status_code == 201, response.content
    contact: dict[str, Any] = response.json()
    return contact


def test_an_answer_is_not_before_the_asking_by_minutes_as_people_write_them(checker: Caller) -> None:
    claim, item = claim_of(checker)
    asking = datetime(2026, 10, 4, 12, 30, 40, tzinfo=UTC)
    contact = asked(checker, claim, item, at=asking.isoformat())["id"]
    for at, status in (("2026-10-04T12:29:59Z", 400), ("2026-10-04T12:30:00Z", 200)):
        answer = checker.post(f"contacts/{contact}/answer/", {**YES, "at": at})
        assert answer.status_code == status, answer.content


def test_who_asked_whom_what_when_and_how(checker: Caller) -> None:
    claim, item = claim_of(checker)
    at = datetime.now(UTC) - timedelta(hours=2)
    contact = asked(checker, claim, item, at=at.isoformat(), call_again_at="2999-01-01T09:00:00Z")
    assert contact["uploader"] == {"account": "@stringer_kh", "platform": "x.com"}
    assert (contact["state"], contact["asked_by"], contact["outcome"]) == ("open", "olena", None)
    assert datetime.fromisoformat(contact["asked_at"]) == at
    assert contact["call_again_at"] == "2999-01-01T09:00:00Z"
    (message,) = contact["messages"]
    assert (message["kind"], message["channel"], message["text"], message["by"]) == (
        "asked", "message", ASK["text"], "olena",
    )  # fmt: skip
    assert message["recorded_at"] > message["at"] == contact["asked_at"]
    shown = checker.get(f"media/{item}/").json()
    assert shown["permission"] == "asked"
    assert shown["delivery"] == {
        "may": "none",
        "why": "Permission was asked for; there is no answer yet.",
        "until": None,
    }
    assert checker.get(f"contacts/{contact['id']}/").json() == contact
    entry = AuditEntry.objects.get(action="contact")
    assert (entry.actor, entry.data["contact"]) == (checker.person, contact["id"])
    assert ASK["text"] not in str(entry.data) and "stringer" not in str(entry.data)
    assert list(audit.verify()) == []


def test_a_question_that_asks_for_no_permission_leaves_it_as_it_is(checker: Caller) -> None:
    claim, item = claim_of(checker)
    contact = asked(checker, claim, item, for_permission=False)
    assert checker.get(f"media/{item}/").json()["permission"] == "unknown"
    answered = checker.post(f"contacts/{contact['id']}/answer/", {**YES, "text": "On Tuesday."}).json()
    assert (answered["state"], [one["kind"] for one in answered["messages"]]) == (
        "open",
        ["asked", "answered"],
    )
    closed = checker.post(f"contacts/{contact['id']}/close/").json()
    assert (closed["state"], closed["outcome"], closed["closed_by"]) == ("closed", "answered", "olena")


def test_on_one_desk_one_contact_with_an_uploader_is_open(checker: Caller, second_checker: Caller) -> None:
    claim, item = claim_of(checker)
    contact = asked(checker, claim, item)
    # Another claim, another account's spelling, another person: the same uploader.
    other, its = claim_of(second_checker, url="https://twitter.com/Stringer_KH/status/16", account="")
    before = everything()
    ref = checker.get(f"claims/{claim}/").json()["ref"]
    for body in (ASK, {**ASK, "account": "x.com/stringer_kh"}, {**ASK, "for_permission": False}):
        problem = refused(
            second_checker.post(f"claims/{other}/contacts/", {**body, "media": its}),
            409,
            code="already_asked",
        )
        assert all(
            word in problem["detail"] for word in ("olena", "@stringer_kh on x.com", ref, "asking again")
        )
    assert everything() == before
    # It was there to be seen before anybody wrote.
    (seen,) = second_checker.get(f"claims/{other}/contacts/").json()["results"]
    assert (seen["id"], seen["ref"], seen["asked_by"]) == (contact["id"], ref, "olena")
    again = second_checker.post(f"contacts/{contact['id']}/ask-again/", {**ASK, "channel": "comment"}).json()
    assert [(one["by"], one["channel"]) for one in again["messages"]] == [
        ("olena", "message"),
        ("marko", "comment"),
    ]
    # Somebody else may be asked meanwhile, and the uploader once the contact is closed.
    asked(second_checker, other, its, account="@somebody_else")
    assert checker.post(f"contacts/{contact['id']}/close/", {"reason": "They left."}).json()["outcome"] == (
        "no_answer"
    )
    asked(second_checker, other, its)
    assert len(checker.get(f"claims/{claim}/contacts/").json()["results"]) == 2


def test_the_database_itself_keeps_to_one(checker: Caller) -> None:
    claim, item = claim_of(checker)
    contact = Contact.objects.get(pk=asked(checker, claim, item)["id"])
    contact.pk = None
    contact._state.adding = True
    with pytest.raises(IntegrityError), transaction.atomic():
        contact.save(force_insert=True)


def test_another_desk_is_seen_by_whoever_works_there_and_by_nobody_else(
    checker: Caller, stranger: Caller, desk: Desk, other_desk: Desk
) -> None:
    claim, item = claim_of(checker)
    mine = asked(checker, claim, item)
    theirs, its = claim_of(stranger)
    assert stranger.get(f"claims/{theirs}/contacts/").json()["results"] == []
    assert stranger.get("contacts/").json()["results"] == []
    refused(stranger.get(f"contacts/{mine['id']}/"), 404)
    other = asked(stranger, theirs, its)  # each desk has its own
    assert [one["id"] for one in checker.get(f"claims/{claim}/contacts/").json()["results"]] == [mine["id"]]
    both = caller("both", Role.FACT_CHECKER, desk)
    both.person.memberships.create(desk=other_desk, role=Role.FACT_CHECKER)
    for name in (claim, theirs):
        seen = both.get(f"claims/{name}/contacts/").json()["results"]
        assert {one["id"] for one in seen} == {mine["id"], other["id"]}
    assert [one["desk"] for one in both.get("contacts/?desk=elsewhere").json()["results"]] == ["elsewhere"]


def test_a_yes_ends_it_and_its_terms_hold_for_the_items_it_is_about(checker: Caller, editor: Caller) -> None:
    filed = file_claim(checker, media=[VIDEO, {"url": "https://x.com/stringer_kh/status/16"}, {"url": "https://x.com/other/status/1"}])  # fmt: skip
    one, two, three = (item["id"] for item in filed["media"])
    contact = asked(checker, filed["id"], one)
    answered = editor.post(f"contacts/{contact['id']}/answer/", {**YES, **TERMS, "media": [two]}).json()
    assert (answered["state"], answered["outcome"], answered["closed_by"]) == ("closed", "granted", "edith")
    for item in (one, two):
        shown = checker.get(f"media/{item}/").json()
        assert (shown["permission"], shown["credit"], shown["rights_holder"]) == (
            "granted",
            "Stringer KH",
            "Stringer KH",
        )
        assert shown["terms"] == {
            "scope": TERMS["scope"],
            "territory": "worldwide",
            "until": "2999-01-01T00:00:00Z",
        }
        assert (shown["delivery"]["may"], shown["delivery"]["until"]) == ("file", "2999-01-01T00:00:00Z")
    assert checker.get(f"media/{three}/").json()["permission"] == "unknown"
    granted, was_asked = checker.get(f"media/{one}/permission/").json()["records"]
    assert (granted["permission"], granted["proof"], granted["contact"], granted["by"]) == (
        "granted", TERMS["proof"], contact["id"], "edith",
    )  # fmt: skip
    assert (was_asked["permission"], was_asked["by"]) == ("asked", "olena")
    acts = list(AuditEntry.objects.filter(chain_id=f"claim:{filed['id']}").values_list("action", flat=True))
    assert acts == ["file", "contact", "contact", "set-permission", "set-permission"]
    assert list(audit.verify()) == []


def test_what_is_closed_takes_nothing_more(checker: Caller) -> None:
    claim, item = claim_of(checker)
    contact = asked(checker, claim, item)["id"]
    assert checker.post(f"contacts/{contact}/answer/", {**YES, "permission": "refused"}).status_code == 200
    before = everything()
    for path, body in (("ask-again", ASK), ("answer", {**YES, **TERMS}), ("close", {})):
        refused(checker.post(f"contacts/{contact}/{path}/", body), 409, code="contact_closed")
    assert everything() == before


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("contacts", {"text": ""}, "/text"),
    ("contacts", {"channel": "pigeon"}, "/channel"),
    ("contacts", {"at": "2999-01-01T00:00:00Z"}, "/at"),
    ("contacts", {"call_again_at": "2001-01-01T00:00:00Z"}, "/call_again_at"),
    ("contacts", {"media": "00000000-0000-7000-8000-000000000000"}, "/media"),
    ("contacts", {"who": "a"}, "/who"),
    ("contacts", {"text": "a\x00b"}, "/text"),
    ("ask-again", {"at": "2001-01-01T00:00:00Z"}, "/at"),
    ("answer", {"permission": "asked"}, "/permission"),
    ("answer", {"permission": "unknown"}, "/permission"),
    ("answer", {"permission": "granted", "until": "2001-01-01T00:00:00Z"}, "/until"),
    ("answer", {"permission": "refused", "scope": "online"}, "/scope"),
    ("answer", {"credit": "Stringer KH"}, "/credit"),
    ("answer", {"permission": "granted", "media": ["00000000-0000-7000-8000-000000000000"]}, "/media"),
    ("answer", {"permission": "granted", "territory": "a" * 301}, "/territory"),
]


def test_bad_input_is_named_and_changes_nothing(checker: Caller, subtests: pytest.Subtests) -> None:
    claim, item = claim_of(checker)
    contact = asked(checker, claim, item)["id"]
    nobody = file_claim(checker, media=[{"url": "https://media.example/one.mp4"}])
    before = everything()
    for call, changes, pointer in BAD:
        with subtests.test(f"{call} {changes}"):
            if call == "contacts":
                response = checker.post(f"claims/{claim}/contacts/", {**ASK, "account": "@new", "media": item, **changes})  # fmt: skip
            else:
                response = checker.post(f"contacts/{contact}/{call}/", {**YES, **changes})
            refused(response, 400, pointer=pointer)
            assert everything() == before
    body = {**ASK, "media": nobody["media"][0]["id"]}
    refused(checker.post(f"claims/{nobody['id']}/contacts/", body), 400, pointer="/account")


def test_the_list_of_a_desk(checker: Caller, second_checker: Caller) -> None:
    claim, item = claim_of(checker)
    first = asked(checker, claim, item, at="2026-01-02T00:00:00Z")["id"]
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    second = asked(second_checker, claim, item, account="@other", call_again_at=soon)["id"]
    third = asked(checker, claim, item, account="@third")["id"]
    checker.post(f"contacts/{third}/close/")

    def ids(query: str) -> list[str]:
        return [one["id"] for one in checker.get(f"contacts/{query}").json()["results"]]

    assert ids("") == [first, second, third]
    assert ids("?state=open") == [first, second]
    assert ids("?state=closed&desk=conflict") == [third]
    assert ids("?call_again=due") == []
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        assert ids("?call_again=due&state=open") == [second]
    for query in ("?state=ajar", "?call_again=yes", "?who=olena"):
        refused(checker.get(f"contacts/{query}"), 400)
    refused(checker.get("contacts/?desk=elsewhere"), 404)


def test_who_opened_a_contact_is_told_once_that_it_is_time_to_ask_again(
    checker: Caller, second_checker: Caller
) -> None:
    claim, item = claim_of(checker)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    contact = asked(checker, claim, item, call_again_at=soon)["id"]

    def told() -> list[str]:
        people = Told.objects.filter(claim=claim, occasion="call_again").order_by("at")
        return list(people.values_list("person__username", flat=True))

    def comes_due() -> None:
        Contact.objects.exclude(call_again_at=None).update(call_again_at=timezone.now())

    assert (reminders.remind(timezone.now()), told()) == (0, [])
    comes_due()
    assert [reminders.remind(timezone.now()) for _ in range(2)] == [1, 0]
    assert told() == ["olena"]
    # Whoever asks again, it is who opened it that sees it through.
    second_checker.post(f"contacts/{contact}/ask-again/", {**ASK, "call_again_at": soon})
    comes_due()
    assert [reminders.remind(timezone.now()) for _ in range(2)] == [1, 0]
    assert told() == ["olena", "olena"]
    second_checker.post(f"contacts/{contact}/ask-again/", {**ASK, "call_again_at": soon})
    comes_due()
    assert checker.post(f"contacts/{contact}/close/").status_code == 200
    assert reminders.remind(timezone.now()) == 0
    shown = checker.get("inbox/").json()["results"][0]
    assert (shown["occasion"], shown["by"], shown["about"]) == ("call_again", None, {"media": item})


def test_the_hour_to_ask_again_stays_until_it_has_come(checker: Caller, second_checker: Caller) -> None:
    claim, item = claim_of(checker)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    contact = asked(checker, claim, item, call_again_at=soon)
    for call in ("answer", "ask-again"):
        response = second_checker.post(f"contacts/{contact['id']}/{call}/", YES)
        assert response.json()["call_again_at"] == contact["call_again_at"]
    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    moved = second_checker.post(f"contacts/{contact['id']}/answer/", {**YES, "call_again_at": later})
    assert datetime.fromisoformat(moved.json()["call_again_at"]) == datetime.fromisoformat(later)
    Contact.objects.update(call_again_at=timezone.now())
    assert second_checker.post(f"contacts/{contact['id']}/answer/", YES).json()["call_again_at"] is None


def test_who_opened_a_contact_is_told_of_the_answer_that_somebody_else_records(
    checker: Caller, second_checker: Caller
) -> None:
    claim, item = claim_of(checker)
    contact = asked(checker, claim, item)["id"]
    told = Told.objects.filter(occasion="answered")
    for who, body, lines in (
        (second_checker, YES, 1),
        (checker, YES, 1),
        (second_checker, {**YES, **TERMS}, 2),
    ):
        assert who.post(f"contacts/{contact}/answer/", body).status_code == 200
        assert told.count() == lines
    assert {(line.person, line.by, line.about["media"]) for line in told} == {
        (checker.person, second_checker.person, item)
    }


@pytest.mark.parametrize("gone", ["deactivated", "off the desk"])
def test_where_who_asked_is_gone_editors_are_told_to_ask_again(
    checker: Caller, editor: Caller, gone: str
) -> None:
    claim, item = claim_of(checker)
    asked(checker, claim, item)
    Contact.objects.update(call_again_at=timezone.now())
    if gone == "deactivated":
        Person.objects.filter(pk=checker.person.pk).update(is_active=False)
    else:
        checker.person.memberships.all().delete()
    assert reminders.remind(timezone.now()) == 1
    assert [line.person for line in Told.objects.filter(occasion="call_again")] == [editor.person]


def test_behind_a_veil_one_knows_that_they_were_asked_and_not_what(
    checker: Caller, second_checker: Caller, editor: Caller, desk: Desk
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True, blind_second_review=True)
    claim, item = claim_of(checker)
    contact = asked(checker, claim, item)["id"]
    body = {**YES, **TERMS, "text": "Filmed in 2019.", "reason": "They sent the original."}
    assert checker.post(f"contacts/{contact}/answer/", body).status_code == 200
    review(checker, {"location": "verified", "date": "unverified"})
    assert lease(second_checker)["claim"]["id"] == claim
    (seen,) = second_checker.get(f"claims/{claim}/contacts/").json()["results"]
    assert [(one["text"], one["withheld"], one["by"], one["channel"]) for one in seen["messages"]] == [
        (None, True, "olena", "message")
    ] * 2
    record = second_checker.get(f"media/{item}/permission/").json()["records"][0]
    assert (record["permission"], record["proof"], record["reason"], record["withheld"]) == (
        "granted", None, None, True,
    )  # fmt: skip
    (seen,) = editor.get(f"claims/{claim}/contacts/").json()["results"]
    assert [one["text"] for one in seen["messages"]] == [ASK["text"], "Filmed in 2019."]


def test_repeating_a_call_records_nothing_twice(checker: Caller) -> None:
    claim, item = claim_of(checker)
    body = {**ASK, "media": item}
    one, two = (checker.post(f"claims/{claim}/contacts/", body, Idempotency_Key="k") for _ in range(2))
    assert (one.status_code, two.status_code) == (201, 201) and one.json() == two.json()
    assert Contact.objects.count() == 1


def test_a_merged_copy_is_under_the_same_terms(checker: Caller) -> None:
    claim, item = claim_of(checker)
    assert checker.post(f"media/{item}/permission/", TERMS).status_code == 200
    original = file_claim(checker, statement="The original.")["id"]
    body = {"reason": "the same", "of": original, "merge": True}
    assert checker.post(f"claims/{claim}/duplicate/", body).status_code == 200
    copy = MediaItem.objects.get(claim=original)
    shown = checker.get(f"media/{copy.pk}/").json()
    assert (shown["terms"]["scope"], shown["delivery"]["may"]) == (TERMS["scope"], "file")


def test_what_is_allowed_of_a_file_holds_wherever_merging_took_it(
    checker: Caller, second_checker: Caller
) -> None:
    claim, item = claim_of(checker)
    contact = asked(checker, claim, item)
    original = file_claim(checker, statement="The original.")["id"]
    other = file_claim(checker, statement="A third.")["id"]
    for one, of in ((claim, original), (original, other)):
        merged = checker.post(f"claims/{one}/duplicate/", {"reason": "the same", "of": of, "merge": True})
        assert merged.status_code == 200
    items = [item, *(str(MediaItem.objects.get(claim=of).pk) for of in (original, other))]

    def terms(of: str) -> tuple[Any, ...]:
        permission = checker.get(f"media/{of}/permission/").json()
        records = [(record["permission"], record["proof"]) for record in permission["records"]]
        return (permission["permission"], records, checker.get(f"media/{of}/").json()["delivery"]["may"])

    assert {one: terms(one) for one in items} == dict.fromkeys(items, ("asked", [("asked", None)], "none"))
    answered = checker.post(f"contacts/{contact['id']}/answer/", {**YES, **TERMS})
    assert answered.status_code == 200
    granted = [("granted", TERMS["proof"]), ("asked", None)]
    assert {one: terms(one) for one in items} == dict.fromkeys(items, ("granted", granted, "file"))
    for taken_back_on in items:
        allowed = {"permission": "granted", "proof": "again"}
        assert checker.post(f"media/{items[0]}/permission/", allowed).status_code == 200
        refusal = {"permission": "refused", "reason": "the owner took it back"}
        assert second_checker.post(f"media/{taken_back_on}/permission/", refusal).status_code == 200
        assert {terms(one)[::2] for one in items} == {("refused", "none")}


def test_what_the_duplicate_said_of_a_file_that_is_there_already_is_kept(checker: Caller) -> None:
    flagged = {"content_flags": ["death"], "posted_at": "2022-01-01T00:00:00Z"}
    claim, item = claim_of(checker, **flagged)
    refusal = {"permission": "refused", "reason": "no"}
    assert checker.post(f"media/{item}/permission/", refusal).status_code == 200
    there = {"url": VIDEO["url"], "content_flags": ["injury"], "account": "@somebody_else", "credit": "Them"}
    original = file_claim(checker, statement="The original.", media=[there])
    body = {"reason": "the same", "of": original["id"], "merge": True}
    assert checker.post(f"claims/{claim}/duplicate/", body).status_code == 200
    (kept,) = checker.get(f"claims/{original['id']}/").json()["media"]
    assert kept["id"] == original["media"][0]["id"]
    assert sorted(kept["content_flags"]) == ["death", "injury"]
    assert (kept["account"], kept["posted_at"]) == ("@somebody_else", "2022-01-01T00:00:00Z")
    assert MediaItem.objects.get(pk=kept["id"]).credit == "Them"
    permission = checker.get(f"media/{kept['id']}/permission/").json()
    assert (permission["permission"], len(permission["records"])) == ("refused", 1)


def test_who_looked_before_the_other_wrote_is_told_of_them_all_the_same(
    checker: Caller, second_checker: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at the same moment see nobody asked; then the constraint decides, and its refusal names the first."""
    claim, item = claim_of(checker)
    asked(checker, claim, item)
    other, its = claim_of(second_checker)
    monkeypatch.setattr(contacts, "_refuse_a_second", lambda act, uploader: None)
    before = everything()
    problem = refused(
        second_checker.post(f"claims/{other}/contacts/", {**ASK, "media": its}), 409, code="already_asked"
    )
    assert "olena asked @stringer_kh on x.com" in problem["detail"]
    assert everything() == before
