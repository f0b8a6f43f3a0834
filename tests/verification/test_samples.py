"""Every file of the public sample collections, through the sandbox and all checks."""

import os
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from claims.vocabulary import CheckRunState
from verification.checks.base import Context
from verification.examination import examine

CORPORA = os.environ.get("STET_CORPORA")
pytestmark = pytest.mark.skipif(not CORPORA, reason="STET_CORPORA does not name the folder of media samples")

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_every_sample_ends_in_a_recorded_result():
    states, slowest = Counter(), 0.0
    for path in sorted(Path(CORPORA).rglob("*")):
        if not path.is_file():
            continue
        begun = time.monotonic()
        found = examine(path, context=Context(now=NOW))
        slowest = max(slowest, time.monotonic() - begun)
        if found.media is None:
            states["not media"] += 1
            continue
        states[found.failure.partition(":")[0] if found.failure else "decoded"] += 1
        for outcome in found.outcomes:
            if outcome.state is CheckRunState.FAILED:
                assert "Error:" not in outcome.error or found.decoded.errors, (path, outcome.error)
    print(dict(states), f"slowest {slowest:.2f} s")
    assert states["decoded"]
    assert set(states) <= {
        "not media",
        "decoded",
        "undecodable",
        "too_many_pixels",
        "decode_memory",
        "decode_timeout",
    }
    assert slowest < 16
