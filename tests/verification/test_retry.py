"""Trying again what was given up: one job a subject, from its first attempt, recorded on the claim."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from claims.errors import IllegalState, Missing, NotAllowed
from claims.models import Desk, MediaItem
from claims.vocabulary import Examination, JobKind, JobState
from config.demo_media import make_photo
from tests.conftest import Caller, file_claim
from verification import dispatch
from verification.models import AuditEntry, Job, JobEvent
from verification.services import jobs, submissions, work

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def failed(checker: Caller, settings: Any) -> Job:
    """A capture that nobody answered, however often it was tried."""
    settings.FETCH_ALLOW = ["127.0.0.1:9"]
    file_claim(checker, media=[{"url": "http://127.0.0.1:9/one.mp4"}])
    job = Job.objects.get()
    Job.objects.update(attempts=jobs.MAX_ATTEMPTS - 1)
    work.run_job(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    return job


@pytest.fixture
def quarantined(checker: Caller, tmp_path: Any) -> Job:
    """An examination that every worker died of."""
    claim = file_claim(checker)["id"]
    content = make_photo(tmp_path / "a.jpg", lines=[], size=(32, 24)).read_bytes()
    upload = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.jpg", content)})
    assert (
        checker.call("POST", f"claims/{claim}/media/", upload, Content_Type=MULTIPART_CONTENT).status_code
        == 202
    )
    job = Job.objects.get(kind=JobKind.EXAMINE)
    Job.objects.filter(pk=job.pk).update(attempts=jobs.MAX_ATTEMPTS)
    work.run_job(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.QUARANTINED
    return job


def test_a_failed_capture_starts_anew(
    failed: Job, admin: Caller, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[uuid.UUID] = []
    monkeypatch.setattr(dispatch, "ring_now", rung.append)
    with django_capture_on_commit_callbacks(execute=True):
        work.retry(failed, actor=admin.person)
    failed.refresh_from_db()
    item = MediaItem.objects.get(pk=failed.subject_id)
    assert (failed.state, failed.attempts, failed.error, item.state, item.failure) == (
        "queued",
        0,
        None,
        "pending",
        None,
    )
    assert rung == [failed.pk]
    assert JobEvent.objects.filter(job=failed).last().state == JobState.QUEUED  # type: ignore[union-attr]
    entry = AuditEntry.objects.order_by("-at").first()
    assert entry is not None
    assert (entry.chain_id, entry.action, entry.actor) == (
        f"claim:{item.claim_id}",
        "recapture",
        admin.person,
    )
    assert entry.data == {"media": str(item.pk), "job": str(failed.pk)}
    assert work.run_job(failed.pk)


def test_a_quarantined_examination_is_done_when_tried_again(quarantined: Job, admin: Caller) -> None:
    item = MediaItem.objects.get(pk=quarantined.subject_id)
    assert item.examination == Examination.QUARANTINED
    work.retry(quarantined, actor=admin.person)
    item.refresh_from_db()
    assert (item.state, item.examination) == ("captured", "waiting")
    assert work.run_job(quarantined.pk)
    item.refresh_from_db()
    assert item.examination == Examination.DONE


def test_a_job_is_tried_again_once(failed: Job, admin: Caller) -> None:
    stale = Job.objects.get(pk=failed.pk)
    work.retry(failed, actor=admin.person)
    entries = AuditEntry.objects.count()
    with pytest.raises(IllegalState) as refused:
        work.retry(stale, actor=admin.person)
    assert refused.value.code == "not_given_up"
    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.FAILED, JobState.DONE])
def test_what_a_newer_job_took_over_is_not_tried_again(
    state: JobState, failed: Job, admin: Caller, desk: Desk
) -> None:
    item = MediaItem.objects.select_related("claim").get()
    submissions.recapture(item, actor=admin.person)
    Job.objects.exclude(pk=failed.pk).update(state=state)
    with pytest.raises(IllegalState) as refused:
        work.retry(failed, actor=admin.person)
    assert refused.value.code == "taken_over"
    assert list(jobs.jobs_of(desk)) == list(Job.objects.exclude(pk=failed.pk))


def test_another_desk_neither_sees_nor_touches_it(
    failed: Job, stranger: Caller, client_key: Caller, other_desk: Desk
) -> None:
    assert not jobs.jobs_of(other_desk).exists()
    for nobody in (stranger, client_key):
        with pytest.raises(Missing):
            work.retry(failed, actor=nobody.person)


def test_what_the_stage_forbids_is_not_tried_again(failed: Job, checker: Caller, admin: Caller) -> None:
    claim = MediaItem.objects.get().claim_id
    assert checker.post(f"claims/{claim}/drop/", {"reason": "a"}).status_code == 200
    with pytest.raises((IllegalState, NotAllowed)):
        work.retry(failed, actor=admin.person)
    failed.refresh_from_db()
    assert failed.state == JobState.FAILED
