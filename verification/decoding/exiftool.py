"""exiftool kept open beside the decoder child: reads the serial numbers and histories that our own readers do not.

It is started before the child gives up starting programs, under the child's limits and a filter of its own (no
socket, no further process), and ends with the child. It gets at the file by its number among the child's open
files: a file's name is never an argument.
"""

from __future__ import annotations

import json
import math
import os
import resource
import selectors
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from verification.decoding import confinement
from verification.decoding.tags import clean
from verification.domain.decoded import Decoded, Device
from verification.domain.inside import EditStep

READER = "exiftool"
SECONDS = 5
"""What one file may cost it, by the wall clock and of the processor."""

_MOST_BYTES = 1024 * 1024
_STEPS = 100
_SERIALS = ("SerialNumber", "CameraSerialNumber", "BodySerialNumber", "InternalSerialNumber")
_LENSES = ("LensID", "LensModel", "Lens")
_LENS_SERIALS = ("LensSerialNumber",)
_ERROR = "ExifTool:Error"
_HISTORY = "XMP-xmpMM:History"
# No configuration file, which may hold any Perl; and one answer a question, with what is asked and nothing else.
_OPTIONS = (
    *("-config", "", "-stay_open", "True", "-@", "-", "-common_args"),
    *("-json", "-G1", "-a", "-struct", "-api", "QuickTimeUTC=1", "-api", "LargeFileSupport=1"),
    *(f"-{name}" for name in (*_SERIALS, *_LENSES, *_LENS_SERIALS, _HISTORY, _ERROR)),
)
# Where it answers for something that is no device of the file's maker: a profile's, a screen's.
_UNKNOWN = ("Unknown", "N/A")
_NOT_OF_DEVICE = ("ICC", "ExifTool")


class Failed(Exception):
    """It gave no answer that makes sense, and is not asked again. The message says how."""


class ExifTool:
    """A running exiftool. `is_broken` once it has failed; `files` counts what it was asked."""

    def __init__(self, program: str, *, cpu_seconds: int = SECONDS, wall_seconds: float = SECONDS) -> None:
        self.files = 0
        self.is_broken = False
        self._questions = 0
        self._version = ""
        self._cpu_seconds, self._wall_seconds = cpu_seconds, wall_seconds
        parent = os.getpid()
        self._process: subprocess.Popen[bytes] | None = None
        # One that can't be started fails with every file, which each of them records.
        with suppress(OSError, subprocess.SubprocessError):
            self._process = subprocess.Popen(  # noqa: S603 - the operator's program; nothing of the user's
                [program, *_OPTIONS],
                env={"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                preexec_fn=lambda: confinement.confine_helper(parent),  # noqa: PLW1509 - the child has no threads
            )

    @property
    def version(self) -> str:
        """Its own word on it. Raises Failed."""
        self._version = self._version or self._ask("-ver").decode("utf-8", "replace").strip()[:40]
        return self._version

    def read(self, file: BinaryIO) -> dict[str, Any]:
        """What it says of an open file: "group:name" → value, numbers as texts. Raises Failed, and ValueError for
        what it can't read."""
        self.files += 1
        said = self._ask(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        if not said:
            raise ValueError("it could not open the file")
        try:
            (one,) = json.loads(said, parse_float=str, parse_int=str)
            error = one.get(_ERROR)
        except (ValueError, TypeError, AttributeError, RecursionError):
            self._break()
            raise Failed("it said what is no answer") from None
        if error:
            raise ValueError(clean(error) or "it could not read the file")
        return dict(one)

    def _ask(self, argument: str) -> bytes:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise Failed("it could not be started")
        if self.is_broken:
            raise Failed("it has ended")
        self._questions += 1
        self._allow_cpu(process.pid)
        ready = b"{ready%d}\n" % self._questions
        try:
            process.stdin.write(f"{argument}\n-execute{self._questions}\n".encode())
            return self._read_until(ready, process.stdout.fileno())
        except OSError as error:
            self._break()
            raise Failed("it has ended") from error
        except Failed:
            self._break()
            raise

    def _read_until(self, ready: bytes, descriptor: int) -> bytes:
        said, deadline = bytearray(), time.monotonic() + self._wall_seconds
        with selectors.DefaultSelector() as waiting:
            waiting.register(descriptor, selectors.EVENT_READ)
            # Within JSON a line never ends, so no file can say that it is ready.
            while not (said.endswith(b"\n" + ready) or said == ready):
                if not waiting.select(max(0.0, deadline - time.monotonic())):
                    raise Failed(f"it took longer than {self._wall_seconds:g} s")
                part = os.read(descriptor, 65536)
                if not part:
                    raise Failed("it ended without an answer")
                said += part
                if len(said) > _MOST_BYTES:
                    raise Failed("it said more than it may")
        return bytes(said.removesuffix(ready))

    def _allow_cpu(self, pid: int) -> None:
        """Lets it use the processor for so many seconds from now on; the kernel ends it after them."""
        with suppress(OSError, ValueError, IndexError):
            # Its name stands in parentheses and may hold any character; the times are the 14th and 15th field.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            _, most = resource.prlimit(pid, resource.RLIMIT_CPU)
            resource.prlimit(pid, resource.RLIMIT_CPU, (math.ceil(used) + self._cpu_seconds, most))

    def _break(self) -> None:
        self.is_broken = True
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def add(tool: ExifTool, file: BinaryIO, facts: Decoded) -> Decoded:
    """The facts with what exiftool adds to them; what our own readers read stays. Raises Failed."""
    facts = replace(facts, readers={**facts.readers, READER: tool.version})
    said = tool.read(file)
    return replace(facts, device=_device(facts.device, said), steps=facts.steps or tuple(_steps(said)))


def _device(device: Device, said: Mapping[str, Any]) -> Device:
    serial, lens, lens_serial = (_first(names, said) for names in (_SERIALS, _LENSES, _LENS_SERIALS))
    if device.serial is None and serial is not None:
        device = replace(device, serial=serial, serial_reader=READER)
    if device.lens_serial is None and lens_serial is not None:
        device = replace(device, lens_serial=lens_serial, lens_serial_reader=READER)
    return replace(device, lens=device.lens or lens)


def _first(names: tuple[str, ...], said: Mapping[str, Any]) -> str | None:
    """The first of the tags that it found: in the order of `names`, then of the file."""
    for name in names:
        for tag, value in said.items():
            group, _, short = tag.rpartition(":")
            text = clean(value) if isinstance(value, str) else None
            if (
                short == name
                and text
                and not text.startswith(_UNKNOWN)
                and not group.startswith(_NOT_OF_DEVICE)
            ):
                return text
    return None


def _steps(said: Mapping[str, Any]) -> Iterator[EditStep]:
    history = said.get(_HISTORY)
    listed = history if isinstance(history, list) else [history]
    for one in listed[:_STEPS]:
        if isinstance(one, dict):
            yield EditStep(
                action=clean(one.get("Action")),
                software=clean(one.get("SoftwareAgent")),
                at=clean(one.get("When")),
                changed=clean(one.get("Changed")),
                reader=READER,
            )
