"""Limits itself, then reads one file after another: a request in, its facts or its failure out."""

from __future__ import annotations

import base64
import json
import os
import sys
from typing import Any, BinaryIO

from verification.decoding import confinement
from verification.decoding.exiftool import ExifTool
from verification.decoding.limits import BeyondLimits
from verification.decoding.pipe import Pipe
from verification.decoding.reading import draw, play, read

_HANDLE = 10

_tool: ExifTool | None = None
"""The exiftool that was started with this child, if one was asked for."""


def main() -> int:
    """Answers {"facts": …}, {"drawn": …} or {"played": …} as wanted, {"failed": code, "detail"?: …} or {"unreachable": true}.

    Each with the serial that it was asked by. When exiftool has failed, the child ends, for it can't start another: at
    once where an earlier file may be to blame, so that another child is asked the same; else with its answer.
    """
    pipe = prepare()
    while request := pipe.receive():
        said = answer(request)
        if _tool is not None and _tool.is_broken and _tool.files > 1:
            return 1
        pipe.send({"serial": request["serial"], **said})
        if _tool is not None and _tool.is_broken:
            return 0
    return 0


def prepare() -> Pipe:
    """Puts on the limits that the command line names, before anything of any file is touched."""
    global _tool  # noqa: PLW0603 - set once, before any file
    start: dict[str, Any] = json.loads(sys.argv[1])
    confinement.die_with(start["parent"])
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # A library that prints must not speak in our name.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    confinement.limit(memory_bytes=start["memory_bytes"], open_files=start["open_files"])
    if start["exiftool"]:
        _tool = ExifTool(start["exiftool"])
    confinement.refuse_calls()
    confinement.allow_cpu(start["cpu_seconds"])
    return Pipe(sys.stdin.buffer, answers)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What there is to say of one file, with the processor time for it alone."""
    confinement.allow_cpu(request["cpu_seconds"])
    try:
        file = _opened(request["handle"], inherited=request["inherited"])
    except OSError:
        return {"unreachable": True}
    with file:
        try:
            if request["wanted"] == "drawn":
                return {"drawn": _drawn(file, request)}
            if request["wanted"] == "played":
                return {"played": _played(file, request)}
            facts = read(
                file,
                request["media_type"],
                max_pixels=request["max_pixels"],
                max_frames=request["max_frames"],
                trust_list=request["trust_list"],
                tool=_tool if request["exiftool"] else None,
            )
            return {"facts": facts.as_json()}
        except BeyondLimits as beyond:
            return {"failed": beyond.code, "detail": str(beyond)}
        except MemoryError:
            return {"failed": "decode_memory"}


def _drawn(file: BinaryIO, request: dict[str, Any]) -> list[dict[str, Any]]:
    jpegs = draw(
        file, request["media_type"], max_pixels=request["max_pixels"], thumbnail=request["thumbnail"]
    )
    return [{"at_ms": at_ms, "jpeg": base64.b64encode(jpeg).decode()} for at_ms, jpeg in jpegs]


def _played(file: BinaryIO, request: dict[str, Any]) -> dict[str, Any]:
    made = play(file, request["media_type"], max_pixels=request["max_pixels"])
    webm = base64.b64encode(made.webm).decode()
    return {"webm": webm, "seconds": made.seconds, "is_whole": made.is_whole}


def _opened(handle: int, *, inherited: bool) -> BinaryIO:
    """The parent's open file under a place of our own in it, without its name. Raises OSError."""
    ours = handle if inherited else os.open(f"/proc/{os.getppid()}/fd/{handle}", os.O_RDONLY | os.O_CLOEXEC)
    # Always the same number: decoders put it into their complaints, and those must be the same each time.
    if ours != _HANDLE:
        os.dup2(ours, _HANDLE)
        os.close(ours)
    return os.fdopen(_HANDLE, "rb")


if __name__ == "__main__":
    sys.exit(main())
