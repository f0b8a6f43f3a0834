"""`manage.py doctor` says what is well, what isn't, and what to do."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from config import doctor
from config.doctor import State
from verification.models import Heartbeat


def test_a_folder_that_cannot_be_written_is_a_failure_with_a_remedy(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    settings.DATA_DIR = settings.ARCHIVE_URL = tmp_path / "file"
    assert doctor.data().state is State.FAIL
    assert "STET_DATA" in doctor.data().remedy
    assert doctor.archive().state is State.FAIL


@pytest.mark.parametrize(("free", "state"), [(10**8, State.FAIL), (10**9, State.WARN), (10**11, State.OK)])
def test_little_space_is_said_before_there_is_none(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(10**12, 0, free))
    assert doctor.data().state is state


def test_a_broker_is_never_a_failure(settings: Any, tmp_path: Path) -> None:
    settings.REDIS_URL = ""
    assert doctor.message_broker().state is State.WARN
    settings.REDIS_URL = f"unix://{tmp_path / 'none.sock'}"
    assert doctor.message_broker().state is State.WARN


def test_the_decoders_are_named_with_their_versions() -> None:
    line = doctor.decoders()
    assert line.state is State.OK
    assert "Pillow 1" in line.detail


@pytest.mark.database
@pytest.mark.django_db
def test_a_loop_that_stopped_is_a_failure() -> None:
    assert doctor.reconcile().state is State.WARN
    Heartbeat.objects.create(name="reconcile", at=timezone.now())
    assert doctor.reconcile().state is State.OK
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=10))
    assert doctor.reconcile().state is State.FAIL


@pytest.mark.database
@pytest.mark.django_db
def test_the_report_is_json_and_its_status_is_the_exit_code(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = settings.ARCHIVE_URL = tmp_path
    output = StringIO()
    call_command("doctor", "--json", stdout=output)
    report = json.loads(output.getvalue())
    assert report["ok"] is True
    assert {line["name"]: line["state"] for line in report["checks"]}["database"] == "ok"

    monkeypatch.setattr(doctor, "_writable", lambda _folder: "no")
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=StringIO())
    assert ended.value.code == 1


def test_exiftool_may_be_missing_but_not_broken(settings: Any, tmp_path: Path) -> None:
    settings.EXIFTOOL = None
    assert doctor.exiftool().state is State.OK
    settings.EXIFTOOL = tmp_path / "exiftool"
    settings.EXIFTOOL.write_text("#!/bin/sh\necho 12.99\n", encoding="utf-8")
    assert doctor.exiftool().state is State.FAIL
    assert "STET_EXIFTOOL" in doctor.exiftool().remedy
    settings.EXIFTOOL.chmod(0o755)
    assert doctor.exiftool().detail.startswith("12.99")
