"""The whole road of an original with its archive on S3: in, examined, looked at, hashed again, held, erased."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import TestCase

from claims.api.files import MAX_ANSWER_BYTES
from claims.media import archive
from claims.models import Asset, Capture, MediaItem
from config import doctor
from config.health import archive_writable
from tests.conftest import Caller, file_claim, refused
from tests.media import mutants
from tests.stack import MediaHost
from tests.storages import KEYS, Bucket, Storage, bucket  # noqa: F401  a fixture
from verification.models import FixityCheck, Job
from verification.services import audit, work

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "An order of the court.", "legal_ground": "court order"}
FILM = next(sample.body for sample in mutants.samples() if sample.name == "mp4-tagged")


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


def uploaded(checker: Caller, body: bytes) -> MediaItem:
    claim = file_claim(checker)["id"]
    sent = checker.client.post(
        f"/api/v1/claims/{claim}/media/",
        {"file": SimpleUploadedFile("film.mp4", body)},
        headers={"Authorization": f"Bearer {checker.key}"},
    )
    assert sent.status_code == 202, sent.content
    return examined(MediaItem.objects.get(pk=sent.json()["id"]))


def examined(item: MediaItem) -> MediaItem:
    while work.reconcile():
        pass
    item.refresh_from_db()
    assert (item.state, item.examination) == ("captured", "done"), item.failure
    return item


def redact(admin: Caller, item: MediaItem) -> Any:
    with TestCase.captureOnCommitCallbacks(execute=True):
        return admin.post(
            f"claims/{item.claim_id}/redact/", {"target": "original", "id": str(item.pk), **WHY}
        )


def test_an_original_goes_its_whole_road_on_s3(
    bucket: Bucket,  # noqa: F811
    checker: Caller,
    admin: Caller,
) -> None:
    body = FILM + b"\0" * (MAX_ANSWER_BYTES + 100)
    item = uploaded(checker, body)
    assert item.asset is not None
    sha256 = item.asset.sha256
    key = f"desk/{sha256[:2]}/{sha256[2:4]}/{sha256}"
    assert bucket.body(key) == body
    assert checker.get(f"media/{item.pk}/").json()["metadata"]

    # looked at: whole, in parts of bounded size, and by its stills
    whole = checker.get(f"media/{item.pk}/file/")
    assert b"".join(whole.streaming_content) == body
    part = checker.get(f"media/{item.pk}/file/", Range=f"bytes=10-{len(body)}")
    assert (part.status_code, part.content) == (206, body[10 : 10 + MAX_ANSWER_BYTES])
    (still, *_) = checker.get(f"media/{item.pk}/stills/").json()["results"]
    assert checker.get(still["url"].removeprefix("/api/v1/")).getvalue().startswith(b"\xff\xd8\xff")

    # hashed again: intact, then tampered with, then mended
    call_command("fixity", sha256)
    bucket.overwrite(key, body[:-1] + b"!")
    with pytest.raises(SystemExit):
        call_command("fixity", sha256)
    said = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("verify", json=True, stdout=said)
    assert f"original {sha256}" in [one["where"] for one in json.loads(said.getvalue())["breaks"]]
    bucket.overwrite(key, body)
    call_command("fixity", sha256)
    outcomes = FixityCheck.objects.order_by("id").values_list("outcome", flat=True)
    assert [*outcomes][-3:] == ["intact", "altered", "intact"]

    # held, then erased: nothing of it is left
    held = f"claims/{item.claim_id}/legal-hold/"
    assert admin.post(held, {"reason": "A lawsuit."}).status_code == 201
    before = bucket.objects()
    refused(redact(admin, item), 409, code="legal_hold")
    assert bucket.objects() == before
    assert admin.call("DELETE", held).status_code == 200
    assert redact(admin, item).status_code == 200
    assert bucket.objects() == {}
    refused(checker.get(f"media/{item.pk}/file/"), 404)
    assert list(audit.verify()) == []


def test_a_page_and_its_exchange_go_with_the_original_on_s3(
    bucket: Bucket,  # noqa: F811
    checker: Caller,
    admin: Caller,
    settings: Any,
) -> None:
    with MediaHost() as host:
        settings.FETCH_ALLOW = [host.authority]
        host.serve("/film.mp4", FILM)
        page = b'<!doctype html><title>A post</title><meta property="og:video" content="/film.mp4">'
        url = host.serve("/post", page)
        claim = file_claim(checker, media=[{"url": url}])
        item = examined(MediaItem.objects.get(pk=claim["media"][0]["id"]))
    log = Capture.objects.get(media=item)
    kept = [getattr(log, name).sha256 for name in ("asset", *Capture.KEPT_BESIDE)]
    assert len(set(kept)) == 4
    assert all(archive.is_intact(sha256) for sha256 in kept)
    assert redact(admin, item).status_code == 200
    assert bucket.objects() == {}


@pytest.fixture
def storage(settings: Any) -> Any:
    """A server of this test's own, which it may stop."""
    server = Storage()
    made = server.bucket()
    settings.ARCHIVE_ACCESS_KEY, settings.ARCHIVE_SECRET_KEY = KEYS
    settings.ARCHIVE_URL = made.url
    yield server
    made.client.close()
    server.stop()


def test_a_storage_that_goes_away_is_told_everywhere_and_loses_nothing(
    storage: Storage, checker: Caller, admin: Caller, settings: Any
) -> None:
    body = FILM
    item = uploaded(checker, body)
    assert (archive_writable(), doctor.archive().state) == (True, doctor.State.OK)
    there, keys = settings.ARCHIVE_URL, Asset.objects.count()
    storage.stop()

    assert not archive_writable()
    line = doctor.archive()
    assert (line.state, bool(line.remedy)) == (doctor.State.FAIL, True)
    refused(checker.get(f"media/{item.pk}/file/"), 503, code="storage")
    refused(checker.get(f"media/{item.pk}/file/", Range="bytes=0-9"), 503, code="storage")
    assert checker.get(f"media/{item.pk}/stills/").json() == {"results": []}
    sent = checker.client.post(
        f"/api/v1/claims/{item.claim_id}/media/",
        {"file": SimpleUploadedFile("film.mp4", body + b"\0")},
        headers={"Authorization": f"Bearer {checker.key}"},
    )
    refused(sent, 503, code="storage")
    assert Asset.objects.count() == keys
    assert list(archive.store().scratch().iterdir()) == []

    # An examination waits instead of being counted as a failure; an erasure is on record and finished later.
    Asset.objects.update(facts=None)
    assert checker.post(f"media/{item.pk}/recheck/").status_code == 202
    job = Job.objects.get(subject_id=item.pk, kind="examine", state="queued")
    assert not work.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)
    assert redact(admin, item).status_code == 200

    back = Storage()
    try:
        settings.ARCHIVE_URL = there.replace(storage.endpoint_url, back.endpoint_url)
        # The server of these tests keeps its buckets in the process, as a real one keeps them on its disks.
        assert archive.holds(item.asset.sha256)  # type: ignore[union-attr]
        work.reconcile()
        assert not archive.holds(item.asset.sha256)  # type: ignore[union-attr]
        assert list(audit.verify()) == []
    finally:
        back.stop()
