"""A BagIt 1.0 bag (RFC 8493) in a zip, written to disk file by file, and signed over the list of its lists."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from verification.services import signing
from verification.services.bundles.verify_bundle import FORMAT, MANIFEST, SIGNATURE, TAGS

CHUNK = 1024 * 1024
_DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


class Bag:
    """A bag being packed. Files are hashed as they are written; `seal` lists and signs them, and ends it."""

    def __init__(self, file: IO[bytes], *, name: str, made_at: datetime) -> None:
        # Originals don't shrink; records do, and are small.
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._name = name
        self._made_at = made_at
        self._payload: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._payload_bytes = 0

    def __enter__(self) -> Bag:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, name: str, content: bytes) -> None:
        with self._writing(name, zipfile.ZIP_DEFLATED) as write:
            write(content)

    def add_json(self, name: str, value: Any) -> None:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
        self.add(name, f"{text}\n".encode())

    def add_file(self, name: str, source: Path) -> Iterator[int]:
        """Copies a file chunk by chunk and yields how many bytes went. Raises OSError."""
        with source.open("rb") as original, self._writing(name, zipfile.ZIP_STORED) as write:
            while chunk := original.read(CHUNK):
                write(chunk)
                yield len(chunk)

    def digest_of(self, name: str) -> str:
        """The SHA-256 of a payload file that was added."""
        return self._payload[name]

    def seal(self, info: Mapping[str, str]) -> None:
        """Writes what makes it a bag: declaration, `info`, manifests, and the desk's signature over them."""
        self.add("bagit.txt", _DECLARATION)
        said = {
            **info,
            "Bagging-Date": self._made_at.date().isoformat(),
            "Payload-Oxum": f"{self._payload_bytes}.{len(self._payload)}",
        }
        # One line each: a label and one line of value, whatever was typed.
        lines = [f"{label}: {' '.join(value.split())}\n" for label, value in said.items()]
        self.add("bag-info.txt", "".join(lines).encode())
        self.add(MANIFEST, _manifest(self._payload))
        tags = _manifest(self._tags)
        self.add(TAGS, tags)
        key = signing.public_key()
        signed = {
            "format": FORMAT,
            "signed": TAGS,
            "algorithm": signing.ALGORITHM,
            "public_key": base64.b64encode(key).decode(),
            "key": signing.key_id_of(key),
            "signature": signing.sign(f"{FORMAT}\n".encode() + tags),
        }
        self.add_json(SIGNATURE, signed)

    @contextmanager
    def _writing(self, name: str, compression: int) -> Iterator[Any]:
        entry = zipfile.ZipInfo(f"{self._name}/{name}", self._made_at.timetuple()[:6])
        entry.compress_type = compression
        entry.external_attr = 0o100644 << 16
        digest = hashlib.sha256()
        is_payload = name.startswith("data/")
        with self._zip.open(entry, "w", force_zip64=True) as target:

            def write(chunk: bytes) -> None:
                digest.update(chunk)
                target.write(chunk)
                self._payload_bytes += len(chunk) if is_payload else 0

            yield write
        (self._payload if is_payload else self._tags)[name] = digest.hexdigest()


def _manifest(files: Mapping[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items())).encode()
