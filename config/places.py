"""What an embedded start needs before its first process: a port, the data folder for itself, `up.json`."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HOST = "127.0.0.1"
USUAL_PORT = 8000
# A supervisor killed outright leaves the lock to its watchman, which needs some seconds.
CLEARING_SECONDS = 15.0


class RefusedError(Exception):
    """The start can't go on; the words say why and what to do. `code` is the exit status."""

    def __init__(self, words: str, code: int = 2) -> None:
        super().__init__(words)
        self.code = code


def is_free(port: int) -> bool:
    """True if nobody listens on the port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose_port(wanted: str, last: int | None = None) -> int:
    """`PORT` if given, else the last start's, the usual one, or any that is free."""
    if wanted and wanted != "0":
        if not wanted.isascii() or not wanted.isdigit() or not 1 <= int(wanted) <= 65535:
            raise RefusedError(f"PORT must be a number from 1 to 65535, not {wanted!r}.")
        if not is_free(int(wanted)):
            raise RefusedError(
                f"Port {wanted} is taken by another program, or not ours to open. "
                "Set PORT to another one, or leave it out and a free one is found."
            )
        return int(wanted)
    for port in (last, USUAL_PORT):
        if port and wanted != "0" and is_free(port):
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        found: int = probe.getsockname()[1]
        return found


def lock(data: Path) -> int:
    """The data folder for this process alone; the descriptor holds it until it is closed everywhere."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(data / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise RefusedError(
            f"The data folder {data} can't be used: {error.strerror}. Set STET_DATA to a folder of your own."
        ) from error
    patience = time.monotonic() + CLEARING_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            ending = holder.isdigit() and not _runs(int(holder))
            if not ending or time.monotonic() > patience:
                os.close(descriptor)
                raise RefusedError(
                    f"Stet runs already with the data folder {data}"
                    f"{f' (process {holder})' if holder and not ending else ''}. "
                    "Stop that one first, or set STET_DATA to another folder."
                ) from None
            time.sleep(0.1)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
    return descriptor


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def read_up(data: Path) -> dict[str, Any]:
    """What an earlier start kept in `up.json`; empty if there is none or it can't be read."""
    try:
        kept = json.loads((data / "up.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def write_up(data: Path, content: Mapping[str, Any]) -> None:
    """Replaces `up.json` whole; readable by its owner only from its first byte."""
    descriptor, name = tempfile.mkstemp(prefix=".up.", dir=data)  # mkstemp makes it 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    Path(name).replace(data / "up.json")


def last_port(kept: Mapping[str, Any]) -> int | None:
    """The port of the last start, which bookmarks and clients know."""
    try:
        return urlsplit(str(kept.get("url", ""))).port
    except ValueError:
        return None
