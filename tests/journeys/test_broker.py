"""The broker is only a doorbell: stopped, wiped or never there, it loses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.stack import Databases, Stack, claim_with, photo

pytestmark = pytest.mark.services

CLAIMS = 30
CALLERS = 3
BACK_SECONDS = 60.0


def test_a_broker_stopped_wiped_and_restarted_loses_nothing(
    databases: Databases, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with Stack(databases, tmp_path / "data") as stack:
        assert stack.broker is not None
        stack.start_web()
        stack.start_loop()
        stack.web_answers()
        urls = [stack.media_host.serve(f"/{number}.jpg", photo(tmp_path, number)) for number in range(CLAIMS)]
        took: list[float] = []

        def file(number: int) -> int:
            began = time.monotonic()
            answer = stack.api(f"checker-{number % CALLERS + 1}").post(
                "claims/", claim_with(urls[number], number=number)
            )
            took.append(time.monotonic() - began)
            return answer.status

        third = CLAIMS // 3
        with ThreadPoolExecutor(CALLERS) as callers:
            # Filed to an idle broker: their messages are what is wiped.
            answers = list(callers.map(file, range(third)))
            worker = stack.start_worker(pool="2")
            running = [callers.submit(file, number) for number in range(third, 2 * third)]
            stack.broker.kill()
            stack.broker.wipe()
            answers += [one.result() for one in running]
            answers += list(callers.map(file, range(2 * third, CLAIMS)))
            assert stack.unfinished() > 0
            stack.broker.start()
            seconds = stack.all_done(BACK_SECONDS)
        assert answers == [201] * CLAIMS
        assert worker.popen.poll() is None  # it found the broker again by itself
        assert stack.done_once() == 2 * CLAIMS
        stack.holds_true()
        told = f"{CLAIMS} of {CLAIMS} filed, the slowest in {max(took):.1f} s; all done {seconds:.1f} s after the return"
        tell(told)


def test_without_any_broker_or_worker_the_loop_does_everything(
    databases: Databases, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with Stack(databases, tmp_path / "data", with_broker=False) as stack:
        stack.start_web()
        stack.start_loop()
        stack.web_answers()
        urls = [stack.media_host.serve(f"/{number}.jpg", photo(tmp_path, number)) for number in range(10)]
        for number, url in enumerate(urls):
            assert stack.api("checker-1").post("claims/", claim_with(url, number=number)).status == 201
        seconds = stack.all_done(BACK_SECONDS)
        assert stack.done_once() == 20
        ready = stack.api("").get("/readyz")
        assert (ready.status, ready.json["degraded"]) == (200, ["broker"])
        tell(f"20 jobs by the loop alone in {seconds:.1f} s")
