"""The examine job: one decode of an asset, every check beside what is claimed of the media item."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils import timezone

from claims.dates import ClaimedDate
from claims.media import archive
from claims.models import Asset, Capture, MediaItem
from claims.places import Place
from claims.vocabulary import (
    CheckRunState,
    Dimension,
    Examination,
    JobState,
    MediaKind,
    SourceRole,
    Stance,
)
from verification import sandbox
from verification.checks import base, registry
from verification.domain import likeness
from verification.domain.decoded import RECIPE, Decoded
from verification.domain.findings import Finding, FoundPoint, Side, TimeBound
from verification.examination import bound_json, point_json
from verification.models import CheckRun, FindingRow, Hashed, Job, Stamp
from verification.services import jobs, matches, playable, reliance, stills

STORAGE_WAIT_SECONDS = 60.0
_OTHERS = 50
"""Of how many other media of the same creator the devices are compared: the newest."""


def work(job: Job) -> jobs.Outcome:
    """Decodes once (an asset's facts are kept), then runs every check; each check's failure is its own result."""
    item = MediaItem.objects.select_related("claim", "asset").get(pk=job.subject_id)
    MediaItem.objects.filter(pk=item.pk).update(examination=Examination.RUNNING)
    asset = item.asset
    if asset is None or asset.redacted_at is not None:
        return _outcome(item, (), None, data={"skipped": "no original"})
    facts: Decoded | None = None
    error: str | None = None
    try:
        facts = _facts(asset)
    except sandbox.DecodeFailed as failure:
        if failure.retriable:
            state = jobs.failed_state(job, retriable=True)
            return _undecodable(item, failure, JobState.QUARANTINED if state == JobState.FAILED else state)
        error = failure.detail
    except FileNotFoundError:
        error = "The archive does not hold this original."
    except OSError as away:
        # That says nothing against the file: it waits until the archive is there again.
        MediaItem.objects.filter(pk=item.pk).update(examination=Examination.WAITING)
        raise jobs.NotYet(STORAGE_WAIT_SECONDS) from away
    matches.link(item, facts.hashes if facts else ())
    media = base.Media(
        sha256=asset.sha256,
        media_type=asset.media_type,
        kind=MediaKind(asset.kind),
        decoded=facts,
        decode_error=error,
        file_name=_file_name(item),
    )
    outcomes = base.run_checks(registry.all_checks(), media, context_of(item, now=timezone.now()))
    not_drawn = stills.make(asset, facts) if facts is not None else None
    data: dict[str, Any] = {"findings": sum(len(one.findings) for one in outcomes)}
    return _outcome(item, outcomes, facts, data=data | ({"not_drawn": not_drawn} if not_drawn else {}))


def give_up(job: Job) -> jobs.Outcome:
    """Quarantines an examination whose workers died of it."""
    item = MediaItem.objects.select_related("claim").get(pk=job.subject_id)
    died = sandbox.DecodeFailed("quarantined", "The workers that examined the file died each time.")
    return _undecodable(item, died, JobState.QUARANTINED)


def context_of(item: MediaItem, *, now: datetime) -> base.Context:
    """What is claimed of a media item: its own words before the claim's."""
    arrived = _first_capture(item)
    copies = earlier_copies(item)
    ours = [copy.archived_at for copy in copies] + ([arrived.finished_at] if arrived else [])
    stamp = _stamp_of(item, since=min(ours)) if ours else None
    return base.Context(
        now=now,
        claimed_date=claimed_date_of(item),
        claimed_location=claimed_place_of(item),
        posted_at=item.posted_at,
        captured_at=arrived.finished_at if arrived else None,
        earlier_copies=copies,
        same_creator=same_creator(item),
        url=item.url or None,
        stamped_at=stamp.stamped_at if stamp else None,
        stamp_authority=stamp.authority if stamp else None,
        near_copies=tuple(one.near for one in matches.appearances(item)),
        near_files=matches.near_files(item),
    )


def claimed_date_of(item: MediaItem) -> ClaimedDate | None:
    stored = item.claimed_date or item.claim.claimed_date
    return ClaimedDate.from_json(stored) if stored else None


def claimed_place_of(item: MediaItem) -> Place | None:
    stored = item.claimed_location or item.claim.claimed_location
    return Place.from_json(stored) if stored else None


def earlier_copies(item: MediaItem) -> tuple[base.EarlierCopy, ...]:
    """The same bytes in other claims of the desk, archived before this item's first capture."""
    first = _first_capture(item)
    if item.asset_id is None or first is None:
        return ()
    others = (
        MediaItem.objects.filter(
            asset_id=item.asset_id,
            claim__desk_id=item.claim.desk_id,
            captures__asset=item.asset_id,
            captures__finished_at__lt=first.finished_at,
        )
        .exclude(claim_id=item.claim_id)
        .select_related("claim", "asset")
        .distinct()
    )
    copies = []
    for other in others[:20]:
        capture = _first_capture(other)
        if capture is not None:
            copies.append(
                base.EarlierCopy(
                    claim=other.claim.ref,
                    archived_at=capture.finished_at,
                    url=other.url or None,
                    account=other.account or None,
                    posted_at=other.posted_at,
                )
            )
    return tuple(sorted(copies, key=lambda copy: copy.archived_at))


def same_creator(item: MediaItem) -> tuple[base.OtherMedia, ...] | None:
    """The desk's other media by whoever is said to have filmed this; None where nobody is said to have.

    A creator named for a whole claim is not taken for that of each of its media, nor a poster for a creator.
    """
    creators = item.source_links.filter(role=SourceRole.CREATOR).values("source")
    if not creators.exists():
        return None
    others = (
        MediaItem.objects.filter(
            source_links__role=SourceRole.CREATOR,
            source_links__source__in=creators,
            claim__desk_id=item.claim.desk_id,
            asset__facts__isnull=False,
            asset__redacted_at=None,
        )
        # The same bytes come from the same device without saying anything.
        .exclude(asset=item.asset)
        .select_related("claim", "asset")
        .distinct()
        .order_by("-created_at", "pk")
    )
    return tuple(
        base.OtherMedia(other.claim.ref, str(other.pk), Decoded.from_json(other.asset.facts).device)
        for other in others[:_OTHERS]
        if other.asset is not None and other.asset.facts is not None
    )


def _file_name(item: MediaItem) -> str | None:
    """What the file was called by its uploader, or at the address that its bytes came from first."""
    first = _first_capture(item)
    if first and first.file_name:
        return first.file_name
    address = (first.found_url or first.final_url or first.requested_url) if first else ""
    return unquote(PurePosixPath(urlsplit(address).path).name) or None


def _first_capture(item: MediaItem) -> Capture | None:
    """How the item's bytes came here first: for this item, whatever other claim had them before."""
    if item.asset_id is None:
        return None
    return item.captures.filter(asset=item.asset_id).order_by("finished_at").first()


def _stamp_of(item: MediaItem, *, since: datetime) -> Stamp | None:
    """The first time-stamp on the item's bytes since this desk has had them.

    An older one would tell that another desk had them before.
    """
    stamps = Stamp.objects.filter(asset=item.asset_id, stamped_at__gte=since).exclude(token=None)
    return stamps.order_by("stamped_at").first()


def finding_of(row: FindingRow) -> Finding:
    """A stored finding as the inference reads it."""
    return Finding(
        dimension=Dimension(row.dimension),
        stance=Stance(row.stance),
        sentence=row.sentence,
        data=row.data,
        bounds=tuple(
            TimeBound(Side(b["side"]), datetime.fromisoformat(b["at"]), b["hard"], b["reason"])
            for b in row.bounds
        ),
        points=tuple(FoundPoint(**point) for point in row.points),
    )


def _facts(asset: Asset) -> Decoded:
    """The facts as they were kept; read anew where more reads them now, or another list judged credentials."""
    kept = Decoded.from_json(asset.facts) if asset.facts is not None else None
    if kept is not None and _is_current(kept, asset):
        return kept
    with archive.local_copy(asset.sha256) as path:
        return sandbox.decode(
            path,
            media_type=asset.media_type,
            trust_list=settings.C2PA_TRUST,
            exiftool=settings.EXIFTOOL,
        )


def _is_current(kept: Decoded, asset: Asset) -> bool:
    return (
        kept.recipe == RECIPE
        and Hashed.objects.filter(asset=asset, recipe=likeness.RECIPE).exists()
        and not _judged_by_another_list(kept)
        # What an exiftool read stays when it is gone; one that came later is asked.
        and (settings.EXIFTOOL is None or "exiftool" in kept.readers)
    )


def _judged_by_another_list(kept: Decoded) -> bool:
    return (
        kept.credentials is not None
        and kept.credentials.manifest is not None
        and kept.credentials.trust_list != _trust_list_hash()
    )


def _trust_list_hash() -> str | None:
    """The SHA-256 of the trust list; None where there is none, or none that can be read."""
    if settings.C2PA_TRUST is None:
        return None
    try:
        return hashlib.sha256(settings.C2PA_TRUST.read_bytes()).hexdigest()
    except OSError:
        return None


def _outcome(
    item: MediaItem, outcomes: tuple[base.Outcome, ...], facts: Decoded | None, *, data: dict[str, Any]
) -> jobs.Outcome:
    said: dict[str, Any] = {"media": item.pk, **data}

    def effect() -> None:
        if facts is not None and item.asset is not None:
            Asset.objects.filter(pk=item.asset.pk, redacted_at=None).update(facts=facts.as_json())
            if playable.is_wanted(item.asset, facts):
                playable.enqueue(item)
        told_before = reliance.copies_told(item) or {}
        _store(item, outcomes)
        turned_up = (reliance.copies_told(item) or {}).keys() - told_before.keys()
        said.update(reliance.notice(item, at=timezone.now(), turned_up=turned_up))
        MediaItem.objects.filter(pk=item.pk).update(
            examination=Examination.DONE, examined_with=registry.fingerprint()
        )

    return jobs.Outcome(claim=item.claim, effect=effect, action="examined", data=said)


def _undecodable(item: MediaItem, failure: sandbox.DecodeFailed, state: JobState) -> jobs.Outcome:
    quarantined = state == JobState.QUARANTINED
    runs = tuple(
        base.Outcome(check.slug, check.version, CheckRunState.FAILED, error=failure.detail)
        for check in registry.all_checks()
    )

    def effect() -> None:
        if quarantined:
            _store(item, runs)
        shown = Examination.QUARANTINED if quarantined else Examination.WAITING
        MediaItem.objects.filter(pk=item.pk).update(examination=shown)

    return jobs.Outcome(
        claim=item.claim,
        effect=effect,
        action="examination-failed",
        data={"media": item.pk, "code": failure.code},
        state=state,
        error={"code": failure.code, "detail": failure.detail, "retriable": True},
    )


def _store(item: MediaItem, outcomes: tuple[base.Outcome, ...]) -> None:
    """Keeps the runs that say something new; what they supersede stays, for whoever decided on it."""
    now = timezone.now()
    current = CheckRun.objects.current().filter(media=item)
    runs = {run.check_slug: run for run in current.prefetch_related("findings")}
    for outcome in outcomes:
        found = [_row_of(finding) for finding in outcome.findings]
        error = {"detail": outcome.error} if outcome.error else None
        before = runs.pop(outcome.check, None)
        if before and _said(before) == (outcome.version, outcome.state.value, error, found):
            current.filter(pk=before.pk).update(ran_at=now)
            continue
        current.filter(check_slug=outcome.check).update(superseded_at=now)
        run = CheckRun.objects.create(
            media=item,
            check_slug=outcome.check,
            version=outcome.version,
            state=outcome.state.value,
            error=error,
            ran_at=now,
        )
        FindingRow.objects.bulk_create(
            FindingRow(run=run, position=position, **row) for position, row in enumerate(found)
        )
    # Checks that are no longer there have nothing to say of the item any more.
    current.filter(pk__in=[run.pk for run in runs.values()]).update(superseded_at=now)


def _row_of(finding: Finding) -> dict[str, Any]:
    """A finding's columns, its data as JSON gives it back."""
    return {
        "dimension": finding.dimension.value,
        "stance": finding.stance.value,
        "sentence": finding.sentence,
        "data": json.loads(json.dumps(finding.data)),
        "bounds": [bound_json(bound) for bound in finding.bounds],
        "points": [point_json(point) for point in finding.points],
    }


def _said(run: CheckRun) -> tuple[str, str, Any, list[dict[str, Any]]]:
    names = ("dimension", "stance", "sentence", "data", "bounds", "points")
    found = [{name: getattr(row, name) for name in names} for row in run.findings.all()]
    return run.version, run.state, run.error, found
