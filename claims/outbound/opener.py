"""Fetching: a URL, its redirects, and the body of the final answer within its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

import httpcore2

from claims.addresses import (
    AllowList,
    Hop,
    OutboundError,
    ParsedUrl,
    checked_addresses,
    follow_reference,
    parse_url,
)
from claims.outbound.decoder import Decoder
from claims.outbound.failures import broke_off, too_large, unsound
from claims.outbound.limits import Deadline, FetchLimits
from claims.outbound.names import Resolve, look_up, system_resolve
from claims.outbound.wire import Connect, TlsContext, Wire, tcp_connect, verifying_context

REDIRECTS = frozenset({301, 302, 303, 307, 308})
RETRIABLE_STATUSES = frozenset({408, 425, 429})
MAX_HEADERS = 200

# What a caller may not set: framing, routing, and what this module answers for.
RESERVED_HEADERS = frozenset({
    "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",  # codespell:ignore te
})  # fmt: skip
# What may follow a redirect to another origin; anything else could be a secret meant for the first.
TRAVELLING_HEADERS = frozenset({"accept", "accept-language", "user-agent"})


@dataclass(frozen=True)
class Fetched:
    """What was fetched: final URL and its answer, every hop (the last one too), bytes given to `write`."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    hops: tuple[Hop, ...]
    size_bytes: int


NOTHING_ALLOWED = AllowList()
DEFAULT_LIMITS = FetchLimits()
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def fetch(
    url: str,
    *,
    write: Callable[[bytes], object],
    allow: AllowList = NOTHING_ALLOWED,
    limits: FetchLimits = DEFAULT_LIMITS,
    method: str = "GET",
    headers: Mapping[str, str] = NO_HEADERS,
    body: bytes | None = None,
    follow_redirects: bool = True,
    resolve: Resolve = system_resolve,
    connect: Connect = tcp_connect,
    ssl_context: TlsContext | None = None,
) -> Fetched:
    """Fetch a URL and hand the decoded body of its 2xx answer to `write`, piece by piece.

    Redirects are followed for GET and HEAD only, from https to http too (the hops record it). `write` may
    have been given a part when an error is raised. `resolve`, `connect` and `ssl_context` are seams.

    Raises OutboundError (codes: see the package), ValueError for headers that are not the caller's to set.
    """
    follow_redirects = follow_redirects and method in ("GET", "HEAD")
    request = _Request(method, _checked_headers(headers), body, follow_redirects)
    deadline = Deadline(limits.deadline_seconds)
    opener = _Opener(write, allow, limits, resolve, connect, ssl_context, deadline, hops=[])
    try:
        return opener.go(parse_url(url, allow=allow), request)
    except OutboundError as error:
        error.hops = tuple(opener.hops)
        raise


@dataclass(frozen=True)
class _Request:
    method: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    follow_redirects: bool

    def for_another_origin(self) -> _Request:
        kept = tuple(pair for pair in self.headers if pair[0].lower() in TRAVELLING_HEADERS)
        return replace(self, headers=kept)

    def to(self, target: ParsedUrl) -> httpcore2.Request:
        headers = [("Host", target.authority), *self.headers]
        headers += [("Accept-Encoding", "identity"), ("Connection", "close")]
        if self.body is not None or self.method not in ("GET", "HEAD"):
            headers.append(("Content-Length", str(len(self.body or b""))))
        return httpcore2.Request(
            self.method,
            httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.target),
            headers=headers,
            content=self.body,
        )


