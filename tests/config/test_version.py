"""The version comes from the changelog and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from config.version import read_version


def test_it_is_the_newest_release(tmp_path: Path) -> None:
    file = tmp_path / "CHANGELOG.md"
    file.write_text("# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-02\n\n## [1.2.2] - 2026-01-01\n")
    assert read_version(file) == "1.2.3"
    file.write_text("# Changelog\n")
    with pytest.raises(ValueError, match="names no release"):
        read_version(file)


def test_settings_say_it() -> None:
    assert read_version(settings.BASE_DIR / "CHANGELOG.md") == settings.VERSION
