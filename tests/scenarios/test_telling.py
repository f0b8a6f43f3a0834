"""Being told: mentions, following, the inbox, and how each wants to hear of it."""

from __future__ import annotations

from typing import Any

import pytest

from claims.models import Desk, Membership
from claims.vocabulary import Notice, Role
from tests.conftest import Caller, caller, file_claim, lease, published, refused, review, submitted
from verification.models import Follow, Policy, Told
from verification.services import telling

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "because"}
BOTH = {"location": "verified", "date": "unverified"}


def inbox(person: Caller, **query: str) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    response = person.get(f"inbox/?{asked}")
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def occasions(person: Caller) -> list[str]:
    """What the person was told, the oldest first."""
    return [told["occasion"] for told in reversed(inbox(person))]


def note(author: Caller, claim: str, body: str) -> dict[str, Any]:
    response = author.post(f"claims/{claim}/notes/", {"body": body})
    assert response.status_code == 201, response.content
    left: dict[str, Any] = response.json()
    return left


def all_read(*people: Caller) -> None:
    Told.objects.filter(person__in=[one.person for one in people]).delete()


# --- mentions


@pytest.mark.parametrize(
    ("body", "reached"),
    [
        ("@marko, can you read this sign?", ["marko"]),
        ("Ask @Marko. And @edith!", ["edith", "marko"]),
        ("(@edith)", ["edith"]),
        ("@marko @marko", ["marko"]),
        ("Write to desk@marko or marko@edith.example", []),
        ("@nobody and @stranger and @wire", []),
        ("@olena herself", []),
        ("@ marko", []),
        ("@marko_2", []),
    ],
)
def test_a_note_tells_those_whom_it_mentions(
    checker: Caller, second_checker: Caller, editor: Caller, stranger: Caller, client_key: Caller,
    body: str, reached: list[str],
) -> None:  # fmt: skip
    claim = file_claim(checker)["id"]
    left = note(checker, claim, body)
    assert left["mentions"] == reached
    people = {"marko": second_checker, "edith": editor}
    for name, person in people.items():
        assert occasions(person) == (["mentioned"] if name in reached else [])
    for person in (checker, stranger, client_key):
        assert not Told.objects.filter(person=person.person).exists()
    (listed,) = checker.get(f"claims/{claim}/notes/").json()["results"]
    assert listed == left


def test_a_line_of_the_inbox_says_who_what_and_where(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)
    left = note(checker, claim["id"], "@edith, see this")
    (told,) = inbox(editor)
    assert told["claim"] == {"id": claim["id"], "ref": claim["ref"], "statement": claim["statement"]}
    assert (told["occasion"], told["by"], told["about"]) == ("mentioned", "olena", {"note": left["id"]})
    assert told["read_at"] is None


def test_somebody_with_a_dot_in_their_name_is_mentioned(checker: Caller, desk: Desk) -> None:
    dotted = caller("anna.k", Role.EDITOR, desk)
    claim = file_claim(checker)["id"]
    assert note(checker, claim, "Thanks @anna.k.")["mentions"] == ["anna.k"]
    assert occasions(dotted) == ["mentioned"]


# --- following


def test_who_takes_part_follows(
    checker: Caller, second_checker: Caller, editor: Caller, admin: Caller
) -> None:
    claim = file_claim(checker)["id"]
    editor.post(f"claims/{claim}/assign/", {"to": "marko", **WHY})
    note(editor, claim, "@adam, look")
    names = set(Follow.objects.going_on().values_list("person__username", flat=True))
    assert names == {"olena", "marko", "edith", "adam"}
    assert occasions(second_checker) == ["assigned", "noted"]
    review(second_checker, BOTH, entry_of=claim)
    assert occasions(checker) == ["noted", "verdict_changed"]


