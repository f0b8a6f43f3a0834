"""What a check is given, what it gives back, and how one is run. Pure: even the time is passed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Protocol

from claims.dates import ClaimedDate
from claims.errors import StetError
from claims.places import Place
from claims.vocabulary import CheckRunState, Dimension, MatchState, MediaKind, Stance
from verification.domain.credentials import Credentials
from verification.domain.decoded import Decoded, Device
from verification.domain.findings import Finding
from verification.domain.likeness import Turn


@dataclass(frozen=True)
class Media:
    """The file a check examines. Where `decoded` is None, `decode_error` says why.

    `file_name` is what it was called where it came from: anybody can have renamed it since.
    """

    sha256: str
    media_type: str
    kind: MediaKind
    decoded: Decoded | None = None
    decode_error: str | None = None
    file_name: str | None = None

    def facts(self) -> Decoded:
        """What was read out of the file. Raises CheckFailed where nothing could be."""
        if self.decoded is None:
            raise CheckFailed(self.decode_error or "The file has not been decoded.")
        return self.decoded

    def credentials(self) -> Credentials:
        """Its content credentials, or their absence. Raises CheckFailed where that is not known."""
        facts = self.facts()
        if facts.credentials is None:
            failure = facts.failed("credentials")
            raise CheckFailed(
                f"The content credentials could not be read: {failure.detail}"
                if failure
                else "Nobody looked for content credentials in this file; examine it anew."
            )
        return facts.credentials


@dataclass(frozen=True)
class EarlierCopy:
    """The same bytes as they were archived here before. `archived_at` is aware, by our own clock."""

    claim: str
    archived_at: datetime
    url: str | None = None
    account: str | None = None
    posted_at: datetime | None = None


@dataclass(frozen=True)
class OtherMedia:
    """What the files of another media item say made them. `claim` is its claim's reference, `media` its id."""

    claim: str
    media: str
    device: Device


@dataclass(frozen=True)
class NearCopy:
    """A media item of another claim whose picture is or looks like this one's; times are aware.

    `distance` is in bits of 256 (`domain.likeness` says what they mean), `turn` what its picture lies like beside
    this one, `at_ms` and `there_ms` the frames of the films that are alike. `archived_at` is by our own clock;
    `posted_by_page` says that a page stated `posted_at`, else a person said it.
    """

    match: str
    claim: str
    media: str
    distance: int
    turn: Turn
    state: MatchState
    archived_at: datetime
    posted_at: datetime | None = None
    posted_by_page: bool = False
    url: str | None = None
    account: str | None = None
    at_ms: int | None = None
    there_ms: int | None = None

    @property
    def known_at(self) -> datetime:
        """When it is first known to have been there."""
        return min(self.archived_at, self.posted_at or self.archived_at)


@dataclass(frozen=True)
class Context:
    """What is claimed of the media, and when we look at it. All times are aware.

    `claimed_location` is the place SHOWN; `claimed_camera` is where the camera is said to have stood.
    `captured_at` is when our archive got the bytes. `earlier_copies` and `near_copies` are None where there was no
    archive to ask, and empty where it was asked and has none. `near_files` is how many other files look like this
    one in all, for `near_copies` may be no more than the first of them. `same_creator` are the other media whose
    creator is said to be the same person: None where this item names no creator. `url` is the address that the media
    item is said to be at, the post's where it is a post. `stamped_at` is the time that `stamp_authority`, a
    time-stamp authority, put on the hash of the bytes.
    """

    now: datetime
    claimed_date: ClaimedDate | None = None
    claimed_location: Place | None = None
    claimed_camera: Place | None = None
    posted_at: datetime | None = None
    captured_at: datetime | None = None
    earlier_copies: tuple[EarlierCopy, ...] | None = None
    same_creator: tuple[OtherMedia, ...] | None = None
    url: str | None = None
    stamped_at: datetime | None = None
    stamp_authority: str | None = None
    near_copies: tuple[NearCopy, ...] | None = None
    near_files: int = 0


class NotApplicable(StetError):
    """The check has nothing to say of such media, or has not what it needs to say it."""

    code = "not_applicable"
    title = "Not applicable"


class CheckFailed(StetError):
    """The check could not be carried out; never to be read as "nothing found"."""

    code = "check_failed"
    title = "The check failed"


class Check(Protocol):
    """A program that examines one file beside what is claimed of it.

    `slug` is the module's name; `version` rises whenever findings on the same input change; `media_types` are
    MIME types or patterns such as "video/*". `help` says what it does, `reads` what it looks at, `stances` when it
    takes which (those named are all that it takes), and `cannot_know` what nobody may conclude from it. `run` gives the same findings for the same input and may raise
    NotApplicable or CheckFailed.
    """

    slug: str
    title: str
    version: str
    dimensions: tuple[Dimension, ...]
    media_types: tuple[str, ...]
    help: str
    reads: str
    stances: dict[Stance, str]
    cannot_know: str

    def run(self, media: Media, context: Context) -> list[Finding]: ...


@dataclass(frozen=True)
class Outcome:
    """One run of one check: its state, what it found, and the error where it failed or did not apply."""

    check: str
    version: str
    state: CheckRunState
    findings: tuple[Finding, ...] = ()
    error: str | None = None


def applies_to(check: Check, media_type: str) -> bool:
    """Whether the check looks at such media at all."""
    return any(fnmatchcase(media_type, pattern) for pattern in check.media_types)


def run_check(check: Check, media: Media, context: Context) -> Outcome:
    """Runs one check; its failure is recorded in the outcome and is never another check's."""
    if not applies_to(check, media.media_type):
        reason = f"{check.title}: this check does not look at {media.media_type}."
        return Outcome(check.slug, check.version, CheckRunState.NOT_APPLICABLE, error=reason)
    try:
        found = tuple(check.run(media, context))
    except NotApplicable as refusal:
        return Outcome(check.slug, check.version, CheckRunState.NOT_APPLICABLE, error=refusal.detail)
    except CheckFailed as failure:
        return Outcome(check.slug, check.version, CheckRunState.FAILED, error=failure.detail)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as fault:
        # A fault of ours that some hostile value brought out: the other checks still have their say.
        return Outcome(
            check.slug, check.version, CheckRunState.FAILED, error=f"{type(fault).__name__}: {fault}"
        )
    return Outcome(check.slug, check.version, CheckRunState.DONE, found)


def run_checks(checks: Sequence[Check], media: Media, context: Context) -> tuple[Outcome, ...]:
    """Runs the checks in the order given, one outcome each."""
    return tuple(run_check(check, media, context) for check in checks)
