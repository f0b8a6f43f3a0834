"""HTTPS: which certificates and versions are taken, what is asked for by name, and how connections end."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from claims.outbound import FetchLimits, OutboundError, fetch, verifying_context

from .certificates import EXPIRED, FOR_CLIENTS, NOT_YET, Authority
from .internet import Internet

LIMITS = FetchLimits(deadline_seconds=2.0)
ADDRESS = "93.184.216.34"
DNS = {host: [[ADDRESS]] for host in ("good.example", "a.wide.example", "a.b.wide.example", "other.example")}
Made = Callable[[Authority], ssl.SSLContext]


def trusting(authority: Authority) -> ssl.SSLContext:
    return verifying_context(str(authority.certificate))


def internet_of(tls: ssl.SSLContext, authority: Authority, **case: Any) -> Internet:
    return Internet({"url": "", "dns": DNS, **case}, tls, trusting=trusting(authority))


def noting_names(tls: ssl.SSLContext) -> list[str | None]:
    named: list[str | None] = []
    tls.sni_callback = lambda connection, name, context: named.append(name)
    return named


def speaking(authority: Authority, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A server that speaks this version only."""
    context = authority.server("good.example")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    # Without it OpenSSL itself would refuse to serve what is to be refused.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


@pytest.mark.parametrize(
    ("url", "made", "named"),
    [
        ("https://good.example/", lambda ca: ca.server("good.example"), "good.example"),
        ("https://GOOD.example.:443/", lambda ca: ca.server("good.example"), "good.example"),
        ("https://good.example:8443/", lambda ca: ca.server("x.example", "good.example"), "good.example"),
        ("https://a.wide.example/", lambda ca: ca.server("*.wide.example"), "a.wide.example"),
        ("https://93.184.216.34/", lambda ca: ca.server(ADDRESS), None),
        ("https://[2606:4700:4700::1111]/", lambda ca: ca.server("2606:4700:4700::1111"), None),
        ("https://good.example/", lambda ca: speaking(ca, ssl.TLSVersion.TLSv1_2), "good.example"),
        ("https://good.example/", lambda ca: speaking(ca, ssl.TLSVersion.TLSv1_3), "good.example"),
        (
            "https://good.example/",
            lambda ca: Authority(ca.folder / "between", "Between", by=ca).server("good.example"),
            "good.example",
        ),
    ],
    ids=["plain", "other spelling", "port", "wildcard", "IPv4", "IPv6", "TLS 1.2", "TLS 1.3", "intermediate"],
)
def test_a_good_certificate_is_taken_and_its_name_asked_for(
    url: str, made: Made, named: str | None, authority: Authority
) -> None:
    tls = made(authority)
    asked_for = noting_names(tls)
    internet = internet_of(tls, authority)
    body: list[bytes] = []
    fetched = fetch(url, write=body.append, limits=LIMITS, **internet.seams)
    internet.close()
    assert (fetched.status, b"".join(body), fetched.size_bytes) == (200, b"ok", 2)
    assert asked_for == [named]


