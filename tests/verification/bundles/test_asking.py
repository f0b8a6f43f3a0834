"""A bundle is made by a job, kept while nothing changes, and gone as soon as something is erased."""

from __future__ import annotations

import io
import json
import os
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import TestCase
from django.utils import timezone

from claims.errors import StorageFailed
from claims.media import archive
from claims.models import Asset
from tests.conftest import Caller, file_claim
from tests.verification.bundles.conftest import WHY, refused, uploaded, verify
from verification.models import AuditEntry, Job
from verification.services import jobs, work
from verification.services.bundles import keeping, making

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def claim(checker: Caller) -> str:
    filed: str = file_claim(checker)["id"]
    uploaded(checker, filed, b"GIF89a" + b"\1" * 300)
    return filed


def do_jobs(kind: str = "bundle") -> int:
    return sum(work.run_job(job.pk) for job in Job.objects.filter(kind=kind, state="queued"))


def kept() -> list[Path]:
    return sorted(keeping.path_of(Asset.objects.get().pk, "0" * 64).parent.glob("*"))


def download(answer: Any, path: Path) -> Path:
    assert answer.status_code == 200, answer
    path.write_bytes(b"".join(answer.streaming_content))
    return path


def made(caller: Caller, claim: str, path: Path) -> Path:
    assert caller.get(f"claims/{claim}/bundle/").status_code == 202
    assert do_jobs() == 1
    return download(caller.get(f"claims/{claim}/bundle/"), path)


def test_it_is_on_its_way_and_then_a_file_to_save(checker: Caller, claim: str, tmp_path: Path) -> None:
    entries = AuditEntry.objects.count()
    first = checker.get(f"claims/{claim}/bundle/")
    assert first.status_code == 202
    assert first["Location"] == f"/api/v1/claims/{claim}/bundle/"
    assert int(first["Retry-After"]) > 0
    assert first.json()["state"] == "being_made"
    assert checker.get(f"claims/{claim}/bundle/").status_code == 202
    assert Job.objects.filter(kind="bundle").count() == 1
    job = Job.objects.get(kind="bundle")
    token = job.token
    jobs.claim_job(job.pk)
    assert checker.get(f"claims/{claim}/bundle/").status_code == 202
    job.refresh_from_db()
    assert (job.state, job.token) == ("running", token + 1)  # asking again does not have it begin anew
    jobs.put_back(job, seconds=0)
    assert do_jobs() == 1
    ref = checker.get(f"claims/{claim}/").json()["ref"]
    answer = checker.get(first["Location"].removeprefix("/api/v1/"))
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == f'attachment; filename="stet-{ref}.zip"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert verify(download(answer, tmp_path / "b.zip")).code == 0
    # Packing changes nothing of the claim: else no bundle would ever be of the present state.
    assert AuditEntry.objects.count() == entries


def test_it_is_made_once_for_a_state_and_anew_for_the_next(
    checker: Caller, claim: str, tmp_path: Path
) -> None:
    first = made(checker, claim, tmp_path / "a.zip").read_bytes()
    again = download(checker.get(f"claims/{claim}/bundle/"), tmp_path / "b.zip").read_bytes()
    assert first == again
    assert Job.objects.filter(kind="bundle").count() == 1
    checker.post(f"claims/{claim}/notes/", {"body": "The shadow falls north."})
    after = made(checker, claim, tmp_path / "c.zip")
    assert b"The shadow falls north." in zipfile.ZipFile(after).read(f"{_top(after)}/data/records/texts.json")
    assert len(kept()) == 2
    assert keeping.erase_stale() == 1
    assert len(kept()) == 1
    assert (
        download(checker.get(f"claims/{claim}/bundle/"), tmp_path / "d.zip").read_bytes()
        == after.read_bytes()
    )


def _top(bundle: Path) -> str:
    return zipfile.ZipFile(bundle).namelist()[0].split("/")[0]


def test_an_erasure_takes_every_bundle_that_held_it(
    checker: Caller, admin: Caller, claim: str, tmp_path: Path
) -> None:
    other = file_claim(checker, statement="Another one.")["id"]
    uploaded(checker, other, b"GIF89a" + b"\1" * 300)
    for one in (claim, other):
        made(checker, one, tmp_path / "a.zip")
    assert len(kept()) == 2
    item = checker.get(f"claims/{claim}/media/").json()["results"][0]["id"]
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert (
            admin.post(f"claims/{claim}/redact/", {"target": "original", "id": item, **WHY}).status_code
            == 200
        )
    assert kept() == []
    assert verify(made(checker, other, tmp_path / "b.zip")).code == 0


