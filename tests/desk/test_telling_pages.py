"""The inbox and its bell, following from a claim's page, and how somebody wants to be told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from claims.vocabulary import JobKind, JobState, Notice
from tests.conftest import Caller, file_claim, lease, published
from tests.scenarios.test_telling import inbox, note
from verification.models import AuditEntry, Job, Told
from verification.services import deliveries, work

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Pages = Callable[[Caller], Client]


def html_of(browser: Client, path: str, **options: Any) -> str:
    response = browser.get(path, **options)
    assert response.status_code == 200, (response.status_code, response.content[:300])
    return response.content.decode()


def test_the_bell_says_how_many_lines_are_unread(pages: Pages, checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)["id"]
    browser = pages(editor)
    assert "Inbox</span>" in html_of(browser, "/queue/")
    note(checker, claim, "@edith")
    assert "Inbox, 1 unread</span>" in html_of(browser, "/queue/")
    told = browser.get("/inbox/bell/")
    assert "Inbox, 1 unread</span>" in told.content.decode()
    assert browser.get("/inbox/bell/", headers={"If-None-Match": told["ETag"]}).status_code == 304
    note(checker, claim, "@edith again")
    assert "2 unread" in browser.get("/inbox/bell/", headers={"If-None-Match": told["ETag"]}).content.decode()
    row = Told.objects.values("person_id", "claim_id", "occasion", "at").first() or {}
    Told.objects.bulk_create(Told(**row) for _ in range(98))
    assert "Inbox, 99+ unread</span>" in html_of(browser, "/inbox/bell/")


def test_who_is_asked_for_something_reads_for_what(pages: Pages, checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)
    lease(checker)
    editor.post(f"claims/{claim['id']}/ask/", {"dimension": "date", "due_at": "2999-01-01T00:00:00Z"})
    browser = pages(checker)
    assert "edith asks for the date" in html_of(browser, "/inbox/")
    opened = browser.get(f"/inbox/{inbox(checker)[0]['id']}/")
    assert opened["Location"] == f"/claims/{claim['ref']}/#dimension-date"


def test_the_inbox_is_grouped_by_day_and_a_line_opens_at_its_place(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    claim = file_claim(checker)
    with time_machine.travel(datetime(2026, 11, 25, 9, tzinfo=UTC)):
        note(editor, claim["id"], "The first")
    with time_machine.travel(datetime(2026, 11, 26, 9, tzinfo=UTC)):
        second = note(editor, claim["id"], "@olena")
    browser = pages(checker)
    html = html_of(browser, "/inbox/")
    days = re.findall(r"<h2 id=\"day-[^>]+>([^<]+)</h2>", html)
    assert days == ["Thursday, 26 November 2026", "Wednesday, 25 November 2026"]
    assert html.index("edith mentioned you in a note") < html.index("edith left a note")
    assert "The first" not in html
    newest = inbox(checker)[0]
    opened = browser.get(f"/inbox/{newest['id']}/")
    assert opened["Location"] == f"/claims/{claim['ref']}/#note-{second['id']}"
    assert f'id="note-{second["id"]}"' in html_of(browser, f"/claims/{claim['ref']}/")
    assert [told["read_at"] is None for told in inbox(checker)] == [False, True]
    assert "mentioned you" not in html_of(browser, "/inbox/?unread")
    browser.post("/inbox/read/", {"until": newest["id"]})
    assert "Nothing unread" in html_of(browser, "/inbox/?unread")


def test_what_came_after_the_page_was_drawn_stays_unread(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    claim = file_claim(checker)["id"]
    note(editor, claim, "The first")
    drawn = inbox(checker)[0]["id"]
    note(editor, claim, "The second")
    pages(checker).post("/inbox/read/", {"until": drawn})
    assert [told["read_at"] is None for told in inbox(checker)] == [True, False]


@pytest.mark.parametrize(
    ("occasion", "about", "place"),
    [
        ("published", {"version": "1"}, "/claims/{ref}/sign-off/"),
        ("withdrawn", {"version": "2"}, "/claims/{ref}/sign-off/"),
        ("verdict_changed", {"dimensions": "location,date"}, "/claims/{ref}/#dimension-location"),
        ("assigned", {}, "/claims/{ref}/"),
    ],
)
def test_each_occasion_leads_to_its_place(
    pages: Pages, checker: Caller, occasion: str, about: dict[str, str], place: str
) -> None:
    claim = file_claim(checker)
    told = Told.objects.create(
        person=checker.person, claim_id=claim["id"], occasion=occasion, about=about, at=datetime.now(UTC)
    )
    assert pages(checker).get(f"/inbox/{told.pk}/")["Location"] == place.format(ref=claim["ref"])


def test_every_occasion_is_a_sentence(pages: Pages, checker: Caller, editor: Caller) -> None:
    published(checker, editor)
    row = Told.objects.get(person=checker.person)
    for occasion in Notice:
        Told.objects.filter(pk=row.pk).update(occasion=occasion, by=None)
        assert "{" not in html_of(pages(checker), "/inbox/").split("<main")[1].split("</main>")[0]


def test_a_claim_is_followed_and_left_from_its_page(pages: Pages, checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker)
    browser = pages(editor)
    path = f"/claims/{claim['ref']}/"
    assert ">Follow</button>" in html_of(browser, path)
    assert browser.post(f"{path}follow/", {"follow": "yes"})["Location"] == path
    assert ">Unfollow</button>" in html_of(browser, path)
    note(checker, claim["id"], "Heard")
    browser.post(f"{path}follow/", {"follow": "no"})
    note(checker, claim["id"], "Not heard")
    assert [told["occasion"] for told in inbox(editor)] == ["noted"]


def test_the_page_says_whom_a_note_reached(pages: Pages, checker: Caller, editor: Caller) -> None:
    claim = file_claim(checker, media=[{"url": "https://media.example/one.mp4"}])
    (item,) = checker.get(f"claims/{claim['id']}/media/").json()["results"]
    browser = pages(checker)
    browser.post(f"/claims/{claim['ref']}/note/", {"body": "@edith, @nobody: look", "about": item["id"]})
    html = html_of(browser, f"/claims/{claim['ref']}/")
    assert "· told: edith</p>" in html
    (left,) = checker.get(f"claims/{claim['id']}/notes/").json()["results"]
    assert (left["mentions"], left["media"]) == (["edith"], item["id"])


WISHED = {
    "email": "digest", "email_address": "o@desk.example", "webhook": "off", "webhook_url": "", "digest_hour": "7",
    "quiet_from": "22:00", "quiet_to": "06:30", "time_zone": "Europe/Kyiv",
}  # fmt: skip


def test_wishes_are_kept_and_tried(pages: Pages, checker: Caller, mailoutbox: list[Any]) -> None:
    browser = pages(checker)
    assert "Try it" not in html_of(browser, "/preferences/telling/")
    assert browser.post("/preferences/telling/", WISHED)["Location"] == "/preferences/telling/"
    assert checker.get("me/telling/").json() == {**WISHED, "digest_hour": 7}
    html = html_of(browser, "/preferences/telling/")
    assert 'value="22:00"' in html
    assert '<option value="Europe/Kyiv" selected>' in html
    browser.post("/preferences/telling/test/", {"channel": "email"})
    while work.reconcile():
        pass
    (sent,) = mailoutbox
    assert sent.subject == "[Stet] Stet reaches you here"
    assert browser.post("/preferences/telling/test/", {"channel": "pigeon"}).status_code == 400


def test_what_can_not_be_wished_is_said_and_stays_typed(pages: Pages, checker: Caller) -> None:
    typed = {**WISHED, "webhook": "at_once", "webhook_url": "http://10.0.0.1/hook", "quiet_to": ""}
    response = pages(checker).post("/preferences/telling/", typed)
    html = response.content.decode()
    assert response.status_code == 422
    assert "Quiet hours have a beginning and an end." in html
    assert 'value="http://10.0.0.1/hook"' in html
    assert html.count('class="errors"') == 2
    assert checker.get("me/telling/").json()["email"] == "off"


def test_a_message_that_is_given_up_is_among_the_jobs_and_can_be_sent_again(
    pages: Pages, checker: Caller, editor: Caller, admin: Caller, stranger: Caller, mailoutbox: list[Any]
) -> None:
    claim = file_claim(checker)["id"]
    pages(editor).post(
        "/preferences/telling/", {**WISHED, "email": "at_once", "quiet_from": "", "quiet_to": ""}
    )
    note(checker, claim, "@edith")
    deliveries.gather_what_is_due()
    job = Job.objects.get(kind=JobKind.TELL)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.FAILED,
        error={"code": "mail_refused", "detail": "The mail server refuses the address."},
    )
    html = html_of(pages(admin), "/admin/jobs/")
    assert "Tell edith by e-mail" in html
    assert "The mail server refuses the address." in html
    assert "Tell edith" not in html_of(pages(stranger), "/admin/jobs/")
    assert pages(stranger).post("/admin/jobs/retry/", {"job": str(job.pk)}).status_code == 404
    pages(admin).post("/admin/jobs/retry/", {"job": str(job.pk)})
    while work.reconcile():
        pass
    assert len(mailoutbox) == 1
    entry = AuditEntry.objects.get(action="retry-message")
    assert (entry.actor, entry.data) == (
        admin.person, {"person": str(editor.person.pk), "job": str(job.pk)}
    )  # fmt: skip
    assert "Had a message sent again" in html_of(pages(admin), "/admin/audit/")
