"""What goes out by mail and webhook: what it says, to whom, when, and what becomes of one that does not get through."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail

from claims.models import Membership
from claims.vocabulary import Channel, JobKind, JobState
from config import env
from tests.conftest import Caller, file_claim
from tests.scenarios.test_telling import inbox, note
from verification.models import Job, Message, Outgoing
from verification.services import deliveries, jobs, work

pytestmark = [pytest.mark.django_db]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Hook:
    """A chat's incoming webhook on loopback; answers as told, else with 200."""

    url: str = ""
    said: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


@pytest.fixture
def hook(settings: Any) -> Iterator[Hook]:
    ours = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            ours.said.append({"type": self.headers["Content-Type"], **json.loads(content)})
            status = ours.statuses.pop(0) if ours.statuses else 200
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        ours.url = f"http://127.0.0.1:{server.server_port}/services/T0/B0/x"
        settings.FETCH_ALLOW = [f"127.0.0.1:{server.server_port}"]
        yield ours
        server.shutdown()
        thread.join()


@dataclass
class MailServer:
    """Speaks just enough SMTP to take a mail, or to refuse its reader with `refusal`."""

    refusal: str = ""
    taken: list[str] = field(default_factory=list)


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    ours = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline().decode().strip():
                verb = line.split(":")[0].split()[0].upper()
                if verb == "DATA":
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    ours.taken.append(b"".join(lines).decode())
                if verb == "QUIT":
                    self.say("221 bye")
                    return
                self.say(ours.refusal if verb == "RCPT" and ours.refusal else "250 ok")

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        for name, value in env.mail(f"smtp://127.0.0.1:{server.server_address[1]}").items():
            setattr(settings, name, value)
        yield ours
        server.shutdown()
        thread.join()


def wish(person: Caller, **changes: Any) -> None:
    known = person.get("me/telling/")["ETag"]
    changed = person.patch("me/telling/", changes, If_Match=known)
    assert changed.status_code == 200, changed.content


def by_mail(person: Caller, **more: Any) -> None:
    wish(person, email="at_once", email_address="edith@desk.example", **more)


def go_round() -> None:
    """Lets the loop do all that is due."""
    while work.reconcile():
        pass


def the_job() -> Job:
    return Job.objects.get(kind=JobKind.TELL)


@pytest.fixture
def claim(checker: Caller) -> dict[str, Any]:
    return file_claim(
        checker,
        statement="Ukrainian soldiers raised flags in two retaken villages on Tuesday, and a crowd came to see them do it.",
    )


# --- what it says


def test_a_mail_says_who_did_what_to_which_claim(
    checker: Caller, editor: Caller, claim: dict[str, Any], settings: Any
) -> None:
    settings.PUBLIC_URL = "https://stet.example"
    by_mail(editor)
    note(checker, claim["id"], "@edith: the source is Ivan, at the mill")
    go_round()
    (sent,) = mail.outbox
    assert sent.subject == f"[Stet] {claim['ref']}: olena mentioned you in a note"
    assert sent.to == ["edith@desk.example"]
    (told,) = inbox(editor)
    assert sent.body == (
        f"{claim['ref']}: olena mentioned you in a note.\n"
        "Ukrainian soldiers raised flags in two retaken villages on Tuesday, and a crowd came to …\n"
        f"https://stet.example/inbox/{told['id']}/\n"
    )
    assert the_job().state == JobState.DONE
    assert Message.objects.get().sent_at is not None
    go_round()
    assert len(mail.outbox) == 1


def test_a_webhook_is_called_with_the_same_words(
    checker: Caller, editor: Caller, hook: Hook, desk: Any
) -> None:
    claim = file_claim(checker, statement="<!channel> Tom & Jerry")
    wish(editor, webhook="at_once", webhook_url=hook.url)
    note(checker, claim["id"], "@edith")
    go_round()
    (said,) = hook.said
    assert said["type"] == "application/json"
    text = f"{claim['ref']}: olena mentioned you in a note.\n&lt;!channel&gt; Tom &amp; Jerry"
    assert said["text"].startswith(text)


