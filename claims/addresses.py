"""Which URLs and addresses may be fetched from: grammar and tables, without a single socket.

`parse_url` is for filing time and for every hop of a fetch; `claims.outbound` does the fetching. Both raise
`OutboundError`, whose codes are listed there.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import quote, urljoin

import idna

from claims.errors import StetError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_URL_CHARS = 8192
DEFAULT_PORTS = {"http": 80, "https": 443}
RETRIABLE_CODES = frozenset({"dns_failed", "connect_failed", "timed_out"})
USUAL_PORTS = frozenset({80, 443, 8080, 8443})

# Names that by standard or habit belong to one machine or one house, never to the public internet.
INSIDE_SUFFIXES = (
    "alt", "arpa", "consul", "corp", "domain", "fritz.box", "home", "i2p", "internal", "intra",
    "intranet", "invalid", "lan", "local", "localdomain", "localdomain4", "localdomain6", "localhost",
    "localnet", "mail", "metadata.goog", "onion", "private", "svc", "test",
)  # fmt: skip

# Not ipaddress.is_global: Python 3.11 lets 6to4, NAT64, IPv4-compatible and site-local forms through.
_IPV4_NOT_PUBLIC = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and some clouds' metadata
        "127.0.0.0/8",  # loopback
        "161.26.0.0/16",  # IBM Cloud's own services, at public-looking addresses
        "166.8.0.0/14",  # the same
        "168.63.129.16/32",  # Azure's host agent, at a public-looking address
        "169.254.0.0/16",  # link-local, most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT relays
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_IPV6_GLOBAL = ipaddress.IPv6Network("2000::/3")
_IPV6_NOT_PUBLIC = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 carries an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # 6bone, handed back
        "3fff::/20",  # documentation
    )
)
# An interface identifier that a tunnel on site takes for an IPv4 address, whatever the prefix.
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#]*)([^#]*)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_IPV6_AUTHORITY = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::([0-9]+))?")
_NAME_AUTHORITY = re.compile(r"([^:\[\]]+)(?::([0-9]+))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_TARGET_SAFE = "!$%&'()*+,/:;=?@[]~-._"


@dataclass(frozen=True)
class Hop:
    """One answer on the way: which URL, from which address, and what it said. `at` is aware UTC."""

    url: str
    address: str
    status: int
    headers: tuple[tuple[str, str], ...]
    at: datetime


class OutboundError(StetError):
    """A fetch that was refused or failed.

    `detail` is a sentence for a fact-checker, `retriable` whether trying again later can help, `hops` the
    answers that came before. The codes are listed in `claims.outbound`.
    """

    code = "outbound"
    title = "It could not be fetched"

    def __init__(
        self, detail: str, *, code: str, retriable: bool | None = None, hops: tuple[Hop, ...] = ()
    ) -> None:
        super().__init__(detail, code=code)
        self.retriable = code in RETRIABLE_CODES if retriable is None else retriable
        self.hops = hops


@dataclass(frozen=True)
class ParsedUrl:
    """An http(s) URL of which every part was understood; `url` is put together again from the parts.

    `host` is canonical: lower case, IDNA A-labels, no trailing dot, IPv6 compressed and without brackets.
    `address` is set where the host is an address. `target` is path and query as sent; a fragment is never
    sent and not kept.
    """

    scheme: str
    host: str
    port: int
    target: str
    address: IPAddress | None

    @property
    def authority(self) -> str:
        """Host and, where it isn't the scheme's own, port: what a Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


@dataclass(frozen=True)
class AllowList:
    """What may be reached although it is not public, or at an unusual port.

    An entry without a port means any port. A host that is named may resolve to anything; a network covers
    hosts that resolve into it.
    """

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[tuple[IPNetwork, int | None], ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> Self:
        """Read "127.0.0.1:9000", "[::1]:9000", "10.0.0.0/8", "store.example", "store.example:9000".

        Raises ValueError that names the entry.
        """
        hosts: set[tuple[str, int | None]] = set()
        networks: list[tuple[IPNetwork, int | None]] = []
        for entry in filter(None, (raw.strip() for raw in entries)):
            try:
                if "/" in entry:
                    networks.append((ipaddress.ip_network(entry), None))
                    continue
                host, address, port = _split_authority(
                    f"[{entry}]" if entry.count(":") > 1 > entry.count("[") else entry
                )
            except (OutboundError, ValueError) as error:
                raise ValueError(
                    f"{entry!r} is not a host, host:port or network such as 10.0.0.0/8: {error}"
                ) from error
            if address is None:
                hosts.add((host, port))
            else:
                networks.append((ipaddress.ip_network(address), port))
        return cls(frozenset(hosts), tuple(networks))

    def names(self, host: str, port: int) -> bool:
        """Is this host named, for this port?"""
        return (host, None) in self.hosts or (host, port) in self.hosts

    def covers(self, address: IPAddress, port: int) -> bool:
        """Does a network hold this address, for this port?"""
        return any(address in network and named in (None, port) for network, named in self.networks)

    def may_cover(self, port: int) -> bool:
        """Could some address be covered at this port?"""
        return any(named in (None, port) for _, named in self.networks)


def parse_url(url: str, *, allow: AllowList | None = None) -> ParsedUrl:
    """Read a URL strictly; pure, nothing is looked up.

    Without `allow` only the grammar is judged. With it also whatever can be known beforehand: ports, names
    that belong inside, addresses that are not public. Raises OutboundError `url_refused`, and with `allow`
    also `address_refused`.
    """
    if len(url) > MAX_URL_CHARS:
        raise _refused(f"it is longer than {MAX_URL_CHARS} characters")
    if url != url.strip() or _FORBIDDEN.search(url):
        raise _refused("it contains line breaks, control characters, a backslash or blanks around it")
    matched = _ABSOLUTE.match(url)
    scheme = matched[1].lower() if matched else ""
    if matched is None or scheme not in DEFAULT_PORTS:
        raise _refused("only addresses that begin with http:// or https:// can be fetched")
    host, address, port = _split_authority(matched[2])
    rest = matched[3]
    try:
        target = quote(rest if rest.startswith("/") else f"/{rest}", safe=_TARGET_SAFE, errors="strict")
    except UnicodeEncodeError:
        raise _refused("it contains characters that cannot be written down") from None
    parsed = ParsedUrl(scheme, host, DEFAULT_PORTS[scheme] if port is None else port, target, address)
    if allow is not None:
        _judge_unresolved(parsed, allow)
    return parsed


def follow_reference(parsed: ParsedUrl, reference: str, *, allow: AllowList) -> ParsedUrl:
    """Where a Location header leads from here; judged like any URL. Raises what `parse_url` raises."""
    if not reference or _FORBIDDEN.search(reference):
        raise _refused("it contains line breaks, control characters or a backslash, or is empty")
    if reference.startswith("//"):
        reference = f"{parsed.scheme}:{reference}"
    elif not _SCHEME.match(reference):
        # Only paths are left to urljoin: it drops tabs and reads "http:x" in a way of its own.
        reference = urljoin(parsed.url, reference)
    return parse_url(reference, allow=allow)


def is_public(address: IPAddress) -> bool:
    """Is this an address of the public internet, by our own table?"""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _IPV4_NOT_PUBLIC)
    return (
        address.scope_id is None
        and address in _IPV6_GLOBAL
        and not any(address in network for network in _IPV6_NOT_PUBLIC)
        and address.packed[8:12] not in _ISATAP
    )


