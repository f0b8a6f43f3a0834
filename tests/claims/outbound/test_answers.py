"""A fetch always ends: hostile servers on loopback, each within the deadline and in bounded memory."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from claims.outbound import AllowList, Fetched, FetchLimits, OutboundError, fetch, tcp_connect

DEADLINE_SECONDS = 1.0
SLACK_SECONDS = 0.5
MEMORY_BYTES = 8 * 1024 * 1024
LIMITS = FetchLimits(deadline_seconds=DEADLINE_SECONDS)
SMALL = FetchLimits(deadline_seconds=DEADLINE_SECONDS, max_bytes=1_000_000, max_decoded_bytes=1_000_000)
OK = b"HTTP/1.1 200 OK\r\n"

Behaviour = Callable[[socket.socket, threading.Event], None]


@contextmanager
def server(behave: Behaviour) -> Iterator[int]:
    """A server on loopback that treats every connection as told; gives its port."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        connection.settimeout(0.1)
        # An error here is the client having had enough, as it should.
        with connection, suppress(OSError):
            behave(connection, over)

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            workers.append(threading.Thread(target=serve, args=(connection,), daemon=True))
            workers[-1].start()

    workers = [threading.Thread(target=accept, daemon=True)]
    workers[0].start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        # Wakes accept(), which close() alone would not.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for worker in workers:
            worker.join(5)
            assert not worker.is_alive()


def read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received and (data := connection.recv(4096)):
        received += data
    return received


def says(*pieces: bytes) -> Behaviour:
    """Reads the request, says this and hangs up."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        for piece in pieces:
            send_all(connection, piece, over)

    return behave


def without_end(start: bytes, again: bytes, every_seconds: float = 0.0) -> Behaviour:
    """Says `start`, then `again` for as long as somebody listens."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(start)
        while not over.wait(every_seconds):
            send_all(connection, again, over)

    return behave


def send_all(connection: socket.socket, data: bytes, over: threading.Event) -> None:
    view = memoryview(data)
    while view and not over.is_set():
        try:
            view = view[connection.send(view) :]
        except TimeoutError:
            continue


def silent(connection: socket.socket, over: threading.Event) -> None:
    over.wait(DEADLINE_SECONDS * 5)


def fetch_from(port: int, path: str = "/", **options: Any) -> Fetched:
    options.setdefault("limits", LIMITS)
    options.setdefault("write", lambda piece: None)
    allow = AllowList.parse([f"127.0.0.1:{port}"])
    return fetch(f"{options.pop('scheme', 'http')}://127.0.0.1:{port}{path}", allow=allow, **options)


def ends(behave: Behaviour, **options: Any) -> OutboundError:
    """Fetch from such a server: must fail in time, in little memory, and leave no connection open."""
    opened: list[socket.socket] = []

    def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
        opened.append(tcp_connect(address, port, timeout_seconds))
        return opened[-1]

    with server(behave) as port:
        tracemalloc.start()
        began = time.monotonic()
        try:
            with pytest.raises(OutboundError) as failed:
                fetch_from(port, connect=connect, **options)
            took = time.monotonic() - began
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert took <= DEADLINE_SECONDS + SLACK_SECONDS
    assert peak <= MEMORY_BYTES
    assert opened
    assert all(connection.fileno() == -1 for connection in opened)
    return failed.value


