"""Names to addresses, within the deadline. What may be connected to is decided elsewhere."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

from claims.addresses import OutboundError
from claims.outbound.failures import timed_out
from claims.outbound.limits import Deadline

Resolve = Callable[[str, int], list[str]]

# Look-ups cannot be cancelled; this many may hang at once before the next has to wait.
_lookups = threading.BoundedSemaphore(64)


def system_resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, from the system's resolver. Raises OSError."""
    return [str(answer[4][0]) for answer in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def look_up(host: str, port: int, *, resolve: Resolve, deadline: Deadline) -> list[str]:
    """What `resolve` answers, unjudged. Raises OutboundError `dns_failed` or `timed_out`."""
    answered: Future[list[str]] = Future()

    def ask() -> None:
        try:
            answered.set_result(resolve(host, port))
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            answered.set_exception(error)
        finally:
            _lookups.release()

    # getaddrinfo knows no timeout, so it gets a thread that may outlive the fetch.
    if not _lookups.acquire(timeout=deadline.remaining()):
        raise timed_out()
    try:
        threading.Thread(target=ask, name="stet-lookup", daemon=True).start()
    except RuntimeError:
        _lookups.release()
        raise
    try:
        answers = answered.result(timeout=deadline.remaining())
    except TimeoutError as error:
        raise timed_out() from error
    except (OSError, UnicodeError):
        answers = []
    if not answers:
        raise OutboundError(f"The name {host} could not be found.", code="dns_failed")
    return answers
