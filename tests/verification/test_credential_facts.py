"""Facts that were kept, and content credentials that came or whose trust list changed since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from claims.models import Asset
from claims.vocabulary import JobKind, JobState
from tests.conftest import Caller, file_claim
from tests.media import credentials as signing
from tests.media import make
from verification.models import FindingRow, Job
from verification.services import work

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def signer() -> signing.Signer:
    return signing.Signer()


@pytest.fixture
def job(checker: Caller, tmp_path: Path, signer: signing.Signer) -> Job:
    """An examination of a signed photo, done once without any trust list."""
    claim = file_claim(checker)["id"]
    content = signer.sign(tmp_path / "a.jpg", make.photo(tmp_path / "photo.jpg")).read_bytes()
    upload = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.jpg", content)})
    assert (
        checker.call("POST", f"claims/{claim}/media/", upload, Content_Type=MULTIPART_CONTENT).status_code
        == 202
    )
    done = Job.objects.get(kind=JobKind.EXAMINE)
    work.run_job(done.pk)
    return done


def examine_again(job: Job) -> dict[str, Any]:
    """The credentials among the asset's facts after the checks ran once more."""
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, attempts=0)
    work.run_job(job.pk)
    facts = Asset.objects.get().facts
    assert facts is not None
    found: dict[str, Any] = facts["credentials"]
    return found


def test_the_desk_s_trust_list_reaches_the_decoder_and_a_new_one_judges_anew(
    job: Job, signer: signing.Signer, settings: Any, tmp_path: Path
) -> None:
    asset = Asset.objects.get()
    assert asset.facts is not None
    assert asset.facts["credentials"]["state"] == "valid"
    settings.C2PA_TRUST = tmp_path / "trusted.pem"
    settings.C2PA_TRUST.write_bytes(signer.root)
    assert examine_again(job)["state"] == "trusted"
    stances = (
        FindingRow.objects.current()
        .filter(run__check_slug="content_credentials")
        .values_list("stance", flat=True)
    )
    assert "supports" in stances
    settings.C2PA_TRUST = None
    assert examine_again(job)["state"] == "valid"


def test_facts_from_before_are_read_anew(job: Job) -> None:
    asset = Asset.objects.get()
    assert asset.facts is not None
    # As the decoders before this one kept them.
    del asset.facts["credentials"]
    asset.facts["recipe"] = 1
    asset.save(update_fields=["facts"])
    assert examine_again(job)["state"] == "valid"


def test_facts_that_are_current_are_kept(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verification.sandbox.decode", lambda *_, **__: pytest.fail("it was read again"))
    assert examine_again(job)["state"] == "valid"
