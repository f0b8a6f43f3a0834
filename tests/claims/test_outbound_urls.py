"""A fetch never reaches inside: every URL case through the opener, with simulated names and connections.

The same checker runs over a naive opener, which must be caught. STET_URL_CASES names another case file.
"""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from claims.addresses import is_public
from claims.outbound import AllowList, Fetched, FetchLimits, OutboundError, fetch, parse_url

CASES = Path(os.environ.get("STET_URL_CASES") or Path(__file__).parent / "data" / "url_cases.jsonl")
LIMITS = FetchLimits(deadline_seconds=2.0)
PATIENCE_SECONDS = 5.0
HANG_SECONDS = 1.0  # of a resolver; the opener is given less
ALWAYS = ("20200101000000Z", "20991231000000Z")
PAST = ("20200101000000Z", "20200201000000Z")


def read_cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CASES.read_text("utf-8").splitlines() if line.strip()]


# --- Certificates ---------------------------------------------------------------------------------------


@dataclass
class Authority:
    """A certificate authority of its own, by the openssl program."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "index.txt").touch()
        (self.folder / "openssl.cnf").write_text(
            "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=placeholder\n"
            "[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\n"
            "default_md=sha256\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n"
            "[authority]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
            "subjectKeyIdentifier=hash\n"
        )
        made = "-extensions authority -days 30 -out ca.pem"
        self.run("req -x509 -new", new_key("ca"), made, cn=self.name)

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def run(self, *words: str, cn: str = "") -> None:
        program = shutil.which("openssl")
        assert program, "the openssl program is needed to make test certificates"
        command = [program, *" ".join(words).split()]
        command += ["-config", "openssl.cnf"] + (["-subj", f"/CN={cn}"] if cn else [])
        made = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert made.returncode == 0, made.stderr

    def server(self, name: str, hosts: list[str], valid: tuple[str, str] = ALWAYS) -> ssl.SSLContext:
        """A server's context with a certificate for these hosts."""
        names = ",".join(f"{'IP' if host[-1].isdigit() or ':' in host else 'DNS'}:{host}" for host in hosts)
        (self.folder / f"{name}.ext").write_text(
            f"subjectAltName={names}\nbasicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\n"
        )
        self.run("req -new", new_key(name), f"-out {name}.csr", cn=name)
        made = f"-startdate {valid[0]} -enddate {valid[1]} -extfile {name}.ext -out {name}.pem"
        self.run(f"ca -batch -notext -cert ca.pem -keyfile ca.key -in {name}.csr", made)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context


def new_key(name: str) -> str:
    return f"-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "trusted", "Trusted test authority")


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.certificate))


# --- A simulated internet -------------------------------------------------------------------------------


