"""A simulated internet: names answered as told, connections noted and served by small servers."""

from __future__ import annotations

import socket
import ssl
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

PATIENCE_SECONDS = 5.0
HANG_SECONDS = 1.0  # of a resolver; the opener is given less


@dataclass
class Internet:
    """Answers names as a case says and connections with a small server; notes every connection."""

    case: dict[str, Any]
    tls: ssl.SSLContext | None = None
    trusting: ssl.SSLContext | None = None
    connected: list[tuple[str, int]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    looked_up: Counter[str] = field(default_factory=Counter)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def seams(self) -> dict[str, Any]:
        """What makes `fetch` live in here."""
        return {"resolve": self.resolve, "connect": self.connect, "ssl_context": self.trusting}

    def resolve(self, host: str, port: int) -> list[str]:
        answers = self.case.get("dns", {}).get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        answer = answers[min(self.looked_up[host], len(answers) - 1)]
        self.looked_up[host] += 1
        if answer == ["SLEEP"]:
            self.over.wait(HANG_SECONDS)
            raise socket.gaierror(socket.EAI_AGAIN, "the resolver hung")
        return list(answer)

    def connect(self, address: str, port: int, timeout_seconds: float) -> socket.socket:
        self.connected.append((address, port))
        ours, theirs = socket.socketpair()
        ours.settimeout(timeout_seconds)
        theirs.settimeout(PATIENCE_SECONDS)
        thread = threading.Thread(target=self._serve, args=(theirs, port), daemon=True)
        self._threads.append(thread)
        thread.start()
        return ours

    def _serve(self, connection: socket.socket, port: int) -> None:
        try:
            if port in (443, 8443) and self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head and (data := connection.recv(4096)):
                head += data
            self.requests.append(head.decode("latin-1"))
            place = self.case.get("redirect_to")
            if place and (len(self.requests) == 1 or place == self.case["url"]):
                status = self.case.get("redirect_status", 302)
                connection.sendall(
                    f"HTTP/1.1 {status} Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()
                )
            else:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except OSError:
            pass  # the client went away, which is its right
        finally:
            connection.close()

    def close(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
