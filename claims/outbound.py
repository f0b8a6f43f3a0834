"""The one guarded opener: whatever goes to an address that outsiders can influence goes through it.

A URL is read strictly and put together again; its name is resolved once a hop; all answers must be public
(or allowed by the operator) and only those are connected to, while the name stays for SNI, certificate and
Host. Every redirect goes round again. One deadline covers the whole, from the first look-up to the last
byte. Proxy variables, cookies and connection reuse do not exist here.

`OutboundError.code`, stable, and whether trying again later can help (`retriable`):

| code | | meaning |
|---|---|---|
| `url_refused` | no | the URL is malformed, or its scheme, host or port is not fetched from |
| `address_refused` | no | the host, or one a redirect leads to, is not on the public internet |
| `dns_failed` | yes | the host's name could not be resolved |
| `connect_failed` | yes | no connection came about, or it was lost |
| `tls_failed` | no | certificate expired, untrusted or for another name; or not TLS at all |
| `timed_out` | yes | the deadline, or the time to connect, ran out |
| `too_large` | no | more bytes than the limit, as sent or decompressed |
| `too_many_redirects` | no | a chain longer than the limit, or a circle |
| `redirect_refused` | no | a redirect to a URL that is refused, or where none is followed |
| `protocol_error` | no* | not sound HTTP: framing, headers, encoding. *Yes where it broke off |
| `http_status` | no* | the status is not 2xx; `hops[-1].status` has it. *Yes for 408, 425, 429 and 5xx |

What `write` raises passes through as it is.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import Any

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

__all__ = [
    "AllowList", "FetchLimits", "Fetched", "Hop", "OutboundError", "ParsedUrl", "fetch", "parse_url",
    "system_resolve", "tcp_connect",
]  # fmt: skip

Resolve = Callable[[str, int], list[str]]
Connect = Callable[[str, int, float], socket.socket]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
RETRIABLE_STATUSES = frozenset({408, 425, 429})
MAX_HEADERS = 200
MAX_ADDRESSES_TRIED = 4
PIECE_BYTES = 64 * 1024
HEAD_PIECE_BYTES = 8 * 1024

# What a caller may not set: framing, routing, and what this module answers for.
RESERVED_HEADERS = frozenset({
    "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",  # codespell:ignore te
})  # fmt: skip
# What may follow a redirect to another origin; anything else could be a secret meant for the first.
TRAVELLING_HEADERS = frozenset({"accept", "accept-language", "user-agent"})

# Look-ups cannot be cancelled; this many may hang at once before the next has to wait.
_lookups = threading.BoundedSemaphore(64)


@dataclass(frozen=True)
class FetchLimits:
    """Bounds of one fetch, redirects included. Sizes in bytes, times in seconds.

    `max_bytes` bounds the body as sent, `max_decoded_bytes` what `write` is given, `max_header_bytes`
    everything before the body (1xx answers included), `connect_seconds` one connection attempt and one TLS
    handshake.
    """

    deadline_seconds: float = 120.0
    max_bytes: int = 512 * 1024 * 1024
    max_decoded_bytes: int = 512 * 1024 * 1024
    max_redirects: int = 5
    max_header_bytes: int = 64 * 1024
    connect_seconds: float = 15.0


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


def system_resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, from the system's resolver. Raises OSError."""
    return [str(answer[4][0]) for answer in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def tcp_connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
    """Connect to an address (never a name). Raises OSError, TimeoutError included."""
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_seconds)
        connection.connect((address, port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection


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
    ssl_context: ssl.SSLContext | None = None,
) -> Fetched:
    """Fetch a URL and hand the decoded body of its 2xx answer to `write`, piece by piece.

    Redirects are followed for GET and HEAD only, from https to http too (the hops record it). `write` may
    have been given a part when an error is raised. `resolve`, `connect` and `ssl_context` are seams.

    Raises OutboundError (codes: see the module), ValueError for headers that are not the caller's to set.
    """
    follow_redirects = follow_redirects and method in ("GET", "HEAD")
    request = _Request(method, _checked_headers(headers), body, follow_redirects)
    deadline = _Deadline(limits.deadline_seconds)
    opener = _Opener(write, allow, limits, resolve, connect, ssl_context, deadline, hops=[])
    try:
        return opener.go(parse_url(url, allow=allow), request)
    except OutboundError as error:
        error.hops = tuple(opener.hops)
        raise


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise _timed_out()
        return left


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
    ssl_context: ssl.SSLContext | None
    deadline: _Deadline
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
        wire = _Wire(addresses, self.connect, self.deadline, self.limits)
        context = None if target.scheme == "http" else self.ssl_context or _verifying_context()
        message = request.to(target)
        connection = httpcore2.HTTPConnection(message.url.origin, ssl_context=context, network_backend=wire)
        try:
            response = connection.handle_request(message)
            wire.head_done = True
            try:
                yield response, wire.address
            finally:
                response.close()
        except (httpcore2.RemoteProtocolError, httpcore2.LocalProtocolError) as error:
            if wire.ended:
                raise _broke_off() from error
            raise _unsound("what it sent is not a sound HTTP answer") from error
        finally:
            connection.close()

    def deliver(self, hop: Hop, pieces: Iterable[bytes]) -> int:
        """Decode the body within its limits and hand it on; gives the number of bytes handed on."""
        declared = int(next((value for name, value in hop.headers if name.lower() == "content-length"), "0"))
        decoder = _Decoder(hop.headers)
        received = delivered = 0
        for piece in pieces:
            received += len(piece)
            if max(received, declared) > self.limits.max_bytes:
                raise _too_large(self.limits.max_bytes)
            for decoded in decoder.feed(piece):
                # Checked for each piece: thousands of chunks, or a bomb's output, can come out of one read.
                self.deadline.remaining()
                delivered += len(decoded)
                if delivered > self.limits.max_decoded_bytes:
                    raise _too_large(self.limits.max_decoded_bytes)
                if decoded:
                    self.write(decoded)
        decoder.finish()
        return delivered

    def _answers(self, target: ParsedUrl) -> list[str]:
        if target.address is not None:
            return [target.host]
        answered: Future[list[str]] = Future()

        def look_up() -> None:
            try:
                answered.set_result(self.resolve(target.host, target.port))
            except Exception as error:  # noqa: BLE001 - raised again where it is waited for
                answered.set_exception(error)
            finally:
                _lookups.release()

        # getaddrinfo knows no timeout, so it gets a thread that may outlive the fetch.
        if not _lookups.acquire(timeout=self.deadline.remaining()):
            raise _timed_out()
        try:
            threading.Thread(target=look_up, name="stet-lookup", daemon=True).start()
        except RuntimeError:
            _lookups.release()
            raise
        try:
            answers = answered.result(timeout=self.deadline.remaining())
        except TimeoutError as error:
            raise _timed_out() from error
        except (OSError, UnicodeError):
            answers = []
        if not answers:
            raise OutboundError(f"The name {target.host} could not be found.", code="dns_failed")
        return answers


class _Wire(httpcore2.NetworkBackend):
    """Connects to checked addresses only, whatever host is named, and keeps count for the stream."""

    def __init__(
        self, addresses: tuple[str, ...], connect: Connect, deadline: _Deadline, limits: FetchLimits
    ) -> None:
        self._addresses = addresses
        self._connect = connect
        self.deadline = deadline
        self.limits = limits
        self.address = ""
        self.received_bytes = 0
        self.head_done = False
        self.ended = False

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - one deadline rules
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        failure: OSError | None = None
        for address in self._addresses[:MAX_ADDRESSES_TRIED]:
            self.address = address
            try:
                return _Stream(self._connect(address, port, self.seconds_to_connect()), self)
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise _timed_out() from failure
        raise OutboundError("The server does not take connections.", code="connect_failed") from failure

    def seconds_to_connect(self) -> float:
        return min(self.limits.connect_seconds, self.deadline.remaining())

    def room(self) -> int:
        """How many bytes may be read next; raises where the answer has used up its limit."""
        room = self.limits.max_header_bytes - self.received_bytes
        if not self.head_done:
            if room <= 0:
                raise _unsound("it sends more headers than any sound answer has")
            return min(room, HEAD_PIECE_BYTES)
        # Chunk framing counts too, so that empty talk is bounded like a body.
        room += self.limits.max_bytes
        if room <= 0:
            raise _too_large(self.limits.max_bytes)
        return min(room, PIECE_BYTES)


class _Stream(httpcore2.NetworkStream):
    """A socket whose every wait is clamped to the deadline and whose bytes are counted."""

    def __init__(self, connected: socket.socket, wire: _Wire) -> None:
        self._socket = connected
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - one deadline rules
        room = self._wire.room()
        self._socket.settimeout(self._wire.deadline.remaining())
        try:
            data = self._socket.recv(min(max_bytes, room))
        except TimeoutError as error:
            raise _timed_out() from error
        except ssl.SSLEOFError as error:
            # Without TLS's own farewell, anybody on the way may have cut the answer short.
            raise _broke_off() from error
        except OSError as error:
            raise OutboundError("The connection was lost.", code="connect_failed") from error
        self._wire.received_bytes += len(data)
        self._wire.ended = not data
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - one deadline rules
        view = memoryview(buffer)
        while view:
            self._socket.settimeout(self._wire.deadline.remaining())
            try:
                view = view[self._socket.send(view[:PIECE_BYTES]) :]
            except TimeoutError as error:
                raise _timed_out() from error
            except OSError as error:
                # Not final: a server may refuse early, and its answer can still be read.
                raise httpcore2.WriteError(str(error)) from error

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - one deadline rules
    ) -> httpcore2.NetworkStream:
        plain = self._socket
        try:
            plain.settimeout(self._wire.seconds_to_connect())
            self._socket = ssl_context.wrap_socket(
                plain, server_hostname=server_hostname, suppress_ragged_eofs=False
            )
        except ssl.SSLCertVerificationError as error:
            raise _untrusted(f"its certificate is not valid ({error.verify_message})") from error
        except TimeoutError as error:
            raise _timed_out() from error
        except (ssl.SSLError, ValueError) as error:
            raise _untrusted("it does not speak TLS properly") from error
        except OSError as error:
            raise OutboundError("The connection was lost.", code="connect_failed") from error
        finally:
            if self._socket is plain:
                plain.close()
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._socket if info == "ssl_object" and isinstance(self._socket, ssl.SSLSocket) else None

    def close(self) -> None:
        self._socket.close()


