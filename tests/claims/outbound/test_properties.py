"""What holds for every URL and every address, not only for those somebody thought of."""

from __future__ import annotations

import ipaddress
import re
import string
from urllib.parse import urljoin, urlsplit

from hypothesis import example, given, settings
from hypothesis import strategies as st

from claims.addresses import USUAL_PORTS, follow_reference, is_public
from claims.outbound import AllowList, OutboundError, ParsedUrl, parse_url

NASTY = "@:/\\?#[]%.。\uff0e｡ \t\r\n\x00\x7f\u00ad\u200b\u202e\u2028\uff10\uff11Ⅷ①ⓛﬀß℀éı\u0301א0127xXfFeE-_~"
PARTS = st.sampled_from(
    ["http://", "https://", "HTTP:", "//", "@", "127.0.0.1", "example.net", "localhost", "[::1]", ":80", ":8080", "%2f",
     "/a", "?b", "#c", "\\", "user:x@", "xn--", "。", "\uff12", "0x7f", ".", "..", "[2606:4700::1]", "10", "file:", "\t"]
)  # fmt: skip
URLS = st.one_of(
    st.lists(st.one_of(PARTS, st.text(NASTY, max_size=3)), max_size=8).map("".join),
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["http://", "https://"]),
        st.text(NASTY + string.ascii_letters, max_size=20),
        st.text(max_size=20),
    ),
)
EMBEDDINGS = ("::{}", "::ffff:{}", "::ffff:0:{}", "64:ff9b::{}", "64:ff9b:1::{}", "fe80::5efe:{}", "2a00::5efe:{}", "2a00::200:5efe:{}")  # fmt: skip


def judged(url: str) -> ParsedUrl | None:
    try:
        return parse_url(url, allow=AllowList())
    except OutboundError as refused:
        assert refused.code in {"url_refused", "address_refused"}
        return None


def hold(parsed: ParsedUrl) -> None:
    """A URL that is fetched is read alike by everybody and leads outside, as far as its text can tell."""
    assert parsed.url.isascii()
    assert re.fullmatch(r"https?://(\[[0-9a-f:]+\]|[a-z0-9_.-]+)(:[1-9][0-9]*)?/[!-~]*", parsed.url)
    assert "\\" not in parsed.url
    assert parse_url(parsed.url) == parsed
    parts = urlsplit(parsed.url)
    assert parts.hostname == parsed.host
    assert (parts.port or {"http": 80, "https": 443}[parts.scheme]) == parsed.port
    assert parts.username is parts.password is None
    assert parsed.port in USUAL_PORTS
    assert parsed.address is None or is_public(parsed.address)
    assert not re.search(r"(^|\.)(0x[0-9a-f]*|[0-9]+)$", parsed.host) or parsed.address is not None
    assert not parsed.host.endswith(("localhost", ".local", ".internal"))


@settings(max_examples=400)
@given(URLS)
@example("http://example.net/\\")
@example("http://[2606:4700::1]:8080?x#y")
def test_a_url_that_is_taken_is_read_alike_by_all(url: str) -> None:
    if (parsed := judged(url)) is not None:
        hold(parsed)


@settings(max_examples=400)
@given(URLS)
@example("//127.0.0.1/")
@example(".//127.0.0.1/")
def test_a_redirect_that_is_followed_leads_where_a_browser_would_go_or_nowhere(reference: str) -> None:
    start = parse_url("https://example.net/a/b?c")
    try:
        followed = follow_reference(start, reference, allow=AllowList())
    except OutboundError:
        return
    hold(followed)
    assert followed == judged(urljoin(start.url, reference))


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_inside_an_ipv6_one_is_never_public(number: int) -> None:
    inner = ipaddress.IPv4Address(number)
    for embedding in EMBEDDINGS:
        assert not is_public(ipaddress.IPv6Address(embedding.format(inner)))
    assert not is_public(ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1))
    assert not is_public(ipaddress.IPv6Address((0x20010000 << 96) | (number << 64) | number ^ 0xFFFFFFFF))


@given(st.ip_addresses())
def test_the_table_is_never_wider_than_the_standard_library(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved
