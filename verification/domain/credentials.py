"""A file's content credentials (C2PA) as they were read: what they say, and what validating them said.

Whoever can sign can write anything into them, so nothing here is more than somebody's word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

CARRIERS = (
    "image/jpeg",
    "image/tiff",
    "image/png",
    "image/webp",
    "image/gif",
    "image/avif",
    "image/heic",
    "video/mp4",
    "video/quicktime",
    "video/x-msvideo",
    "audio/mp4",
    "audio/mpeg",
    "audio/wav",
    "audio/flac",
    "application/pdf",
)
"""The media types in which credentials are looked for: those of ours that the C2PA library reads."""


class CredentialState(StrEnum):
    """How credentials stand. `absent` and `unreadable` say nothing at all of the file.

    `valid`: everything fits what was signed, by anybody at all. `trusted`: and the signer's certificate leads up
    to the desk's trust list, so that without a list nothing is trusted. `invalid`: something does not fit, or
    this reader can't tell that it does; the failures say what.
    """

    TRUSTED = "trusted"
    VALID = "valid"
    INVALID = "invalid"
    ABSENT = "absent"
    UNREADABLE = "unreadable"


class TimeStamp(StrEnum):
    """What a signature's time-stamp is worth.

    `trusted`: from an authority on the desk's trust list. `unvouched`: it fits the signature, and anybody may
    have made it. `failed`: it does not fit.
    """

    TRUSTED = "trusted"
    UNVOUCHED = "unvouched"
    FAILED = "failed"


_BYTES_DIFFER = frozenset(
    f"assertion.{kind}.mismatch"
    for kind in ("dataHash", "bmffHash", "boxesHash", "collectionHash", "multiAssetHash")
)
"""The validation status codes of the C2PA specification that say that the file's bytes are not those that the signed hash was made of."""

_GENERATED = frozenset(
    {
        "trainedAlgorithmicMedia",
        "compositeWithTrainedAlgorithmicMedia",
        "trainedAlgorithmicData",
        "compositeSynthetic",
        "algorithmicMedia",
    }
)
_NAME_CHARACTERS = 40
_CODES = 3
_CAPTURED = frozenset({"digitalCapture", "computationalCapture"})


@dataclass(frozen=True)
class Failure:
    """One failed validation by its C2PA code. `recorded`: its signer put it down; else it was found just now."""

    code: str
    explanation: str | None = None
    recorded: bool = False


