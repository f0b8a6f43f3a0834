"""Every file of the public sample collections, through the sandbox and all checks."""

import logging
import os
import random
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from claims.media.sniff import HEAD_BYTES, sniff
from verification.checks.base import Context
from verification.examination import examine
from verification.sandbox import DecodeFailed, decode, end_child

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


def said_of(path, media_type):
    try:
        return decode(path, media_type=media_type)
    except DecodeFailed as failed:
        return failed.code, failed.detail


def test_what_was_read_before_changes_no_answer():
    """Some of the samples, each by a fresh child, and then all by a warm one in another order."""
    chance = random.Random(4)
    files = []
    for path in sorted(Path(CORPORA).rglob("*")):
        sniffed = sniff(path.read_bytes()[:HEAD_BYTES]) if path.is_file() else None
        if sniffed:
            files.append((path, sniffed.media_type))
    some = chance.sample(files, min(80, len(files)))
    fresh = {}
    for file in some:
        end_child()
        fresh[file] = said_of(*file)
    for file in chance.sample(some, len(some)):
        assert said_of(*file) == fresh[file], file
