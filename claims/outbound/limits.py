"""The bounds of one fetch: sizes, and the one deadline that every wait is clamped to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self

from claims.outbound.failures import timed_out

# How much is read or given at a time, before the answer's head is whole and after.
HEAD_PIECE_BYTES = 8 * 1024
PIECE_BYTES = 64 * 1024


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


class Deadline:
    """A moment on the monotonic clock, so many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, more than none. Raises OutboundError `timed_out`."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise timed_out()
        return left

    def within(self, seconds: float) -> Self:
        """A deadline of so many seconds that is never later than this one."""
        return type(self)(min(seconds, self.remaining()))