class _Decoder:
    """Undoes a Content-Encoding piece by piece, never giving more than PIECE_BYTES at a time."""

    def __init__(self, headers: tuple[tuple[str, str], ...]) -> None:
        named = [value.strip().lower() for name, value in headers if name.lower() == "content-encoding"]
        self._encodings = [encoding for encoding in named if encoding not in ("", "identity")]
        self._inflater: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not self._encodings:
            yield data
            return
        if self._encodings not in (["gzip"], ["x-gzip"], ["deflate"]):
            raise _unsound("it is packed in a way that was not asked for")
        full = False
        # A full piece may have left output waiting inside zlib with no input left over.
        while data or full:
            if self._inflater is None or self._inflater.eof:
                self._inflater = self._begin(data)
            try:
                decoded = self._inflater.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise _unsound("its compressed content is damaged") from error
            yield decoded
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
            full = len(decoded) == PIECE_BYTES and not self._inflater.eof

    def finish(self) -> None:
        if self._inflater is not None and not self._inflater.eof:
            raise _broke_off()

    def _begin(self, data: bytes) -> zlib._Decompress:
        if self._encodings != ["deflate"]:
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        # "deflate" means zlib's format; some servers send it bare, and zlib's first byte tells them apart.
        return zlib.decompressobj(zlib.MAX_WBITS if data[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS)


@cache
def _verifying_context() -> ssl.SSLContext:
    return ssl.create_default_context()


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
        raise _unsound("it wants to change to another protocol")
    if len(names) > MAX_HEADERS:
        raise _unsound("it sends more headers than any sound answer has")
    if "content-length" in names and "transfer-encoding" in names:
        raise _unsound("it states its length in two ways that contradict each other")


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


def _timed_out() -> OutboundError:
    return OutboundError("It took too long to answer.", code="timed_out")


def _too_large(limit_bytes: int) -> OutboundError:
    return OutboundError(f"It is larger than {limit_bytes} bytes, the limit.", code="too_large")


def _untrusted(reason: str) -> OutboundError:
    return OutboundError(f"No trusted connection to the server came about: {reason}.", code="tls_failed")


def _unsound(reason: str) -> OutboundError:
    return OutboundError(f"The server's answer cannot be relied on: {reason}.", code="protocol_error")


def _broke_off() -> OutboundError:
    detail = "The server broke off before it had sent everything."
    return OutboundError(detail, code="protocol_error", retriable=True)
