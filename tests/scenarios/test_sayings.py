"""What people say with their acts reaches whom it is for, is read where the claim is, and can be erased."""

from __future__ import annotations

import pytest
from django.utils import timezone

from claims.models import Desk
from tests.conftest import Caller, file_claim, lease, published, refused, review
from tests.scenarios.test_telling import inbox
from tests.verification.test_erasure import traces
from verification.models import Policy, QueueEntry, Redaction, Skip
from verification.services import audit

pytestmark = [pytest.mark.django_db, pytest.mark.database]

LATER = "2999-01-01T00:00:00Z"
WHY = {"reason": "A person asked for it.", "legal_ground": "Article 17 GDPR"}


def said_of(by: Caller, claim: str) -> list[tuple[str, str, str | None]]:
    answer = by.get(f"claims/{claim}/said/")
    assert answer.status_code == 200, answer.content
    return [(one["act"], one["by"], one["text"]) for one in answer.json()["results"]]


def hand_over(by: Caller, *, to: str | None = None, **said: str) -> None:
    done = by.post(f"queue/leases/{lease(by)['lease_token']}/hand-over/", {"to": to, **said})
    assert done.status_code == 200, done.content


# --- it reaches whom it is for


def test_who_is_asked_for_a_dimension_reads_the_message(checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    lease(checker)
    editor.post(
        f"claims/{claim}/ask/", {"dimension": "date", "due_at": LATER, "message": "For the six o'clock."}
    )
    assert inbox(checker)[0]["said"] == "For the six o'clock."


@pytest.mark.parametrize("act", ["break", "drop", "duplicate"])
def test_who_loses_a_review_is_told_and_reads_why(checker: Caller, editor: Caller, act: str) -> None:
    other = file_claim(checker, statement="The older one.", draft=True)["id"]
    claim = file_claim(checker)["id"]
    leased = lease(checker)
    path, body = {
        "break": (f"queue/{leased['entry']['id']}/break/", {}),
        "drop": (f"claims/{claim}/drop/", {}),
        "duplicate": (f"claims/{claim}/duplicate/", {"of": other}),
    }[act]
    done = editor.post(path, {**body, "reason": "The agency has it."})
    assert done.status_code == 200, done.content
    occasion = {"break": "lease_broken", "drop": "dropped", "duplicate": "duplicate"}[act]
    assert [(one["occasion"], one["said"]) for one in inbox(checker)] == [(occasion, "The agency has it.")]


@pytest.mark.parametrize("by", ["assigned", "handed over", "nobody"])
def test_who_gave_somebody_a_review_is_told_that_they_skipped_it(
    checker: Caller, second_checker: Caller, editor: Caller, by: str
) -> None:
    claim = file_claim(checker)["id"]
    if by == "assigned":
        editor.post(f"claims/{claim}/assign/", {"to": "marko"})
    if by == "handed over":
        editor.post(f"claims/{claim}/assign/", {"to": "olena"})
        token = lease(checker)["lease_token"]
        assert checker.post(f"queue/leases/{token}/hand-over/", {"to": "marko"}).status_code == 200
    token = lease(second_checker)["lease_token"]
    second_checker.post(f"queue/leases/{token}/skip/", {"reason": "I am on leave."})
    told = {"assigned": editor, "handed over": checker}.get(by)
    for one in (checker, editor):
        lines = [(line["occasion"], line["by"], line["said"]) for line in inbox(one)]
        assert (("skipped", "marko", "I am on leave.") in lines) == (one is told)
    assert lease(checker)["claim"]["id"] == claim


def test_behind_a_veil_a_first_reviewers_message_is_kept_until_the_second_is_submitted(
    checker: Caller, second_checker: Caller, editor: Caller, admin: Caller, desk: Desk
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True, blind_second_review=True)
    claim = file_claim(checker)["id"]
    review(editor, {"location": "contradicted", "date": "unverified"})
    for author in (editor, admin):
        sent = author.post(
            f"claims/{claim}/assign/", {"to": "marko", "reason": f"From {author.person.username}"}
        )
        assert sent.status_code == 200, sent.content
    assert [line["said"] for line in inbox(second_checker)] == ["From adam", None]
    assert [text for *_, text in said_of(second_checker, claim)] == ["From adam"]
    review(second_checker, {"location": "contradicted", "date": "unverified"})
    assert [line["said"] for line in inbox(second_checker)] == ["From adam", "From edith"]


# --- it is read where the claim is


def test_what_was_said_stands_in_order_with_who_said_it(checker: Caller, second_checker: Caller, editor: Caller) -> None:  # fmt: skip
    claim = file_claim(checker)["id"]
    token = lease(second_checker)["lease_token"]
    second_checker.post(f"queue/leases/{token}/skip/", {"reason": "It needs Farsi."})
    editor.post(f"claims/{claim}/assign/", {"to": "olena", "reason": "You read Farsi."})
    editor.post(f"claims/{claim}/drop/", {"reason": "Overtaken."})
    editor.post(f"claims/{claim}/reopen/", {"reason": "Not so."})
    assert said_of(checker, claim) == [
        ("reopen", "edith", "Not so."),
        ("drop", "edith", "Overtaken."),
        ("assign", "edith", "You read Farsi."),
        ("skip", "marko", "It needs Farsi."),
    ]


def test_what_is_said_inside_of_a_public_act_stands_beside_it(checker: Caller, editor: Caller) -> None:
    claim = published(checker, editor)["claim"]
    editor.post(
        f"claims/{claim}/withdraw/", {"reason": "In error.", "internal_reason": "Their lawyer called."}
    )
    assert said_of(checker, claim) == [("withdraw", "edith", "Their lawyer called.")]


def test_why_a_contact_was_closed_is_read_too(checker: Caller) -> None:
    claim = file_claim(checker, media=[{"url": "https://media.example/a.mp4"}])
    sent = {"media": claim["media"][0]["id"], "account": "@a", "text": "Is it yours?", "channel": "phone"}
    contact = checker.post(f"claims/{claim['id']}/contacts/", sent).json()["id"]
    closed = checker.post(f"contacts/{contact}/close/", {"reason": "The number is dead."})
    assert closed.status_code == 200, closed.content
    assert said_of(checker, claim["id"]) == [("contact", "olena", "The number is dead.")]


def test_what_was_written_at_a_hand_over_is_read_after_the_next_one_and_the_submission(
    checker: Caller, second_checker: Caller
) -> None:
    claim = file_claim(checker)["id"]
    hand_over(checker, to="marko", tried="Rang the mayor.", next="Ask the utility.")
    hand_over(second_checker, to="olena")
    hand_over(checker, to="marko", next="Look at the shadows.")
    review(second_checker, {"location": "unverified", "date": "unverified"})
    assert said_of(checker, claim) == [
        ("hand-over", "olena", "Next: Look at the shadows."),
        ("hand-over", "olena", "Tried: Rang the mayor.\nNext: Ask the utility."),
    ]


def test_behind_a_veil_what_a_first_reviewer_wrote_at_a_hand_over_is_kept(
    checker: Caller, second_checker: Caller, editor: Caller, desk: Desk
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True, blind_second_review=True)
    claim = file_claim(checker)["id"]
    hand_over(checker, to="edith", tried="The tower is not there.")
    review(editor, {"location": "contradicted", "date": "unverified"})
    assert [text for *_, text in said_of(editor, claim)] == ["Tried: The tower is not there."]
    assert said_of(second_checker, claim) == []


def test_all_that_was_said_is_read_and_can_be_erased_however_much_it_is(
    checker: Caller, editor: Caller, admin: Caller
) -> None:
    claim = file_claim(checker)["id"]
    editor.post(f"claims/{claim}/assign/", {"to": "olena", "reason": "The first."})
    entry, at = QueueEntry.objects.get(), timezone.now()
    Skip.objects.bulk_create(
        Skip(entry=entry, person=editor.person, reason=f"No. {number}", at=at, until=at)
        for number in range(250)
    )
    (first,) = [
        one for one in checker.get(f"claims/{claim}/said/").json()["results"] if one["act"] == "assign"
    ]
    for number in (0, 249):
        skip = Skip.objects.get(reason=f"No. {number}")
        done = admin.post(f"claims/{claim}/redact/", {"target": "said", "id": str(skip.pk), **WHY})
        assert done.status_code == 200, done.content
    said = said_of(checker, claim)
    assert (len(said), said.count(("skip", "edith", None))) == (251, 2)
    assert (
        admin.post(f"claims/{claim}/redact/", {"target": "said", "id": first["id"], **WHY}).status_code == 200
    )


# --- it can be erased


@pytest.mark.parametrize("act", ["assign", "skip", "internal", "hand over"])
def test_it_can_be_erased_and_that_it_was_said_stays(
    checker: Caller, second_checker: Caller, editor: Caller, admin: Caller, act: str
) -> None:
    secret = "Unmistakablewords"
    if act == "internal":
        claim = published(checker, editor)["claim"]
        editor.post(f"claims/{claim}/withdraw/", {"reason": "In error.", "internal_reason": secret})
    else:
        claim = file_claim(checker)["id"]
    if act == "skip":
        checker.post(f"queue/leases/{lease(checker)['lease_token']}/skip/", {"reason": secret})
    if act == "assign":
        editor.post(f"claims/{claim}/assign/", {"to": "marko", "reason": secret})
    if act == "hand over":
        hand_over(checker, tried=secret)
    (one,) = checker.get(f"claims/{claim}/said/").json()["results"]
    assert one["text"] == (f"Tried: {secret}" if act == "hand over" else secret)
    body = {"target": "said", "id": one["id"], **WHY}
    assert refused(editor.post(f"claims/{claim}/redact/", body), 403)
    done = admin.post(f"claims/{claim}/redact/", body)
    assert done.status_code == 200, done.content
    assert traces(secret) == []
    (left,) = checker.get(f"claims/{claim}/said/").json()["results"]
    assert (left["text"], left["by"], left["at"]) == (None, one["by"], one["at"])
    assert list(audit.verify()) == []
    if act == "assign":
        assert inbox(second_checker)[0]["said"] is None


def test_only_what_was_said_of_this_claim_is_erased_with_it(checker: Caller, editor: Caller, admin: Caller) -> None:  # fmt: skip
    one, other = file_claim(checker)["id"], file_claim(checker, statement="Another.")["id"]
    editor.post(f"claims/{other}/assign/", {"to": "olena", "reason": "Theirs."})
    (theirs,) = checker.get(f"claims/{other}/said/").json()["results"]
    answer = admin.post(f"claims/{one}/redact/", {"target": "said", "id": theirs["id"], **WHY})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/id"
    assert Redaction.objects.count() == 0
