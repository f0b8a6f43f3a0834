"""What the file's content credentials (C2PA) say, and whether they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import Context, Media
from verification.domain.credentials import (
    CARRIERS,
    Credentials,
    CredentialState,
    Manifest,
    TimeStamp,
    say_codes,
    say_signer,
)
from verification.domain.decoded import Decoded
from verification.domain.findings import Finding, Side, TimeBound
from verification.domain.wording import say_moment

_HOLDS = frozenset({CredentialState.TRUSTED, CredentialState.VALID})


class ContentCredentials:
    slug = "content_credentials"
    title = "Content credentials"
    version = "1"
    dimensions = (Dimension.PROVENANCE, Dimension.SOURCE, Dimension.AUTHENTICITY)
    media_types = CARRIERS
    help = (
        "Reads the signed statement (C2PA) that some cameras and programs put into a file: who signed it, what "
        "was done, whether an algorithm made it. Anybody can sign: only a signer on the desk's trust list is "
        "trusted. Most files have no credentials, and credentials that do not validate are no sign of tampering."
    )
    reads = "The C2PA manifest in the file, against the desk's trust list where it has one."
    stances = {
        Stance.SUPPORTS: "The credentials hold, and a signer on the desk's trust list says that a camera took it.",
        Stance.CONTRADICTS: "A trusted signer says that an algorithm made it.",
        Stance.NEUTRAL: "The credentials hold; who signed and what was done is said.",
        Stance.INCONCLUSIVE: "There are none, they do not validate, or nobody on the trust list signed them.",
    }
    cannot_know = "Whether an unknown signer tells the truth, and whether credentials that do not validate were tampered with."

    def run(self, media: Media, context: Context) -> list[Finding]:
        credentials, facts = media.credentials(), media.facts()
        data = _data(credentials, facts)
        if credentials.manifest is None:
            return [_nothing(credentials, facts, data)]
        found = [_state(credentials, credentials.manifest, facts, data)]
        if credentials.state in _HOLDS:
            found.append(_signer(credentials.manifest, data, is_trusted=_is_trusted(credentials)))
        if credentials.manifest.generated:
            found.append(_generated(credentials, credentials.manifest, data))
        return found


def _nothing(credentials: Credentials, facts: Decoded, data: dict[str, Any]) -> Finding:
    if credentials.state is CredentialState.UNREADABLE:
        sentence = (
            f"The file bears the mark of content credentials, and {facts.read_by('c2pa')} can't read any in it; that "
            "is no sign of tampering, and nothing follows from it."
        )
    elif credentials.remote_url:
        sentence = (
            f"The file carries no content credentials; it says that they are kept at {credentials.remote_url[:200]}, "
            "which was not fetched, so nothing follows from that."
        )
    else:
        sentence = (
            "The file carries no content credentials; most cameras write none and many platforms remove them, so "
            "nothing follows from that."
        )
    return Finding(Dimension.PROVENANCE, Stance.INCONCLUSIVE, sentence, data)


def _state(credentials: Credentials, manifest: Manifest, facts: Decoded, data: dict[str, Any]) -> Finding:
    signer = say_signer(manifest)
    if credentials.bytes_differ:
        sentence = (
            f"The file's bytes are not those that were signed in the name of {signer} "
            f"({say_codes(credentials.faults)}): it was altered or only saved again afterwards, and which of the "
            "two its credentials can't tell."
        )
        return Finding(Dimension.AUTHENTICITY, Stance.NEUTRAL, sentence, data)
    if credentials.state not in _HOLDS:
        where = "" if credentials.failures else ", in those of a file that went into this one"
        sentence = (
            f"The file's content credentials do not validate with {facts.read_by('c2pa')} "
            f"({say_codes(credentials.faults) or 'no code given'}){where}; that alone does not show that the media was "
            "altered, but nothing that the credentials say can be relied on."
        )
        return Finding(Dimension.AUTHENTICITY, Stance.INCONCLUSIVE, sentence, data)
    bounds = _bounds(manifest)
    supports = _is_trusted(credentials) and manifest.is_capture
    said = (
        f"The file's content credentials hold: its bytes are those that were signed in the name of {signer}"
    )
    if supports:
        said += ", as taken with a camera"
    vouched = (
        "the signer is on the trust list here"
        if _is_trusted(credentials)
        else "no trust list here knows the signer, and anybody can sign in any name"
    )
    signed = "".join(
        f"; the trusted time-stamp says that this was signed by {say_moment(bound.at)} UTC, which is not when "
        "it was filmed"
        for bound in bounds
    )
    stance = Stance.SUPPORTS if supports else Stance.NEUTRAL
    return Finding(Dimension.PROVENANCE, stance, f"{said}; {vouched}{signed}.", data, bounds)


def _signer(manifest: Manifest, data: dict[str, Any], *, is_trusted: bool) -> Finding:
    signer = say_signer(manifest)
    if is_trusted:
        sentence = (
            f"{signer[0].upper()}{signer[1:]}, on the trust list here, signed the file; whoever signs a file "
            "need not be who filmed it."
        )
        return Finding(Dimension.SOURCE, Stance.NEUTRAL, sentence, data)
    sentence = (
        f"The content credentials are signed in the name of {signer}, which no trust list here vouches for; "
        "they do not say who filmed it."
    )
    return Finding(Dimension.SOURCE, Stance.INCONCLUSIVE, sentence, data)


def _generated(credentials: Credentials, manifest: Manifest, data: dict[str, Any]) -> Finding:
    said = (
        "The file's content credentials say that an algorithm made it or part of it "
        f"({', '.join(manifest.generated[:3])})"
    )
    if _is_trusted(credentials):
        sentence = f"{said}; {say_signer(manifest)}, on the trust list here, signed that."
        return Finding(Dimension.AUTHENTICITY, Stance.CONTRADICTS, sentence, data)
    why = (
        "anybody can have signed that, of any file"
        if credentials.state in _HOLDS
        else "as they do not hold, that may be another file's"
    )
    return Finding(Dimension.AUTHENTICITY, Stance.INCONCLUSIVE, f"{said}; {why}.", data)


def _bounds(manifest: Manifest) -> tuple[TimeBound, ...]:
    """What was signed existed when it was stamped. Soft: the signer chooses which bytes are hashed."""
    at = _moment(manifest.signed_at) if manifest.time_stamp is TimeStamp.TRUSTED else None
    if at is None:
        return ()
    reason = f"content credentials signed by {say_signer(manifest)}, with a trusted time-stamp"
    return (TimeBound(Side.NOT_AFTER, at, hard=False, reason=reason),)


def _moment(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _is_trusted(credentials: Credentials) -> bool:
    return credentials.state is CredentialState.TRUSTED


def _data(credentials: Credentials, facts: Decoded) -> dict[str, Any]:
    """What is known, for a person to look at; ingredients have a check of their own."""
    manifest = credentials.manifest
    shown: dict[str, Any] = {
        "state": credentials.state.value,
        "reader": facts.read_by("c2pa") if "c2pa" in facts.readers else None,
        "remote_url": credentials.remote_url,
        "detail": credentials.detail,
    }
    if manifest:
        shown |= {
            "codes": [failure.code for failure in credentials.faults],
            "signer": manifest.common_name,
            "organisation": manifest.issuer,
            "trust_list": credentials.trust_list,
            "generator": manifest.generator,
            "signed_at": manifest.signed_at,
            "time_stamp": manifest.time_stamp.value if manifest.time_stamp else None,
            "actions": [action.name for action in manifest.actions],
            "source_types": list(manifest.source_types),
        }
    return {name: value for name, value in shown.items() if value is not None}
