"""The archive in a folder: written beside, synced, then linked to its name."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from claims.media.stores import CHUNK, Place

ARRIVING = "arriving"


class FolderStore:
    """A folder of this machine, or one that all machines of the desk have mounted."""

    def __init__(self, place: Place) -> None:
        self.root = Path(place.folder)

    def scratch(self) -> Path:
        # On the same file system, so that a file can be given its name without being copied.
        folder = self.root / ARRIVING
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def path_of(self, name: str) -> Path:
        return self.root / name

    def put(self, name: str, path: Path, *, sha256: str) -> None:  # noqa: ARG002  for stores that check it themselves
        target = self.path_of(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.chmod(0o440)
        with suppress(FileExistsError):
            os.link(path, target)
            _sync_folder(target.parent)

    def replace(self, name: str, body: bytes) -> None:
        target = self.path_of(name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            unnamed = Path(file.name)
            try:
                file.write(body)
                file.flush()
                unnamed.rename(target)
            except OSError:
                unnamed.unlink(missing_ok=True)
                raise

    def chunks(self, name: str, start: int = 0, count: int | None = None) -> Iterator[bytes]:
        with self.path_of(name).open("rb") as file:
            file.seek(start)
            left = count
            while chunk := file.read(CHUNK if left is None else min(CHUNK, left)):
                yield chunk
                left = None if left is None else left - len(chunk)

    @contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        yield self.path_of(name)

    def holds(self, name: str) -> bool:
        return self.path_of(name).is_file()

    def size_of(self, name: str) -> int:
        return self.path_of(name).stat().st_size

    def erase(self, name: str) -> None:
        self.path_of(name).unlink(missing_ok=True)

    def erase_all(self, prefix: str) -> None:
        with suppress(FileNotFoundError):
            shutil.rmtree(self.path_of(prefix))

    def names(self, prefix: str = "") -> Iterator[str]:
        folder = self.path_of(prefix)
        for path in folder.rglob("*") if folder.is_dir() else ():
            if path.is_file():
                yield path.relative_to(self.root).as_posix()

    def answers(self) -> bool:
        parent = self.root if self.root.exists() else self.root.parent
        return os.access(parent, os.W_OK | os.X_OK)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