def test_what_falls_due_together_is_one_message(
    checker: Caller, editor: Caller, claim: dict[str, Any]
) -> None:
    by_mail(editor)
    for _ in range(deliveries.LINES + 2):
        note(checker, claim["id"], "@edith")
    go_round()
    (sent,) = mail.outbox
    number = deliveries.LINES + 2
    assert sent.subject == f"[Stet] {number} things on your claims"
    assert sent.body.count("olena mentioned you") == deliveries.LINES
    assert "And 2 more in your inbox." in sent.body


def test_nothing_is_said_that_its_reader_may_not_read_when_it_goes_out(
    checker: Caller, editor: Caller, admin: Caller, second_checker: Caller, claim: dict[str, Any], other_desk: Any
) -> None:  # fmt: skip
    for person in (editor, admin, second_checker):
        wish(person, email="at_once", email_address=f"{person.person.username}@desk.example")
    note(checker, claim["id"], "@edith @adam @marko")
    # One has read it, one has left the desk, one cannot log in any more.
    editor.post("inbox/read/")
    Membership.objects.filter(person=admin.person).update(desk=other_desk)
    type(second_checker.person).objects.filter(pk=second_checker.person.pk).update(is_active=False)
    go_round()
    assert mail.outbox == []
    assert {job.state for job in Job.objects.filter(kind=JobKind.TELL)} == {JobState.DONE}
    assert not Message.objects.exclude(sent_at=None).exists()


def test_an_erased_statement_does_not_go_out(
    checker: Caller, editor: Caller, admin: Caller, claim: dict[str, Any]
) -> None:
    by_mail(editor)
    note(checker, claim["id"], "@edith")
    redacted = admin.post(
        f"claims/{claim['id']}/redact/", {"target": "statement", "reason": "a court", "legal_ground": "order"}
    )
    assert redacted.status_code == 200, redacted.content
    go_round()
    (sent,) = mail.outbox
    assert "soldiers" not in sent.body + sent.subject
    assert "olena mentioned you" in sent.body


def test_a_name_can_not_write_headers(checker: Caller, editor: Caller, claim: dict[str, Any]) -> None:
    checker.person.first_name = "Olena\nBcc: x@y.example"
    checker.person.save()
    by_mail(editor)
    note(checker, claim["id"], "@edith")
    go_round()
    (sent,) = mail.outbox
    assert "\n" not in sent.subject
    assert sent.recipients() == ["edith@desk.example"]


# --- when


def test_quiet_hours_put_off_and_a_digest_gathers(
    checker: Caller, editor: Caller, admin: Caller, claim: dict[str, Any]
) -> None:
    by_mail(editor, quiet_from="22:00", quiet_to="07:00", time_zone="Europe/Kyiv")
    wish(
        admin, email="digest", email_address="adam@desk.example", digest_hour=18, time_zone="America/New_York"
    )
    with time_machine.travel(datetime(2026, 3, 2, 21, tzinfo=UTC), tick=False) as clock:  # 23:00 in Kyiv
        note(checker, claim["id"], "@edith @adam")
        go_round()
        clock.shift(timedelta(hours=1))  # and 17:00 in New York
        note(checker, claim["id"], "@edith @adam")
        go_round()
        assert mail.outbox == []
        clock.move_to(datetime(2026, 3, 2, 23, tzinfo=UTC))
        go_round()
        assert [(sent.to, sent.subject) for sent in mail.outbox] == [
            (["adam@desk.example"], "[Stet] 2 things on your claims")
        ]
        clock.move_to(datetime(2026, 3, 3, 4, 59, 59, tzinfo=UTC))
        go_round()
        assert len(mail.outbox) == 1
        clock.move_to(datetime(2026, 3, 3, 5, tzinfo=UTC))
        go_round()
        assert [sent.to for sent in mail.outbox[1:]] == [["edith@desk.example"]]


def test_what_waits_goes_out_as_it_is_wanted_now(
    checker: Caller, editor: Caller, claim: dict[str, Any], hook: Hook
) -> None:
    wish(editor, email="digest", email_address="edith@desk.example", webhook="digest", webhook_url=hook.url)
    note(checker, claim["id"], "@edith")
    wish(editor, email="at_once", webhook="off")
    go_round()
    assert len(mail.outbox) == 1
    assert hook.said == []
    assert not Outgoing.objects.filter(message=None).exists()


