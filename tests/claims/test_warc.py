"""The WARC of a capture says what was asked and answered, hop by hop, and any reader of WARC files can read it."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from claims.media import archive
from claims.media.capture import Captured, fetch_original
from config.demo_media import make_photo

FILM_BYTES = 512 * 1024 * 1024 - 1
HEAD = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
PIECE = b"\x11" * 65536


class Server:
    """Gives a page by way of a redirect, a photo in chunks, and a very long film; notes what it was sent."""

    def __init__(self, photo: bytes) -> None:
        self.received: list[tuple[str, list[tuple[str, str]]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.received.append((self.path, list(self.headers.items())))
                getattr(self, f"give_{self.path.strip('/')}")()

            def give(self, status: int, *headers: tuple[str, str], body: bytes = b"") -> None:
                self.send_response(status)
                for header in headers:
                    self.send_header(*header)
                self.end_headers()
                self.wfile.write(body)

            def give_short(self) -> None:
                self.give(302, ("Location", "/post"), ("X-Odd", "Ir\u00e8ne"), ("Content-Length", "0"))

            def give_post(self) -> None:
                body = b'<html><meta property="og:image" content="/gone"><meta property="og:image" content="/photo">'
                self.give(200, ("Content-Type", "text/html"), ("Content-Length", str(len(body))), body=body)

            def give_gone(self) -> None:
                self.give(404, ("Content-Length", "4"), body=b"gone")

            def give_photo(self) -> None:
                chunks = b"".join(
                    b"%x\r\n%s\r\n" % (len(part), part) for part in (photo[:100], photo[100:], b"")
                )
                self.give(200, ("Transfer-Encoding", "chunked"), body=chunks)

            def give_film(self) -> None:
                self.give(200, ("Content-Length", str(FILM_BYTES)), body=HEAD)
                left = FILM_BYTES - len(HEAD)
                while left > 0:
                    self.wfile.write(PIECE[:left])
                    left -= len(PIECE)

            def log_message(self, *_: Any) -> None:
                """The tests look at what was received."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def photo(tmp_path: Any) -> bytes:
    return make_photo(tmp_path / "p.jpg", lines=["A flag"], seed=4).read_bytes()


@pytest.fixture
def server(photo: bytes, settings: Any) -> Iterator[Server]:
    server = Server(photo)
    settings.FETCH_ALLOW = ["127.0.0.1"]
    thread = threading.Thread(target=server.http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


def captured(url: str) -> Captured:
    found = fetch_original(url)
    assert isinstance(found, Captured)
    assert found.trail.warc is not None
    return found


def test_every_hop_is_there_as_it_went_over_the_wire(server: Server, photo: bytes) -> None:
    found = captured(f"{server.url}/short")
    requests, responses, led_from = [], [], []
    with archive.path_of(found.trail.warc.sha256).open("rb") as file:
        for record in ArchiveIterator(file):
            path = (record.rec_headers["WARC-Target-URI"] or "").removeprefix(server.url)
            if record.rec_type == "request":
                requests.append((path, record.http_headers.headers))
                assert record.http_headers.statusline == f"{path} HTTP/1.1"
            elif record.rec_type == "response":
                headers = record.rec_headers
                assert headers["WARC-IP-Address"] == "127.0.0.1"
                body = record.content_stream().read()
                responses.append(
                    (path, record.http_headers.get_statuscode(), body, headers["WARC-Truncated"])
                )
            elif record.rec_type == "metadata":
                led_from.append((path, record.content_stream().read().decode().split("\r\n")))
    assert requests == server.received
    page = responses[1][2]
    assert responses == [
        ("/short", "302", b"", None),
        ("/post", "200", page, None),
        ("/gone", "404", b"", "unspecified"),
        ("/photo", "200", photo, None),
    ]
    assert archive.path_of(found.trail.page.original.sha256).read_bytes() == page  # type: ignore[union-attr]
    assert dict(led_from)["/post"][0] == f"via: {server.url}/short"
    assert dict(led_from)["/photo"][:2] == [f"via: {server.url}/post", "found-by: og:image"]


def test_its_digests_hold_and_a_changed_byte_is_found(server: Server, tmp_path: Any, capsys: Any) -> None:
    whole = archive.path_of(captured(f"{server.url}/short").trail.warc.sha256).read_bytes()  # type: ignore[union-attr]

    def faults(content: bytes) -> int:
        file = tmp_path / "checked.warc"
        file.write_bytes(content)
        checker = Checker(type("Words", (), {"inputs": [str(file)], "verbose": False})())
        checker.process_all()
        capsys.readouterr()
        return int(checker.exit_value)

    assert faults(whole) == 0
    changed = bytearray(whole)
    changed[whole.index(b"\xff\xd8\xff") + 500] ^= 1
    assert faults(bytes(changed)) != 0


def test_half_a_gigabyte_goes_through_in_little_memory(server: Server) -> None:
    tracemalloc.start()
    try:
        found = captured(f"{server.url}/film")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.stored.size_bytes == FILM_BYTES
    assert found.trail.warc.size_bytes > FILM_BYTES  # type: ignore[union-attr]
    assert most < 16 * 1024 * 1024, most
