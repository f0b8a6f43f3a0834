"""Whose turn it is at a host, and staying away when asked to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from claims.models import MediaItem
from config.demo_media import make_photo
from tests.conftest import Caller, file_claim
from tests.stack import MediaHost, Page
from verification.models import Host, HostTurn, Job
from verification.services import jobs, politeness, work

NOW = datetime(2022, 10, 4, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Tue, 04 Oct 2022 09:02:00 GMT", 120),
        ("Tue, 04 Oct 2022 08:00:00 GMT", 0),
        ("Tue, 04 Oct 2032 09:00:00 GMT", 3600),
        ("86400", 3600),
        ("9" * 5000, 3600),
        ("-5", 0),
        ("soon", 0),
        ("1.5", 0),
        ("", 0),
        ("\u0662\u0660", 0),
    ],
)
def test_how_long_an_answer_asks_us_to_stay_away(said: str, seconds: float) -> None:
    assert politeness.retry_after_seconds({"RETRY-AFTER": said}, now=NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_asks_for_more_than_the_most(said: str) -> None:
    assert 0 <= politeness.retry_after_seconds({"Retry-After": said}, now=NOW) <= 3600


@pytest.fixture
def host(settings: Any) -> Iterator[MediaHost]:
    with MediaHost() as host:
        settings.FETCH_ALLOW = [host.authority]
        yield host


@pytest.fixture
def two_jobs(checker: Caller, host: MediaHost, tmp_path: Any) -> list[Job]:
    photo = make_photo(tmp_path / "p.jpg", lines=["One"], seed=1).read_bytes()
    urls = [host.serve(path, photo) for path in ("/1.jpg", "/2.jpg")]
    file_claim(checker, media=[{"url": url} for url in urls])
    return list(Job.objects.order_by("id"))


def due_now(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(due_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db
@pytest.mark.database
def test_the_second_waits_for_its_turn_and_loses_no_attempt(
    two_jobs: list[Job], host: MediaHost, settings: Any
) -> None:
    settings.HOST_DELAY_SECONDS = 30
    first, second = two_jobs
    assert work.run_job(first.pk)
    assert not work.run_job(second.pk)
    second.refresh_from_db()
    assert (second.state, second.attempts, second.error) == ("queued", 0, None)
    wait = (second.due_at - timezone.now()).total_seconds()
    assert 25 < wait <= 30
    assert MediaItem.objects.get(pk=second.subject_id).state == "pending"
    assert sum(host.requests.values()) == 1
    # Its turn stays its own, however often it is rung before.
    due_now(second)
    assert not work.run_job(second.pk)
    assert HostTurn.objects.count() == 1
    earlier = timezone.now() - timedelta(seconds=31)
    HostTurn.objects.update(at=earlier)
    Host.objects.update(started_at=earlier)
    due_now(second)
    assert work.run_job(second.pk)
    assert not HostTurn.objects.exists()


@pytest.mark.django_db
@pytest.mark.database
def test_a_worker_that_died_gives_its_place_back_when_its_lease_is_out(
    two_jobs: list[Job], settings: Any
) -> None:
    settings.HOST_CONCURRENCY = 1
    first, second = two_jobs
    name = "127.0.0.1"
    row = Host.objects.create(name=name, next_turn_at=timezone.now())
    alive = timezone.now() + timedelta(seconds=5)
    HostTurn.objects.create(host=row, job=first, token=1, at=timezone.now(), until=alive)
    assert not work.run_job(second.pk)
    # The very job's next worker waits as well: the one before may still be fetching.
    assert not work.run_job(first.pk)
    HostTurn.objects.filter(job=first).update(until=timezone.now() - timedelta(seconds=1))
    due_now(second)
    assert work.run_job(second.pk)
    due_now(first)
    assert work.run_job(first.pk)


@pytest.mark.django_db
@pytest.mark.database
@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_us_to_wait_is_left_alone_by_all(
    status: int, two_jobs: list[Job], host: MediaHost
) -> None:
    first, second = two_jobs
    host.serve("/1.jpg", Page(b"busy", status, headers={"Retry-After": "60"}))
    work.run_job(first.pk)
    first.refresh_from_db()
    assert (first.state, first.attempts, first.error["retriable"]) == ("queued", 1, True)
    for job, attempts in ((first, 1), (second, 0)):
        due_now(job)
        assert not work.run_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.attempts) == ("queued", attempts)
        assert 55 < (job.due_at - timezone.now()).total_seconds() <= 60
    assert sum(host.requests.values()) == 1


@pytest.mark.django_db
@pytest.mark.database
def test_a_page_and_its_film_on_one_host_keep_the_delay_in_one_go(
    checker: Caller, host: MediaHost, settings: Any, tmp_path: Any
) -> None:
    settings.HOST_DELAY_SECONDS, settings.HOST_CONCURRENCY = 0.4, 1
    host.serve("/p.jpg", make_photo(tmp_path / "p.jpg", lines=["One"], seed=1).read_bytes())
    page = Page(b'<html><meta property="og:image" content="/p.jpg">', headers={"Content-Type": "text/html"})
    file_claim(checker, media=[{"url": host.serve("/post", page)}])
    assert work.run_job(Job.objects.get().pk)
    assert MediaItem.objects.get().state == "captured"
    earlier, later = host.begun_at
    assert later - earlier > 0.3


@pytest.mark.django_db
@pytest.mark.database
def test_turns_that_nobody_came_for_are_dropped(two_jobs: list[Job]) -> None:
    now = timezone.now()
    row = Host.objects.create(name="gone.example", next_turn_at=now)
    HostTurn.objects.create(host=row, job=two_jobs[0], token=1, at=now - timedelta(days=2))
    HostTurn.objects.create(host=row, job=two_jobs[1], token=1, at=now)
    politeness.forget_old_turns()
    assert [turn.job for turn in HostTurn.objects.all()] == [two_jobs[1]]


@pytest.mark.django_db
@pytest.mark.database
def test_putting_back_what_another_worker_has_changes_nothing(two_jobs: list[Job]) -> None:
    held = jobs.claim_job(two_jobs[0].pk)
    assert held is not None
    Job.objects.filter(pk=held.pk).update(token=held.token + 1)
    jobs.put_back(held, seconds=5)
    assert Job.objects.get(pk=held.pk).state == "running"