def test_a_test_goes_out_at_once_whatever_the_pace(editor: Caller, hook: Hook) -> None:
    wish(editor, webhook_url=hook.url, quiet_from="00:00", quiet_to="23:59")
    assert editor.post("me/telling/test/", {"channel": "webhook"}).status_code == 202
    go_round()
    (said,) = hook.said
    assert "test" in said["text"]


# --- what does not get through


def test_a_webhook_that_fails_is_tried_again_for_three_days(
    checker: Caller, editor: Caller, claim: dict[str, Any], hook: Hook
) -> None:
    assert timedelta(days=2, hours=22) < timedelta(seconds=sum(deliveries.WAITS_SECONDS)) < timedelta(days=3)
    wish(editor, webhook="at_once", webhook_url=hook.url)
    note(checker, claim["id"], "@edith")
    hook.statuses = [503] * deliveries.ATTEMPTS
    go_round()
    for attempt, wait in enumerate(deliveries.WAITS_SECONDS, start=1):
        job = the_job()
        assert (job.state, job.attempts, len(hook.said)) == (JobState.QUEUED, attempt, attempt)
        assert job.error["code"] == "http_status"
        changed = job.events.latest("id").at
        assert abs((job.due_at - changed).total_seconds() - wait) < 5
        Job.objects.filter(pk=job.pk).update(due_at=changed)
        go_round()
    assert (the_job().state, len(hook.said)) == (JobState.FAILED, deliveries.ATTEMPTS)
    assert Message.objects.get().sent_at is None


@pytest.mark.parametrize("status", [302, 400, 404, 410])
def test_a_webhook_that_is_gone_is_given_up_at_once(
    checker: Caller, editor: Caller, claim: dict[str, Any], hook: Hook, status: int
) -> None:
    wish(editor, webhook="at_once", webhook_url=hook.url)
    note(checker, claim["id"], "@edith")
    hook.statuses = [status]
    go_round()
    assert (the_job().state, len(hook.said)) == (JobState.FAILED, 1)


def test_an_address_inside_is_not_called(
    checker: Caller, editor: Caller, claim: dict[str, Any], hook: Hook, settings: Any
) -> None:
    """The operator took it off the list since it was written down."""
    wish(editor, webhook="at_once", webhook_url=hook.url)
    settings.FETCH_ALLOW = []
    note(checker, claim["id"], "@edith")
    go_round()
    assert hook.said == []
    assert the_job().error["code"] == "address_refused"


def test_a_mail_server_is_spoken_to(
    checker: Caller, editor: Caller, claim: dict[str, Any], mail_server: MailServer
) -> None:
    by_mail(editor)
    note(checker, claim["id"], "@edith")
    go_round()
    (taken,) = mail_server.taken
    assert f"Message-ID: <{Message.objects.get().pk}@" in taken
    assert "Subject: [Stet]" in taken


@pytest.mark.parametrize(
    ("refusal", "state"), [("550 no such user", JobState.FAILED), ("451 come later", JobState.QUEUED)]
)
def test_a_mail_server_may_refuse(
    checker: Caller, editor: Caller, claim: dict[str, Any], mail_server: MailServer, refusal: str, state: str
) -> None:
    mail_server.refusal = refusal
    by_mail(editor)
    note(checker, claim["id"], "@edith")
    go_round()
    assert the_job().state == state
    assert mail_server.taken == []


def test_without_a_mail_server_mail_lies_in_files(
    checker: Caller, editor: Caller, claim: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    for name, value in env.mail("").items():
        setattr(settings, name, value)
    settings.EMAIL_FILE_PATH = str(tmp_path)
    by_mail(editor)
    note(checker, claim["id"], "@edith")
    go_round()
    (file,) = tmp_path.iterdir()
    assert "To: edith@desk.example" in file.read_text()


def test_a_message_whose_workers_die_is_quarantined(
    checker: Caller, editor: Caller, claim: dict[str, Any]
) -> None:
    by_mail(editor)
    note(checker, claim["id"], "@edith")
    deliveries.gather_what_is_due()
    Job.objects.filter(kind=JobKind.TELL).update(attempts=deliveries.ATTEMPTS)
    go_round()
    assert the_job().state == JobState.QUARANTINED
    assert mail.outbox == []
    assert Channel(Message.objects.get().channel) == Channel.EMAIL
    assert jobs.jobs_of(Membership.objects.get(person=editor.person).desk).filter(kind="tell").exists()
