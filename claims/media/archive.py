"""The content-addressed store of originals: written once, never altered, found by SHA-256."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from claims.errors import StorageFailed
from claims.media import stores

LEFT_OVER_SECONDS = 24 * 3600
"""After so long a file on its way in or out was left by a process that was killed: none takes as long."""


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
        with storing():
            self._file.flush()
            os.fsync(self._file.fileno())
            store().put(_name_of(digest), self.path, sha256=digest)
        return Stored(digest, self.size_bytes)


def store() -> stores.Store:
    """Wherever STET_ARCHIVE_URL says that originals are kept. Raises StorageFailed where that can't be understood."""
    try:
        return stores.store_at(stores.place_of(str(settings.ARCHIVE_URL)))
    except ValueError as error:
        raise StorageFailed(f"{error} Tell whoever runs this desk to mend STET_ARCHIVE_URL.") from error


def root() -> Path | None:
    """The folder that originals are kept in; None where they are kept elsewhere."""
    folder = stores.place_of(str(settings.ARCHIVE_URL)).folder
    return Path(folder) if folder else None


def path_of(sha256: str) -> Path:
    """Where an archive in a folder keeps the original with this hash, for those who look at the folder itself.

    Everybody else asks for `chunks` or a `local_copy`, which every archive gives. Raises StorageFailed.
    """
    folder = root()
    if folder is None:
        raise StorageFailed("Originals are not kept in a folder here.")
    return folder / _name_of(sha256)


@contextmanager
def arriving() -> Iterator[Arriving]:
    """Opens a temporary file for bytes that come in; it is gone afterwards whatever happened. Raises StorageFailed."""
    with storing():
        file = tempfile.NamedTemporaryFile(dir=store().scratch())  # noqa: SIM115  closed below, where closing may fail
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
    for name in store().names():
        sha256 = name.rpartition("/")[2]
        if len(sha256) == 64 and name == _name_of(sha256):
            yield sha256


def holds(sha256: str) -> bool:
    return store().holds(_name_of(sha256))


def size_of(sha256: str) -> int:
    """How many bytes lie in the archive under this hash. Raises OSError."""
    return store().size_of(_name_of(sha256))


def chunks(sha256: str, start: int = 0, count: int | None = None) -> Iterator[bytes]:
    """An original's bytes piece by piece, `count` of them from `start` on. Raises OSError while it is walked."""
    return store().chunks(_name_of(sha256), start, count)


def local_copy(sha256: str) -> AbstractContextManager[Path]:
    """An original as a file on this machine, to be read only, for as long as the context lasts. Raises OSError."""
    return store().local_copy(_name_of(sha256))


def is_intact(sha256: str) -> bool:
    """Fixity: whether the original still is what its name says. Raises OSError."""
    found = hashlib.sha256()
    try:
        for chunk in chunks(sha256):
            found.update(chunk)
    except FileNotFoundError:
        return False
    return found.hexdigest() == sha256


def erase(sha256: str) -> None:
    """Removes an original for good; only a recorded redaction calls this."""
    store().erase(_name_of(sha256))


def sweep() -> int:
    """Removes what a process that was killed left on its way in or out; how many files."""
    before, swept = time.time() - LEFT_OVER_SECONDS, 0
    for path in store().scratch().iterdir():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()
                swept += 1
    return swept


def _name_of(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
