"""Checks that changed: what they said before is kept, what is stale is said and seen to after all other work."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from claims.models import Asset, MediaItem
from claims.vocabulary import JobState
from tests.conftest import Caller, file_claim
from tests.media import mutants, stub_exiftool
from verification import sandbox
from verification.checks import registry
from verification.checks.container_dates import ContainerDates
from verification.domain.findings import Finding
from verification.models import CheckRun, FindingRow, Job
from verification.services import reexamination, work

pytestmark = pytest.mark.django_db
FILM = next(sample for sample in mutants.samples() if sample.name == "mp4-tagged")


@pytest.fixture(autouse=True)
def _first_version(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Whatever version the check has by now, here it begins with the first."""
    monkeypatch.setattr(ContainerDates, "version", "1")
    registry.fingerprint.cache_clear()
    yield
    registry.fingerprint.cache_clear()
    sandbox.end_child()


def work_off() -> int:
    """Does all that is open; a job queued this very millisecond may be due only in the next, on SQLite's clock."""
    done = 0
    for _ in range(10_000):
        job = Job.objects.filter(state=JobState.QUEUED).order_by("due_at").first()
        if job is None:
            return done
        done += work.run_job(job.pk)
    raise AssertionError("The work does not end.")


@pytest.fixture
def item(checker: Caller) -> MediaItem:
    claim = file_claim(checker, media=[])
    sent = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.mp4", FILM.body)})
    posted = checker.call("POST", f"claims/{claim['id']}/media/", sent, Content_Type=MULTIPART_CONTENT).json()
    work_off()
    return MediaItem.objects.get(pk=posted["id"])


def next_version(monkeypatch: pytest.MonkeyPatch, sentence: str = "") -> None:
    """As if the next release brought another container_dates, which says something else."""
    before = ContainerDates.run

    def run(self: ContainerDates, *given: Any) -> list[Finding]:
        return [replace(one, sentence=sentence or one.sentence) for one in before(self, *given)]

    monkeypatch.setattr(ContainerDates, "version", "2")
    monkeypatch.setattr(ContainerDates, "run", run)
    registry.fingerprint.cache_clear()


def runs(item: MediaItem) -> list[tuple[str, bool]]:
    kept = CheckRun.objects.filter(media=item, check_slug="container_dates").order_by("ran_at")
    return [(run.version, run.superseded_at is None) for run in kept]


def test_the_same_findings_again_keep_their_ids(checker: Caller, item: MediaItem) -> None:
    before = set(FindingRow.objects.values_list("pk", flat=True))
    ran_at = CheckRun.objects.get(media=item, check_slug="container_dates").ran_at
    assert checker.post(f"media/{item.pk}/recheck/").status_code == 202
    work_off()
    assert set(FindingRow.objects.values_list("pk", flat=True)) == before
    assert CheckRun.objects.get(media=item, check_slug="container_dates").ran_at > ran_at


