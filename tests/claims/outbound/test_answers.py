"""What an answer may be: sound forms arrive whole, unsound ones are refused with a code to act on."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from typing import Any

import pytest

from claims.outbound import AllowList, Fetched, FetchLimits, OutboundError, fetch, tcp_connect

from .hostile import CHUNKED, OK, PACKED, Behaviour, bomb, read_request, says, server

LIMITS = FetchLimits(deadline_seconds=3.0)
BODY = bytes(range(256)) * 1000


def fetch_from(port: int, path: str = "/", **options: Any) -> Fetched:
    options.setdefault("limits", LIMITS)
    options.setdefault("write", lambda piece: None)
    return fetch(f"http://127.0.0.1:{port}{path}", allow=AllowList.parse([f"127.0.0.1:{port}"]), **options)


def fails(behave: Behaviour, **options: Any) -> OutboundError:
    """Fetch from such a server: must fail and leave no connection open."""
    opened: list[socket.socket] = []

    def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
        opened.append(tcp_connect(address, port, timeout_seconds))
        return opened[-1]

    with server(behave) as port, pytest.raises(OutboundError) as failed:
        fetch_from(port, connect=connect, **options)
    assert opened
    assert all(connection.fileno() == -1 for connection in opened)
    return failed.value


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
    failure = fails(says(answer))
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
    failure = fails(says(answer))
    assert failure.code in {"protocol_error", "connect_failed"}
    assert failure.retriable


@pytest.mark.parametrize("path", ["/same", "/chain/0"])
def test_redirects_end(path: str) -> None:
    def behave(connection: socket.socket, over: threading.Event) -> None:
        asked = read_request(connection).split(b" ")[1].decode()
        place = asked if asked == "/same" else f"/chain/{int(asked.split('/')[-1]) + 1}"
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {place}\r\n\r\n".encode())

    failure = fails(behave, path=path)
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
    failure = fails(says(b"HTTP/1.1 307 Away\r\nLocation: " + place + b"\r\n\r\n"))
    assert failure.code == code
    assert len(failure.hops) == 1


@pytest.mark.parametrize("options", [{"follow_redirects": False}, {"method": "POST", "body": b"{}"}])
def test_a_redirect_that_is_not_to_be_followed_is_refused(options: dict[str, Any]) -> None:
    failure = fails(says(b"HTTP/1.1 302 Away\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"), **options)
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
    failure = fails(says(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()))
    assert (failure.code, failure.retriable) == ("http_status", retriable)
    assert str(status) in failure.detail
    assert failure.hops[-1].status == status


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


def test_the_deadline_holds_while_one_read_unfolds_into_many_writes() -> None:
    began = time.monotonic()
    packed = OK + b"Content-Encoding: gzip\r\n\r\n" + bomb(100_000_000)
    limits = FetchLimits(deadline_seconds=0.3)
    failure = fails(says(packed), limits=limits, write=lambda piece: time.sleep(0.02))
    assert failure.code == "timed_out"
    assert time.monotonic() - began <= 0.3 + 0.5


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
    limits = FetchLimits(10.0, max_bytes=len(BODY), max_decoded_bytes=len(BODY))
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