def bomb(size_bytes: int, wbits: int = 31) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    zeros = bytes(1_000_000)
    packed = [packer.compress(zeros) for _ in range(size_bytes // len(zeros))]
    return b"".join([*packed, packer.flush()])


PACKED = gzip.compress(b"x" * 1000, mtime=0)
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = [
    ("body", without_end(OK + b"\r\n", b"x" * 65536)),
    ("chunks", without_end(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n")),
    ("tiny chunks", without_end(CHUNKED, b"1\r\nx\r\n" * 10_000)),
    ("gzip", without_end(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"x" * 10_000) * 100)),
]


@pytest.mark.parametrize(("kind", "behave"), ENDLESS, ids=[kind for kind, _ in ENDLESS])
def test_an_endless_body_ends_at_the_size_limit(kind: str, behave: Behaviour) -> None:
    assert ends(behave, limits=SMALL).code in {"too_large", "timed_out"}


@pytest.mark.parametrize(("kind", "behave"), ENDLESS, ids=[kind for kind, _ in ENDLESS])
def test_an_endless_body_ends_at_the_deadline(kind: str, behave: Behaviour) -> None:
    failure = ends(behave, limits=FetchLimits(DEADLINE_SECONDS, 10**15, 10**15))
    assert failure.code == "timed_out"
    assert failure.retriable


HEAD_FLOODS = [
    ("headers", without_end(OK, b"X-Header: x\r\n" * 100)),
    ("one header", without_end(OK + b"X-Header: ", b"x" * 8192)),
    ("status line", without_end(b"HTTP/1.1 200 ", b"x" * 8192)),
    ("no HTTP at all", without_end(b"", b"\x00\xff" * 4096)),
    ("100 continue", without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)),
    ("103 hints", without_end(b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 100)),
    ("chunk extension", without_end(CHUNKED + b"1;", b"x" * 8192)),
    ("trailers", without_end(CHUNKED + b"0\r\n", b"X-Trailer: x\r\n" * 100)),
    ("too many headers", says(OK + b"X: y\r\n" * 201 + b"Content-Length: 0\r\n\r\n")),
]


@pytest.mark.parametrize(("kind", "behave"), HEAD_FLOODS, ids=[kind for kind, _ in HEAD_FLOODS])
def test_a_flood_around_the_body_is_bounded(kind: str, behave: Behaviour) -> None:
    failure = ends(behave)
    assert failure.code == "protocol_error"
    assert not failure.retriable


SLOW = [
    ("no answer", silent),
    ("headers", without_end(OK + b"X-Header: ", b"x", 0.05)),
    ("100 continue", without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05)),
    ("body", without_end(OK + b"Content-Length: 1000000\r\n\r\n", b"x", 0.05)),
    ("chunks", without_end(CHUNKED, b"1\r\nx\r\n", 0.05)),
    ("chunk size", without_end(CHUNKED + b"1;", b"x", 0.05)),
]


@pytest.mark.parametrize(("kind", "behave"), SLOW, ids=[kind for kind, _ in SLOW])
def test_slowness_ends_at_the_deadline(kind: str, behave: Behaviour) -> None:
    failure = ends(behave)
    assert failure.code == "timed_out"
    assert failure.retriable


def drip_tls(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"\x16\x03\x03\x3f\xff")  # a handshake record of 16 KiB that never fills
    while not over.wait(0.05):
        connection.sendall(b"\x02")


def garbage_tls(connection: socket.socket, over: threading.Event) -> None:
    send_all(connection, b"\x00garbage\xff" * 10_000, over)


@pytest.mark.parametrize(
    ("behave", "code"),
    [
        (silent, "timed_out"),
        (drip_tls, "timed_out"),
        (garbage_tls, "tls_failed"),
        (says(OK + b"\r\n"), "tls_failed"),
    ],
    ids=["silence", "drip", "garbage", "plain http"],
)
def test_what_is_not_tls_ends_too(behave: Behaviour, code: str) -> None:
    assert ends(behave, scheme="https").code == code


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Content-Length: 10\r\nContent-Length: 11\r\n\r\n0123456789",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Bad Name: x\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 099 Too low\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"<html>no headers</html>\r\n\r\n",
        OK + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc",
        OK + b"Content-Encoding: gzip, gzip\r\nContent-Length: 3\r\n\r\nabc",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        OK + b"Content-Encoding: gzip\r\n\r\n" + PACKED + b"surplus",
    ],
)
def test_an_unsound_answer_is_refused(answer: bytes) -> None:
    failure = ends(says(answer))
    assert failure.code == "protocol_error"
    assert not failure.retriable


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 20",
        OK + b"Content-Length: 10\r\n\r\n012",
        CHUNKED + b"5\r\n01",
        OK + b"Content-Encoding: gzip\r\n\r\n" + PACKED[:20],
    ],
)
def test_an_answer_that_breaks_off_is_not_taken_for_the_whole(answer: bytes) -> None:
    failure = ends(says(answer))
    assert failure.code in {"protocol_error", "connect_failed"}
    assert failure.retriable


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", bomb(100_000_000)), ("deflate", bomb(100_000_000, 15)), ("deflate", bomb(100_000_000, -15))],
    ids=["gzip", "zlib", "bare deflate"],
)
def test_a_bomb_is_stopped_while_it_unfolds(encoding: str, packed: bytes) -> None:
    written: list[int] = []
    answer = OK + f"Content-Encoding: {encoding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode() + packed
    failure = ends(says(answer), limits=SMALL, write=lambda piece: written.append(len(piece)))
    assert failure.code == "too_large"
    assert sum(written) <= SMALL.max_decoded_bytes
    assert max(written) <= 65536


