"""320 log-ins at once from one address that says each time that it is another: no more are looked at than may fail."""

from __future__ import annotations

import http.client
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.stack import HOST, POSTGRES, SQLITE, Databases, Stack
from verification.services import logins

pytestmark = pytest.mark.services

TRIES = 320
AT_ONCE = 32


def log_in(port: int, number: int) -> int:
    """One try with a wrong password, as a browser sends it."""
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request("GET", "/login/")
        page = connection.getresponse()
        cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
        assert token
        form = {"csrfmiddlewaretoken": token[1], "username": "checker-1", "password": f"guess-{number}"}
        connection.request(
            "POST",
            "/login/",
            urlencode(form),
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": cookie,
                "X-Forwarded-For": f"192.0.2.{number % 250}",
            },
        )
        answer = connection.getresponse()
        answer.read()
        assert (answer.status == 429) == (answer.getheader("Retry-After") is not None)
        return answer.status
    finally:
        connection.close()


@pytest.mark.parametrize("vendor", [SQLITE, POSTGRES])
def test_no_more_guesses_are_looked_at_than_may_fail(
    vendor: str, databases: Databases, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with Stack(databases, tmp_path / "data", vendor=vendor) as stack:
        stack.start_web(workers=2)
        stack.web_answers()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            given = Counter(pool.map(lambda number: log_in(stack.port, number), range(TRIES)))
        locks = stack.sql("SELECT count(*) FROM verification_auditentry WHERE action = 'lock-login'")
    assert given == {200: logins.MOST_OF_A_NAME, 429: TRIES - logins.MOST_OF_A_NAME}
    assert locks == [(1,)]
    tell(f"{TRIES} log-ins, {AT_ONCE} at once, on {vendor}: {given[200]} looked at, {given[429]} turned away")
