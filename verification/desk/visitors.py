"""Where a request comes from: the peer itself, or what a proxy says that the operator named."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

NOBODY_KNOWS = "unknown"
"""Where the server names no peer: it listens on a socket file."""


def address_of(request: HttpRequest) -> str:
    """The address to count by; of IPv6 the network of 64 bits, which is one customer's.

    X-Forwarded-For is read from its end, where the nearest proxy writes, and only through proxies in STET_PROXIES:
    whatever stands before the first that is none could have been written by anybody.
    """
    hop = _read(request.META.get("REMOTE_ADDR", ""))
    told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    while hop is not None and _is_proxy(hop) and told:
        before = _read(told.pop())
        if before is None:
            break
        hop = before
    if hop is None:
        return NOBODY_KNOWS
    return str(ip_network((hop, 64), strict=False)) if isinstance(hop, IPv6Address) else str(hop)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_proxy(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in settings.PROXIES)
