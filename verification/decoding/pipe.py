"""The child's end of the pipes: requests and answers as JSON, each after its length in four bytes."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

LENGTH_BYTES = 4


class Pipe:
    """Takes requests in and sends answers out, one after the other."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests = requests
        self._answers = answers

    def receive(self) -> dict[str, Any] | None:
        """The next request; None where the parent has closed its end."""
        length = self._requests.read(LENGTH_BYTES)
        if len(length) < LENGTH_BYTES:
            return None
        request: dict[str, Any] = json.loads(self._requests.read(int.from_bytes(length, "big")))
        return request

    def send(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self._answers.write(len(body).to_bytes(LENGTH_BYTES, "big") + body)
        self._answers.flush()
