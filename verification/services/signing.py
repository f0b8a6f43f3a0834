"""The desk's own Ed25519 key: it signs checkpoints, never lies in the database, and its public half is for everybody.

Which keys have signed here is kept in a small file beside the journal of checkpoints, so that a key put into the
database by somebody else is not believed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import tempfile
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ALGORITHM = "Ed25519"


def key_id_of(public_key: bytes) -> str:
    """SHA-256 of the 32 bytes of a public key, in hex."""
    return hashlib.sha256(public_key).hexdigest()


def public_key() -> bytes:
    """The 32 bytes by which everybody can check what is signed now."""
    return _private(settings.SIGNING_KEY).public_key().public_bytes_raw()


def sign(message: bytes) -> str:
    """The signature in hex."""
    return _private(settings.SIGNING_KEY).sign(message).hex()


def is_signed(message: bytes, signature: str, key: bytes) -> bool:
    """Whether a signature in hex is the key's over these bytes; a garbled one is not."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def known_keys() -> dict[str, bytes]:
    """Public keys that have signed here, by their ids; the present one is always among them."""
    keys = [public_key(), *(base64.b64decode(one["public_key"]) for one in _listed())]
    return {key_id_of(key): key for key in keys}


def published_keys() -> dict[str, Any]:
    """What the public address says: the present key and every earlier one."""
    present = key_id_of(public_key())
    listed = {key_id_of(base64.b64decode(one["public_key"])): one for one in _listed()}
    listed.setdefault(present, _as_listed(public_key(), None))
    return {"current": present, "keys": [{"key_id": name, **one} for name, one in listed.items()]}


def remember(first_signed_at: datetime) -> None:
    """Puts the present key on the list of those that have signed here. Raises OSError."""
    listed = _listed()
    mine = base64.b64encode(public_key()).decode()
    if any(one["public_key"] == mine for one in listed):
        return
    listed.append(_as_listed(public_key(), first_signed_at))
    _list_file().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=".keys.", dir=_list_file().parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": listed}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(_list_file())


def _as_listed(key: bytes, first_signed_at: datetime | None) -> dict[str, Any]:
    return {
        "algorithm": ALGORITHM,
        "public_key": base64.b64encode(key).decode(),
        "first_signed_at": first_signed_at.isoformat() if first_signed_at else None,
    }


def _list_file() -> Path:
    return Path(settings.CHECKPOINT_DIR) / "keys.json"


def _listed() -> list[dict[str, Any]]:
    """The file's list; empty where there is none yet. Raises ImproperlyConfigured where it can't be read."""
    try:
        listed: list[dict[str, Any]] = json.loads(_list_file().read_text(encoding="utf-8"))["keys"]
        for one in listed:
            Ed25519PublicKey.from_public_bytes(base64.b64decode(one["public_key"]))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImproperlyConfigured(
            f"{_list_file()}, the list of keys that have signed, can't be read: bring it back from a backup."
        ) from error
    return listed


@cache
def _private(given: str) -> Ed25519PrivateKey:
    try:
        seed = base64.b64decode(
            given.replace("-", "+").replace("_", "/") + "=" * (-len(given) % 4), validate=True
        )
        return Ed25519PrivateKey.from_private_bytes(seed)
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured(
            "STET_SIGNING_KEY must be 32 bytes in base64, such as `openssl rand -base64 32` gives."
        ) from error
