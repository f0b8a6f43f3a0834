"""The archive in a bucket on S3, or on anything that speaks as S3 does, through Django storages.

An object appears whole or not at all. It is put on the condition that nothing has its name, with its SHA-256, so that
the storage itself refuses bytes that were changed on the way. What does not know the condition is asked first.
"""

from __future__ import annotations

import base64
import errno
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from storages.backends.s3 import S3Storage

from claims.media.stores import CHUNK, Place

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 30, 2
"""How long a storage may take to answer, and how often it is asked: a job or a reader waits meanwhile."""

_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_THERE_ALREADY = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})
_NOT_KNOWN = frozenset({"501", "NotImplemented"})
_PAST_THE_END = frozenset({"416", "InvalidRange"})


class S3Store:
    """A bucket; each thread has a connection of its own."""

    def __init__(self, place: Place) -> None:
        self._storage = S3Storage(
            access_key=place.access_key or None,
            secret_key=place.secret_key or None,
            bucket_name=place.bucket,
            location=place.prefix,
            endpoint_url=place.endpoint_url or None,
            region_name=place.region or None,
            default_acl=None,
            client_config=Config(
                signature_version="s3v4",
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            ),
        )
        self._bucket_name = place.bucket
        self._prefix = f"{place.prefix}/" if place.prefix else ""

    def scratch(self) -> Path:
        folder: Path = settings.DATA_DIR / "arriving"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def put(self, name: str, path: Path, *, sha256: str) -> None:
        if self.holds(name):
            return
        asked = {"ChecksumSHA256": base64.b64encode(bytes.fromhex(sha256)).decode()}
        with path.open("rb") as file, _asking():
            try:
                self._put(name, file, IfNoneMatch="*", **asked)
            except ClientError as error:
                if _code_of(error) in _NOT_KNOWN:
                    file.seek(0)
                    self._put(name, file, **asked)
                elif _code_of(error) not in _THERE_ALREADY:
                    raise
        if not self.holds(name):  # the other who was there first has failed after all
            raise OSError(errno.EAGAIN, "another was keeping the same bytes")

    def replace(self, name: str, body: bytes) -> None:
        with _asking():
            self._put(name, body)

    def chunks(self, name: str, start: int = 0, count: int | None = None) -> Iterator[bytes]:
        last = "" if count is None else str(start + count - 1)
        part = {"Range": f"bytes={start}-{last}"} if start or count is not None else {}
        if count == 0:
            return
        with _asking(name):
            try:
                body = self._client.get_object(**self._at(name), **part)["Body"]
            except ClientError as error:
                if _code_of(error) in _PAST_THE_END:
                    return
                raise
            try:
                yield from body.iter_chunks(CHUNK)
            finally:
                body.close()

    @contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        with tempfile.NamedTemporaryFile(dir=self.scratch()) as file:
            for chunk in self.chunks(name):
                file.write(chunk)
            file.flush()
            yield Path(file.name)

    def holds(self, name: str) -> bool:
        with _asking():
            return bool(self._storage.exists(name))

    def size_of(self, name: str) -> int:
        with _asking(name):
            return int(self._client.head_object(**self._at(name))["ContentLength"])

    def erase(self, name: str) -> None:
        self._erase(name, is_it=name.__eq__)

    def erase_all(self, prefix: str) -> None:
        self._erase(prefix, is_it=lambda name: name.startswith(prefix))

    def names(self, prefix: str = "") -> Iterator[str]:
        with _asking():
            for found in self._storage.bucket.objects.filter(Prefix=self._prefix + prefix):
                yield found.key.removeprefix(self._prefix)

    def answers(self) -> bool:
        try:
            with _asking():
                self._client.head_bucket(Bucket=self._bucket_name)
        except OSError:
            return False
        return True

    @property
    def _client(self) -> Any:
        return self._storage.connection.meta.client

    def _erase(self, prefix: str, *, is_it: Callable[[str], bool]) -> None:
        """Removes what has such names in every version: where a bucket keeps versions, a mere delete hides only."""
        bucket = self._storage.bucket
        with _asking():
            try:
                found = [
                    (one.object_key, one)
                    for one in bucket.object_versions.filter(Prefix=self._prefix + prefix)
                ]
            except ClientError as error:
                if _code_of(error) not in _NOT_KNOWN:
                    raise
                found = [(one.key, one) for one in bucket.objects.filter(Prefix=self._prefix + prefix)]
            for key, one in found:
                if is_it(key.removeprefix(self._prefix)):
                    one.delete()

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket_name, "Key": self._prefix + name}

    def _put(self, name: str, body: Any, **asked: str) -> None:
        self._client.put_object(**self._at(name), Body=body, ContentType="application/octet-stream", **asked)


@contextmanager
def _asking(name: str = "") -> Iterator[None]:
    """Tells the failures of a storage as the operating system tells those of a disk."""
    try:
        yield
    except ClientError as error:
        code = _code_of(error)
        if name and code in _MISSING:
            raise FileNotFoundError(errno.ENOENT, "no such object", name) from error
        raise OSError(errno.EIO, f"the storage refused with {code}") from error
    except BotoCoreError as error:
        raise OSError(errno.EIO, "the storage does not answer as it should") from error


def _code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