@dataclass
class Internet:
    """Answers names as a case says and connections with a small server; notes every connection."""

    case: dict[str, Any]
    tls: ssl.SSLContext | None = None
    connected: list[tuple[str, int]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    trusting: ssl.SSLContext | None = None
    over: threading.Event = field(default_factory=threading.Event)
    looked_up: Counter[str] = field(default_factory=Counter)
    _threads: list[threading.Thread] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> list[str]:
        answers = self.case.get("dns", {}).get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        answer = answers[min(self.looked_up[host], len(answers) - 1)]
        self.looked_up[host] += 1
        if answer == ["SLEEP"]:
            self.over.wait(HANG_SECONDS)
            raise socket.gaierror(socket.EAI_AGAIN, "the resolver hung")
        return list(answer)

    def connect(self, address: str, port: int, timeout_seconds: float) -> socket.socket:
        self.connected.append((address, port))
        ours, theirs = socket.socketpair()
        ours.settimeout(timeout_seconds)
        theirs.settimeout(PATIENCE_SECONDS)
        thread = threading.Thread(target=self._serve, args=(theirs, port), daemon=True)
        self._threads.append(thread)
        thread.start()
        return ours

    def _serve(self, connection: socket.socket, port: int) -> None:
        try:
            if port in (443, 8443) and self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head and (data := connection.recv(4096)):
                head += data
            self.requests.append(head.decode("latin-1"))
            place = self.case.get("redirect_to")
            if place and (len(self.requests) == 1 or place == self.case["url"]):
                status = self.case.get("redirect_status", 302)
                connection.sendall(
                    f"HTTP/1.1 {status} Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()
                )
            else:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except OSError:
            pass  # the client went away, which is its right
        finally:
            connection.close()

    def close(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)


REFUSALS = {
    "address_refused", "dns_failed", "redirect_refused", "timed_out", "too_many_redirects", "url_refused",
}  # fmt: skip

Opener = Callable[[str, Internet], object]


def guarded(url: str, internet: Internet) -> Fetched:
    sleeps = ["SLEEP"] in [answer for answers in internet.case.get("dns", {}).values() for answer in answers]
    return fetch(
        url,
        write=lambda piece: None,
        limits=FetchLimits(deadline_seconds=0.3) if sleeps else LIMITS,
        resolve=internet.resolve,
        connect=internet.connect,
        ssl_context=internet.trusting,
    )


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


# --- The checker ----------------------------------------------------------------------------------------


@dataclass
class Report:
    cases: Counter[str] = field(default_factory=Counter)
    connects: int = 0
    leaks: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

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
    dns = case.get("dns", {})
    if case["expect"] in ("deny", "rebind"):
        return {address for answers in dns.values() for address in answers[0]}
    literal = (urlsplit(case["url"]).hostname or "").strip("[]")
    return {address for answers in dns.values() for answer in answers for address in answer} | {literal}


def check(opener: Opener, cases: list[dict[str, Any]], authority: Authority) -> Report:
    report = Report()
    hosts = {parse_url(case["url"]).host for case in cases if case["expect"] in ("allow", "rebind")}
    tls = authority.server("every-host", sorted(hosts))
    for case in cases:
        category, name = case["category"], case["id"]
        report.cases[category] += 1
        internet = Internet(case, tls, trusting=trusting(authority))
        try:
            opener(case["url"], internet)
        except Exception as error:  # noqa: BLE001 - whatever stops an opener, nothing was fetched
            failure: str = f"{category}: {error!r}"
        else:
            failure = ""
        finally:
            internet.close()
        report.connects += len(internet.connected)
        may_reach = reachable(case)
        for address, port in internet.connected:
            if address not in may_reach or not plainly_public(address) or port not in (80, 443, 8080, 8443):
                report.leaks[name] = f"{category}: {case['url']!a} reached {address}:{port}"
        if case["expect"] == "deny" and not failure:
            report.leaks.setdefault(name, f"{category}: {case['url']!a} was fetched")
        if case["expect"] == "allow" and failure:
            report.refused[name] = failure
    return report


def show(capsys: pytest.CaptureFixture[str], title: str, report: Report) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{title}\n{report.table()}\n")


def test_no_case_reaches_inside_and_every_allowed_one_works(
    authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = read_cases()
    report = check(guarded, cases, authority)
    show(capsys, "URL cases through the guarded opener", report)
    assert cases
    assert report.leaks == {}
    assert report.refused == {}
    assert report.connects > 0


def test_the_checker_catches_a_naive_opener(authority: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    report = check(naive, read_cases(), authority)
    show(capsys, "URL cases through a naive opener (control, must leak)", report)
    leaked = {what.split(":")[0] for what in report.leaks.values()}
    assert {"redirect", "rebind", "embedded-v4", "port"} <= leaked
    assert len(report.refused) < report.cases["allow"], "a control that reaches nothing shows nothing"


def test_refusals_of_cases_carry_a_documented_code_and_no_private_address(authority: Authority) -> None:
    for case in read_cases():
        if case["expect"] != "deny":
            continue
        internet = Internet(case)
        with pytest.raises(OutboundError) as refused:
            guarded(case["url"], internet)
        internet.close()
        assert refused.value.code in REFUSALS, case["id"]
        for host in internet.looked_up:
            told = refused.value.detail.replace(host, "")
            assert not any(answer in told for answer in case["dns"][host][0]), case["id"]


# --- Rules that cases cannot show -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("HTTP://Example.COM:80", "http://example.com/"),
        ("https://example.com:443/a?b#c", "https://example.com/a?b"),
        ("https://example.com./a b/é?q=ü", "https://example.com/a%20b/%C3%A9?q=%C3%BC"),
        ("https://example.com/%2e%2E/%zz?sig=a%2Fb%3D", "https://example.com/%2e%2E/%zz?sig=a%2Fb%3D"),
        ("http://[2606:4700:4700:0:0:0:0:1111]:8080/", "http://[2606:4700:4700::1111]:8080/"),
        ("https://r3---sn-4g5e.googlevideo.com/v", "https://r3---sn-4g5e.googlevideo.com/v"),
        ("https://my_bucket.s3.example.com/", "https://my_bucket.s3.example.com/"),
        ("https://Bücher.example/", "https://xn--bcher-kva.example/"),
    ],
)
def test_a_url_is_put_together_again_from_its_parts(written: str, read: str) -> None:
    assert parse_url(written).url == read
    assert parse_url(read).url == read


@pytest.mark.parametrize(
    "url",
    [
        "", "http://", "//example.com/", "example.com/", "http:example.com", "http://user@example.com/",
        "http://example.com:/", "http://example.com:080/", "http://example.com:٨٠/", "http://exa mple.com/",
        "http://example.com /", "http://ex%61mple.com/", "http://example.com\\.evil.example/", "http://.example.com/",
        "http://a..example.com/", "http://-a.example.com/", "http://127.1/", "http://0x7f.0.0.1/", "http://1.2.3/",
        "http://example.0x1/", "http://[::1%25lo]/", "http://[::1/", "http://[127.0.0.1]/", "http://\ud800.example/",
        "http://example.com/\ud800", "http://" + "a" * 64 + ".example/", "http://example.com/" + "a" * 9000,
        "http://example.com/\x00", "http://example.com/\n", "ftp://example.com/", "http://\uff11.1.1.1/",
    ],
)  # fmt: skip
def test_what_is_not_read_alike_by_all_is_refused(url: str) -> None:
    with pytest.raises(OutboundError) as refused:
        parse_url(url)
    assert refused.value.code == "url_refused"
    assert not refused.value.retriable


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://minio/", "url_refused"),
        ("http://nas.local/", "url_refused"),
        ("http://example.com:9000/", "url_refused"),
        ("http://10.0.0.1/", "address_refused"),
        ("http://8.8.8.8:9000/", "url_refused"),
    ],
)
def test_what_can_be_known_beforehand_is_refused_with_an_allow_list(url: str, code: str) -> None:
    assert parse_url(url).url == url
    with pytest.raises(OutboundError) as refused:
        parse_url(url, allow=AllowList())
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("entry", "url", "answers", "reached"),
    [
        ("127.0.0.1:9000", "http://127.0.0.1:9000/", [], "127.0.0.1"),
        ("127.0.0.1:9000", "http://127.0.0.1:9001/", [], None),
        ("127.0.0.1", "http://127.0.0.1:9001/", [], "127.0.0.1"),
        ("[::1]:9000", "http://[::1]:9000/", [], "::1"),
        ("::1", "http://[::1]:9000/", [], "::1"),
        ("10.0.0.0/8", "http://10.1.2.3:9000/", [], "10.1.2.3"),
        ("10.0.0.0/8", "http://store.example:9000/", ["10.1.2.3"], "10.1.2.3"),
        ("10.0.0.0/8", "http://store.example:9000/", ["93.184.216.34"], None),
        ("10.0.0.0/8", "http://store.example/", ["10.1.2.3", "192.168.0.1"], None),
        ("10.0.0.0/8", "http://store.example/", ["::ffff:10.1.2.3"], None),
        ("Store.Example:9000", "http://store.example:9000/", ["192.168.0.1"], "192.168.0.1"),
        ("store.example:9000", "http://store.example/", ["192.168.0.1"], None),
        ("store.example:9000", "http://a.store.example:9000/", ["192.168.0.1"], None),
        ("minio", "http://minio:9000/", ["172.18.0.3"], "172.18.0.3"),
        ("nas.local", "http://nas.local/", ["fd00::3"], "fd00::3"),
    ],
)
def test_the_allow_list_opens_what_it_names_and_no_more(
    entry: str, url: str, answers: list[str], reached: str | None
) -> None:
    internet = Internet({"dns": {parse_url(url).host: [answers]}})
    asked: dict[str, Any] = {"resolve": internet.resolve, "connect": internet.connect, "limits": LIMITS}
    if reached is None:
        with pytest.raises(OutboundError):
            fetch(url, write=lambda piece: None, allow=AllowList.parse([entry]), **asked)
    else:
        fetch(url, write=lambda piece: None, allow=AllowList.parse([" ", entry]), **asked)
    internet.close()
    assert [address for address, _ in internet.connected] == ([] if reached is None else [reached])


