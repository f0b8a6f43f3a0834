"""The child: limits itself, reads a page from standard input, answers in JSON."""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict

_MEMORY_BYTES = 768 * 1024 * 1024
_CPU_SECONDS = 8
_ANSWER_BYTES = 16 * 1024 * 1024
_OPEN_FILES = 16


def limit() -> None:
    """Puts on the limits, hard ones, before anything of the page or its parser is touched."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_ANSWER_BYTES, _ANSWER_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def main() -> int:
    """Status 0 with an answer on standard output; anything else means that there is none."""
    limit()
    from claims.pages import MAX_PAGE_BYTES  # noqa: PLC0415  under the limits
    from claims.pages.reading import read  # noqa: PLC0415

    says = read(sys.stdin.buffer.read(MAX_PAGE_BYTES), charset=sys.argv[1])
    # Lone surrogates, which JSON-LD can hold, cannot be written as UTF-8.
    written = json.dumps(asdict(says), ensure_ascii=False).encode("utf-8", "replace")
    sys.stdout.buffer.write(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
