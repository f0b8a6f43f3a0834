"""The dependency law holds, and breaking it on purpose is noticed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from verification.checks.registry import all_checks

HOME = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("law")
    for package in ("claims", "verification", "config"):
        shutil.copytree(HOME / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOME / "pyproject.toml", folder)
    return folder


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_law_holds(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


def test_every_check_is_under_it() -> None:
    contracts = tomllib.loads((HOME / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    listed = next(each["modules"] for each in contracts if each["type"] == "independence")
    assert listed == [f"verification.checks.{check.slug}" for check in all_checks()]


@pytest.mark.parametrize(
    ("where", "line", "contract"),
    [
        ("claims/intake.py", "import verification.models", "config composes verification"),
        ("verification/models/jobs.py", "import verification.services.jobs", "Inside verification"),
        ("verification/domain/rollup.py", "import django.db", "Domain, checks and inference are pure"),
        ("claims/dates.py", "import claims.models", "The vocabulary, dates and places"),
        ("verification/services/work.py", "import socket", "Only the guarded opener"),
        (
            "verification/checks/gps_location.py",
            "import verification.checks.exact_duplicate",
            "A check imports no other",
        ),
        ("verification/api/reading.py", "import config.health", "config composes verification"),
    ],
)
def test_breaking_it_is_noticed(copy: Path, where: str, line: str, contract: str) -> None:
    file = copy / where
    kept = file.read_text()
    file.write_text(
        kept.replace(
            "from __future__ import annotations\n", f"from __future__ import annotations\n{line}\n", 1
        )
    )
    try:
        done = lint(copy)
    finally:
        file.write_text(kept)
    assert done.returncode != 0
    broken = done.stdout.partition("Broken contracts")[2]
    assert contract in broken