@pytest.mark.parametrize("path", ["/same", "/chain/0"])
def test_redirects_end(path: str) -> None:
    def behave(connection: socket.socket, over: threading.Event) -> None:
        asked = read_request(connection).split(b" ")[1].decode()
        place = asked if asked == "/same" else f"/chain/{int(asked.split('/')[-1]) + 1}"
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {place}\r\n\r\n".encode())

    failure = ends(behave, path=path)
    assert failure.code == "too_many_redirects"
    assert [hop.status for hop in failure.hops] == [302] * (LIMITS.max_redirects + 1)


@pytest.mark.parametrize(
    ("place", "code"),
    [
        (b"http://127.0.0.1:1/", "address_refused"),
        (b"http://user@127.0.0.1/", "redirect_refused"),
        (b"file:///etc/passwd", "redirect_refused"),
        (b"/\t/127.0.0.1/", "redirect_refused"),
        (b"", "redirect_refused"),
        (b"/a\r\nLocation: /b", "redirect_refused"),
    ],
)
def test_a_redirect_goes_round_through_every_check(place: bytes, code: str) -> None:
    failure = ends(says(b"HTTP/1.1 307 Away\r\nLocation: " + place + b"\r\n\r\n"))
    assert failure.code == code
    assert len(failure.hops) == 1


@pytest.mark.parametrize("options", [{"follow_redirects": False}, {"method": "POST", "body": b"{}"}])
def test_a_redirect_that_is_not_to_be_followed_is_refused(options: dict[str, Any]) -> None:
    failure = ends(says(b"HTTP/1.1 302 Away\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"), **options)
    assert (failure.code, failure.hops[0].status) == ("redirect_refused", 302)


@pytest.mark.parametrize(
    ("status", "retriable"),
    [
        (404, False),
        (403, False),
        (304, False),
        (300, False),
        (408, True),
        (425, True),
        (429, True),
        (503, True),
    ],
)
def test_a_status_that_is_not_success_says_whether_to_try_again(status: int, retriable: bool) -> None:
    failure = ends(says(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()))
    assert (failure.code, failure.retriable) == ("http_status", retriable)
    assert str(status) in failure.detail
    assert failure.hops[-1].status == status


def test_a_server_that_does_not_read_cannot_hold_a_sender() -> None:
    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(10)
        over.wait(DEADLINE_SECONDS * 5)

    body = bytes(50_000_000)
    assert ends(behave, method="POST", body=body).code == "timed_out"