@dataclass(frozen=True)
class Action:
    """One step that credentials tell of, such as `c2pa.edited`; `at` as written.

    `source_type` is the last part of an IPTC or C2PA digital source type: "trainedAlgorithmicMedia".
    """

    name: str
    source_type: str | None = None
    software: str | None = None
    at: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What one signer signed. `issuer` is the organisation that the certificate is made out to.

    `signed_at` (ISO 8601) is the time-stamp's; without one a signature has no time.
    """

    label: str
    generator: str | None = None
    issuer: str | None = None
    common_name: str | None = None
    signed_at: str | None = None
    time_stamp: TimeStamp | None = None
    actions: tuple[Action, ...] = ()
    ingredients: tuple[Ingredient, ...] = ()

    @property
    def source_types(self) -> tuple[str, ...]:
        """Every source type that it states, once each."""
        return tuple(dict.fromkeys(one.source_type for one in self.actions if one.source_type))

    @property
    def generated(self) -> tuple[str, ...]:
        """Those of them that say that an algorithm made it, or part of it."""
        return tuple(one for one in self.source_types if one in _GENERATED)

    @property
    def is_capture(self) -> bool:
        """Whether it says that a camera made it, and nothing else did."""
        return bool(self.source_types) and set(self.source_types) <= _CAPTURED


@dataclass(frozen=True)
class Ingredient:
    """A file that went into another. `failures` are those of its own credentials, or of its mention."""

    title: str | None
    relationship: str | None
    state: CredentialState
    failures: tuple[Failure, ...] = ()
    manifest: Manifest | None = None


@dataclass(frozen=True)
class Credentials:
    """The credentials of one file. `manifest` is the newest, with the older ones beneath its ingredients.

    `failures` are the newest's own; those of an ingredient are with it.
    `remote_url` is where the file says that its credentials are kept: it is named and never fetched.
    `trust_list` is the SHA-256 of the list they were judged by. `cut` says that there was more than is kept.
    """

    state: CredentialState
    manifest: Manifest | None = None
    failures: tuple[Failure, ...] = ()
    remote_url: str | None = None
    detail: str | None = None
    trust_list: str | None = None
    cut: bool = False

    @property
    def faults(self) -> tuple[Failure, ...]:
        """What made the state `invalid`: the newest manifest's own failures, else those found beneath it."""
        if self.failures or self.manifest is None:
            return self.failures
        beneath = (fault for _, one in walk(self.manifest) for fault in one.failures if not fault.recorded)
        return tuple(dict.fromkeys(beneath))

    @property
    def bytes_differ(self) -> bool:
        """Whether the bytes are not those that were signed, and all else of the newest manifest fits."""
        codes = {failure.code for failure in self.failures}
        return bool(codes) and codes <= _BYTES_DIFFER

    def as_json(self) -> dict[str, Any]:
        listed: dict[str, Any] = _listed(asdict(self))
        return listed

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Credentials:
        """What `as_json` gave. Raises TypeError, KeyError or ValueError for anything else."""
        manifest = stored["manifest"]
        return cls(
            **{
                **stored,
                "state": CredentialState(stored["state"]),
                "manifest": _manifest(manifest) if manifest else None,
                "failures": tuple(Failure(**one) for one in stored["failures"]),
            }
        )


def walk(manifest: Manifest, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Ingredient]]:
    """Every ingredient with the titles that lead down to it, the nearest first."""
    for one in manifest.ingredients:
        path = (*above, one.title or "an ingredient without a title")
        yield path, one
        if one.manifest:
            yield from walk(one.manifest, path)


def _manifest(stored: dict[str, Any]) -> Manifest:
    stamp = stored["time_stamp"]
    return Manifest(
        **{
            **stored,
            "time_stamp": TimeStamp(stamp) if stamp else None,
            "actions": tuple(Action(**one) for one in stored["actions"]),
            "ingredients": tuple(_ingredient(one) for one in stored["ingredients"]),
        }
    )


def _ingredient(stored: dict[str, Any]) -> Ingredient:
    manifest = stored["manifest"]
    return Ingredient(
        **{
            **stored,
            "state": CredentialState(stored["state"]),
            "failures": tuple(Failure(**one) for one in stored["failures"]),
            "manifest": _manifest(manifest) if manifest else None,
        }
    )


def _listed(value: Any) -> Any:
    """The same with plain text and lists, as JSON gives it back."""
    if isinstance(value, dict):
        return {name: _listed(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(one) for one in value]
    return str(value) if isinstance(value, StrEnum) else value


def say_signer(manifest: Manifest) -> str:
    """In whose name it was signed: "“Signer” (Example Agency)"."""
    name, body = (text and _short(text) for text in (manifest.common_name, manifest.issuer))
    if name and body:
        return f"“{name}” ({body})"
    return f"“{name or body}”" if name or body else "nobody that it names"


def say_codes(failures: tuple[Failure, ...]) -> str:
    """The first codes of several: "assertion.dataHash.mismatch, claim.missing and 2 more"."""
    codes = list(dict.fromkeys(_short(failure.code) for failure in failures))
    more = f" and {len(codes) - _CODES} more" if len(codes) > _CODES else ""
    return ", ".join(codes[:_CODES]) + more


def _short(text: str) -> str:
    return text if len(text) <= _NAME_CHARACTERS else f"{text[:_NAME_CHARACTERS]}…"