def test_what_was_erased_while_it_was_packed_is_not_kept(
    checker: Caller, admin: Caller, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = checker.post(f"claims/{claim}/notes/", {"body": "secret"}).json()["id"]
    whole = making.make

    def meanwhile(*words: Any, **named: Any) -> Any:
        done = whole(*words, **named)
        assert admin.post(f"claims/{claim}/redact/", {"target": "note", "id": note, **WHY}).status_code == 200
        return done

    monkeypatch.setattr(making, "make", meanwhile)
    assert checker.get(f"claims/{claim}/bundle/").status_code == 202
    assert do_jobs() == 1
    assert kept() == []
    monkeypatch.setattr(making, "make", whole)
    assert checker.get(f"claims/{claim}/bundle/").status_code == 202


@pytest.mark.parametrize("is_gone", [False, True])
def test_an_original_that_is_not_intact_is_said_and_nothing_half_is_kept(
    checker: Caller, claim: str, tmp_path: Path, is_gone: bool
) -> None:
    path = archive.path_of(Asset.objects.get().sha256)
    content = path.read_bytes()
    path.chmod(0o600)
    if is_gone:
        path.unlink()
    else:
        path.write_bytes(content + b"!")
    with time_machine.travel(timezone.now() - timedelta(seconds=61), tick=True):
        assert checker.get(f"claims/{claim}/bundle/").status_code == 202
        do_jobs()
        problem = refused(checker.get(f"claims/{claim}/bundle/"), 409, code="original_not_intact")
    assert Asset.objects.get().sha256 in problem["detail"]
    assert kept() == []
    # It is told of for a minute; whoever asks later has it tried again.
    path.write_bytes(content)
    assert made(checker, claim, tmp_path / "a.zip")


def test_a_storage_that_is_away_is_tried_again(
    checker: Caller, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise StorageFailed("The archive is away.")

    monkeypatch.setattr(making, "make", away)
    checker.get(f"claims/{claim}/bundle/")
    do_jobs()
    job = Job.objects.get(kind="bundle")
    assert (job.state, job.error["code"]) == ("queued", "storage")
    assert kept() == []


def test_the_loop_clears_away_what_is_old_or_half_made(checker: Caller, claim: str, tmp_path: Path) -> None:
    made(checker, claim, tmp_path / "a.zip")
    (bundle,) = kept()
    half = bundle.with_name("tmphalf")
    half.write_bytes(b"x")
    work.reconcile()
    assert kept() == [bundle, half]
    for path, days in ((half, 2), (bundle, 8)):
        when = timezone.now().timestamp() - days * 86400
        os.utime(path, (when, when))
    assert keeping.erase_stale() == 2
    assert kept() == []


def test_the_command_makes_it_at_once(checker: Caller, claim: str, tmp_path: Path) -> None:
    ref = checker.get(f"claims/{claim}/").json()["ref"]
    out = io.StringIO()
    for name in (claim, ref):
        call_command("bundle", name, "--output", str(tmp_path / "b.zip"), "--json", stdout=out)
        said = json.loads(out.getvalue().splitlines()[-1])
        assert (said["ref"], said["originals"]) == (ref, 1)
        assert verify(tmp_path / "b.zip").code == 0
        assert said["size_bytes"] == (tmp_path / "b.zip").stat().st_size
    call_command("bundle", ref, "--output", str(tmp_path / "c.zip"), stdout=out)
    assert "under checkpoint" in out.getvalue()
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".zip") == ["b.zip", "c.zip"]


def test_the_command_says_what_it_cannot_do(claim: str, tmp_path: Path) -> None:
    target = tmp_path / "b.zip"
    cases = [
        (["2020-00001"], 2, "There is no claim"),
        (["x" * 40], 2, "There is no claim"),
        ([claim, "--output", str(tmp_path / "nowhere" / "b.zip")], 2, "can't be written"),
    ]
    for words, code, said in cases:
        with pytest.raises(CommandError, match=said) as refusal:
            call_command("bundle", "--output", str(target), *words)
        assert refusal.value.returncode == code
    archive.path_of(Asset.objects.get().sha256).unlink()
    with pytest.raises(CommandError, match="missing from the archive") as refusal:
        call_command("bundle", claim, "--output", str(target))
    assert refusal.value.returncode == 1
    assert list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".bundle*")) == []
