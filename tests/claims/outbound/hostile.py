"""Hostile servers on loopback, and what they do."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache

Behaviour = Callable[[socket.socket, threading.Event], None]

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GZIPPED = OK + b"Content-Encoding: gzip\r\n\r\n"


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


def send_all(connection: socket.socket, data: bytes, over: threading.Event) -> None:
    view = memoryview(data)
    while view and not over.is_set():
        try:
            view = view[connection.send(view) :]
        except TimeoutError:
            continue


def says(*pieces: bytes, then: Behaviour | None = None) -> Behaviour:
    """Reads the request, says this and hangs up, or does something else `then`."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        for piece in pieces:
            send_all(connection, piece, over)
        if then is not None:
            then(connection, over)

    return behave


def without_end(start: bytes, again: bytes, every_seconds: float = 0.0) -> Behaviour:
    """Says `start`, then `again` for as long as somebody listens."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(start)
        while not over.wait(every_seconds):
            send_all(connection, again, over)

    return behave


def silent(connection: socket.socket, over: threading.Event) -> None:
    over.wait(5)


def resets(connection: socket.socket, over: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def deaf(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(10)
    over.wait(5)


def redirects(place: Callable[[str], str], *, after_seconds: float = 0.0, body: bytes = b"") -> Behaviour:
    """Redirects each path to the place made of it."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        path = read_request(connection).split(b" ")[1].decode()
        over.wait(after_seconds)
        send_all(connection, f"HTTP/1.1 302 Found\r\nLocation: {place(path)}\r\n\r\n".encode(), over)
        while body and not over.is_set():
            send_all(connection, body, over)

    return behave


def over_tls(context: ssl.SSLContext, behave: Behaviour) -> Behaviour:
    """The same, inside a sound TLS connection that ends without a farewell."""

    def wrapped(connection: socket.socket, over: threading.Event) -> None:
        connection.settimeout(5)
        with context.wrap_socket(connection, server_side=True) as inside:
            inside.settimeout(0.1)
            behave(inside, over)

    return wrapped


def drips_tls(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"\x16\x03\x03\x3f\xff")  # a handshake record of 16 KiB that never fills
    while not over.wait(0.02):
        connection.sendall(b"\x02")


def drips_a_record(connection: socket.socket, over: threading.Event) -> None:
    """In an established TLS connection: a record of content that never fills."""
    read_request(connection)
    beneath = socket.socket(fileno=socket.dup(connection.fileno()))
    with beneath:
        beneath.sendall(b"\x17\x03\x03\x3f\xff")
        while not over.wait(0.02):
            beneath.sendall(b"x")


def garbage(connection: socket.socket, over: threading.Event) -> None:
    send_all(connection, b"\x00garbage\xff" * 10_000, over)


def handshake_without_end(connection: socket.socket, over: threading.Event) -> None:
    """Handshake records of the largest size that are never whole messages."""
    connection.sendall(b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + b"x" * 16380)
    while not over.is_set():
        send_all(connection, b"\x16\x03\x03\x40\x00" + b"x" * 16384, over)


@cache
def bomb(size_bytes: int, wbits: int = 31) -> bytes:
    """So many zeros, packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    zeros = bytes(1_000_000)
    packed = [packer.compress(zeros) for _ in range(size_bytes // len(zeros))]
    return b"".join([*packed, packer.flush()])


def packed_as(encoding: str, packed: bytes) -> bytes:
    return OK + f"Content-Encoding: {encoding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode() + packed


PACKED = gzip.compress(b"x" * 1000, mtime=0)
