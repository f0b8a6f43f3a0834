"""The child: limits itself, goes to the folder that it is given, and becomes the program that it is told to be."""

from __future__ import annotations

import os
import resource
import sys

_MEMORY_BYTES = 1024**3
_CPU_SECONDS = 30
_ANSWER_BYTES = 4 * 1024 * 1024
_OPEN_FILES = 64


def limit() -> None:
    """Puts on the limits, hard ones; they stay on in whatever program this becomes."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_ANSWER_BYTES, _ANSWER_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


if __name__ == "__main__":
    limit()
    os.chdir(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606  the program that the operator named, without a shell
