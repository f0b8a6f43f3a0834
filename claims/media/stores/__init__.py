"""Where the archive's bytes lie: a folder, or a bucket on S3. Both do the same, under names like paths.

A store tells failures as OSError: FileNotFoundError for what is not there, and any other for one that is full or away.
What it is given to keep is never replaced; what is put in half never gets its name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

CHUNK = 1024 * 1024

_S3 = "claims.media.stores.s3.S3Store"
_FOLDER = "claims.media.stores.folder.FolderStore"
_OPTIONS = frozenset({"endpoint_url", "region"})


class Store(Protocol):
    """What the archive asks of wherever its bytes lie."""

    def scratch(self) -> Path:
        """A folder on this machine for files that are on their way in or out."""

    def put(self, name: str, path: Path, *, sha256: str) -> None:
        """Keeps the whole file at `path`, which lies in the scratch folder, unless something has that name already."""

    def replace(self, name: str, body: bytes) -> None:
        """Keeps a working copy, in place of what had that name."""

    def chunks(self, name: str, start: int = 0, count: int | None = None) -> Iterator[bytes]:
        """`count` bytes from `start` on, or all up to the end, in pieces of at most CHUNK bytes."""

    def local_copy(self, name: str) -> AbstractContextManager[Path]:
        """The bytes as a file on this machine, to be read only, for as long as the context lasts."""

    def holds(self, name: str) -> bool:
        """Whether something has that name."""

    def size_of(self, name: str) -> int:
        """How many bytes have that name."""

    def erase(self, name: str) -> None:
        """Removes it for good; nothing happens where it is not there."""

    def erase_all(self, prefix: str) -> None:
        """Removes for good all whose names begin with `prefix`, which ends with a slash."""

    def names(self, prefix: str = "") -> Iterator[str]:
        """All names that begin with `prefix`, which is empty or ends with a slash."""

    def answers(self) -> bool:
        """Whether it is there and would take something, as far as can be told without writing."""


@dataclass(frozen=True)
class Place:
    """Where STET_ARCHIVE_URL leads: a folder, or a bucket with what reaches it."""

    folder: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint_url: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)


def place_of(url: str) -> Place:
    """Reads an address of the archive. Raises ValueError, in words that name what to mend."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme == "file":
        return Place(folder=url.removeprefix("file://"))
    if scheme != "s3":
        raise ValueError(f"Originals are kept in a folder or on S3, not at {scheme}://.")
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("The address of the archive holds credentials: they don't belong there.")
    if not parts.netloc or ":" in parts.netloc:
        raise ValueError("The address of the archive names no bucket.")
    prefix = unquote(parts.path).strip("/")
    if prefix and any(part in {"", ".", ".."} for part in prefix.split("/")):
        raise ValueError("The address of the archive has a path that leads nowhere.")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.fragment or options.keys() - _OPTIONS:
        raise ValueError("The address of the archive has an option that is not known.")
    endpoint = options.get("endpoint_url", "")
    if endpoint and (urlsplit(endpoint).scheme not in {"http", "https"} or not urlsplit(endpoint).hostname):
        raise ValueError("The endpoint_url of the archive is no http or https address.")
    access_key, secret_key = settings.ARCHIVE_ACCESS_KEY, settings.ARCHIVE_SECRET_KEY
    if bool(access_key) != bool(secret_key):
        raise ValueError("Of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set.")
    return Place(
        bucket=parts.netloc,
        prefix=prefix,
        endpoint_url=endpoint,
        region=options.get("region", ""),
        access_key=access_key,
        secret_key=secret_key,
    )


def store_at(place: Place) -> Store:
    """The store at a place; one for each process, whose connections are not to be shared with its children."""
    return _made(place, os.getpid())


@lru_cache(maxsize=8)
def _made(place: Place, process: int) -> Store:  # noqa: ARG001  a part of the key
    # Named by its path, as Django names storages: who keeps originals in a folder need not load what speaks to S3.
    made: Store = import_string(_S3 if place.bucket else _FOLDER)(place)
    return made
