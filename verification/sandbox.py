"""Reads outside bytes in a child process under limits: a hostile file harms nothing but its own reading.

The child is kept for the next file, for most of the time of a first one is its start. Each thread has its own:
the kernel ends a child with the thread that started it. What a crash or a limit has touched is never used again.
"""

from __future__ import annotations

import base64
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from claims.errors import StetError
from verification.decoder_child import NO_ANSWER, Broken, DecoderChild, OutOfTime
from verification.domain.decoded import Decoded

T = TypeVar("T")

FILES_PER_CHILD = 200
"""After so many files a child is replaced, whatever its libraries have leaked by then."""


@dataclass(frozen=True)
class DecodeLimits:
    """What the reading of one file may cost. Seconds are of the child's processor, and of the wall clock."""

    memory_bytes: int = 1024**3
    cpu_seconds: int = 10
    wall_seconds: float = 15.0
    open_files: int = 16
    max_pixels: int = 50_000_000
    max_frames: int = 24
    answer_bytes: int = 4 * 1024 * 1024


DEFAULT_LIMITS = DecodeLimits()
PLAY_LIMITS = DecodeLimits(cpu_seconds=90, wall_seconds=150.0, answer_bytes=24 * 1024 * 1024)
"""For a copy that browsers play: the child itself ends it after 60 s of its processor, 120 s of film or 12 MiB."""

_DETAILS = {
    "decode_timeout": "Reading the file took longer than it may.",
    "decode_memory": "Reading the file took more memory than it may.",
    "decode_crashed": "The program that reads the file ended without an answer.",
    "undecodable": "No reader could make sense of the file.",
    "too_many_pixels": "The picture has more pixels than may be read.",
}


_JPEG = b"\xff\xd8\xff"
_EBML = b"\x1a\x45\xdf\xa3"
_MOST_MS = 10**9
_REFUSALS = frozenset({"undecodable", "too_many_pixels"})


class DecodeFailed(StetError):
    """A file could not be decoded.

    `code` is decode_timeout, decode_memory, decode_crashed, undecodable or too_many_pixels. Only a crash is
    worth another try: the rest will happen again.
    """

    code = "undecodable"
    title = "The file could not be decoded"

    def __init__(self, code: str, detail: str | None = None) -> None:
        super().__init__(detail or _DETAILS[code], code=code)

    @property
    def retriable(self) -> bool:
        return self.code == "decode_crashed"


@dataclass(frozen=True)
class Drawn:
    """A JPEG to look at; `at_ms` is its place in the film in milliseconds, None for a whole photo."""

    at_ms: int | None
    jpeg: bytes


@dataclass(frozen=True)
class Played:
    """A film as WebM: `seconds` from its beginning; `is_whole` where that is all of it."""

    webm: bytes
    seconds: float
    is_whole: bool


class _Kept(threading.local):
    """The thread's child between two files, and the limits and the exiftool that it was started with."""

    child: DecoderChild | None = None
    limits: DecodeLimits | None = None
    exiftool: str | None = None


_kept = _Kept()


class _SpoiltByOthers(Exception):
    """A child failed that had read other files before: whose fault it was can't be said."""


def decode(
    path: Path,
    *,
    media_type: str,
    trust_list: Path | None = None,
    exiftool: Path | None = None,
    limits: DecodeLimits = DEFAULT_LIMITS,
) -> Decoded:
    """The facts of the file at `path`, read as `media_type` (from `sniff`, never from a name).

    `trust_list` is a PEM file with the certificates that make content credentials trusted; without it none are.
    `exiftool` is that program, which then reads what our own readers do not; the facts' `readers` tell its version.

    A reader that fails is named in the facts' `errors`, and the others still say what they read; only a
    file of which nothing can be said raises DecodeFailed. Raises OSError where the file can't be opened.
    """
    question = {
        "wanted": "facts",
        "trust_list": str(trust_list) if trust_list else None,
        "exiftool": str(exiftool) if exiftool else None,
    }
    return _of_file(path, question, _facts_in, media_type, limits)


def draw(
    path: Path, *, media_type: str, thumbnail: bool = False, limits: DecodeLimits = DEFAULT_LIMITS
) -> tuple[Drawn, ...]:
    """Small JPEGs of the file at `path`: some stills of a film, one copy of a photo; none of anything else.

    With `thumbnail`, the small picture that a photo holds within itself in their place, if it holds one. Raises
    DecodeFailed, and OSError where the file can't be opened.
    """
    return _of_file(path, {"wanted": "drawn", "thumbnail": thumbnail}, _jpegs_in, media_type, limits)


def play(path: Path, *, media_type: str, limits: DecodeLimits = PLAY_LIMITS) -> Played:
    """A copy of the film or recording at `path` that browsers play. Encoding takes long: a job of its own does it.

    Raises DecodeFailed, and OSError where the file can't be opened.
    """
    return _of_file(path, {"wanted": "played"}, _film_in, media_type, limits)


