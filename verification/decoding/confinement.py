"""What the child may not do, put on before it sees a byte of any file, and for good.

Limits on memory, processor time, open and written files; and on Linux, by seccomp, no socket, no other program
and no look into another process. Where the kernel or the machine knows no such filter, the limits stay alone.
"""

from __future__ import annotations

import ctypes
import errno
import math
import os
import resource
import signal
import struct
import sys
from dataclasses import dataclass

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_X32_CALLS = 0x40000000


@dataclass(frozen=True)
class _Calls:
    """An architecture's number in the kernel, and the numbers of its system calls: those that nobody needs first."""

    architecture: int
    refused: tuple[int, ...]
    starting: tuple[int, ...]
    """Those that start a program in place of this one."""
    forking: tuple[int, ...]
    """Those that start another process."""


# socket, socketpair, connect, ptrace, process_vm_readv, process_vm_writev, pidfd_getfd, io_uring_setup (which opens
# sockets of its own); execve, execveat; clone, fork, vfork, clone3
_CALLS = {
    "x86_64": _Calls(0xC000003E, (41, 53, 42, 101, 310, 311, 438, 425), (59, 322), (56, 57, 58, 435)),
    "aarch64": _Calls(0xC00000B7, (198, 199, 203, 117, 270, 271, 438, 425), (221, 281), (220, 435)),
}


def die_with(parent: int) -> None:
    """Has the kernel kill us when the thread that asked ends, however it ends; takes the way to new rights."""
    if sys.platform != "linux":
        return
    kernel = ctypes.CDLL(None)
    kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def limit(*, memory_bytes: int, open_files: int) -> None:
    """Puts on what holds for the child's whole life. `memory_bytes` is address space."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def allow_cpu(seconds: int) -> None:
    """Lets the processor be used for so many seconds from now on; the kernel ends us after them."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    # The limit counts from the process's birth, so what is already used is added.
    soft = math.ceil(used.ru_utime + used.ru_stime) + seconds
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, most))


def refuse_calls() -> bool:
    """Gives up sockets, other programs and other processes' memory; False where that can't be had here."""
    calls = _calls()
    return calls is not None and _put_on(_filter(calls, (*calls.refused, *calls.starting)))


def confine_helper(parent: int) -> None:
    """The same for a program that is about to be started and must be: it gives up other processes instead."""
    die_with(parent)
    calls = _calls()
    if calls is not None:
        _put_on(_filter(calls, (*calls.refused, *calls.forking)))


def _calls() -> _Calls | None:
    is_known = sys.platform == "linux" and sys.maxsize >= 2**32
    return _CALLS.get(os.uname().machine) if is_known else None


def _put_on(program: bytes) -> bool:
    held = ctypes.create_string_buffer(program, len(program))
    fields = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
    kernel = ctypes.CDLL(None)
    put_on: int = kernel.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, fields, 0, 0)
    return put_on == 0


def _filter(calls: _Calls, numbers: tuple[int, ...]) -> bytes:
    """The kernel's filter program: a refused call fails with EPERM, one of a foreign architecture kills."""
    refused = [(_IF_AT_LEAST, _X32_CALLS)] if calls.architecture == _CALLS["x86_64"].architecture else []
    refused += [(_IF_EQUAL, number) for number in numbers]
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_IF_EQUAL, 1, 0, calls.architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        # Each jumps over those after it and over the allowance.
        *((kind, len(refused) - place, 0, number) for place, (kind, number) in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
