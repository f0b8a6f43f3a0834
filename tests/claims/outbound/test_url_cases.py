"""A fetch never reaches inside: every URL case through the opener, with simulated names and connections.

The same checker runs over a naive opener, which must be caught. STET_URL_CASES names another case file.
"""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from claims.outbound import Fetched, FetchLimits, OutboundError, fetch

from .certificates import Authority
from .conftest import FIGURES
from .internet import Internet
from .url_cases import OWN_CASES, Report, case_file, check, read_cases

LIMITS = FetchLimits(deadline_seconds=2.0)
REFUSALS = {
    "address_refused", "dns_failed", "http_status", "redirect_refused", "timed_out", "too_many_redirects",
    "url_refused",
}  # fmt: skip
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    return read_cases(case_file(os.environ.get("STET_URL_CASES")))


def guarded(url: str, internet: Internet) -> Fetched:
    sleeps = ["SLEEP"] in [answer for answers in internet.case.get("dns", {}).values() for answer in answers]
    limits = FetchLimits(deadline_seconds=0.3) if sleeps else LIMITS
    return fetch(url, write=lambda piece: None, limits=limits, **internet.seams)


def naive(url: str, internet: Internet) -> None:
    """The obvious wrong way: is_global on a first look-up, connect by a second, follow redirects unasked."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not a web address")

    def look_up() -> list[str]:
        try:
            return [str(ipaddress.ip_address(parts.hostname or ""))]
        except ValueError:
            return internet.resolve(parts.hostname or "", 80)

    if not all(ipaddress.ip_address(answer).is_global for answer in look_up()):
        raise ValueError("not public")
    for _ in range(6):
        port = parts.port or (443 if parts.scheme == "https" else 80)
        connection = HTTPConnection(parts.hostname or "")
        plain = internet.connect(look_up()[0], port, 2.0)
        connection.sock = plain
        try:
            if parts.scheme == "https":
                assert internet.trusting
                connection.sock = internet.trusting.wrap_socket(plain, server_hostname=parts.hostname)
            connection.request("GET", parts.path or "/")
            response = connection.getresponse()
            place = response.getheader("Location")
            response.close()
        finally:
            connection.close()
            plain.close()
        if place is None:
            return
        parts = urlsplit(urljoin(parts.geturl(), place))


@pytest.fixture(scope="module")
def checked(cases: list[dict[str, Any]], authority: Authority) -> Report:
    return check(guarded, cases, authority)


def test_no_case_reaches_inside_and_every_allowed_one_works(checked: Report, record_property: Record) -> None:
    record_property(FIGURES, ("URL cases through the guarded opener", checked.table()))
    assert checked.leaks == {}
    assert checked.refused == {}


def test_the_checker_catches_a_naive_opener(authority: Authority, record_property: Record) -> None:
    report = check(naive, read_cases(OWN_CASES), authority)
    record_property(FIGURES, ("URL cases through a naive opener (control, must leak)", report.table()))
    leaked = {what.split(":")[0] for what in report.leaks.values()}
    assert {"redirect", "rebind", "embedded-v4", "port"} <= leaked
    assert len(report.refused) < report.cases["allow"], "a control that reaches nothing shows nothing"


def test_refusals_of_cases_carry_a_documented_code_and_no_private_address(
    cases: list[dict[str, Any]], checked: Report
) -> None:
    for case in cases:
        failure = checked.failures.get(case["id"])
        if case["expect"] != "deny" or failure is None:
            continue
        assert isinstance(failure, OutboundError), case["id"]
        assert failure.code in REFUSALS, case["id"]
        written = case["url"] + case.get("redirect_to", "")
        told = failure.detail
        for host in case.get("dns", {}):
            told = told.replace(host, "")
        for address in (
            one for answers in case.get("dns", {}).values() for answer in answers for one in answer
        ):
            assert not address or address in written or address not in told, case["id"]


def test_a_case_file_is_found_from_where_the_tests_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = {"id": "1", "category": "own", "url": "http://a.example/", "expect": "deny"}
    (tmp_path / "cases.jsonl").write_text(f"{json.dumps(case)}\n\n")
    monkeypatch.chdir(tmp_path)
    assert read_cases(case_file("cases.jsonl")) == [case]
    assert case_file(None) == case_file("") == OWN_CASES


GOOD = '{"id": "1", "category": "c", "url": "u", "expect": "deny"}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no URL cases"),
        (f"{GOOD}\n{{", "line 2: not JSON"),
        ("[]", "line 1: a case is a JSON object"),
        (f"\n{GOOD.replace('url', 'link')}", "line 2: 'url' is missing"),
        (GOOD.replace("deny", "denied"), "line 1: 'expect' is 'denied', not one of allow, deny"),
        (f"{GOOD}\n{GOOD}", "line 2: the id '1' is there twice"),
        (GOOD.replace("}", ', "dns": {"a": ["10.0.0.1"]}}'), "line 1: an answer in 'dns' is a list"),
        (GOOD.replace("}", ', "dns": {"a": "10.0.0.1"}}'), "line 1: 'dns' maps a host"),
        (GOOD.replace("}", ', "redirect_status": "302"}'), "line 1: 'redirect_to' is text"),
    ],
)
def test_a_case_that_cannot_be_read_is_named_by_file_and_line(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"cases\.jsonl") as refused:
        read_cases(path)
    assert told in str(refused.value)


def test_a_case_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.jsonl \(see STET_URL_CASES\)"):
        read_cases(tmp_path / "none.jsonl")
