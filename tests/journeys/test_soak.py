"""What the long versions are made of, and what their report says of a loss."""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from pathlib import Path

import pytest

from tests import soak
from tests.stack import POSTGRES, SQLITE


@pytest.mark.parametrize("asked", [1, 10, 100, 999, 1000])
@pytest.mark.parametrize("vendors", [[SQLITE], [SQLITE, POSTGRES]])
def test_at_least_so_many_kills_are_planned_and_of_every_victim(asked: int, vendors: list[str]) -> None:
    planned = list(soak.rounds(Namespace(only=["kills"], kills=asked), vendors, None))
    amounts = Counter[str]()
    for one in planned:
        amounts[one.name] += one.amount
    assert asked <= amounts.total() <= asked + 30
    assert set(amounts) == {f"kills of {victim}" for victim in soak.OF_KILLS}
    assert {one.vendor for one in planned} == set(vendors)
    assert all(0 < one.amount <= soak.A_ROUND for one in planned)


@pytest.mark.parametrize(
    ("figures", "well"),
    [
        (soak.Figures(seen=Counter(crash=20)), True),
        (soak.Figures(lost=1), False),
        (soak.Figures(twice=1), False),
        (soak.Figures(missing=1), False),
        (soak.Figures(errors=["A worker did not come back."]), False),
    ],
)
def test_the_report_says_whether_all_is_well(tmp_path: Path, figures: soak.Figures, well: bool) -> None:
    kept = soak.Soak(tmp_path / "var" / "soak.json", {}, tmp_path)
    kept.figures["crashes", SQLITE] = figures
    assert kept.write(whole=False) is well
    assert json.loads((tmp_path / "var/soak.json").read_text())["ok"] is False  # it goes on
    assert kept.write(whole=True) is well
    said = json.loads((tmp_path / "var/soak.json").read_text())
    assert said["ok"] is well
    assert said["parts"]["crashes"][SQLITE]["total"] == figures.seen.total()