def test_an_early_refusal_of_a_large_body_is_still_read() -> None:
    def behave(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while not over.is_set() and connection.recv(65536):
            pass

    assert ends(behave, method="POST", body=bytes(1_000_000)).code == "http_status"


def test_a_declared_length_over_the_limit_is_refused_before_it_is_read() -> None:
    written: list[bytes] = []
    failure = ends(
        without_end(OK + b"Content-Length: 1000001\r\n\r\n", b"x", 0.01), limits=SMALL, write=written.append
    )
    assert failure.code == "too_large"
    assert written == []


@pytest.mark.parametrize("hang", ["resolver", "connect"])
def test_a_hanging_resolver_or_connection_ends_at_the_deadline(hang: str) -> None:
    over = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        if hang == "resolver":
            over.wait(DEADLINE_SECONDS * 5)
        return ["93.184.216.34", "93.184.216.35"]

    def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
        over.wait(timeout_seconds)
        raise TimeoutError

    began = time.monotonic()
    with pytest.raises(OutboundError) as failed:
        fetch("http://a.example/", write=lambda piece: None, limits=LIMITS, resolve=resolve, connect=connect)
    over.set()
    assert time.monotonic() - began <= DEADLINE_SECONDS + SLACK_SECONDS
    assert failed.value.code == "timed_out"


def test_a_closed_port_is_a_failed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(OutboundError) as failed:
        fetch_from(port)
    assert (failed.value.code, failed.value.retriable) == ("connect_failed", True)


def test_an_error_in_writing_passes_through_and_closes_the_connection() -> None:
    opened: list[socket.socket] = []

    def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
        opened.append(tcp_connect(address, port, timeout_seconds))
        return opened[-1]

    def disk_full(piece: bytes) -> None:
        raise OSError(28, "No space left on device")

    with server(says(OK + b"Content-Length: 2\r\n\r\nok")) as port, pytest.raises(OSError, match="No space"):
        fetch_from(port, connect=connect, write=disk_full)
    assert opened[0].fileno() == -1


BODY = bytes(range(256)) * 1000


@pytest.mark.parametrize(
    "answer",
    [
        OK + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY,
        b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"\r\n" + BODY,
        CHUNKED + f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n0\r\nX-Trailer: x\r\n\r\n",
        OK + b"Content-Encoding: identity\r\n\r\n" + BODY,
        OK + b"Content-Encoding: GZIP\r\n\r\n" + gzip.compress(BODY),
        OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(BODY[:1000]) + gzip.compress(BODY[1000:]),
        OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(BODY),
        OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(BODY)[2:-4],
    ],
    ids=[
        "length",
        "http 1.0",
        "after 100",
        "chunked",
        "identity",
        "gzip",
        "gzip members",
        "zlib",
        "bare deflate",
    ],
)
def test_every_lawful_form_of_an_answer_arrives_whole(answer: bytes) -> None:
    written: list[bytes] = []
    limits = FetchLimits(DEADLINE_SECONDS * 5, max_bytes=len(BODY), max_decoded_bytes=len(BODY))
    with server(says(answer)) as port:
        fetched = fetch_from(port, write=written.append, limits=limits)
    assert b"".join(written) == BODY
    assert fetched.size_bytes == len(BODY)
    assert fetched.hops[-1].address == "127.0.0.1"


def test_a_body_is_sent_whole_with_its_length_and_host() -> None:
    received: list[bytes] = []

    def behave(connection: socket.socket, over: threading.Event) -> None:
        request = read_request(connection)
        while not request.endswith(b"!"):
            request += connection.recv(65536)
        received.append(request)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with server(behave) as port:
        sent = {"Content-Type": "application/json", "User-Agent": "test"}
        fetched = fetch_from(
            port, method="POST", body=b"x" * 200_000 + b"!", headers=sent, follow_redirects=False
        )
    head, _, body = received[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert fetched.status == 204
    assert len(body) == 200_001
    assert lines[0] == "POST / HTTP/1.1"
    assert f"Host: 127.0.0.1:{port}" in lines
    assert {
        "Content-Length: 200001",
        "Accept-Encoding: identity",
        "Connection: close",
        "User-Agent: test",
    } <= {*lines}


def test_head_asks_for_no_body_and_gets_none() -> None:
    written: list[bytes] = []
    with server(says(OK + b"Content-Length: 99999999999\r\nContent-Encoding: br\r\n\r\n")) as port:
        fetched = fetch_from(port, method="HEAD", write=written.append)
    assert (fetched.status, fetched.size_bytes, written) == (200, 0, [])
