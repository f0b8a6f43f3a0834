"""What the opener's tests share, and their figures at the end of a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .certificates import Authority

FIGURES = "figures"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "trusted", "Trusted test authority")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tables of figures, also where the tests ran in worker processes."""
    tables: dict[str, list[str]] = {}
    for title, figures in _figures(terminalreporter):
        tables.setdefault(title, []).append(figures)
    for title, rows in tables.items():
        terminalreporter.section(title)
        for row in sorted(rows):
            terminalreporter.write_line(row)


def _figures(reporter: Any) -> Iterator[tuple[str, str]]:
    for outcome in ("passed", "failed"):
        for report in reporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", []):
                if name == FIGURES:
                    yield value[0], value[1]
