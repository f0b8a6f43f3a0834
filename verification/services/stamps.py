"""RFC 3161 time-stamps: an authority of the operator's choice says when a checkpoint or an original was there.

Off unless STET_TSA_URL names an authority. Each attempt is a row: a failed one is put down with its reason and tried
again, later each time.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, timedelta
from functools import cache
from pathlib import Path

import structlog
from cryptography import x509
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Exists, OuterRef
from django.utils import timezone
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from claims.addresses import AllowList, OutboundError
from claims.models import Asset
from claims.outbound import FetchLimits, fetch
from verification.models import Checkpoint, Stamp

log = structlog.get_logger(__name__)

LIMITS = FetchLimits(deadline_seconds=15, max_bytes=256 * 1024, max_decoded_bytes=256 * 1024)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
ORIGINALS_A_ROUND = 5
_PLACEHOLDER = b"stet"


class StampFailed(Exception):
    """The authority gave no stamp, or none that holds; the words say why."""


def stamp_what_is_due() -> int:
    """Has the newest checkpoint and some originals stamped, where an authority is set; how many stamps came.

    A checkpoint binds all before it, so only the newest is stamped. Ends at the first failure: the authority that
    fails one fails the next.
    """
    if not settings.TSA_URL or _waits():
        return 0
    came = 0
    newest = Checkpoint.objects.order_by("-number").first()
    if newest is not None and not newest.stamps.exclude(token=None).exists():
        if not stamp(checkpoint=newest):
            return came
        came += 1
    done = Stamp.objects.filter(asset=OuterRef("pk")).exclude(token=None)
    for asset in Asset.objects.filter(~Exists(done), redacted_at=None).order_by("pk")[:ORIGINALS_A_ROUND]:
        if not stamp(asset=asset):
            return came
        came += 1
    return came


def _waits() -> bool:
    """Whether the authority failed lately: after each failure in a row it is left alone for twice as long."""
    failures = 0
    last = None
    for tried in Stamp.objects.order_by("-tried_at", "-id")[:12]:
        if tried.failure is None:
            break
        last = last or tried.tried_at
        failures += 1
    if last is None:
        return False
    wait: timedelta = min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT)
    return timezone.now() < last + wait


def stamp(*, checkpoint: Checkpoint | None = None, asset: Asset | None = None) -> bool:
    """Asks the authority for a stamp of one thing and puts down what came; whether it was a stamp."""
    sha256 = checkpoint.hash if checkpoint is not None else asset.sha256 if asset is not None else ""
    attempt = Stamp(
        checkpoint=checkpoint, asset=asset, sha256=sha256, authority=settings.TSA_URL, tried_at=timezone.now()
    )
    try:
        attempt.token, response = _ask(bytes.fromhex(sha256))
        attempt.stamped_at = response.tst_info.gen_time.replace(tzinfo=UTC)
    except OutboundError as error:
        attempt.failure = {"code": error.code, "detail": error.detail}
    except StampFailed as error:
        attempt.failure = {"code": "no_stamp", "detail": str(error)}
    if attempt.failure is not None:
        log.warning("stamp.failed", code=attempt.failure["code"])
    attempt.save(force_insert=True)
    return attempt.failure is None


def _ask(digest: bytes) -> tuple[bytes, TimeStampResponse]:
    request = TimestampRequestBuilder(data=_PLACEHOLDER, hash_algorithm=HashAlgorithm.SHA256).build()
    # The library hashes what it is given; the bytes that were hashed here may be hundreds of megabytes.
    asked = request.as_bytes().replace(hashlib.sha256(_PLACEHOLDER).digest(), digest)
    answer = bytearray()
    fetch(
        settings.TSA_URL,
        write=answer.extend,
        allow=AllowList.parse(settings.FETCH_ALLOW),
        limits=LIMITS,
        method="POST",
        headers={"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"},
        body=asked,
    )
    response = _decoded(bytes(answer))
    _check(response, digest, request)
    return bytes(answer), response


def what_is_wrong(kept: Stamp) -> str:
    """Why a stamp that was kept does not hold; empty if it does."""
    of = kept.checkpoint.hash if kept.checkpoint else kept.asset.sha256 if kept.asset else ""
    if kept.sha256 != of:
        return "is not of the hash of what it is kept for"
    try:
        response = _decoded(bytes(kept.token or b""))
        _check(response, bytes.fromhex(kept.sha256), None)
    except StampFailed as error:
        return str(error)
    if kept.stamped_at != response.tst_info.gen_time.replace(tzinfo=UTC):
        return "says another time than its row"
    return ""


def roots() -> tuple[x509.Certificate, ...]:
    """The certificates that STET_TSA_ROOTS trusts; none where it is not set. Raises ImproperlyConfigured."""
    return _read_roots(settings.TSA_ROOTS)


@cache
def _read_roots(path: str) -> tuple[x509.Certificate, ...]:
    if not path:
        return ()
    try:
        return tuple(x509.load_pem_x509_certificates(Path(path).read_bytes()))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(
            f"STET_TSA_ROOTS names {path}, which holds no certificates in PEM that can be read."
        ) from error


def _decoded(answer: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(answer)
        if response.status not in (0, 1):
            why = "; ".join(response.status_string) or f"status {response.status}"
            raise StampFailed(f"was refused by the authority: {why}")
    except ValueError as error:
        raise StampFailed("is not an answer of a time-stamp authority") from error
    return response


def _check(response: TimeStampResponse, digest: bytes, request: TimeStampRequest | None) -> None:
    """Raises StampFailed unless the stamp is over the digest, answers the request, and chains up to a root."""
    if response.tst_info.message_imprint.message != digest:
        raise StampFailed("is over another hash")
    if request is not None and response.tst_info.nonce != request.nonce:
        raise StampFailed("answers another request")
    if not roots():
        return
    builder = VerifierBuilder(roots=list(roots()))
    try:
        builder.build().verify(response, digest)
    except VerificationError as error:
        raise StampFailed("is not by an authority that STET_TSA_ROOTS trusts") from error
