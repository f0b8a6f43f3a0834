"""Ends the process groups of an embedded start once its supervisor is gone, however it went.

A death signal reaches the supervisor's children and not theirs (web workers, pool workers), and a supervisor
killed outright can end nobody. So this small process outlives it: it reads from a pipe which groups and
folders there are (`+group 12`, `-group 12`, `+folder /tmp/x`), and acts when the pipe closes. It runs alone,
with the standard library only, and holds the lock of the data folder for as long as anything may still run.
"""

import os
import shutil
import signal
import sys
import time

GRACE_SECONDS = 4.0


def alive(group: int) -> bool:
    """True while the group has a process, one that nobody has reaped yet included."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(groups: set[int], number: signal.Signals) -> None:
    """Sends the signal to every group that is left."""
    for group in groups:
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            continue


def main() -> None:
    """Listens until the supervisor is gone, then ends what it left."""
    groups: set[int] = set()
    folders: set[str] = set()
    for line in sys.stdin:
        word, _, value = line.rstrip("\n").partition(" ")
        if word == "+group":
            groups.add(int(value))
        elif word == "-group":
            groups.discard(int(value))
        elif word == "+folder":
            folders.add(value)
    end(groups, signal.SIGTERM)
    patience = time.monotonic() + GRACE_SECONDS
    while any(alive(group) for group in groups) and time.monotonic() < patience:
        time.sleep(0.05)
    end(groups, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