def test_what_an_earlier_version_found_is_kept_and_no_longer_shown(
    checker: Caller, item: MediaItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = checker.get(f"findings/?media={item.pk}&check=container_dates").json()["results"]
    assert found
    next_version(monkeypatch, "The second version says this.")
    shown = {run["check"]: run["stale"] for run in checker.get(f"media/{item.pk}/").json()["check_runs"]}
    assert shown.pop("container_dates") is True
    assert set(shown.values()) == {False}
    assert reexamination.examine_some_stale() == 1
    work_off()
    now = checker.get(f"findings/?media={item.pk}&check=container_dates").json()["results"]
    assert {(one["version"], one["sentence"]) for one in now} == {("2", "The second version says this.")}
    detail = checker.get(f"media/{item.pk}/").json()
    assert all(not run["stale"] for run in detail["check_runs"])
    assert [one["id"] for one in detail["findings"]["date"] if one["check"] == "container_dates"] == [
        one["id"] for one in now
    ]
    earlier = checker.get(f"findings/?media={item.pk}&check=container_dates&version=1").json()["results"]
    assert earlier == found
    assert runs(item) == [("1", False), ("2", True)]


def test_what_is_superseded_bounds_no_date(checker: Caller, item: MediaItem, monkeypatch: Any) -> None:
    bounds = checker.get(f"media/{item.pk}/").json()["suggestion"]["date"]["bounds"]
    assert bounds
    monkeypatch.setattr(ContainerDates, "version", "2")
    monkeypatch.setattr(ContainerDates, "run", lambda *_: [])
    registry.fingerprint.cache_clear()
    reexamination.examine_some_stale()
    work_off()
    left = checker.get(f"media/{item.pk}/").json()["suggestion"]["date"]["bounds"]
    assert len(left) < len(bounds)


def test_a_check_that_is_gone_says_nothing_any_more(item: MediaItem, monkeypatch: Any) -> None:
    left = tuple(check for check in registry.all_checks() if check.slug != "container_dates")
    monkeypatch.setattr(registry, "all_checks", lambda: left)
    registry.fingerprint.cache_clear()
    reexamination.examine_some_stale()
    work_off()
    assert runs(item) == [("1", False)]


def test_nothing_is_stale_after_an_examination(item: MediaItem) -> None:
    assert item.examined_with == registry.fingerprint()
    assert not reexamination.stale().exists()
    assert reexamination.examine_some_stale() == 0


def test_stale_media_wait_for_all_other_work_and_come_in_batches(
    checker: Caller, item: MediaItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [MediaItem.objects.get(pk=item.pk) for _ in range(3)]
    for position, other in enumerate(others, start=10):
        other.pk, other.position = None, position
        other.save(force_insert=True)
    monkeypatch.setattr(reexamination, "BATCH", 2)
    next_version(monkeypatch)
    checker.post(f"media/{item.pk}/recheck/")
    Job.objects.filter(state=JobState.QUEUED).update(due_at=timezone.now() - timedelta(seconds=1))
    assert reexamination.examine_some_stale() == 0
    work_off()
    assert reexamination.examine_some_stale() == 2
    assert reexamination.stale().count() == 1  # the others wait
    work_off()
    assert reexamination.examine_some_stale() == 1
    work_off()
    assert not reexamination.stale().exists()


def test_the_loop_sees_to_it(item: MediaItem, monkeypatch: pytest.MonkeyPatch) -> None:
    next_version(monkeypatch)
    monkeypatch.setattr(work, "EXAMINE_AGAIN_SECONDS", 0)
    for _ in range(3):
        work.reconcile()
        work_off()
    assert runs(item) == [("1", False), ("2", True)]


def test_facts_that_were_read_by_earlier_decoders_are_read_anew(checker: Caller, item: MediaItem) -> None:
    asset = Asset.objects.get(items=item)
    assert asset.facts is not None
    stored = {name: value for name, value in asset.facts.items() if name != "recipe"} | {"dates": []}
    Asset.objects.update(facts=stored)
    checker.post(f"media/{item.pk}/recheck/")
    work_off()
    asset.refresh_from_db()
    assert asset.facts["dates"]


def test_an_exiftool_that_came_later_is_asked_and_what_it_said_stays_when_it_is_gone(
    checker: Caller, item: MediaItem, settings: Any, tmp_path: Path
) -> None:
    def device_after(exiftool: Path | None) -> Any:
        settings.EXIFTOOL = exiftool
        checker.post(f"media/{item.pk}/recheck/")
        work_off()
        metadata = checker.get(f"media/{item.pk}/").json()["metadata"]
        return metadata["device"]["serial"], metadata["readers"].get("exiftool")

    program = stub_exiftool.make(tmp_path / "exiftool", "found(SerialNumber='4711')")
    assert device_after(None) == (None, None)
    assert device_after(program) == ("4711", "0.01")
    program.unlink()
    assert device_after(program) == ("4711", "0.01"), "it was asked again"
    assert device_after(None) == ("4711", "0.01")


def test_the_command_queues_what_is_named_or_stale(item: MediaItem, monkeypatch: pytest.MonkeyPatch) -> None:
    def queued(*words: str) -> int:
        out = StringIO()
        call_command("recheck", *words, "--json", stdout=out)
        return int(json.loads(out.getvalue())["queued"])

    assert queued("--stale") == 0
    assert queued(item.claim.ref) == 1
    assert queued(item.claim.ref) == 0  # it waits already
    assert Job.objects.filter(state=JobState.QUEUED).count() == 1
    work_off()
    next_version(monkeypatch)
    assert queued("--stale") == 1


@pytest.mark.parametrize("words", [(), ("2026-99999",), ("2026-00001", "--stale")])
def test_the_command_refuses_what_it_cannot_do(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("recheck", *words)
    assert refusal.value.returncode == 2