def test_who_unfollowed_stays_out_until_they_follow_anew(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    assert checker.call("DELETE", f"claims/{claim}/follow/").json() == {"following": False}
    note(checker, claim, "Taking part again")  # which has nobody follow who ended it
    note(editor, claim, "Heard by nobody")
    assert occasions(checker) == []
    note(editor, claim, "@olena, but you")
    assert occasions(checker) == ["mentioned"]
    assert checker.post(f"claims/{claim}/follow/").json() == {"following": True}
    note(editor, claim, "Heard again")
    assert occasions(checker) == ["mentioned", "noted"]


def test_nobody_is_told_twice_of_one_note(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    note(editor, claim, "@olena")
    assert occasions(checker) == ["mentioned"]


@pytest.mark.parametrize(
    ("act", "body", "occasion"),
    [
        ("correct", WHY, "corrected"),
        ("amend", WHY, "published"),
        ("hold", WHY, "held"),
        ("withdraw", {**WHY, "cause": "safety"}, "withdrawn"),
    ],
)
def test_followers_are_told_what_becomes_of_a_publication(
    checker: Caller, editor: Caller, act: str, body: dict[str, Any], occasion: str
) -> None:
    claim = published(checker, editor)["claim"]
    assert occasions(checker) == ["published"]
    response = editor.post(f"claims/{claim}/{act}/", body)
    assert response.status_code == 200, response.content
    assert occasions(checker) == ["published", occasion]
    assert inbox(checker)[0]["about"]["version"] == "2"
    assert occasions(editor) == []


def test_an_act_that_is_refused_tells_nobody(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    refused(editor.post(f"claims/{claim}/publish/"), 409)
    assert occasions(checker) == []


# --- verdicts


def test_editors_are_told_when_a_verdict_under_a_line_changes(
    checker: Caller, second_checker: Caller, editor: Caller, admin: Caller
) -> None:
    claim = published(checker, editor)["claim"]
    all_read(checker, editor, admin)
    editor.post(f"claims/{claim}/request-recheck/", WHY)
    review(second_checker, {"location": "verified", "date": "contradicted"}, entry_of=claim)
    for person in (checker, editor, admin):
        (told,) = inbox(person)
        assert (told["occasion"], told["by"], told["about"]) == (
            "verdict_changed", "marko", {"dimensions": "date"}
        )  # fmt: skip
    assert occasions(second_checker) == []


def test_a_recheck_that_changes_nothing_tells_nobody(
    checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    claim = published(checker, editor)["claim"]
    all_read(checker, editor)
    editor.post(f"claims/{claim}/request-recheck/", WHY)
    review(second_checker, BOTH, entry_of=claim)
    assert occasions(checker) == occasions(editor) == []


def test_editors_are_not_told_before_anything_is_published(checker: Caller, editor: Caller) -> None:
    submitted(checker)
    assert occasions(editor) == []


def test_a_second_review_that_says_the_same_is_no_change(
    checker: Caller, second_checker: Caller, desk: Desk
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True)
    claim = submitted(checker)["id"]
    review(second_checker, BOTH, entry_of=claim)
    assert occasions(checker) == []


# --- who is left out


def test_whoever_left_the_desk_or_is_deactivated_is_told_nothing_and_sees_nothing(
    checker: Caller, second_checker: Caller, editor: Caller, desk: Desk, other_desk: Desk
) -> None:
    claim = file_claim(checker)["id"]
    note(editor, claim, "@marko @olena")
    Membership.objects.filter(person=second_checker.person).update(desk=other_desk)
    checker.person.is_active = False
    checker.person.save()
    assert note(editor, claim, "@marko @olena")["mentions"] == []
    assert Told.objects.count() == 2
    assert inbox(second_checker) == []
    assert second_checker.get("inbox/").json()["unread"] == 0


def test_tell_leaves_out_doubles_and_the_actor(checker: Caller, editor: Caller, stranger: Caller) -> None:
    claim = Follow.objects.select_related("claim").get(claim=file_claim(checker)["id"]).claim
    everyone = [checker.person, editor.person, editor.person, stranger.person]
    telling.tell(
        everyone, occasion=Notice.FLAGGED, claim=claim, by=checker.person, at=claim.created_at, about={}
    )
    assert [told.person for told in Told.objects.all()] == [editor.person]
    telling.tell(everyone, occasion=Notice.OVERDUE, claim=claim, by=None, at=claim.created_at)
    assert occasions(checker) == ["overdue"]
    assert set(telling.editors_of(claim.desk)) == {editor.person}


# --- the inbox


def test_an_inbox_is_read_line_by_line_or_all_at_once(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    for number in range(5):
        note(editor, claim, f"Note {number}")
    page = checker.get("inbox/?page_size=2").json()
    assert (len(page["results"]), page["unread"], page["more_unread"]) == (2, 5, False)
    first = page["results"][0]["id"]
    (other,) = {told["id"] for told in inbox(checker)[-1:]}
    read = {"read": 1, "unread": 4, "more_unread": False}
    assert checker.post("inbox/read/", {"ids": [first]}, Idempotency_Key="k").json() == read
    assert checker.post("inbox/read/", {"ids": [first]}, Idempotency_Key="k").json() == read
    assert checker.post("inbox/read/", {"ids": [first]}).json()["read"] == 0
    assert len(inbox(checker, unread="true")) == 4
    assert [told["id"] for told in inbox(checker, unread="false")] == [first]
    # Another's lines count for nothing.
    assert editor.post("inbox/read/", {"ids": [other]}).json()["read"] == 0
    assert checker.post("inbox/read/").json() == {"read": 4, "unread": 0, "more_unread": False}
    refused(checker.get("inbox/?unread=maybe"), 400, pointer="unread")
    refused(checker.post("inbox/read/", {"ids": ["x"]}), 400)


def test_unread_lines_are_counted_to_ninety_nine(checker: Caller, editor: Caller) -> None:
    claim = Follow.objects.select_related("claim").get(claim=file_claim(checker)["id"]).claim
    for number in (99, 100):
        Told.objects.all().delete()
        Told.objects.bulk_create(
            Told(person=checker.person, claim=claim, occasion="noted", at=claim.created_at) for _ in range(number)
        )  # fmt: skip
        page = checker.get("inbox/").json()
        assert (page["unread"], page["more_unread"]) == (99, number > 99)


def test_erasing_needs_not_look_here(checker: Caller, editor: Caller, admin: Caller) -> None:
    """What was told names texts by their ids; none of their words are in it."""
    claim = file_claim(checker, statement="A Secret Statement.")["id"]
    note(checker, claim, "@edith: Secret Words")
    leased = lease(editor)
    assert leased["claim"]["id"] == claim
    for told in Told.objects.values():
        assert "secret" not in str(told).lower()


# --- wishes


def test_nobody_is_told_outside_the_pages_who_did_not_ask_for_it(checker: Caller) -> None:
    shown = checker.get("me/telling/")
    assert shown.json() == {
        "email": "off",
        "email_address": "",
        "webhook": "off",
        "webhook_url": "",
        "digest_hour": 8,
        "quiet_from": None,
        "quiet_to": None,
        "time_zone": "UTC",
    }
    assert shown["ETag"] == '"0"'


def test_wishes_are_ones_own_and_change_by_what_was_read(checker: Caller, editor: Caller) -> None:
    wanted = {"email": "digest", "email_address": "o@desk.example", "digest_hour": 7,
              "quiet_from": "22:00", "quiet_to": "06:30", "time_zone": "Europe/Kyiv"}  # fmt: skip
    refused(checker.patch("me/telling/", wanted), 428)
    changed = checker.patch("me/telling/", wanted, If_Match='"0"')
    assert changed.status_code == 200, changed.content
    assert changed.json() == {**wanted, "webhook": "off", "webhook_url": ""}
    assert changed["ETag"] == '"1"'
    refused(checker.patch("me/telling/", wanted, If_Match='"0"'), 412)
    assert checker.patch("me/telling/", {"digest_hour": 9}, If_Match='"1"').json()["email"] == "digest"
    assert editor.get("me/telling/").json()["email"] == "off"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"email": "at_once"}, "/email_address"),
        ({"email_address": "olena at desk"}, "/email_address"),
        ({"email_address": "a@b.example\nBcc: c@d.example"}, "/email_address"),
        ({"webhook": "at_once"}, "/webhook_url"),
        ({"webhook_url": "http://127.0.0.1:9/"}, "/webhook_url"),
        ({"webhook_url": "http://169.254.169.254/latest/"}, "/webhook_url"),
        ({"webhook_url": "ftp://hooks.example/"}, "/webhook_url"),
        ({"webhook_url": "https://user:secret@hooks.example/"}, "/webhook_url"),
        ({"digest_hour": 24}, "/digest_hour"),
        ({"digest_hour": -1}, "/digest_hour"),
        ({"quiet_from": "22:00"}, "/quiet_to"),
        ({"quiet_to": "22:00"}, "/quiet_from"),
        ({"quiet_from": "22:00", "quiet_to": "22:00"}, "/quiet_to"),
        ({"quiet_from": "25:00", "quiet_to": "26:00"}, "/quiet_from"),
        ({"time_zone": "Kyiv"}, "/time_zone"),
        ({"time_zone": "../../etc/passwd"}, "/time_zone"),
        ({"email": "hourly"}, "/email"),
        ({"pigeon": "at_once"}, "/pigeon"),
    ],
)
def test_what_can_not_be_wished_is_named(checker: Caller, changes: dict[str, Any], pointer: str) -> None:
    refused(checker.patch("me/telling/", changes, If_Match='"0"'), 400, pointer=pointer)
    assert checker.get("me/telling/")["ETag"] == '"0"'


@pytest.mark.parametrize("channel", ["email", "webhook"])
def test_a_test_with_no_address_to_send_to_is_refused(checker: Caller, channel: str) -> None:
    refused(checker.post("me/telling/test/", {"channel": channel}), 400, pointer="/channel")
    other = {"email": {"webhook_url": "https://hooks.example/a"}, "webhook": {"email_address": "a@b.example"}}
    assert checker.patch("me/telling/", other[channel], If_Match='"0"').status_code == 200
    refused(checker.post("me/telling/test/", {"channel": channel}), 400, pointer="/channel")
