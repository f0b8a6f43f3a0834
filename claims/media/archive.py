"""The content-addressed store of originals: written once, never altered, found by SHA-256."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from claims.errors import StorageFailed

CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Stored:
    """An original in the archive."""

    sha256: str
    size_bytes: int


class Arriving:
    """Bytes on their way into the archive, hashed while they are written to a temporary file beside it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size_bytes = 0
        self.head = b""

    @property
    def path(self) -> Path:
        return Path(self._file.name)

    @property
    def sha256(self) -> str:
        """Of what has been written so far."""
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Takes in a piece. Raises StorageFailed."""
        if len(self.head) < 4096:
            self.head += chunk[: 4096 - len(self.head)]
        self._hash.update(chunk)
        self.size_bytes += len(chunk)
        with storing():
            self._file.write(chunk)

    def flush(self) -> None:
        with storing():
            self._file.flush()

    def read(self) -> bytes:
        """All that was written so far."""
        self.flush()
        with storing():
            return self.path.read_bytes()

    def keep(self) -> Stored:
        """Makes the bytes an original: synced to disk, read-only, under their hash. The same bytes are kept once.

        Only what is whole and on disk gets a name, so that none is ever half. Raises StorageFailed.
        """
        digest = self.sha256
        target = path_of(digest)
        with storing():
            self._file.flush()
            os.fsync(self._file.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o440)
            with suppress(FileExistsError):
                os.link(self.path, target)
                _sync_folder(target.parent)
        return Stored(digest, self.size_bytes)


def root() -> Path:
    return Path(settings.ARCHIVE_URL.removeprefix("file://"))


def path_of(sha256: str) -> Path:
    """Where the original with this hash lies, or would lie."""
    return root() / sha256[:2] / sha256[2:4] / sha256


@contextmanager
def arriving() -> Iterator[Arriving]:
    """Opens a temporary file for bytes that come in; it is gone afterwards whatever happened. Raises StorageFailed."""
    folder = root() / "arriving"
    with storing():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = tempfile.NamedTemporaryFile(dir=folder)  # noqa: SIM115  closed below, where closing may fail
    try:
        yield Arriving(file)
    finally:
        # On a full disk closing fails too, of what was never to be kept.
        with suppress(OSError):
            file.close()


@contextmanager
def storing() -> Iterator[None]:
    """Says of a failure to write or read in the archive what it is. Raises StorageFailed."""
    try:
        yield
    except OSError as error:
        raise StorageFailed(
            f"The archive could not be written or read: {(error.strerror or 'no reason given').lower()}. "
            "Nothing was kept of it. Tell whoever runs this desk; then try again."
        ) from error


def originals() -> Iterator[str]:
    """The hashes of all originals that lie in the archive, whether a row still speaks of them or not."""
    for path in root().glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
        if path == path_of(path.name) and len(path.name) == 64:
            yield path.name


def holds(sha256: str) -> bool:
    return path_of(sha256).is_file()


def is_intact(sha256: str) -> bool:
    """Fixity: whether the original still is what its name says."""
    if not holds(sha256):
        return False
    with path_of(sha256).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def erase(sha256: str) -> None:
    """Removes an original for good; only a recorded redaction calls this."""
    path_of(sha256).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