@pytest.mark.parametrize(
    "entry", ["10.0.0.1/8", "10.0.0.0/8:80", "*.example.com", "host:port", "http://host"]
)
def test_an_allow_list_entry_that_cannot_be_read_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="is not a host, host:port or network"):
        AllowList.parse([entry])


def test_the_table_is_narrower_than_the_standard_library() -> None:
    let_through = [
        "2002:a00:1::1",
        "64:ff9b::a00:1",
        "::10.0.0.1",
        "fec0::1",
        "2001::1",
        "4000::1",
        "168.63.129.16",
    ]
    assert not any(is_public(ipaddress.ip_address(address)) for address in let_through)


def test_a_second_address_is_tried_and_each_was_checked() -> None:
    internet = Internet({"dns": {"two.example": [["2606:4700::1", "93.184.216.34"]]}})

    def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
        if ":" in address:
            raise OSError("no route")
        return internet.connect(address, port, timeout_seconds)

    fetched = fetch(
        "http://two.example/", write=lambda piece: None, resolve=internet.resolve, connect=connect
    )
    internet.close()
    assert [hop.address for hop in fetched.hops] == ["93.184.216.34"]


def test_secrets_do_not_follow_a_redirect_to_another_origin() -> None:
    dns = {"a.example": [["93.184.216.34"]], "b.example": [["93.184.216.35"]]}
    internet = Internet({"url": "http://a.example/", "dns": dns, "redirect_to": "http://b.example/x"})
    headers = {"Authorization": "Bearer secret", "Webhook-Signature": "v1,x", "Accept-Language": "nl"}
    seams: dict[str, Any] = {"resolve": internet.resolve, "connect": internet.connect}
    fetched = fetch("http://a.example/", write=lambda piece: None, headers=headers, **seams)
    internet.close()
    first, second = internet.requests
    assert "Bearer secret" in first
    assert "Host: b.example\r\n" in second
    assert "Accept-Language: nl" in second
    assert "secret" not in second
    assert "Signature" not in second
    assert [(hop.url, hop.status) for hop in fetched.hops] == [
        ("http://a.example/", 302),
        ("http://b.example/x", 200),
    ]
    assert all(hop.at.tzinfo is not None for hop in fetched.hops)


