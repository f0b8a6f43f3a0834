"""What waits for somebody and what does not: each review in one of the two, with one reason, however much waits."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from claims.models import Claim, Desk, Membership, Person
from claims.vocabulary import ReviewKind
from tests.conftest import Caller, file_claim
from verification.models import QueueEntry
from verification.models.queue import reach_of
from verification.services import waiting
from verification.services.waiting import ALL, Narrowing

SOME = 100
MANY = 4000


def keys(entries: QuerySet[QueueEntry]) -> set[Any]:
    return set(entries.values_list("pk", flat=True))


def filed(by: Caller, number: int, **more: Any) -> QueueEntry:
    claim = file_claim(by, statement=f"Claim {number}.", **more)
    return QueueEntry.objects.get(claim=claim["id"])


def barred(entry: QueueEntry, person: Person, kind: ReviewKind) -> None:
    QueueEntry.objects.filter(pk=entry.pk).update(barred=f"|{person.pk}|", review_kind=kind)


@pytest.fixture
def mixed(checker: Caller, second_checker: Caller, editor: Caller) -> dict[str, list[QueueEntry]]:
    """A queue with some of everything, for somebody who reads Ukrainian and English."""
    me = checker.person
    me.memberships.update(languages=["uk", "en"], skills=[])
    seconds = [filed(editor, number) for number in range(2)]
    barred(seconds[0], me, ReviewKind.SECOND)
    barred(seconds[1], me, ReviewKind.ADJUDICATION)
    assigned = filed(editor, 2, priority="breaking")
    editor.post(f"claims/{assigned.claim_id}/assign/", {"to": second_checker.person.username})
    needed = [filed(editor, 3, language="fr"), filed(editor, 4, skills=["audio"], priority="high")]
    skipped = filed(editor, 5, priority="breaking")
    leased = checker.post(f"queue/{skipped.pk}/lease/").json()
    checker.post(f"queue/leases/{leased['lease_token']}/skip/", {"reason": "not now"})
    mine = filed(editor, 6, priority="low")
    editor.post(f"claims/{mine.claim_id}/assign/", {"to": checker.person.username})
    plain = [filed(editor, 7, language="uk"), filed(editor, 8, priority="breaking")]
    held = filed(editor, 9, priority="breaking")
    assert second_checker.post(f"queue/{held.pk}/lease/").status_code == 200
    return {
        "own_work": seconds,
        "assigned_to_others": [assigned],
        "needs_others": needed,
        "skipped": [skipped],
        "offered": [mine, plain[1], plain[0]],
    }


def test_every_free_review_is_offered_or_has_its_reason(
    mixed: dict[str, list[QueueEntry]], checker: Caller, desk: Desk
) -> None:
    me, reach = checker.person, reach_of(checker.person)
    offered = waiting.first_offered(me, ALL, SOME, reach=reach)
    assert offered == [entry.pk for entry in mixed["offered"]]
    not_offered = waiting.first_not_offered(me, SOME, desk=desk, reach=reach)
    assert not set(offered) & set(not_offered)
    assert {*offered, *not_offered} == keys(QueueEntry.objects.free().filter(desk=desk))
    places = list(
        QueueEntry.objects.filter(pk__in=not_offered).order_by("place", "id").values_list("pk", flat=True)
    )
    assert not_offered == places
    counts = waiting.not_for(me, desk=desk, reach=reach)
    assert vars(counts) == {"own_work": 2, "assigned_to_others": 1, "needs_others": 2, "skipped": 1}
    rows = QueueEntry.objects.select_related("assignee", "need").in_bulk(not_offered)
    said = dict(zip(rows, waiting.why_none(list(rows.values()), me, reach=reach), strict=True))
    expected = {
        "own_work": ["it would be a second look at your own work", "it settles a disagreement that you are a party to"],
        "assigned_to_others": ["it is assigned to marko"],
        "needs_others": ["it needs somebody for fr", "it needs somebody for audio"],
    }  # fmt: skip
    for reason, words in expected.items():
        assert [said[entry.pk] for entry in mixed[reason]] == words
    assert said[mixed["skipped"][0].pk].startswith("you skipped it; it is offered again from ")


def test_the_first_are_the_first_of_all(
    mixed: dict[str, list[QueueEntry]], checker: Caller, desk: Desk
) -> None:
    me, reach = checker.person, reach_of(checker.person)
    for number in range(1, 5):
        all_offered = waiting.first_offered(me, ALL, SOME, reach=reach)
        assert waiting.first_offered(me, ALL, number, reach=reach) == all_offered[:number]
        the_rest = waiting.first_not_offered(me, SOME, desk=desk, reach=reach)
        assert waiting.first_not_offered(me, number, desk=desk, reach=reach) == the_rest[:number]
    ukrainian = waiting.first_offered(me, Narrowing(language="uk"), SOME, reach=reach)
    assert ukrainian == [mixed["offered"][2].pk]


def test_nothing_of_desks_that_one_is_not_on(checker: Caller, editor: Caller, other_desk: Desk) -> None:
    entry = filed(editor, 1)
    QueueEntry.objects.filter(pk=entry.pk).update(assignee=checker.person)
    Membership.objects.filter(person=checker.person).update(desk=other_desk)
    reach = reach_of(checker.person)
    assert waiting.first_offered(checker.person, ALL, SOME, reach=reach) == []
    assert not any(vars(waiting.not_for(checker.person, reach=reach)).values())
    assert checker.get("queue/").json()["results"] == []


def test_on_postgresql_the_queue_is_read_by_its_indexes(checker: Caller, editor: Caller, desk: Desk) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the plan is PostgreSQL's")
    one = filed(editor, 1)
    for table, model, changes in (
        ("claims_claim", Claim, {"id": "md5('c' || n)::uuid", "ref": "'9999-' || n", "statement_key": "md5('k' || n)"}),
        (
            "verification_queueentry",
            QueueEntry,
            {
                "id": "md5('e' || n)::uuid",
                "claim_id": "md5('c' || n)::uuid",
                "place": "'2|' || n",
                "wanted_by": "now() + n * interval '1 minute'",
            },
        ),
    ):  # fmt: skip
        columns = [field.column for field in model._meta.concrete_fields]
        values = ", ".join(changes.get(name, f'"{name}"') for name in columns)
        named = ", ".join(f'"{name}"' for name in columns)
        key = one.claim_id if model is Claim else one.pk
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({named}) SELECT {values} FROM {table}, generate_series(1, {MANY}) n WHERE id = %s",
                [key],
            )
            cursor.execute(f"ANALYZE {table}")
    me, reach = checker.person, reach_of(checker.person)
    with CaptureQueriesContext(connection) as seen:
        assert len(waiting.first_offered(me, ALL, 51, reach=reach)) == 51
        waiting.first_not_offered(me, 51, desk=desk, reach=reach)
        assert waiting.summary(me, reach=reach).waiting == waiting.COUNTED_TO
        waiting.not_for(me, desk=desk, reach=reach)
        assert len(checker.get("queue/").json()["results"]) == 50
    asked = [said["sql"] for said in seen.captured_queries if 'FROM "verification_queueentry"' in said["sql"]]
    assert len(asked) >= 10
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        # What is counted to its thousandth may as well be read as it lies there.
        if "LIMIT 1000" not in sql or "wanted_by" in sql:
            assert "Seq Scan on verification_queueentry" not in plan, sql
