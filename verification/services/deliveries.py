"""What is told by mail and webhook: gathered into messages, each sent by a job, tried again for three days.

What waits becomes a message only when it is due, and a message says what its reader may see when it goes out: what
was read meanwhile, or is theirs to see no more, is left out. A worker that dies between sending and saying so sends
again: twice is better than never, and a mail keeps its Message-ID.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from claims.addresses import AllowList, OutboundError
from claims.errors import FieldError, InvalidInput, Missing
from claims.models import Desk, Membership, Person
from claims.outbound import FetchLimits, fetch
from claims.vocabulary import Channel, JobKind, JobState, Notice, Pace, Role
from verification.domain.notices import say
from verification.models import Job, Message, Outgoing, TellingWishes, Told
from verification.services import jobs
from verification.services.accounts import administering

MESSAGES_A_ROUND = 100
LINES = 40
"""How many things a message says one by one; of more it gives the number."""

FIRST_WORDS = 90
"""How many characters of a statement a message quotes."""

WAITS_SECONDS = (60, 5 * 60, 15 * 60, 3600, 2 * 3600, 4 * 3600, *[8 * 3600] * 8)
"""How long a message that could not be sent waits before each further attempt: three days in all."""

ATTEMPTS = len(WAITS_SECONDS) + 1
LIMITS = FetchLimits(
    deadline_seconds=15, connect_seconds=10, max_bytes=64 * 1024, max_decoded_bytes=64 * 1024
)


def gather_what_is_due() -> int:
    """Makes one message of all that is due to one person by one channel; how many messages came of it."""
    now = timezone.now()
    due = Outgoing.objects.filter(message=None, due_at__lte=now)
    whom = list(due.values_list("told__person", "channel").order_by().distinct()[:MESSAGES_A_ROUND])
    return sum(_gathered(person, channel) for person, channel in whom)


def _gathered(person: uuid.UUID, channel: str) -> bool:
    now = timezone.now()
    with transaction.atomic():
        due = Outgoing.objects.filter(message=None, due_at__lte=now, told__person=person, channel=channel)
        message = Message.objects.create(person_id=person, channel=channel, created_at=now)
        # The state is asked for again where it is changed: another loop may be gathering the same.
        taken = Outgoing.objects.filter(pk__in=list(due.values_list("pk", flat=True)), message=None)
        if not taken.update(message=message):
            message.delete()
            return False
        jobs.enqueue(JobKind.TELL, message.pk)
    return True


def send_test(person: Person, *, channel: Channel) -> Message:
    """Has a message sent at once that says only that it came, whatever the pace and the hour.

    Raises InvalidInput at /channel where nobody said where to.
    """
    wishes = TellingWishes.objects.filter(person=person).first()
    if not (wishes and (wishes.email_address if channel == Channel.EMAIL else wishes.webhook_url)):
        raise InvalidInput(
            FieldError(
                "/channel", "There is no address to send to yet. Give it first, then try it.", "required"
            )
        )
    with transaction.atomic():
        message = Message.objects.create(person=person, channel=channel.value, created_at=timezone.now())
        jobs.enqueue(JobKind.TELL, message.pk)
    return message


def retry(job: Job, *, actor: Person) -> None:
    """Has a message that was given up sent again, by an admin of a desk that its reader works on.

    Raises Missing where there is no such desk, IllegalState where it is not given up (any more).
    """
    administered = Membership.objects.held_by(actor, [Role.ADMIN]).values("desk_id")
    reader = Person.objects.filter(messages=job.subject_id).first()
    desk = Desk.objects.filter(memberships__person=reader, pk__in=administered).first() if reader else None
    if desk is None:
        raise Missing("There is no such job, or it is not yours to see.")
    with administering(desk, actor=actor, action="retry-message", person=reader) as act:
        jobs.requeue(job)
        act.data["job"] = job.pk


def work(job: Job) -> jobs.Outcome:
    """Sends a message, or finds that nothing of it is left to say."""
    message = Message.objects.select_related("person__telling_wishes").get(pk=job.subject_id)
    person = message.person
    wishes: TellingWishes | None = getattr(person, "telling_wishes", None)
    is_test = not message.outgoing.exists()
    lines = (
        Told.objects.visible_to(person)
        .unread()
        .filter(outgoing__message=message)
        .select_related("claim__statement", "by")
        .order_by("at", "id")
    )
    wanted = wishes is not None and (is_test or getattr(wishes, message.channel) != Pace.OFF)
    if not (person.is_active and wishes is not None and wanted and (is_test or lines.exists())):
        return jobs.Outcome(claim=None, effect=_nothing)
    try:
        _SENDERS[Channel(message.channel)](message, wishes, *_written(list(lines[:LINES]), lines.count()))
    except OutboundError as error:
        return _failed(job, error.code, error.detail, retriable=error.retriable)
    except OSError as error:  # whatever a mail server says is one
        return _mail_failed(job, error)

    def effect() -> None:
        Message.objects.filter(pk=message.pk).update(sent_at=timezone.now())

    return jobs.Outcome(claim=None, effect=effect)


def give_up(job: Job) -> jobs.Outcome:  # noqa: ARG001  the words are the same for each
    """Quarantines a message whose workers died of it."""
    failure = {
        "code": "quarantined",
        "detail": "The workers that sent it died each time.",
        "retriable": True,
    }
    return jobs.Outcome(claim=None, effect=_nothing, state=JobState.QUARANTINED, error=failure)


def _nothing() -> None:
    """What a message changes that was not sent."""


def _mail_failed(job: Job, error: OSError) -> jobs.Outcome:
    refused: dict[str, tuple[int, bytes]] = getattr(error, "recipients", {})
    if refused and min(code for code, _ in refused.values()) >= 500:
        return _failed(job, "mail_refused", "The mail server refuses the address.", retriable=False)
    detail = f"The mail could not be handed over ({type(error).__name__})."
    return _failed(job, "mail_failed", detail, retriable=True)


def _failed(job: Job, code: str, detail: str, *, retriable: bool) -> jobs.Outcome:
    again = retriable and job.attempts < ATTEMPTS
    return jobs.Outcome(
        claim=None,
        effect=_nothing,
        state=JobState.QUEUED if again else JobState.FAILED,
        error={"code": code, "detail": detail, "retriable": retriable},
        wait_seconds=WAITS_SECONDS[min(job.attempts, len(WAITS_SECONDS)) - 1],
    )


def _written(lines: Sequence[Told], number: int) -> tuple[str, str]:
    """Subject and text of a message: who did what to which claim, its first words, and where to read on.

    No word of a note or a reason, and no source: those are read on the desk, by whoever may.
    """
    if not lines:
        return "Stet reaches you here", "This is the test that you asked for. Nothing else is to be done."
    first = lines[0]
    subject = f"{first.claim.ref}: {_sentence(first)}" if number == 1 else f"{number} things on your claims"
    parts = [_paragraph(line) for line in lines]
    if number > len(lines):
        parts.append(f"And {number - len(lines)} more in your inbox. {_link('inbox')}".strip())
    return subject, "\n\n".join(parts)


def _sentence(line: Told) -> str:
    by = _on_one_line(line.by.display_name) if line.by else None
    return say(Notice(line.occasion), by=by, about=line.about)


def _paragraph(line: Told) -> str:
    statement = _on_one_line(line.claim.statement.content or "")
    if len(statement) > FIRST_WORDS:
        statement = statement[:FIRST_WORDS].rsplit(" ", 1)[0] + " …"
    parts = [f"{line.claim.ref}: {_sentence(line)}.", statement, _link("inbox-open", str(line.pk))]
    return "\n".join(part for part in parts if part)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _link(name: str, *args: str) -> str:
    """A page's whole address; empty where the operator has not said where the pages are."""
    return f"{settings.PUBLIC_URL}{reverse(name, args=args)}" if settings.PUBLIC_URL else ""


def _send_mail(message: Message, wishes: TellingWishes, subject: str, text: str) -> None:
    domain = urlsplit(settings.PUBLIC_URL).hostname or "stet"
    mail = EmailMessage(
        subject=f"[Stet] {subject}",
        body=f"{text}\n",
        to=[wishes.email_address],
        headers={"Message-ID": f"<{message.pk}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    mail.send()


def _call_webhook(message: Message, wishes: TellingWishes, subject: str, text: str) -> None:  # noqa: ARG001
    """As Slack, Mattermost and Teams take it; their three special characters written as Slack asks."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    fetch(
        wishes.webhook_url,
        write=len,  # what it answers says nothing to us
        allow=AllowList.parse(settings.FETCH_ALLOW),
        limits=LIMITS,
        method="POST",
        headers={"Content-Type": "application/json"},
        body=json.dumps({"text": escaped}).encode(),
    )


_SENDERS = {Channel.EMAIL: _send_mail, Channel.WEBHOOK: _call_webhook}
