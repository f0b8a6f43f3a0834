"""A full disk or a storage that is away: a retriable failure in words, nothing half kept, nothing lost."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from claims.media import archive
from claims.models import Asset, MediaItem
from config.demo_media import make_photo
from tests.conftest import Caller, file_claim, refused
from tests.stack import MediaHost
from verification.models import Job
from verification.services import audit, jobs, work

pytestmark = [pytest.mark.django_db, pytest.mark.database]

LIMIT_BYTES = 24 * 1024 * 1024


@pytest.fixture
def host(settings: Any) -> Iterator[MediaHost]:
    with MediaHost() as host:
        settings.FETCH_ALLOW = [host.authority]
        yield host


@pytest.fixture
def photo(tmp_path: Path) -> bytes:
    return make_photo(tmp_path / "photo.jpg", lines=["A flag"], seed=4).read_bytes()


def large(photo: bytes) -> bytes:
    return photo + b"\0" * (LIMIT_BYTES + 1_000_000)


def files() -> list[Path]:
    return [path for path in archive.root().rglob("*") if path.is_file()] if archive.root().is_dir() else []


def tried(item: MediaItem) -> MediaItem:
    # SQLite's own clock ticks in milliseconds: what is due this very moment may not be so to it.
    Job.objects.filter(subject_id=item.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    assert work.run_job(Job.objects.get(subject_id=item.pk, kind="capture").pk)
    item.refresh_from_db()
    return item


def filed(checker: Caller, url: str) -> MediaItem:
    return MediaItem.objects.get(pk=file_claim(checker, media=[{"url": url}])["media"][0]["id"])


def failed_for_storage(item: MediaItem) -> None:
    assert (item.state, item.failure["code"], item.failure["retriable"]) == ("pending", "storage", True)
    assert item.failure["detail"].endswith(".")
    job = Job.objects.get(subject_id=item.pk)
    assert (job.state, job.attempts) == ("queued", 1)
    assert (job.due_at - timezone.now()).total_seconds() > 50
    assert files() == []
    assert not Asset.objects.exists()


@pytest.fixture
def small_files() -> Iterator[None]:
    """The kernel refuses to let any file of this process grow beyond the limit."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_that_cannot_be_written_whole_leaves_nothing_and_comes_later(
    checker: Caller, host: MediaHost, photo: bytes, small_files: None
) -> None:
    url = host.serve("/photo.jpg", large(photo))
    item = tried(filed(checker, url))
    failed_for_storage(item)
    host.serve("/photo.jpg", photo)  # what fits
    assert tried(item).state == "captured"
    assert archive.is_intact(item.asset.sha256)  # type: ignore[union-attr]
    assert list(audit.verify()) == []


def test_a_storage_that_is_away_is_waited_for(
    checker: Caller, host: MediaHost, photo: bytes, settings: Any, tmp_path: Path
) -> None:
    there, away = settings.ARCHIVE_URL, tmp_path / "away"
    away.write_bytes(b"no folder")
    settings.ARCHIVE_URL = str(away)
    item = tried(filed(checker, host.serve("/photo.jpg", photo)))
    failed_for_storage(item)
    settings.ARCHIVE_URL = there
    assert tried(item).state == "captured"


def test_it_ends_as_failed_and_can_be_tried_again(
    checker: Caller, host: MediaHost, photo: bytes, settings: Any, tmp_path: Path
) -> None:
    there, away = settings.ARCHIVE_URL, tmp_path / "away"
    away.write_bytes(b"no folder")
    settings.ARCHIVE_URL = str(away)
    item = filed(checker, host.serve("/photo.jpg", photo))
    for _ in range(jobs.MAX_ATTEMPTS):
        tried(item)
    assert (item.state, item.failure["code"], item.failure["retriable"]) == ("failed", "storage", True)
    settings.ARCHIVE_URL = there
    work.retry(Job.objects.get(), actor=checker.person)
    assert tried(item).state == "captured"


def test_an_upload_that_cannot_be_kept_is_refused_as_our_fault(
    checker: Caller, photo: bytes, settings: Any, tmp_path: Path
) -> None:
    claim = file_claim(checker)["id"]
    away = tmp_path / "away"
    away.write_bytes(b"no folder")
    settings.ARCHIVE_URL = str(away)
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("p.jpg", photo)})
    answer = checker.call("POST", f"claims/{claim}/media/", body, Content_Type=MULTIPART_CONTENT)
    refused(answer, 503, code="storage")
    assert not MediaItem.objects.exists()


@pytest.fixture
def tiny_disk(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A file system of one MiB, where this machine lets us make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "stet-test", str(disk)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    settings.ARCHIVE_URL = str(disk)
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_nothing_half(
    checker: Caller, host: MediaHost, photo: bytes, tiny_disk: Path
) -> None:
    url = host.serve("/photo.jpg", photo + b"\0" * 2_000_000)
    item = tried(filed(checker, url))
    failed_for_storage(item)
    assert "no space left" in item.failure["detail"]
    host.serve("/photo.jpg", photo)
    assert tried(item).state == "captured"
