"""A desk's numbers: a small history whose figures were worked out by hand, and what the real acts leave behind."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from claims.models import Body, Claim, Desk, Person, Publication
from claims.vocabulary import ReviewKind
from tests.conftest import Caller, file_claim, lease, published, refused, review
from verification.domain.days import Days
from verification.models import LeaseEvent, QueueEntry, Review, Skip, Verdict
from verification.services import audit
from verification.services.entries import open_queue_entry
from verification.services.numbers import numbers_of

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "because"}
URL = "desks/conflict/numbers/"


def at(text: str) -> datetime:
    """A moment of spring 2024 in UTC, as "30 08:10:00" in March or "1 12:00:00" in April."""
    day, clock = text.split()
    month = 3 if int(day) > 20 else 4
    return datetime.combine(
        date(2024, month, int(day)), datetime.fromisoformat(f"2024-01-01 {clock}").time(), UTC
    )


class History:
    """Rows as the services write them, with times of our own."""

    def __init__(self, checker: Caller, seconder: Person) -> None:
        self.checker, self.seconder = checker, seconder
        self.position = 1_000_000

    def filed(self, when: str) -> Claim:
        claim = Claim.objects.get(pk=file_claim(self.checker)["id"])
        Claim.objects.filter(pk=claim.pk).update(created_at=at(when))
        QueueEntry.objects.filter(claim=claim).update(created_at=at(when))
        return Claim.objects.get(pk=claim.pk)

    def reviewed(
        self, claim: Claim, verdicts: dict[str, str], decided: str, submitted: str | None, kind: ReviewKind = ReviewKind.FIRST
    ) -> None:  # fmt: skip
        """What was said, when its first verdict was recorded, and when the review was submitted and ended its entry."""
        entry = claim.queue_entries.get(state="waiting")
        reviewer = self.seconder if kind is ReviewKind.SECOND else self.checker.person
        pass_ = Review.objects.create(
            claim=claim,
            entry=entry,
            kind=kind,
            reviewer=reviewer,
            opened_at=at(decided),
            state=Review.SUBMITTED if submitted else Review.OPEN,
            submitted_at=at(submitted) if submitted else None,
        )
        seq = claim.verdicts.count()
        for number, (dimension, status) in enumerate(verdicts.items(), start=1):
            Verdict.objects.create(
                claim=claim,
                review=pass_,
                dimension=dimension,
                status=status,
                body=Body.objects.keep_json({"reason": "a", "basis": [], "value": None}),
                by=reviewer,
                at=at(decided) + timedelta(seconds=number - 1),
                seq=seq + number,
            )
        if submitted:
            self.ended(entry, "submitted", submitted)

    def ended(self, entry: QueueEntry, how: str, when: str) -> None:
        QueueEntry.objects.filter(pk=entry.pk).update(state="done" if how == "submitted" else "cancelled")
        self.happened(entry, how, when)

    def happened(self, entry: QueueEntry, kind: str, when: str) -> None:
        LeaseEvent.objects.create(entry=entry, fence=1, kind=kind, at=at(when))

    def queued_again(self, claim: Claim, kind: ReviewKind, when: str) -> None:
        entry = open_queue_entry(claim, kind=kind, review_round=2)
        QueueEntry.objects.filter(pk=entry.pk).update(created_at=at(when))

    def published(self, claim: Claim, kind: str, when: str) -> None:
        self.position += 1
        Publication.objects.create(
            claim=claim,
            position=self.position,
            version=claim.publications.count() + 1,
            kind=kind,
            pubstatus="usable",
            body=Body.objects.keep_json({}),
            at=at(when),
        )

    def dropped(self, claim: Claim, when: str) -> None:
        chain = audit.hold(audit.chain_of(claim))
        audit.record(chain, action="drop", actor=None, data={}, at=at(when))
        self.ended(claim.queue_entries.get(), "cancelled", when)


@pytest.fixture
def history(desk: Desk, checker: Caller, second_checker: Caller, stranger: Caller) -> History:
    """Three days in Kyiv, where 31 March 2024 had 23 hours: from 29 March 22:00 to 1 April 21:00 UTC."""
    ours = History(checker, second_checker.person)
    before = ours.filed("29 12:00:00")  # the day before the first
    one = ours.filed("30 08:00:00")
    two = ours.filed("30 21:59:59")  # the last second of 30 March there
    ours.filed("31 21:00:00")  # the first instant of 1 April there
    ours.reviewed(
        one,
        {"location": "verified", "date": "unverified", "source": "verified"},
        "30 08:10:00",
        "30 08:20:00",
    )
    ours.queued_again(one, ReviewKind.SECOND, "30 08:20:00")
    ours.reviewed(
        one,
        {"location": "verified", "date": "contradicted"},
        "31 08:30:00",
        "31 09:00:00",
        ReviewKind.SECOND,
    )
    ours.published(one, "published", "31 10:00:00")
    ours.published(one, "corrected", "1 12:00:00")
    ours.happened(two.queue_entries.get(), "expired", "30 22:30:00")
    ours.reviewed(two, {"location": "unverified"}, "30 22:00:00", None)
    Skip.objects.create(
        entry=two.queue_entries.get(),
        person=checker.person,
        reason="a",
        at=at("31 20:59:59"),
        until=at("1 00:00:00"),
    )
    ours.dropped(two, "1 20:59:59")
    ours.reviewed(before, {"location": "verified"}, "31 12:00:00", "31 12:30:00")
    ours.published(before, "published", "1 12:00:00")
    ours.published(before, "withdrawn", "1 13:00:00")
    theirs = History(stranger, stranger.person)
    theirs.position = 2_000_000
    elsewhere = theirs.filed("30 09:00:00")
    theirs.reviewed(elsewhere, {"location": "verified"}, "30 09:01:00", None)
    theirs.happened(elsewhere.queue_entries.get(), "expired", "30 10:00:00")
    theirs.published(elsewhere, "published", "30 11:00:00")
    theirs.dropped(elsewhere, "31 09:00:00")
    return ours


# Worked out by hand from the history above. Of the day's end: 30 March there ends at 22:00 UTC, the other two at 21:00.
NONE_YET: dict[str, Any] = {
    "filed": 0, "reviews_submitted": 0, "published": 0, "corrected": 0, "withdrawn": 0, "dropped": 0, "skips": 0,
    "leases_expired": 0,
    "first_verdicts": 0, "seconds_to_first_verdict_median": None, "seconds_to_first_verdict_p90": None,
    "first_publications": 0, "seconds_to_publication_median": None, "seconds_to_publication_p90": None,
    "backlog": 0, "backlog_seconds_median": None, "backlog_seconds_oldest": None,
    "dimensions_compared": 0, "dimensions_agreeing": 0,
}  # fmt: skip
BY_DAY: list[dict[str, Any]] = [
    NONE_YET | {
        "day": "2024-03-30", "filed": 2, "reviews_submitted": 1,
        "first_verdicts": 1, "seconds_to_first_verdict_median": 600, "seconds_to_first_verdict_p90": 600,
        # 34 h, 13 h 40 min and 1 s
        "backlog": 3, "backlog_seconds_median": 49_200, "backlog_seconds_oldest": 122_400,
    },
    NONE_YET | {
        "day": "2024-03-31", "reviews_submitted": 2, "published": 1, "skips": 1, "leases_expired": 1,
        # 1 s and 48 h
        "first_verdicts": 2, "seconds_to_first_verdict_median": 1, "seconds_to_first_verdict_p90": 172_800,
        # 26 h
        "first_publications": 1, "seconds_to_publication_median": 93_600, "seconds_to_publication_p90": 93_600,
        # 23 h and 1 s
        "backlog": 1, "backlog_seconds_median": 82_801, "backlog_seconds_oldest": 82_801,
        "dimensions_compared": 2, "dimensions_agreeing": 1,
    },
    NONE_YET | {
        "day": "2024-04-01", "filed": 1, "published": 1, "corrected": 1, "withdrawn": 1, "dropped": 1,
        # 72 h
        "first_publications": 1, "seconds_to_publication_median": 259_200, "seconds_to_publication_p90": 259_200,
        "backlog": 1, "backlog_seconds_median": 86_400, "backlog_seconds_oldest": 86_400,
    },
]  # fmt: skip
TOTAL: dict[str, Any] = {
    "filed": 3, "reviews_submitted": 3, "published": 2, "corrected": 1, "withdrawn": 1, "dropped": 1, "skips": 1,
    "leases_expired": 1,
    "first_verdicts": 3, "seconds_to_first_verdict_median": 600, "seconds_to_first_verdict_p90": 172_800,
    "first_publications": 2, "seconds_to_publication_median": 93_600, "seconds_to_publication_p90": 259_200,
    "backlog": 1, "backlog_seconds_median": 86_400, "backlog_seconds_oldest": 86_400,
    "dimensions_compared": 2, "dimensions_agreeing": 1,
}  # fmt: skip
IN_KYIV = f"{URL}?from=2024-03-30&to=2024-04-01&timezone=Europe/Kyiv"


def test_the_figures_are_those_worked_out_by_hand(history: History) -> None:
    found = history.checker.get(IN_KYIV).json()
    assert found["days"] == BY_DAY
    assert found["total"] == TOTAL
    assert {name: found[name] for name in ("desk", "from", "to", "timezone")} == {
        "desk": "conflict",
        "from": "2024-03-30",
        "to": "2024-04-01",
        "timezone": "Europe/Kyiv",
    }


def test_another_zone_parts_the_same_history_otherwise(history: History) -> None:
    found = history.checker.get(f"{URL}?from=2024-03-30&to=2024-04-01").json()["days"]
    assert [day["first_verdicts"] for day in found] == [2, 1, 0]
    assert [day["leases_expired"] for day in found] == [1, 0, 0]
    assert [day["filed"] for day in found] == [2, 1, 0]
    assert [day["backlog"] for day in found] == [3, 2, 1]


def test_a_day_before_anything_was_filed_has_nothing_and_a_later_one_keeps_what_waits(
    history: History,
) -> None:
    before = history.checker.get(f"{URL}?from=2024-03-01&to=2024-03-01").json()
    assert before["days"] == [NONE_YET | {"day": "2024-03-01"}]
    later = history.checker.get(f"{URL}?from=2024-04-02&to=2024-04-02").json()
    waits = {"backlog": 1, "backlog_seconds_median": 183_600, "backlog_seconds_oldest": 183_600}
    assert later["days"] == [NONE_YET | waits | {"day": "2024-04-02"}]


def test_the_table_reads_back_as_what_the_json_says(history: History) -> None:
    response = history.checker.get(IN_KYIV, Accept="text/csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="numbers-conflict-2024-03-30-2024-04-01.csv"' in response["Content-Disposition"]
    text = response.content.decode()
    assert text.endswith("\r\n") and text.count("\n") == text.count("\r\n") == 4
    rows = [
        {name: cell if name == "day" else int(cell) if cell else None for name, cell in row.items()}
        for row in csv.DictReader(io.StringIO(text))
    ]
    assert rows == BY_DAY
    assert history.checker.get(f"{IN_KYIV}&format=csv").content == response.content


def test_what_the_desks_acts_leave_behind_is_counted(
    checker: Caller, second_checker: Caller, editor: Caller, desk: Desk
) -> None:
    desk.policy.second_review = True
    desk.policy.save()
    file_claim(checker, priority="breaking")
    claim = review(checker, {"location": "verified", "date": "unverified"})
    review(second_checker, {"location": "verified", "date": "unverified"}, entry_of=claim)
    for act, body in (("publish", {}), ("correct", WHY), ("withdraw", WHY)):
        assert editor.post(f"claims/{claim}/{act}/", body).status_code == 200
    other = file_claim(checker)["id"]
    token = lease(checker)["lease_token"]
    assert checker.post(f"queue/leases/{token}/skip/", WHY).status_code == 200
    before = figures_of_today(checker)
    assert (before["backlog"], before["dropped"]) == (1, 0)
    assert checker.post(f"claims/{other}/drop/", WHY).status_code == 200
    # It counts as dropped on this day whatever becomes of it.
    assert checker.post(f"claims/{other}/reopen/", WHY).status_code == 200
    file_claim(checker, draft=True)
    found = figures_of_today(checker)
    counted = {
        "filed": 3, "reviews_submitted": 2, "published": 1, "corrected": 1, "withdrawn": 1, "dropped": 1, "skips": 1,
        "first_verdicts": 1, "first_publications": 1, "backlog": 1, "dimensions_compared": 2, "dimensions_agreeing": 2,
    }  # fmt: skip
    assert found == found | counted
    assert 0 <= found["seconds_to_first_verdict_median"] <= found["seconds_to_publication_median"]


def figures_of_today(checker: Caller) -> dict[str, Any]:
    """Of the last two days together, should midnight pass meanwhile."""
    answer = checker.get(URL).json()
    assert len(answer["days"]) == 28
    total: dict[str, Any] = answer["total"]
    return total


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("from=yesterday", "from"),
        ("from=20240330", "from"),
        ("from=2024-02-30", "from"),
        ("from=", "from"),
        ("to=2024-W10-1", "to"),
        ("to=9999-12-31", "to"),
        ("from=0001-01-01&to=0001-01-01", "from"),
        ("from=2024-04-02&to=2024-04-01", "from"),
        ("from=2023-01-01&to=2024-01-02", "from"),
        ("from=2023-01-01", "from"),
        ("timezone=Mars/Olympus", "timezone"),
        ("timezone=../../etc/passwd", "timezone"),
        ("timezone=", "timezone"),
        ("format=xml", "format"),
        ("person=olena", "person"),
    ],
)
def test_what_can_not_be_read_is_named(query: str, pointer: str, checker: Caller) -> None:
    for accept in ("application/json", "text/csv"):
        refused(checker.get(f"{URL}?{query}", Accept=accept), 400, pointer=pointer)


def test_every_bad_parameter_is_named_at_once(checker: Caller) -> None:
    problem = refused(checker.get(f"{URL}?from=a&to=b&timezone=c"), 400)
    assert {error["pointer"] for error in problem["errors"]} == {"from", "to", "timezone"}


def test_a_whole_leap_year_can_be_asked_for_and_a_day_more_can_not(checker: Caller) -> None:
    assert len(checker.get(f"{URL}?from=2024-01-01&to=2024-12-31").json()["days"]) == 366
    refused(checker.get(f"{URL}?from=2024-01-01&to=2025-01-01"), 400, pointer="from")


def test_other_forms_are_not_to_be_had(checker: Caller) -> None:
    refused(checker.get(URL, Accept="image/png"), 406)


def test_another_desks_numbers_are_nobodys_to_see(stranger: Caller, checker: Caller) -> None:
    refused(stranger.get(URL), 404)
    refused(checker.get("desks/no-such-desk/numbers/", Accept="text/csv"), 404)


def test_the_database_is_asked_as_often_whatever_there_is(
    history: History, checker: Caller, editor: Caller, desk: Desk, django_assert_num_queries: Any
) -> None:
    today = timezone.now().date()
    with django_assert_num_queries(11):
        numbers_of(desk, Days(date(2024, 3, 30), date(2024, 4, 1), "UTC"))
    for number in range(3):
        published(checker, editor, statement=str(number), priority="breaking")
    with django_assert_num_queries(11):
        numbers_of(desk, Days(today - timedelta(days=365), today, "Europe/Kyiv"))