@pytest.mark.parametrize(
    ("url", "made", "told"),
    [
        ("https://good.example/", lambda ca: ca.server("other.example"), "not valid"),
        ("https://a.b.wide.example/", lambda ca: ca.server("*.wide.example"), "not valid"),
        ("https://good.example/", lambda ca: ca.server("*.example.example"), "not valid"),
        ("https://good.example/", lambda ca: ca.server(common_name="good.example"), "not valid"),
        ("https://93.184.216.34/", lambda ca: ca.server("93.184.216.35"), "not valid"),
        ("https://93.184.216.34/", lambda ca: ca.server("good.example"), "not valid"),
        ("https://good.example/", lambda ca: ca.server("good.example", valid=EXPIRED), "expired"),
        ("https://good.example/", lambda ca: ca.server("good.example", valid=NOT_YET), "not yet valid"),
        ("https://good.example/", lambda ca: ca.server("good.example", usage=FOR_CLIENTS), "purpose"),
        (
            "https://good.example/",
            lambda ca: Authority(ca.folder / "stranger", "A stranger").server("good.example"),
            "self-signed certificate",
        ),
        (
            "https://good.example/",
            lambda ca: Authority(ca.folder / "leaf", "A leaf", by=ca, may_sign=False).server("good.example"),
            "invalid CA",
        ),
        ("https://good.example/", lambda ca: speaking(ca, ssl.TLSVersion.TLSv1), "TLS properly"),
        ("https://good.example/", lambda ca: speaking(ca, ssl.TLSVersion.TLSv1_1), "TLS properly"),
    ],
    ids=[
        "wrong name", "wildcard too deep", "wildcard of another", "common name only", "wrong address",
        "name for an address", "expired", "not yet valid", "wrong key usage", "untrusted authority",
        "signed by a leaf", "TLS 1.0", "TLS 1.1",
    ],
)  # fmt: skip
def test_what_cannot_be_trusted_is_refused_before_a_byte_is_asked(
    url: str, made: Made, told: str, authority: Authority
) -> None:
    internet = internet_of(made(authority), authority)
    with pytest.raises(OutboundError) as refused:
        fetch(url, write=lambda piece: None, limits=LIMITS, **internet.seams)
    internet.close()
    assert refused.value.code == "tls_failed"
    assert not refused.value.retriable
    assert told in refused.value.detail
    assert internet.requests == []


def test_the_versions_refused_can_be_spoken_by_a_client_that_takes_them(authority: Authority) -> None:
    """The control: it is our client that refuses TLS 1.1, not the test's server that cannot speak it."""
    lax = ssl.create_default_context(cafile=str(authority.certificate))
    lax.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        lax.minimum_version = ssl.TLSVersion.TLSv1
    internet = internet_of(speaking(authority, ssl.TLSVersion.TLSv1_1), authority)
    seams = {**internet.seams, "ssl_context": lax}
    assert fetch("https://good.example/", write=lambda piece: None, limits=LIMITS, **seams).status == 200
    internet.close()


def test_without_a_context_of_its_own_the_system_decides_whom_to_trust(authority: Authority) -> None:
    internet = internet_of(authority.server("good.example"), authority)
    with pytest.raises(OutboundError) as refused:
        fetch(
            "https://good.example/",
            write=lambda piece: None,
            limits=LIMITS,
            **{**internet.seams, "ssl_context": None},
        )
    internet.close()
    assert refused.value.code == "tls_failed"


@pytest.mark.parametrize(
    ("url", "place", "ports"),
    [
        ("http://good.example/", "https://good.example/x", [80, 443]),
        ("https://good.example/", "https://other.example/x", [443, 443]),
        ("https://good.example/", "/x", [443, 443]),
        ("https://good.example/", "http://other.example/x", [443, 80]),
    ],
    ids=["http to https", "between hosts", "same host", "https to http"],
)
def test_each_hop_has_a_connection_and_a_certificate_of_its_own(
    url: str, place: str, ports: list[int], authority: Authority
) -> None:
    tls = authority.server("good.example", "other.example")
    asked_for = noting_names(tls)
    internet = internet_of(tls, authority, url=url, redirect_to=place)
    fetched = fetch(url, write=lambda piece: None, limits=LIMITS, **internet.seams)
    internet.close()
    assert [port for _, port in internet.connected] == ports
    assert len(asked_for) == ports.count(443)
    assert [hop.status for hop in fetched.hops] == [302, 200]
    assert fetched.url.endswith("/x")
    assert all("Connection: close\r\n" in request for request in internet.requests)


def test_a_redirect_does_not_carry_trust_to_another_host(authority: Authority) -> None:
    case = {"url": "https://good.example/", "redirect_to": "https://other.example/x"}
    internet = internet_of(authority.server("good.example"), authority, **case)
    with pytest.raises(OutboundError) as refused:
        fetch("https://good.example/", write=lambda piece: None, limits=LIMITS, **internet.seams)
    internet.close()
    assert refused.value.code == "tls_failed"
    assert len(refused.value.hops) == len(internet.requests) == 1
