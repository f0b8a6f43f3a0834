"""A fetch always ends: hostile servers, each within the deadline and in bounded memory.

Every fetch runs in a child process of its own; its time and the rise of its peak memory are measured, held
against the promise, and shown at the end of the run.
"""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from .certificates import Authority
from .conftest import FIGURES
from .hostile import (
    CHUNKED,
    GZIPPED,
    OK,
    PACKED,
    Behaviour,
    bomb,
    deaf,
    drips_a_record,
    drips_tls,
    garbage,
    handshake_without_end,
    over_tls,
    packed_as,
    read_request,
    redirects,
    resets,
    says,
    send_all,
    server,
    silent,
    without_end,
)
from .measured import Bench, Job, Measured

DEADLINE_SECONDS = 0.5
SLACK_SECONDS = 0.5
MEMORY_BYTES = 60_000_000
SMALL = 1_000_000
TITLE = "Hostile servers"
Record = Callable[[str, object], None]


@dataclass(frozen=True)
class Hostile:
    """A server's behaviour, and the codes that a fetch from it may end with."""

    name: str
    behave: Behaviour
    codes: str
    scheme: str = "http"
    job: dict[str, Any] = field(default_factory=dict)


def small(name: str, behave: Behaviour, codes: str, **job: Any) -> Hostile:
    return Hostile(name, behave, codes, job={"max_bytes": SMALL, **job})


def fast(behave: Behaviour) -> Behaviour:
    """Sends every byte of its own accord at once, without Nagle's algorithm."""

    def quick(connection: socket.socket, over: Any) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        behave(connection, over)

    return quick


def refuses_early(connection: socket.socket, over: Any) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")
    connection.shutdown(socket.SHUT_WR)
    while not over.is_set() and connection.recv(65536):
        pass


def packed_in_crumbs(connection: socket.socket, over: Any) -> None:
    read_request(connection)
    packed = bomb(100_000_000)
    crumbs = b"".join(b"1\r\n" + packed[at : at + 1] + b"\r\n" for at in range(len(packed)))
    send_all(connection, CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + crumbs, over)


