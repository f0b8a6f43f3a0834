"""Reads content credentials with the C2PA library, which is loaded only for a file that bears their mark.

The library is told to fetch nothing: by itself it would go to addresses that the file names.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from verification.decoding.manifests import Store
from verification.decoding.tags import clean
from verification.domain.credentials import Credentials, CredentialState, Manifest
from verification.domain.decoded import Decoded

_MARKS = (b"c2pa", b"provenance")
"""What a file with credentials has in it uncompressed: its manifest store's label, or in its XMP the name of the
property that says where they are kept."""
_PART_BYTES = 1024 * 1024
_OVERLAP = max(map(len, _MARKS)) - 1
_FETCH_NOTHING: dict[str, Any] = {"remote_manifest_fetch": False, "ocsp_fetch": False}
_REMOTE = re.compile(r"Remote: must fetch remote manifests from url (.+)", re.DOTALL)
_STATES = {
    "Trusted": CredentialState.TRUSTED,
    "Valid": CredentialState.VALID,
    "Invalid": CredentialState.INVALID,
}


def look(file: BinaryIO, facts: Decoded, trust_list: str | None) -> Decoded:
    """The facts with the credentials, or with their absence.

    `trust_list` is the path of a PEM file. Raises OSError where that can't be read, and whatever the library
    raises that is none of its own errors.
    """
    if not _is_marked(file):
        return replace(facts, credentials=Credentials(CredentialState.ABSENT))
    import c2pa  # noqa: PLC0415 - 23 MB of library

    facts = replace(facts, readers={**facts.readers, "c2pa": c2pa.sdk_version()})
    anchors = Path(trust_list).read_bytes() if trust_list else None
    file.seek(0)
    try:
        context = c2pa.Context.from_dict(_settings(anchors))
        with context, c2pa.Reader(facts.media_type, file, context=context) as reader:
            said = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return replace(facts, credentials=Credentials(CredentialState.ABSENT))
    except c2pa.C2paError as error:
        return replace(facts, credentials=_unread(str(error)))
    judged_by = hashlib.sha256(anchors).hexdigest() if anchors else None
    return replace(facts, credentials=_credentials(said, judged_by))


def _is_marked(file: BinaryIO) -> bool:
    before = b""
    while part := file.read(_PART_BYTES):
        seen = before + part
        if any(mark in seen for mark in _MARKS):
            return True
        before = seen[-_OVERLAP:]
    return False


def _settings(anchors: bytes | None) -> dict[str, Any]:
    if anchors is None:
        return {"verify": _FETCH_NOTHING}
    return {
        "verify": {**_FETCH_NOTHING, "verify_trust": True, "verify_timestamp_trust": True},
        "trust": {"trust_anchors": anchors.decode()},
    }


def _unread(message: str) -> Credentials:
    """Credentials that are elsewhere are none in the file; any others could not be read."""
    if remote := _REMOTE.match(message):
        return Credentials(CredentialState.ABSENT, remote_url=clean(remote[1]))
    return Credentials(CredentialState.UNREADABLE, detail=clean(message))


def _credentials(said: dict[str, Any], judged_by: str | None) -> Credentials:
    store = Store(said, has_trust_list=judged_by is not None)
    state = _STATES.get(said.get("validation_state", ""))
    manifest, failures = store.newest(), store.failures()
    if state is CredentialState.INVALID and manifest is None:
        # One that is broken badly enough is left out of the report, and its codes are not.
        manifest = Manifest(label="")
    if state is None or manifest is None:
        return Credentials(CredentialState.UNREADABLE, detail="The reader gave no verdict.")
    # Whatever certificates the library may come to bring along: whom to trust is the desk's to say.
    if state is CredentialState.TRUSTED and judged_by is None:
        state = CredentialState.VALID
    return Credentials(state, manifest, failures, trust_list=judged_by, cut=store.cut)