def checked_addresses(parsed: ParsedUrl, answers: Sequence[str], allow: AllowList) -> tuple[str, ...]:
    """The addresses that may be connected to: all that the name resolved to, or none.

    One bad answer refuses them all, since whoever mixes them chooses which is tried. Raises OutboundError
    `address_refused`, or `url_refused` where only the port is wrong.
    """
    checked: dict[str, None] = {}
    for answer in answers:
        try:
            address = ipaddress.ip_address(answer)
        except ValueError:
            raise _not_public(parsed.host) from None
        if not (allow.names(parsed.host, parsed.port) or allow.covers(address, parsed.port)):
            if not is_public(address):
                raise _not_public(parsed.host)
            if parsed.port not in USUAL_PORTS:
                raise _unusual_port(parsed.port)
        checked[str(address)] = None
    return tuple(checked)


def _judge_unresolved(parsed: ParsedUrl, allow: AllowList) -> None:
    if parsed.address is not None:
        checked_addresses(parsed, [parsed.host], allow)
        return
    if allow.names(parsed.host, parsed.port):
        return
    if "." not in parsed.host or any(f".{parsed.host}".endswith(f".{suffix}") for suffix in INSIDE_SUFFIXES):
        raise _refused(f"{parsed.host} is not a name on the public internet")
    if parsed.port not in USUAL_PORTS and not allow.may_cover(parsed.port):
        raise _unusual_port(parsed.port)


def _split_authority(authority: str) -> tuple[str, IPAddress | None, int | None]:
    if "@" in authority:
        raise _refused("it carries a user name or password")
    if "%" in authority or any(character.isspace() for character in authority):
        raise _refused("its host contains blanks or escaped characters")
    if matched := _IPV6_AUTHORITY.fullmatch(authority):
        try:
            address = ipaddress.IPv6Address(matched[1])
        except ValueError:
            raise _refused("the address in brackets is not an IPv6 address") from None
        return str(address), address, _port(matched[2])
    matched = _NAME_AUTHORITY.fullmatch(authority)
    if matched is None:
        raise _refused("its host or port cannot be read")
    host, literal = _host(matched[1])
    return host, literal, _port(matched[2])


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    # Digits beyond five or a leading zero are read differently by different software.
    if len(text) > 5 or text.startswith("0") or int(text) > 65535:
        raise _refused(f"{text[:10]} is not a port")
    return int(text)


def _host(text: str) -> tuple[str, ipaddress.IPv4Address | None]:
    try:
        # ASCII labels stay out of IDNA, which would refuse live names such as r3---sn-4g5e.googlevideo.com.
        mapped = text.lower() if text.isascii() else idna.uts46_remap(text)
        name = ".".join(
            label if label.isascii() else idna.alabel(label).decode("ascii") for label in mapped.split(".")
        )
    except UnicodeError:
        raise _refused("its host is not a valid internet name") from None
    labels = name.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        # Whatever ends in a number is an address to some software; one spelling is read alike by all.
        try:
            literal = ipaddress.IPv4Address(text)
        except ValueError:
            raise _refused("its host is a number or an address in an unusual spelling") from None
        if str(literal) != text:
            raise _refused("its host is an address in an unusual spelling")
        return text, literal
    name = ".".join(labels)
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("its host is not a valid internet name")
    return name, None


def _refused(reason: str) -> OutboundError:
    return OutboundError(f"This address cannot be fetched: {reason}.", code="url_refused")


def _unusual_port(port: int) -> OutboundError:
    return _refused(f"port {port} is not one that Stet fetches from")


def _not_public(host: str) -> OutboundError:
    # The answers are not told: whoever submits a link should not learn what names mean inside.
    return OutboundError(
        f"{host} does not lead to the public internet, so Stet does not fetch from it.",
        code="address_refused",
    )
