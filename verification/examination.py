"""Examines one local file whole: type, hash, decoding, all checks. Needs no database, and writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from claims.dates import ClaimedDate
from claims.media.sniff import HEAD_BYTES, sniff
from claims.places import Place
from verification.checks.base import Check, Context, Media, Outcome, run_checks
from verification.checks.registry import all_checks
from verification.domain.decoded import Decoded, Device
from verification.domain.findings import Finding, FoundPoint, TimeBound
from verification.sandbox import DecodeFailed, decode

_NOT_OF_CAPTURE = frozenset({"DateTime", "XMP xmp:ModifyDate", "XMP xmp:MetadataDate", "PDF ModDate"})


@dataclass(frozen=True)
class Examined:
    """All that was found of one file. `failure` says why there is no more."""

    sha256: str
    media: Media | None
    outcomes: tuple[Outcome, ...]
    failure: str | None = None

    @property
    def decoded(self) -> Decoded | None:
        return self.media.decoded if self.media else None


def examine(
    path: Path,
    *,
    context: Context,
    checks: Sequence[Check] | None = None,
    trust_list: Path | None = None,
    exiftool: Path | None = None,
) -> Examined:
    """Runs the checks (all, where none are named) on the file. Raises OSError where it can't be read.

    `trust_list` and `exiftool` are those of `sandbox.decode`. A file that is no media, or can't be decoded, is no
    error: `failure` says so, and the checks that need no decoding still run.
    """
    with path.open("rb") as file:
        sniffed = sniff(file.read(HEAD_BYTES))
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sniffed is None:
        return Examined(sha256, None, (), "This is no media that Stet reads.")
    decoded, failure = None, None
    try:
        decoded = decode(path, media_type=sniffed.media_type, trust_list=trust_list, exiftool=exiftool)
    except DecodeFailed as error:
        failure = f"{error.code}: {error.detail}"
    media = Media(sha256, sniffed.media_type, sniffed.kind, decoded, failure, path.name)
    outcomes = run_checks(all_checks() if checks is None else checks, media, context)
    return Examined(sha256, media, outcomes, failure)


def examine_file(
    path: Path,
    *,
    claimed_date: ClaimedDate | None = None,
    claimed_location: Place | None = None,
    now: datetime,
    checks: Sequence[Check] | None = None,
    trust_list: Path | None = None,
    exiftool: Path | None = None,
) -> dict[str, Any]:
    """The JSON object of one examined file, as `manage.py examine --json` prints it. Raises OSError."""
    context = Context(now=now, claimed_date=claimed_date, claimed_location=claimed_location)
    examined = examine(path, context=context, checks=checks, trust_list=trust_list, exiftool=exiftool)
    return as_json(path, examined)


def as_json(path: Path, examined: Examined) -> dict[str, Any]:
    """The examined file in JSON: dates as recorded, GPS only where it is a position."""
    facts = examined.decoded
    device = facts.device if facts else Device()
    return {
        "file": str(path),
        "sha256": examined.sha256,
        "media_type": examined.media.media_type if examined.media else None,
        "capture_dates": _capture_dates(facts),
        "gps": _gps(facts),
        "device": {"make": device.make, "model": device.model, "software": device.software},
        "findings": [
            finding_json(outcome, finding) for outcome in examined.outcomes for finding in outcome.findings
        ],
        "check_runs": [
            {"check": one.check, "version": one.version, "state": one.state.value, "error": one.error}
            for one in examined.outcomes
        ],
        "reader_errors": [
            {"reader": error.reader, "part": error.part, "detail": error.detail}
            for error in (facts.errors if facts else ())
        ],
        "error": examined.failure,
    }


def finding_json(outcome: Outcome, finding: Finding) -> dict[str, Any]:
    """A finding in the API's form, with the check that made it."""
    return {
        "check": outcome.check,
        "version": outcome.version,
        "dimension": finding.dimension.value,
        "stance": finding.stance.value,
        "sentence": finding.sentence,
        "data": finding.data,
        "bounds": [bound_json(bound) for bound in finding.bounds],
        "points": [point_json(point) for point in finding.points],
    }


def _capture_dates(facts: Decoded | None) -> list[dict[str, str | None]]:
    return [
        {
            "value": date.value,
            "at": date.at,
            "offset": date.offset,
            "field": date.field,
            "reader": date.reader,
        }
        | ({"unset": date.unset} if date.unset else {})
        for date in (facts.dates if facts else ())
        if date.field not in _NOT_OF_CAPTURE
    ]


def _gps(facts: Decoded | None) -> dict[str, float] | None:
    gps = facts.gps if facts else None
    if gps is None or gps.latitude is None or gps.longitude is None:
        return None
    return {"latitude": gps.latitude, "longitude": gps.longitude}


def bound_json(bound: TimeBound) -> dict[str, Any]:
    """A time bound in the API's form."""
    at = bound.at.isoformat().replace("+00:00", "Z")
    return {"side": bound.side.value, "at": at, "hard": bound.hard, "reason": bound.reason}


def point_json(point: FoundPoint) -> dict[str, Any]:
    """A found point in the API's form."""
    return {
        "latitude": point.latitude,
        "longitude": point.longitude,
        "uncertainty_m": point.uncertainty_m,
        "reason": point.reason,
    }
