"""The one statement that leases, beside what it stands for in a dozen."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from claims.models import Claim
from tests.conftest import Caller, file_claim
from verification.models import LeaseEvent, Policy, QueueEntry, Review, Skip
from verification.models.queue import reach_of
from verification.services import queue
from verification.services.next_lease import lease_head
from verification.services.waiting import Narrowing

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.database,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="it is written for PostgreSQL"),
]


class _Undone(Exception):
    pass


def what_became_of(who: Caller, how: Any) -> dict[str, Any]:
    """What a lease wrote, with its effect undone; empty where nothing was leased."""
    seen: dict[str, Any] = {}
    try:
        with transaction.atomic():
            entry_id = how()
            if entry_id is not None:
                entry = QueueEntry.objects.get(pk=entry_id)
                lasts = entry.lease_until - timezone.now() if entry.lease_until else timedelta()
                event = LeaseEvent.objects.filter(entry=entry).latest("id")
                review = Review.objects.get(entry=entry, reviewer=who.person)
                seen = {
                    "entry": entry.pk,
                    "state": (entry.state, entry.holder_id, entry.fence),
                    "minutes": round(lasts.total_seconds() / 60),
                    "event": (event.kind, event.fence, event.person_id, event.until == entry.lease_until),
                    "review": (review.kind, review.round, review.state, review.claim_id),
                    "stage": Claim.objects.get(pk=entry.claim_id).stage,
                }
            raise _Undone
    except _Undone:
        return seen


def at_once(who: Caller, narrowing: Narrowing) -> dict[str, Any]:
    needs = narrowing.of_needs(reach_of(who.person).met)
    return what_became_of(who, lambda: lease_head(who.person, needs))


def step_by_step(who: Caller, narrowing: Narrowing) -> dict[str, Any]:
    def lease() -> Any:
        entry_id = queue._best(who.person, reach_of(who.person), narrowing)
        return entry_id if entry_id and queue._take(entry_id, who.person) else None

    return what_became_of(who, lease)


def test_both_lease_the_same(checker: Caller, second_checker: Caller, editor: Caller) -> None:
    chance = random.Random(7)
    person = checker.person
    checker.person.memberships.update(languages=["en", "uk"], skills=["audio"])
    Policy.objects.update(lease_limit=2, lease_seconds=600)
    for number in range(8):
        file_claim(
            checker,
            statement=f"claim {number}",
            priority=chance.choice(["low", "normal", "high"]),
            language=chance.choice(["en", "uk", "fr"]),
            skills=chance.choice([[], [], ["audio"], ["geolocation"]]),
        )
    entries = list(QueueEntry.objects.order_by("place"))
    same = other = 0
    for _ in range(60):
        now = timezone.now()
        Skip.objects.all().delete()
        for entry in entries:
            QueueEntry.objects.filter(pk=entry.pk).update(
                state="waiting", holder=None, lease_until=None, assignee=None, barred="", fence=chance.randrange(3)
            )  # fmt: skip
            what = {
                "barred": chance.choice(["", "", "", f"|{person.pk}|", f"|{editor.person.pk}|"]),
                "assignee": chance.choice([None] * 5 + [second_checker.person] + [person] * (chance.random() < 0.1)),
            }  # fmt: skip
            if chance.random() < 0.25:
                ends = now + timedelta(minutes=5 if chance.random() < 0.9 else -5)
                what |= {
                    "state": "leased",
                    "holder": chance.choice([person, second_checker.person]),
                    "lease_until": ends,
                }
            QueueEntry.objects.filter(pk=entry.pk).update(**what)
            if chance.random() < 0.2:
                until = now + timedelta(minutes=chance.choice([5, -5]))
                Skip.objects.create(entry=entry, person=person, reason="no", at=now, until=until)
        narrowing = Narrowing(language=chance.choice([None, None, "uk", "fr"]))
        fast = at_once(checker, narrowing)
        try:
            slow = step_by_step(checker, narrowing)
        except queue.IllegalState:
            slow = {}
        if fast:
            same += 1
            assert fast == slow
        else:
            other += bool(slow)
    assert same >= 15, "most of what is plain goes the short way"
    assert other >= 5, "what is not plain is left to the long way"


def test_who_held_it_before_goes_on_with_the_review_they_began(checker: Caller) -> None:
    file_claim(checker)
    first = checker.post("queue/next/").json()
    assert checker.post(f"queue/leases/{first['lease_token']}/release/").status_code == 200
    again = checker.post("queue/next/").json()
    assert again["lease_token"] == f"{first['entry']['id']}.{int(first['lease_token'][-1]) + 1}"
    assert Review.objects.count() == 1
