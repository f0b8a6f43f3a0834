"""Databases to copy, and stacks over them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack import Databases


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    made = Databases(tmp_path_factory.mktemp("databases"))
    try:
        yield made
    finally:
        made.close()
