"""Extractors: programs of others that know where a platform's page keeps its media. None is on unless named.

An extractor is handed the address of a page that the guarded opener has read and that names no film itself. It **opens
connections of its own**, past the guarded opener; the capture log says so. What it answers is outside bytes: addresses
in it are parsed strictly, and fetched by the guarded opener like any other.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from claims.errors import StetError
from claims.pages import Candidate

EXTRACTING_SECONDS = 60.0
"""How long an extractor may take, by the clock on the wall."""

KNOWN = {"yt-dlp": "claims.extractors.yt_dlp.YtDlp"}
_ROOT = Path(__file__).resolve().parents[2]


class ExtractorFailed(StetError):
    """The extractor gave no answer that makes sense, or is not installed."""

    code = "extractor_failed"
    title = "The extractor gave no answer"


@dataclass(frozen=True)
class Extracted:
    """What an extractor says of a page: where its media is, the best first, and when it was posted (aware UTC).

    `by` names the program with its version, and says that it fetched by itself.
    """

    by: str
    candidates: tuple[Candidate, ...] = ()
    posted_at: datetime | None = None


class Extractor(Protocol):
    """Something that knows platforms."""

    def __init__(self, *, proxy: str) -> None: ...

    def is_installed(self) -> bool: ...

    def extract(self, url: str) -> Extracted:
        """Raises ExtractorFailed."""


def switched_on() -> list[Extractor]:
    """The extractors that the operator named in STET_EXTRACTORS, in that order. Raises ValueError for an unknown one."""
    unknown = [name for name in settings.EXTRACTORS if name not in KNOWN]
    if unknown:
        raise ValueError(f"There is no extractor called {unknown[0]}. Known: {', '.join(KNOWN)}.")
    return [import_string(KNOWN[name])(proxy=settings.EXTRACTOR_PROXY) for name in settings.EXTRACTORS]


def run(command: Sequence[str]) -> bytes:
    """What a program writes to standard output, run in a child of its own under limits. Raises ExtractorFailed.

    It gets an empty folder for its home, nothing of our environment, and is ended with all that it started.
    """
    with tempfile.TemporaryDirectory(prefix="stet-extractor-") as home, tempfile.TemporaryFile() as answer:
        process = subprocess.Popen(  # noqa: S603  a program that the operator installed and named
            [sys.executable, "-s", "-B", "-m", "claims.extractors", home, *command],
            cwd=_ROOT,
            env={"LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": home, "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            status = process.wait(EXTRACTING_SECONDS)
        except subprocess.TimeoutExpired:
            raise ExtractorFailed("The extractor took longer than it may.") from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if status != 0:
            raise ExtractorFailed("The extractor ended without an answer, or took more than it may.")
        answer.seek(0)
        return answer.read()
