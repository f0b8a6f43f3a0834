"""Thousands of damaged files through the warm child: each ends as a result, and nothing of ours ends with it.

STET_MUTANTS says how many: 4,000 where it is not set, 20,000 for a whole run. The numbers that a failure names make the same files again:
`python -m tests.media.mutants NUMBER FILE`.
"""

import os
import resource
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from claims.media.sniff import HEAD_BYTES, sniff
from tests.media import mutants
from verification import decoder_child, sandbox
from verification.sandbox import DEFAULT_LIMITS, DecodeFailed, decode, draw, end_child

HOW_MANY = int(os.environ.get("STET_MUTANTS", "4000"))
CODES = {"undecodable", "too_many_pixels", "decode_memory", "decode_timeout", "decode_crashed"}


@dataclass
class Tally:
    """What became of the mutants; the worst of them by number."""

    outcomes: Counter = field(default_factory=Counter)
    unusual: dict = field(default_factory=dict)
    escaped: list = field(default_factory=list)
    slowest: tuple = (0.0, 0)
    largest_kb: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, number, outcome, seconds, kilobytes):
        with self.lock:
            self.outcomes[outcome] += 1
            self.slowest = max(self.slowest, (seconds, number))
            self.largest_kb = max(self.largest_kb, kilobytes)
            if outcome.startswith("decode_"):
                self.unusual.setdefault(outcome, []).append(number)


def child_kilobytes():
    """The most memory that this thread's child ever held."""
    child = sandbox._kept.child
    if child is None:
        return 0
    lines = Path(f"/proc/{child._process.pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def outcome_of(path, media_type):
    try:
        facts = decode(path, media_type=media_type)
    except DecodeFailed as failed:
        return failed.code
    return "facts, with a reader's failure" if facts.errors else "facts"


def drawing_of(path, media_type):
    """The same for the working copies that are drawn of a file."""
    try:
        return "drawn" if draw(path, media_type=media_type) else "nothing to draw"
    except DecodeFailed as failed:
        return failed.code


def through_the_child(numbers, samples, path, tally):
    for number in numbers:
        made = mutants.mutant(number, samples)
        path.write_bytes(made.body)
        # What sniffing still knows is read as that; the rest as what it was, or no reader would see it.
        sniffed = sniff(made.body[:HEAD_BYTES])
        begun = time.monotonic()
        media_type = sniffed.media_type if sniffed else made.media_type
        try:
            # The samples go round, and their number is no multiple of five: each is drawn now and then.
            outcome = drawing_of(path, media_type) if number % 5 == 4 else outcome_of(path, media_type)
        except Exception as error:  # noqa: BLE001 - whatever it is, a worker would have died of it
            tally.escaped.append((number, repr(error)))
            continue
        tally.add(number, outcome, time.monotonic() - begun, child_kilobytes())


@pytest.fixture(scope="module")
def samples():
    return mutants.samples()


def test_the_samples_are_good(samples, tmp_path):
    for sample in samples:
        (tmp_path / "sample").write_bytes(sample.body)
        assert sniff(sample.body[:HEAD_BYTES]).media_type == sample.media_type, sample.name
        assert outcome_of(tmp_path / "sample", sample.media_type) == "facts", sample.name


def test_a_number_is_always_the_same_mutant(samples):
    first, again = ([mutants.mutant(number, samples) for number in range(500)] for _ in range(2))
    assert first == again
    assert len({one.body for one in first}) > 480


def test_the_count_sees_what_crashes_and_what_escapes(samples, tmp_path, monkeypatch):
    """The control: a child that dies of every film, and a failure that nobody expects."""
    program = (
        "import os\nfrom verification.decoding import __main__ as child\nusual = child.answer\n"
        "child.answer = lambda asked: os.abort() if asked['media_type'] == 'video/mp4' else usual(asked)\n"
        "child.main()"
    )
    end_child()
    films = [sample for sample in samples if sample.media_type == "video/mp4"]
    with monkeypatch.context() as patched:
        patched.setattr(decoder_child, "COMMAND", [sys.executable, "-s", "-B", "-c", program])
        crashing = Tally()
        through_the_child(range(6), [samples[0], films[0]], tmp_path / "mutant", crashing)
        end_child()
        patched.setattr(decoder_child, "_understood", lambda said, serial: said[1000])
        escaping = Tally()
        through_the_child(range(6), samples, tmp_path / "mutant", escaping)
    end_child()
    assert len(crashing.unusual["decode_crashed"]) == crashing.outcomes["decode_crashed"] >= 2
    assert [number for number, _ in escaping.escaped] == list(range(6))


def test_every_mutant_ends_as_a_result(samples, tmp_path, capsys):
    tally, before = Tally(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        halves = [
            pool.submit(
                through_the_child, range(half, HOW_MANY, 2), samples, tmp_path / f"mutant-{half}", tally
            )
            for half in range(2)
        ]
        for half in halves:
            half.result()
    seconds = time.monotonic() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what the run is for
            f"\n{HOW_MANY} mutants in {seconds:.0f} s: {dict(tally.outcomes.most_common())}; slowest "
            f"{tally.slowest[0]:.2f} s (number {tally.slowest[1]}); child at most {tally.largest_kb // 1024} MiB; "
            f"we grew by {grown // 1024} MiB; by number: {tally.unusual}"
        )
    assert tally.escaped == []
    assert sum(tally.outcomes.values()) == HOW_MANY
    assert set(tally.outcomes) <= {
        "facts",
        "facts, with a reader's failure",
        "drawn",
        "nothing to draw",
        *CODES,
    }
    assert tally.slowest[0] < DEFAULT_LIMITS.wall_seconds + 1
    assert tally.largest_kb * 1024 <= DEFAULT_LIMITS.memory_bytes
    # A run in which nearly all or nearly none can be read would try little.
    assert 0.1 < tally.outcomes["facts"] / HOW_MANY < 0.9
    assert grown < 64 * 1024