def _of_file(
    path: Path,
    wanted: Mapping[str, Any],
    understand: Callable[[Any], T],
    media_type: str,
    limits: DecodeLimits,
) -> T:
    # Non-blocking, so that a pipe put in place of the file can't hold us up before we see what it is.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise DecodeFailed("undecodable", "It is not a regular file.")
        if status.st_size == 0:
            raise DecodeFailed("undecodable", "The file is empty.")
        question = {
            **wanted,
            "media_type": media_type,
            "cpu_seconds": limits.cpu_seconds,
            "max_pixels": limits.max_pixels,
            "max_frames": limits.max_frames,
        }
        deadline = time.monotonic() + limits.wall_seconds
        try:
            return _ask(handle, question, understand, limits, deadline)
        except _SpoiltByOthers:
            return _ask(handle, question, understand, limits, deadline)
    finally:
        os.close(handle)


def end_child() -> None:
    """Ends the thread's child, if it has one; the next file starts another."""
    child, _kept.child = _kept.child, None
    if child is not None:
        child.end()


def _ask(
    handle: int,
    question: Mapping[str, Any],
    understand: Callable[[Any], T],
    limits: DecodeLimits,
    deadline: float,
) -> T:
    """Asks the thread's child, or a new one. Raises DecodeFailed, and _SpoiltByOthers where a new one is due."""
    child = _child_for(handle, limits, question.get("exiftool"))
    used = child.files > 0
    try:
        answer = child.ask(handle, question, deadline=deadline, most_bytes=limits.answer_bytes)
        _raise_failure(answer)
        understood = understand(answer.get(question["wanted"]))
    except DecodeFailed as failure:
        # A refusal is an answer like any other; after any other failure nobody knows what is left in memory.
        if failure.code in _REFUSALS:
            _keep(child)
        elif used:
            raise _SpoiltByOthers from failure
        raise
    except OutOfTime:
        raise DecodeFailed("decode_timeout") from None
    except Broken as broken:
        if used:
            raise _SpoiltByOthers from broken
        raise DecodeFailed("decode_crashed", f"{_DETAILS['decode_crashed']} {broken}") from None
    else:
        _keep(child)
        return understood
    finally:
        if _kept.child is not child:
            child.end()


def _child_for(handle: int, limits: DecodeLimits, exiftool: str | None) -> DecoderChild:
    """The thread's child taken out of its place, so that it is put back only by a good answer; or a new one."""
    child, _kept.child = _kept.child, None
    if child is not None:
        # One that has an exiftool serves those too that ask for none.
        if child.owner == os.getpid() and _kept.limits == limits and exiftool in {None, _kept.exiftool}:
            return child
        child.end()
    start = {
        "memory_bytes": limits.memory_bytes,
        "open_files": limits.open_files,
        "cpu_seconds": limits.cpu_seconds,
        "exiftool": exiftool,
    }
    _kept.limits, _kept.exiftool = limits, exiftool
    return DecoderChild(start, first=handle)


def _keep(child: DecoderChild) -> None:
    if child.files < FILES_PER_CHILD:
        _kept.child = child


def _raise_failure(answer: Mapping[str, Any]) -> None:
    """Raises DecodeFailed for the failure that an answer tells, and Broken for nonsense."""
    if answer.get("unreachable") is True:
        raise Broken("It could not get at the file.")
    if "failed" in answer:
        code, detail = answer["failed"], answer.get("detail")
        if not isinstance(code, str) or code not in _DETAILS or not isinstance(detail, str | None):
            raise Broken(NO_ANSWER)
        raise DecodeFailed(code, detail)


def _facts_in(said: Any) -> Decoded:
    try:
        return Decoded.from_json(said)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Broken(NO_ANSWER) from error


def _jpegs_in(said: Any) -> tuple[Drawn, ...]:
    if not isinstance(said, list):
        raise Broken(NO_ANSWER)
    try:
        drawn = tuple(Drawn(one["at_ms"], base64.b64decode(one["jpeg"], validate=True)) for one in said)
    except (KeyError, TypeError, ValueError) as error:
        raise Broken(NO_ANSWER) from error
    for one in drawn:
        is_place = one.at_ms is None or (type(one.at_ms) is int and 0 <= one.at_ms < _MOST_MS)
        if not is_place or not one.jpeg.startswith(_JPEG):
            raise Broken(NO_ANSWER)
    return drawn


def _film_in(said: Any) -> Played:
    if not isinstance(said, dict):
        raise Broken(NO_ANSWER)
    try:
        webm = base64.b64decode(said["webm"], validate=True)
        seconds, is_whole = said["seconds"], said["is_whole"]
    except (KeyError, TypeError, ValueError) as error:
        raise Broken(NO_ANSWER) from error
    is_time = type(seconds) in {int, float} and 0 <= seconds * 1000 < _MOST_MS
    if not webm.startswith(_EBML) or not is_time or type(is_whole) is not bool:
        raise Broken(NO_ANSWER)
    return Played(webm, float(seconds), is_whole)