@dataclass(frozen=True)
class _Opener:
    write: Callable[[bytes], object]
    allow: AllowList
    limits: FetchLimits
    resolve: Resolve
    connect: Connect
    ssl_context: TlsContext | None
    deadline: Deadline
    hops: list[Hop]

    def go(self, target: ParsedUrl, request: _Request) -> Fetched:
        """Ask, and ask on where redirects lead, until an answer is final."""
        for _ in range(self.limits.max_redirects + 1):
            with self.ask(target, request) as (response, address):
                hop = Hop(target.url, address, response.status, _text(response.headers), datetime.now(UTC))
                self.hops.append(hop)
                _check_framing(hop)
                if 200 <= hop.status < 300:
                    size_bytes = self.deliver(hop, response.iter_stream())
                    return Fetched(target.url, hop.status, hop.headers, tuple(self.hops), size_bytes)
            if hop.status not in REDIRECTS:
                again = hop.status in RETRIABLE_STATUSES or hop.status >= 500
                detail = f"{target.host} answered with status {hop.status}."
                raise OutboundError(detail, code="http_status", retriable=again)
            if not request.follow_redirects:
                detail = "It is redirected to another address, which is not followed here."
                raise OutboundError(detail, code="redirect_refused")
            before, target = target, _redirect_target(hop, target, self.allow)
            if target.origin != before.origin:
                request = request.for_another_origin()
        raise OutboundError("It is redirected too many times, or in a circle.", code="too_many_redirects")

    @contextmanager
    def ask(self, target: ParsedUrl, request: _Request) -> Iterator[tuple[httpcore2.Response, str]]:
        """One request on a connection of its own; gives the answer's head and the address it came from."""
        addresses = checked_addresses(target, self._answers(target), self.allow)
        wire = Wire(addresses, self.connect, self.deadline, self.limits)
        context = None if target.scheme == "http" else self.ssl_context or verifying_context()
        message = request.to(target)
        connection = httpcore2.HTTPConnection(message.url.origin, ssl_context=context, network_backend=wire)
        try:
            response = connection.handle_request(message)
            wire.head_done = True
            yield response, wire.address
        except (httpcore2.RemoteProtocolError, httpcore2.LocalProtocolError) as error:
            if wire.ended:
                raise broke_off() from error
            raise unsound("what it sent is not a sound HTTP answer") from error
        finally:
            connection.close()

    def deliver(self, hop: Hop, pieces: Iterable[bytes]) -> int:
        """Decode the body within its limits and hand it on; gives the number of bytes handed on."""
        declared = int(next((value for name, value in hop.headers if name.lower() == "content-length"), "0"))
        decoder = Decoder(hop.headers)
        received = delivered = 0
        for piece in pieces:
            received += len(piece)
            if max(received, declared) > self.limits.max_bytes:
                raise too_large(self.limits.max_bytes)
            for decoded in decoder.feed(piece):
                # Checked for each piece: thousands of chunks, or a bomb's output, can come out of one read.
                self.deadline.remaining()
                delivered += len(decoded)
                if delivered > self.limits.max_decoded_bytes:
                    raise too_large(self.limits.max_decoded_bytes)
                if decoded:
                    self.write(decoded)
        decoder.finish()
        return delivered

    def _answers(self, target: ParsedUrl) -> list[str]:
        if target.address is not None:
            return [target.host]
        return look_up(target.host, target.port, resolve=self.resolve, deadline=self.deadline)


def _checked_headers(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    merged = {"user-agent": ("User-Agent", "Stet (verification desk)"), "accept": ("Accept", "*/*")}
    for name, value in headers.items():
        sound = name.replace("-", "").isalnum() and value.isprintable() and (name + value).isascii()
        if not sound or name.lower() in RESERVED_HEADERS:
            raise ValueError(f"the header {name!r} cannot be set, or not to that")
        merged[name.lower()] = (name, value.strip())
    return tuple(merged.values())


def _text(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _check_framing(hop: Hop) -> None:
    names = [name.lower() for name, _ in hop.headers]
    if hop.status < 200:
        raise unsound("it wants to change to another protocol")
    if len(names) > MAX_HEADERS:
        raise unsound("it sends more headers than any sound answer has")
    if "content-length" in names and "transfer-encoding" in names:
        raise unsound("it states its length in two ways that contradict each other")


def _redirect_target(hop: Hop, target: ParsedUrl, allow: AllowList) -> ParsedUrl:
    places = {value for name, value in hop.headers if name.lower() == "location"}
    if len(places) != 1:
        raise OutboundError("It is redirected without being told where.", code="redirect_refused")
    place = places.pop()
    with suppress(UnicodeDecodeError):
        place = place.encode("latin-1").decode("utf-8")
    try:
        return follow_reference(target, place, allow=allow)
    except OutboundError as error:
        if error.code == "url_refused":
            detail = f"It is redirected to another address. {error.detail}"
            raise OutboundError(detail, code="redirect_refused") from error
        raise
