"""Eight captures from one host by four worker processes: never more at once, never sooner, than the host is due."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.stack import POSTGRES, SQLITE, Databases, Page, Stack, claim_with, photo

pytestmark = pytest.mark.services

JOBS = 8
ANSWER_SECONDS = 2.4
DELAY_SECONDS = 0.8
JITTER_SECONDS = 0.4


def captured_together(
    databases: Databases, folder: Path, vendor: str, *, concurrency: int, delay: float
) -> tuple[int, float]:
    """How many fetches ran at once at most, and the shortest time between two beginnings."""
    settings = {"STET_HOST_CONCURRENCY": str(concurrency), "STET_HOST_DELAY_SECONDS": str(delay)}
    with Stack(databases, folder / "data", vendor=vendor, **settings) as stack:
        pages = [
            Page(photo(folder, number), seconds=ANSWER_SECONDS, headers={"Content-Type": "image/jpeg"})
            for number in range(JOBS)
        ]
        urls = [stack.media_host.serve(f"/{number}.jpg", page) for number, page in enumerate(pages)]
        stack.start_web()
        stack.web_answers()
        filed = stack.api("checker-1").post("claims/", claim_with(*urls))
        assert filed.status == 201, filed.body
        stack.start_worker(pool="4")
        stack.start_loop()
        stack.all_done(90)
        assert stack.done_once() == 2 * JOBS
        # Waiting cost nobody an attempt.
        assert stack.sql("SELECT DISTINCT attempts FROM verification_job WHERE kind = 'capture'") == [(1,)]
        assert stack.sql("SELECT count(*) FROM verification_hostturn") == [(0,)]
        assert sum(stack.media_host.requests.values()) == JOBS
        begun = sorted(stack.media_host.begun_at)
        return stack.media_host.most_open, min(later - earlier for earlier, later in pairwise(begun))


@pytest.mark.parametrize("vendor", [SQLITE, POSTGRES])
def test_eight_captures_of_one_host_keep_their_turns(
    vendor: str, databases: Databases, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    most, shortest = captured_together(databases, tmp_path, vendor, concurrency=2, delay=DELAY_SECONDS)
    assert most == 2
    # A turn is taken before the connection is made, on a machine that is busy with four workers.
    assert shortest > DELAY_SECONDS - JITTER_SECONDS
    tell(f"{JOBS} captures of one host on {vendor}: at most {most} at once, {shortest:.2f} s apart at least")


def test_without_turns_they_would_overlap(databases: Databases, tmp_path: Path) -> None:
    """The control: the same captures with no limit are seen to overlap by what counts them."""
    most, shortest = captured_together(databases, tmp_path, SQLITE, concurrency=100, delay=0)
    assert most > 2
    assert shortest < DELAY_SECONDS - JITTER_SECONDS
