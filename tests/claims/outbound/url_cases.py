"""URL cases: reading their file, and the checker that runs an opener over them.

A case is a JSON object on a line: `id`, `category`, `url`, `expect` (allow, deny, rebind: only what the first
look-up said may be reached, policy: whatever, but nothing inside), and where needed `dns` (host to a list of
answers, one for each look-up, the last repeated; ["SLEEP"] hangs), `redirect_to`, `redirect_status`.
"""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from claims.outbound import OutboundError, parse_url, verifying_context

from .certificates import Authority
from .internet import Internet

OWN_CASES = Path(__file__).parents[1] / "data" / "url_cases.jsonl"
EXPECTATIONS = frozenset({"allow", "deny", "policy", "rebind"})
Opener = Callable[[str, Internet], object]


def case_file(named: str | None) -> Path:
    """The file that STET_URL_CASES names, relative to where the tests are run; our own if it names none."""
    return Path(named).expanduser().absolute() if named else OWN_CASES


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Raises ValueError that names file, line and what is wrong."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the URL cases cannot be read from {path} (see STET_URL_CASES): {error}") from error
    cases: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
            wrong = _what_is_wrong(case)
            if not wrong and case["id"] in cases:
                wrong = f"the id {case['id']!r} is there twice"
        except ValueError as error:
            wrong = f"not JSON: {error}"
        if wrong:
            raise ValueError(f"{path}, line {number}: {wrong}")
        cases[case["id"]] = case
    if not cases:
        raise ValueError(f"{path} holds no URL cases")
    return list(cases.values())


def _what_is_wrong(case: Any) -> str:
    if not isinstance(case, dict):
        return "a case is a JSON object"
    for name in ("id", "category", "url", "expect"):
        if not isinstance(case.get(name), str):
            return f"{name!r} is missing or not text"
    if case["expect"] not in EXPECTATIONS:
        return f"'expect' is {case['expect']!r}, not one of {', '.join(sorted(EXPECTATIONS))}"
    if not isinstance(case.get("redirect_to", ""), str) or type(case.get("redirect_status", 302)) is not int:
        return "'redirect_to' is text and 'redirect_status' a number"
    dns = case.get("dns", {})
    if not isinstance(dns, dict) or not all(isinstance(answers, list) for answers in dns.values()):
        return "'dns' maps a host to a list of answers"
    for answer in (answer for answers in dns.values() for answer in answers):
        if not isinstance(answer, list) or not all(isinstance(address, str) for address in answer):
            return f"an answer in 'dns' is a list of addresses, not {answer!r}"
    return ""


@dataclass
class Report:
    """What came of the cases: how many of each category, what leaked, and what was refused that must work."""

    cases: Counter[str] = field(default_factory=Counter)
    connects: int = 0
    leaks: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)

    def table(self) -> str:
        leaked = Counter(what.split(":")[0] for what in self.leaks.values())
        rows = [
            f"  {name:14} {count:4} cases {leaked[name]:4} leaks"
            for name, count in sorted(self.cases.items())
        ]
        total = f"  {'all':14} {self.cases.total():4} cases {len(self.leaks):4} leaks"
        return "\n".join(
            [*rows, f"{total}, {len(self.refused)} refused that must work, {self.connects} connects"]
        )


def plainly_public(address: str) -> bool:
    """The checker's own opinion, independent of the table under test; narrower than the truth is fine."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        tunnelled = parsed.ipv4_mapped or parsed.sixtofour or parsed.teredo
        return parsed.is_global and parsed.exploded[0] in "23" and not tunnelled
    return parsed.is_global and not parsed.is_multicast


def reachable(case: dict[str, Any]) -> set[str]:
    """The addresses that may be connected to in this case."""
    if case["expect"] == "deny" and "redirect_to" not in case:
        return set()
    dns = [answers for answers in case.get("dns", {}).values() if answers]
    if case["expect"] in ("deny", "rebind"):
        return {address for answers in dns for address in answers[0]} | _literal(case["url"])
    answered = {address for answers in dns for answer in answers for address in answer}
    return answered | _literal(case["url"]) | _literal(case.get("redirect_to", ""))


def _literal(url: str) -> set[str]:
    with suppress(ValueError):
        return {str(ipaddress.ip_address(urlsplit(url).hostname or ""))}
    return set()


def hosts_of(cases: list[dict[str, Any]]) -> list[str]:
    """Every host that may have to show a certificate."""
    hosts: set[str] = set()
    for case in cases:
        if case["expect"] != "deny" or "redirect_to" in case:
            for url in (case["url"], case.get("redirect_to", "")):
                with suppress(OutboundError):
                    hosts.add(parse_url(url).host)
    return sorted(hosts)


def check(opener: Opener, cases: list[dict[str, Any]], authority: Authority) -> Report:
    """Run the opener over the cases, each in an internet of its own."""
    report = Report()
    tls = authority.server(*hosts_of(cases))
    for case in cases:
        category, name = case["category"], case["id"]
        report.cases[category] += 1
        internet = Internet(case, tls, trusting=verifying_context(str(authority.certificate)))
        try:
            opener(case["url"], internet)
        except Exception as error:  # noqa: BLE001 - whatever stops an opener, nothing was fetched
            report.failures[name] = error
        finally:
            internet.close()
        report.connects += len(internet.connected)
        may_reach = reachable(case)
        for address, port in internet.connected:
            if address not in may_reach or not plainly_public(address) or port not in (80, 443, 8080, 8443):
                report.leaks[name] = f"{category}: {case['url']!a} reached {address}:{port}"
        if case["expect"] == "deny" and name not in report.failures:
            report.leaks.setdefault(name, f"{category}: {case['url']!a} was fetched")
        if case["expect"] == "allow" and name in report.failures:
            report.refused[name] = f"{category}: {case['url']!a}: {report.failures[name]!r}"
    return report
