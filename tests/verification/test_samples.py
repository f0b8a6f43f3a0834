"""Every file of the public sample collections, through the sandbox and all checks."""

import logging
import os
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from verification.checks.base import Context
from verification.examination import examine

CORPORA = os.environ.get("STET_CORPORA")
pytestmark = pytest.mark.skipif(not CORPORA, reason="STET_CORPORA does not name the folder of media samples")

RECORDED = {
    "not media",
    "decoded",
    "undecodable",
    "too_many_pixels",
    "decode_memory",
    "decode_timeout",
}
FAULT = re.compile(r"\w+Error: ")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def look(path):
    begun = time.monotonic()
    return path, examine(path, context=Context(now=NOW)), time.monotonic() - begun


def test_every_sample_ends_in_a_recorded_result():
    files = [path for path in sorted(Path(CORPORA).rglob("*")) if path.is_file()]
    states, slowest = Counter(), 0.0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, found, seconds in pool.map(look, files):
            slowest = max(slowest, seconds)
            if found.media is None:
                states["not media"] += 1
                continue
            states[found.failure.partition(":")[0] if found.failure else "decoded"] += 1
            faults = [one.error for one in found.outcomes if one.error and FAULT.match(one.error)]
            assert faults == [], path
    logging.getLogger(__name__).info("%s, slowest %.2f s", dict(states), slowest)
    assert states["decoded"]
    assert set(states) <= RECORDED
    assert slowest < 16
