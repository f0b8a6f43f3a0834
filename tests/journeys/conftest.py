"""Databases to copy, and what journeys tell in figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.stack import Databases

_TOLD: list[str] = []


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    made = Databases(tmp_path_factory.mktemp("databases"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def tell() -> Callable[[str], None]:
    """Puts a line among the figures at the end of the run."""
    return _TOLD.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _TOLD:
        terminalreporter.section("figures")
        for line in _TOLD:
            terminalreporter.line(line)
