"""Connections to checked addresses: TCP, TLS, and the counting and clamping of every read and write.

TLS runs over memory, never over the socket itself: a peer that keeps TLS busy with records of its own
(session tickets, key updates, empty records) would otherwise hold one call past any time limit.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import httpcore2

from claims.addresses import OutboundError
from claims.outbound.failures import broke_off, timed_out, too_large, unsound
from claims.outbound.limits import HEAD_PIECE_BYTES, PIECE_BYTES, Deadline, FetchLimits

Connect = Callable[[str, int, float], socket.socket]
TlsContext = ssl.SSLContext
T = TypeVar("T")

MAX_ADDRESSES_TRIED = 4
# A handshake, or what TLS says between two pieces of content, is far smaller wherever it is honest.
MAX_TLS_OVERHEAD_BYTES = 256 * 1024


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


@cache
def verifying_context(authorities: str | None = None) -> TlsContext:
    """TLS 1.2 or later, with certificates checked against the system's authorities or a file of others."""
    context = ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Names belong into subjectAltName; browsers stopped reading the common name long ago.
    context.hostname_checks_common_name = False
    return context


class Wire(httpcore2.NetworkBackend):
    """Connects to checked addresses only, whatever host is named, and keeps count for the stream."""

    def __init__(
        self, addresses: tuple[str, ...], connect: Connect, deadline: Deadline, limits: FetchLimits
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
            seconds = min(self.limits.connect_seconds, self.deadline.remaining())
            try:
                return _Stream(self._connect(address, port, seconds), self)
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise timed_out() from failure
        raise OutboundError("The server does not take connections.", code="connect_failed") from failure

    def room(self) -> int:
        """How many bytes may be read next; raises where the answer has used up its limit."""
        room = self.limits.max_header_bytes - self.received_bytes
        if not self.head_done:
            if room <= 0:
                raise unsound("it sends more headers than any sound answer has")
            return min(room, HEAD_PIECE_BYTES)
        # Chunk framing counts too, so that empty talk is bounded like a body.
        room += self.limits.max_bytes
        if room <= 0:
            raise too_large(self.limits.max_bytes)
        return min(room, PIECE_BYTES)


class _Stream(httpcore2.NetworkStream):
    """A connection whose every wait is clamped to the deadline and whose bytes are counted."""

    def __init__(self, connected: socket.socket, wire: Wire) -> None:
        self._socket = connected
        self._wire = wire
        self._tls: _Tls | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - one deadline rules
        wanted = min(max_bytes, self._wire.room())
        if self._tls is None:
            data = _receive(self._socket, wanted, self._wire.deadline)
        else:
            data = self._tls.read(wanted, self._wire.deadline)
        self._wire.received_bytes += len(data)
        self._wire.ended = not data
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - one deadline rules
        view = memoryview(buffer)
        while view:
            piece, view = view[:PIECE_BYTES], view[PIECE_BYTES:]
            try:
                if self._tls is None:
                    _send(self._socket, piece, self._wire.deadline)
                else:
                    self._tls.write(piece, self._wire.deadline)
            except TimeoutError as error:
                raise timed_out() from error
            except OSError as error:
                # Not final: a server may refuse early, and its answer can still be read.
                raise httpcore2.WriteError(str(error)) from error

    def start_tls(
        self,
        ssl_context: TlsContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - one deadline rules
    ) -> httpcore2.NetworkStream:
        try:
            tls = _Tls(self._socket, ssl_context, server_hostname)
            tls.shake_hands(self._wire.deadline.within(self._wire.limits.connect_seconds))
        except BaseException:
            self._socket.close()
            raise
        self._tls = tls
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._tls.spoken if info == "ssl_object" and self._tls else None

    def close(self) -> None:
        self._socket.close()


class _Tls:
    """TLS as a translation between a socket and memory, in bounded steps."""

    def __init__(self, connected: socket.socket, context: TlsContext, host: str | None) -> None:
        self._socket = connected
        self._arrived = ssl.MemoryBIO()
        self._leaving = ssl.MemoryBIO()
        try:
            self.spoken = context.wrap_bio(self._arrived, self._leaving, server_hostname=host)
        except ValueError as error:
            raise _untrusted("its name cannot be asked for") from error

    def shake_hands(self, deadline: Deadline) -> None:
        """Raises OutboundError `tls_failed`, `timed_out` or `connect_failed`."""
        try:
            self._step(self.spoken.do_handshake, deadline)
            self._flush(deadline)
        except ssl.SSLCertVerificationError as error:
            raise _untrusted(f"its certificate is not valid ({error.verify_message})") from error
        except TimeoutError as error:
            raise timed_out() from error
        except ssl.SSLError as error:
            raise _untrusted("it does not speak TLS properly") from error
        except OSError as error:
            raise _lost() from error

    def read(self, max_bytes: int, deadline: Deadline) -> bytes:
        """Content, or nothing where the peer said farewell. Raises OutboundError."""
        try:
            return self._step(lambda: self.spoken.read(max_bytes), deadline)
        except ssl.SSLEOFError as error:
            # Without TLS's own farewell, anybody on the way may have cut the answer short.
            raise broke_off() from error
        except TimeoutError as error:
            raise timed_out() from error
        except OSError as error:
            raise _lost() from error

    def write(self, piece: memoryview, deadline: Deadline) -> None:
        """Sends all of it. Raises OSError, TimeoutError included, and OutboundError."""
        while piece:
            rest = piece
            piece = piece[self._step(lambda: self.spoken.write(rest), deadline) :]  # noqa: B023 - called at once
            self._flush(deadline)

    def _step(self, act: Callable[[], T], deadline: Deadline) -> T:
        """Act, fetching what TLS still wants to read and sending what it must say before."""
        overhead_bytes = 0
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                self._flush(deadline)
            except ssl.SSLError:
                # The alert that tells the peer why; whether it arrives changes nothing.
                with suppress(OSError, OutboundError):
                    self._flush(deadline)
                raise
            if overhead_bytes > MAX_TLS_OVERHEAD_BYTES:
                raise unsound("it talks TLS without ever coming to the point")
            data = _receive(self._socket, PIECE_BYTES, deadline)
            overhead_bytes += len(data)
            if data:
                self._arrived.write(data)
            else:
                self._arrived.write_eof()

    def _flush(self, deadline: Deadline) -> None:
        if self._leaving.pending:
            _send(self._socket, memoryview(self._leaving.read()), deadline)


def _receive(connected: socket.socket, max_bytes: int, deadline: Deadline) -> bytes:
    connected.settimeout(deadline.remaining())
    try:
        return connected.recv(max_bytes)
    except TimeoutError as error:
        raise timed_out() from error
    except OSError as error:
        raise _lost() from error


def _send(connected: socket.socket, data: memoryview, deadline: Deadline) -> None:
    while data:
        connected.settimeout(deadline.remaining())
        data = data[connected.send(data) :]


def _lost() -> OutboundError:
    return OutboundError("The connection was lost.", code="connect_failed")


def _untrusted(reason: str) -> OutboundError:
    return OutboundError(f"No trusted connection to the server came about: {reason}.", code="tls_failed")
