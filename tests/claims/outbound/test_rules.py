"""Rules of the opener that URL cases cannot show: spelling, the allow list, what travels and what doesn't."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from claims.addresses import is_public
from claims.outbound import AllowList, FetchLimits, OutboundError, fetch, parse_url

from .internet import Internet

LIMITS = FetchLimits(deadline_seconds=2.0)


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
    asked: dict[str, Any] = {**internet.seams, "limits": LIMITS}
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
    fetched = fetch("http://a.example/", write=lambda piece: None, headers=headers, **internet.seams)
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
    fetch("http://a.example/", write=lambda piece: None, **internet.seams)
    internet.close()
    assert internet.connected == [("93.184.216.34", 80)]
    assert internet.requests[0].startswith("GET / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://user@example.com/", "user name or password"),
        ("http://ex%61mple.com/", "blanks or escaped characters"),
        ("http://[2606:4700:4700::1111%25lo]/", "blanks or escaped characters"),
        ("http://exa mple.com/", "blanks or escaped characters"),
        ("http://example.com\\/", "backslash"),
        ("http://127.1/", "unusual spelling"),
        ("http://example.com:0/", "0 is not a port"),
        ("http://example.com:22/", "port 22 is not one that Stet fetches from"),
        ("http://nas.local/", "nas.local is not a name on the public internet"),
        ("ftp://example.com/", "begin with http:// or https://"),
    ],
)
def test_a_refusal_says_which_rule_it_is(url: str, told: str) -> None:
    with pytest.raises(OutboundError) as refused:
        parse_url(url, allow=AllowList())
    assert told in refused.value.detail
