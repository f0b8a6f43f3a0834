"""What many callers of a desk do at once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.stack import Answer, Api, Stack, claim_with

AT_A_TIME = 50


def file_many(stack: Stack, number: int, *, draft: bool = False) -> list[str]:
    # None is worded like another: what is worded alike is looked for on filing, and takes its time.
    said = (uuid.uuid5(uuid.NAMESPACE_OID, str(index)).hex for index in range(number))
    lines = [
        claim_with(statement=f"{one[:8]} {one[8:16]} {one[16:24]} {one[24:]}", draft=draft) for one in said
    ]
    filed = []
    for start in range(0, number, AT_A_TIME):
        answer = stack.api("checker-1").post("claims/bulk/", lines[start : start + AT_A_TIME])
        assert answer.status == 200, answer.body
        assert {line["status"] for line in answer.json["results"]} == {201}
        filed += [line["id"] for line in answer.json["results"]]
    return filed


def at_once(number: int, work: Callable[[int], Any]) -> list[Any]:
    """Runs the work in so many threads that begin together."""
    gate = threading.Barrier(number, timeout=60)

    def begin(index: int) -> Any:
        gate.wait()
        return work(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(begin, range(number)))


def decide(api: Api, leased: dict[str, Any], **more: Any) -> Answer:
    verdict = {"dimension": "location", "status": "unverified", "reason": "nothing to compare it with"}
    body = {"lease_token": leased["lease_token"], **verdict, **more}
    return api.post(f"claims/{leased['claim']['id']}/verdicts/", body)


def submit(api: Api, leased: dict[str, Any]) -> Answer:
    return api.post(f"claims/{leased['claim']['id']}/submit/", {"lease_token": leased["lease_token"]})