@pytest.mark.parametrize("name", ["Host", "transfer-encoding", "Content-Length", "X y", "X-Split\r\nHost"])
def test_headers_that_frame_or_route_cannot_be_set(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be set"):
        fetch("http://example.com/", write=lambda piece: None, headers={name: "x"})


def test_proxy_variables_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    internet = Internet({"dns": {"a.example": [["93.184.216.34"]]}})
    seams: dict[str, Any] = {"resolve": internet.resolve, "connect": internet.connect}
    fetch("http://a.example/", write=lambda piece: None, **seams)
    internet.close()
    assert internet.connected == [("93.184.216.34", 80)]
    assert internet.requests[0].startswith("GET / HTTP/1.1\r\n")


# --- HTTPS ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def contexts(authority: Authority) -> Iterator[dict[str, ssl.SSLContext]]:
    stranger = Authority(authority.folder.parent / "stranger", "A stranger")
    yield {
        "good": authority.server("good", ["good.example"]),
        "wrong name": authority.server("wrong", ["other.example"]),
        "expired": authority.server("expired", ["good.example"], PAST),
        "untrusted": stranger.server("untrusted", ["good.example"]),
    }


@pytest.mark.parametrize("kind", ["good", "wrong name", "expired", "untrusted"])
def test_a_certificate_is_checked_against_the_name_while_the_address_is_pinned(
    kind: str, contexts: dict[str, ssl.SSLContext], authority: Authority
) -> None:
    named: list[str | None] = []
    contexts[kind].sni_callback = lambda connection, name, context: named.append(name)
    internet = Internet({"dns": {"good.example": [["93.184.216.34"]]}}, contexts[kind])
    asked: dict[str, Any] = {"resolve": internet.resolve, "connect": internet.connect, "limits": LIMITS}
    body: list[bytes] = []
    if kind == "good":
        fetched = fetch("https://good.example/", write=body.append, ssl_context=trusting(authority), **asked)
        assert (fetched.status, b"".join(body), fetched.size_bytes) == (200, b"ok", 2)
        assert "Host: good.example\r\n" in internet.requests[0]
    else:
        with pytest.raises(OutboundError) as refused:
            fetch("https://good.example/", write=body.append, ssl_context=trusting(authority), **asked)
        assert refused.value.code == "tls_failed"
        assert internet.requests == []
    internet.close()
    assert internet.connected == [("93.184.216.34", 443)]
    assert named == ["good.example"]


def test_without_a_context_of_its_own_the_system_decides_whom_to_trust(
    contexts: dict[str, ssl.SSLContext],
) -> None:
    internet = Internet({"dns": {"good.example": [["93.184.216.34"]]}}, contexts["good"])
    asked: dict[str, Any] = {"resolve": internet.resolve, "connect": internet.connect, "limits": LIMITS}
    with pytest.raises(OutboundError) as refused:
        fetch("https://good.example/", write=lambda piece: None, **asked)
    internet.close()
    assert refused.value.code == "tls_failed"