X = b"x" * 65536
GZIP_HEAD = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03"  # of a member whose file name never ends
ENDLESS = {
    "body": without_end(OK + b"\r\n", X),
    "chunks": without_end(CHUNKED, b"10000\r\n" + X + b"\r\n"),
    "chunks of one byte": without_end(CHUNKED, b"1\r\nx\r\n" * 10_000),
    "segments of one byte": fast(without_end(OK + b"\r\n", b"x")),
    "gzip": without_end(GZIPPED, gzip.compress(b"x" * 10_000) * 100),
    "gzip members, all empty": without_end(GZIPPED, gzip.compress(b"") * 1000),
    "gzip file name": without_end(GZIPPED + GZIP_HEAD, X),
}
BEHAVIOURS = [
    # Without end, stopped by size where there is a limit and by the clock where there is none.
    *[small(f"endless {name}, limited", behave, "too_large timed_out") for name, behave in ENDLESS.items()],
    *[Hostile(f"endless {name}", behave, "timed_out") for name, behave in ENDLESS.items()],
    small("endless chunk framing, limited", without_end(CHUNKED, b"1;" + b"x" * 4000 + b"\r\nx\r\n"), "too_large"),
    Hostile("endless headers", without_end(OK, b"X-Header: x\r\n" * 100), "protocol_error"),
    Hostile("endless header", without_end(OK + b"X-Header: ", b"x" * 8192), "protocol_error"),
    Hostile("endless folded header", without_end(OK + b"X-Header: x", b"\r\n x" * 1000), "protocol_error"),
    Hostile("endless status line", without_end(b"HTTP/1.1 200 ", b"x" * 8192), "protocol_error"),
    Hostile("endless noise instead of HTTP", without_end(b"", b"\x00\xff" * 4096), "protocol_error"),
    Hostile("endless line ends", without_end(b"", b"\r\n" * 4096), "protocol_error"),
    Hostile("endless 100 continue", without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "protocol_error"),
    Hostile("endless 103 hints", without_end(b"", b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" * 99), "protocol_error"),
    Hostile("endless chunk extension", without_end(CHUNKED + b"1;", b"x" * 8192), "protocol_error"),
    Hostile("endless chunk size", without_end(CHUNKED, b"0" * 8192), "protocol_error"),
    Hostile("endless trailers", without_end(CHUNKED + b"0\r\n", b"X-T: x\r\n" * 100), "protocol_error"),
    Hostile("201 headers", says(OK + b"X: y\r\n" * 201 + b"Content-Length: 0\r\n\r\n"), "protocol_error"),
    # Slow.
    Hostile("no answer", silent, "timed_out"),
    Hostile("slow status line", without_end(b"H", b"T", 0.02), "timed_out protocol_error"),
    Hostile("slow header", without_end(OK + b"X-Header: ", b"x", 0.02), "timed_out"),
    Hostile("slow headers", without_end(OK, b"X: y\r\n", 0.02), "timed_out"),
    Hostile("slow 100 continue", without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02), "timed_out"),
    Hostile("slow body", without_end(OK + b"Content-Length: 1000000\r\n\r\n", b"x", 0.02), "timed_out"),
    Hostile("slow chunks", without_end(CHUNKED, b"1\r\nx\r\n", 0.02), "timed_out"),
    Hostile("slow chunk size", without_end(CHUNKED + b"1;", b"x", 0.02), "timed_out"),
    Hostile("slow trailers", without_end(CHUNKED + b"0\r\n", b"X: y\r\n", 0.02), "timed_out"),
    Hostile("slow gzip", without_end(GZIPPED + GZIP_HEAD, b"x", 0.02), "timed_out"),
    Hostile("head, then silence", says(OK + b"Content-Length: 9\r\n\r\n", then=silent), "timed_out"),
    Hostile("body, then an open end", says(OK + b"\r\nbody", then=silent), "timed_out"),
    Hostile("deaf to what is sent", deaf, "timed_out", job={"method": "POST", "body_bytes": 20_000_000}),
    Hostile("refuses early", refuses_early, "http_status", job={"method": "POST", "body_bytes": SMALL}),
    # Lengths that lie.
    Hostile("more than its length", says(OK + b"Content-Length: 2\r\n\r\nok", X * 99), "fetched"),
    Hostile("less than its length", says(OK + b"Content-Length: 10\r\n\r\nok"), "protocol_error"),
    small("a length over the limit", without_end(OK + b"Content-Length: 1000001\r\n\r\n", b"x", 0.02), "too_large"),
    small("a length of 10^18", says(OK + b"Content-Length: 1" + b"0" * 18 + b"\r\n\r\nx", then=silent), "too_large"),
    Hostile("a length of 5000 digits", says(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"), "protocol_error"),
    Hostile("a negative length", says(OK + b"Content-Length: -1\r\n\r\n"), "protocol_error"),
    Hostile("two lengths", says(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nok"), "protocol_error"),
    Hostile(
        "length and chunks",
        says(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        "protocol_error",
    ),
    Hostile("a chunk of 2^63", says(CHUNKED + b"8000000000000000\r\nx", then=silent), "timed_out"),
    Hostile("a chunk of less than nothing", says(CHUNKED + b"-1\r\nx\r\n"), "protocol_error"),
    Hostile("chunks cut short", says(CHUNKED + b"5\r\n01"), "protocol_error"),
    Hostile("HEAD with an endless body", without_end(OK + b"\r\n", X), "fetched", job={"method": "HEAD"}),
    Hostile("204 with an endless body", without_end(b"HTTP/1.1 204 No\r\n\r\n", X), "fetched"),
    # Bombs.
    small("gzip bomb", says(packed_as("gzip", bomb(100_000_000))), "too_large"),
    small("zlib bomb", says(packed_as("deflate", bomb(100_000_000, 15))), "too_large"),
    small("bare deflate bomb", says(packed_as("deflate", bomb(100_000_000, -15))), "too_large"),
    small("gzip bomb in one-byte chunks", packed_in_crumbs, "too_large timed_out"),
    Hostile("gzip bomb without limit", says(GZIPPED, *[bomb(100_000_000)] * 100), "timed_out"),
    Hostile("gzip in gzip", says(packed_as("gzip, gzip", gzip.compress(bomb(10_000_000)))), "protocol_error"),
    Hostile("brotli bomb", says(packed_as("br", b"\xce\xff\xff\x7f" + bytes(4000))), "protocol_error"),
    Hostile("zstd", says(packed_as("zstd", b"\x28\xb5\x2f\xfd" + bytes(99))), "protocol_error"),
    Hostile("damaged gzip", says(packed_as("gzip", PACKED[:15] + b"\xff" * 99)), "protocol_error"),
    Hostile("gzip cut short", says(GZIPPED + PACKED[:20]), "protocol_error"),
    # Redirects.
    Hostile("redirect to itself", redirects(lambda path: path), "too_many_redirects"),
    Hostile("redirect chain", redirects(lambda path: path + "x"), "too_many_redirects"),
    Hostile("slow redirect chain", redirects(lambda path: path + "x", after_seconds=0.2), "timed_out"),
    Hostile("redirect with an endless body", redirects(lambda path: path, body=X), "too_many_redirects"),
    Hostile("redirect of 20,000 characters", redirects(lambda path: "/" + "x" * 20_000), "redirect_refused"),
    Hostile("redirect to the inside", redirects(lambda path: "http://10.0.0.1/"), "address_refused"),
    # Connections.
    Hostile("hangs up at once", lambda connection, over: None, "protocol_error connect_failed"),
    Hostile("resets at once", resets, "connect_failed protocol_error"),
    Hostile("resets within the body", says(OK + b"Content-Length: 9\r\n\r\nx", then=resets), "connect_failed protocol_error"),
    Hostile("switches protocols", says(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), "protocol_error"),
    Hostile("HTTP/2 unasked", says(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18), then=silent), "timed_out protocol_error"),
    # What is not TLS.
    Hostile("TLS silence", silent, "timed_out", "https"),
    Hostile("TLS handshake in drips", drips_tls, "timed_out", "https"),
    Hostile("TLS handshake without end", handshake_without_end, "tls_failed protocol_error", "https"),
    Hostile("TLS garbage", garbage, "tls_failed", "https"),
    Hostile("plain HTTP for TLS", says(OK + b"\r\n"), "tls_failed", "https"),
]  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def measure(bench: Bench, hostile: Hostile, **more: Any) -> Measured:
    with server(hostile.behave) as port:
        at = f"127.0.0.1:{port}"
        job = {"allow": at, "deadline_seconds": DEADLINE_SECONDS, **hostile.job, **more}
        return bench.do(Job(f"{hostile.scheme}://{at}/", **job))


def hold_to_the_promise(hostile: Hostile, measured: Measured, record_property: Record) -> None:
    row = f"  {hostile.name:34} {measured.seconds:6.3f} s {measured.memory_bytes / 1e6:6.1f} MB  {measured.code}"
    record_property(FIGURES, (f"{TITLE} (at most {DEADLINE_SECONDS + SLACK_SECONDS} s, 60 MB)", row))
    assert measured.code in hostile.codes.split()
    assert measured.seconds <= DEADLINE_SECONDS + SLACK_SECONDS
    assert measured.memory_bytes <= MEMORY_BYTES
    assert measured.left_open == 0
    assert measured.largest_piece <= 65536
    assert measured.written_bytes <= hostile.job.get("max_bytes", 10**15)


@pytest.mark.parametrize("hostile", BEHAVIOURS, ids=lambda hostile: hostile.name)
def test_a_hostile_server_cannot_hold_a_fetch(
    hostile: Hostile, bench: Bench, record_property: Record
) -> None:
    hold_to_the_promise(hostile, measure(bench, hostile), record_property)


INSIDE_TLS = [
    Hostile("TLS record in drips", drips_a_record, "timed_out", "https"),
    Hostile("TLS body without end", without_end(OK + b"\r\n", X), "timed_out", "https"),
    small("TLS bomb", says(packed_as("gzip", bomb(100_000_000))), "too_large"),
    Hostile("TLS body cut short", says(OK + b"\r\nhalf of i"), "protocol_error", "https"),
    Hostile("TLS headers without end", without_end(OK, b"X: y\r\n" * 100), "protocol_error", "https"),
]


@pytest.mark.parametrize("hostile", INSIDE_TLS, ids=lambda hostile: hostile.name)
def test_a_trusted_certificate_does_not_make_a_server_harmless(
    hostile: Hostile, bench: Bench, authority: Authority, record_property: Record
) -> None:
    tls = authority.server("127.0.0.1")
    inside = Hostile(hostile.name, over_tls(tls, hostile.behave), hostile.codes, "https", hostile.job)
    measured = measure(bench, inside, authorities=str(authority.certificate))
    hold_to_the_promise(inside, measured, record_property)


def test_tls_that_only_talks_about_itself_is_cut_off(
    bench: Bench, authority: Authority, record_property: Record
) -> None:
    tls = authority.server("127.0.0.1")
    tls.num_tickets = 100_000
    hostile = Hostile("TLS session tickets without end", over_tls(tls, silent), "protocol_error", "https")
    hold_to_the_promise(
        hostile, measure(bench, hostile, authorities=str(authority.certificate)), record_property
    )


@pytest.mark.parametrize("hang", ["resolver", "connect"])
def test_what_hangs_before_a_connection_is_there_ends_too(
    hang: str, bench: Bench, record_property: Record
) -> None:
    hostile = Hostile(f"{hang} that hangs", silent, "timed_out")
    job = Job("http://a.example/", deadline_seconds=DEADLINE_SECONDS, hang=hang)
    hold_to_the_promise(hostile, bench.do(job), record_property)


def test_there_are_at_least_thirty_kinds_of_hostility() -> None:
    names = [hostile.name for hostile in [*BEHAVIOURS, *INSIDE_TLS]]
    assert len(names) == len(set(names)) >= 30


def test_the_measuring_catches_a_naive_opener(bench: Bench, record_property: Record) -> None:
    """The control: a timeout for each wait holds no deadline, and read() holds no memory."""
    slow = measure(
        bench, Hostile("", without_end(OK + b"Content-Length: 60\r\n\r\n", b"x", 0.02), ""), naive=True
    )
    large = measure(bench, Hostile("", says(packed_as("gzip", bomb(100_000_000))), ""), naive=True)
    assert slow.seconds > DEADLINE_SECONDS + SLACK_SECONDS
    assert large.memory_bytes > MEMORY_BYTES
    for name, measured in (("slow body", slow), ("gzip bomb", large)):
        row = f"  {name:34} {measured.seconds:6.3f} s {measured.memory_bytes / 1e6:6.1f} MB  {measured.code}"
        record_property(FIGURES, ("The same, naively (control, must break the promise)", row))
