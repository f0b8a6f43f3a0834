"""The typed readers of the environment."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


def test_a_secret_file_wins_over_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n", encoding="utf-8")
    monkeypatch.setenv("STET_SAMPLE", "from the variable")
    assert env.text("STET_SAMPLE") == "from the variable"
    monkeypatch.setenv("STET_SAMPLE_FILE", str(tmp_path / "secret"))
    assert env.text("STET_SAMPLE") == "from the file"


def test_a_secret_file_that_is_missing_is_said_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STET_SAMPLE_FILE", str(tmp_path / "absent"))
    with pytest.raises(ImproperlyConfigured, match=r"STET_SAMPLE_FILE names .*absent"):
        env.text("STET_SAMPLE")


@pytest.mark.parametrize(
    ("given", "meant"),
    [("1", True), ("TRUE", True), (" on ", True), ("0", False), ("no", False), ("", False)],
)
def test_a_flag_reads_the_usual_words(monkeypatch: pytest.MonkeyPatch, given: str, meant: bool) -> None:
    monkeypatch.setenv("STET_SAMPLE", given)
    assert env.flag("STET_SAMPLE", default=not meant) is meant


def test_a_flag_that_is_absent_is_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STET_SAMPLE", raising=False)
    assert env.flag("STET_SAMPLE") is False
    assert env.flag("STET_SAMPLE", default=True) is True


def test_a_flag_that_is_no_flag_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STET_SAMPLE", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="must be 1 or 0, not 'perhaps'"):
        env.flag("STET_SAMPLE")


def test_a_number_is_read_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STET_SAMPLE", raising=False)
    assert env.number("STET_SAMPLE", 30) == 30
    monkeypatch.setenv("STET_SAMPLE", "2.5")
    assert env.number("STET_SAMPLE", 30) == 2.5
    monkeypatch.setenv("STET_SAMPLE", "soon")
    with pytest.raises(ImproperlyConfigured, match="must be a number, not 'soon'"):
        env.number("STET_SAMPLE", 30)


def test_words_leave_out_what_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STET_SAMPLE", " a, ,b ,")
    assert env.words("STET_SAMPLE") == ["a", "b"]


def test_a_kept_secret_is_made_once_and_is_its_owners(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("STET_SAMPLE", raising=False)
    folder = tmp_path / "data"
    first = env.kept_secret("STET_SAMPLE", folder)
    assert len(first) >= 48
    assert env.kept_secret("STET_SAMPLE", folder) == first
    assert stat.S_IMODE((folder / "stet_sample").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["stet_sample"]


def test_a_given_secret_is_not_written_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STET_SAMPLE", "given")
    assert env.kept_secret("STET_SAMPLE", tmp_path) == "given"
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_another_process_wrote_first_is_the_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("STET_SAMPLE", raising=False)
    (tmp_path / "stet_sample").write_text("theirs", encoding="utf-8")
    monkeypatch.setattr(Path, "exists", lambda _path: False)  # as it was when we looked
    assert env.kept_secret("STET_SAMPLE", tmp_path) == "theirs"
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["stet_sample"]
