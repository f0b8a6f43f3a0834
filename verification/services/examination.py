"""The examine job: one decode of an asset, every check beside what is claimed of the media item."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from claims.dates import ClaimedDate
from claims.media import archive
from claims.models import Asset, Capture, MediaItem
from claims.places import Place
from claims.vocabulary import CheckRunState, Dimension, Examination, JobState, MediaKind, Stance
from verification import sandbox
from verification.checks import base, registry
from verification.domain.decoded import Decoded
from verification.domain.findings import Finding, FoundPoint, Side, TimeBound
from verification.examination import bound_json, point_json
from verification.inference.dates import DateSuggestion, suggest_date
from verification.inference.locations import LocationSuggestion, suggest_location
from verification.models import CheckRun, FindingRow, Job
from verification.services import jobs, playable, stills

STORAGE_WAIT_SECONDS = 60.0


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
    media = base.Media(
        sha256=asset.sha256,
        media_type=asset.media_type,
        kind=MediaKind(asset.kind),
        decoded=facts,
        decode_error=error,
    )
    outcomes = base.run_checks(registry.all_checks(), media, context_of(item, now=timezone.now()))
    not_drawn = stills.make(asset) if facts is not None else None
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
    return base.Context(
        now=now,
        claimed_date=claimed_date_of(item),
        claimed_location=claimed_place_of(item),
        posted_at=item.posted_at,
        captured_at=arrived.finished_at if arrived else None,
        earlier_copies=earlier_copies(item),
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


def _first_capture(item: MediaItem) -> Capture | None:
    """How the item's bytes came here first: for this item, whatever other claim had them before."""
    if item.asset_id is None:
        return None
    return item.captures.filter(asset=item.asset_id).order_by("finished_at").first()


def suggestions(item: MediaItem) -> tuple[DateSuggestion, LocationSuggestion]:
    """What the findings leave of the claimed date and place, with every reason."""
    rows = FindingRow.objects.filter(run__media=item).order_by("run__check_slug", "position")
    findings = [finding_of(row) for row in rows]
    return (
        suggest_date(claimed=claimed_date_of(item), findings=findings),
        suggest_location(claimed=claimed_place_of(item), findings=findings),
    )


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
    if asset.facts is not None:
        return Decoded.from_json(asset.facts)
    with archive.local_copy(asset.sha256) as path:
        return sandbox.decode(path, media_type=asset.media_type)


def _outcome(
    item: MediaItem, outcomes: tuple[base.Outcome, ...], facts: Decoded | None, *, data: dict[str, Any]
) -> jobs.Outcome:
    def effect() -> None:
        if facts is not None and item.asset is not None:
            Asset.objects.filter(pk=item.asset.pk, facts__isnull=True).update(facts=facts.as_json())
            if playable.is_wanted(item.asset, facts):
                playable.enqueue(item)
        _store(item, outcomes)
        MediaItem.objects.filter(pk=item.pk).update(examination=Examination.DONE)

    return jobs.Outcome(claim=item.claim, effect=effect, action="examined", data={"media": item.pk, **data})


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
    now = timezone.now()
    for outcome in outcomes:
        run, _ = CheckRun.objects.update_or_create(
            media=item,
            check_slug=outcome.check,
            defaults={
                "version": outcome.version,
                "state": outcome.state.value,
                "error": {"detail": outcome.error} if outcome.error else None,
                "ran_at": now,
            },
        )
        run.findings.all().delete()
        FindingRow.objects.bulk_create(
            FindingRow(
                run=run,
                position=position,
                dimension=finding.dimension.value,
                stance=finding.stance.value,
                sentence=finding.sentence,
                data=finding.data,
                bounds=[bound_json(bound) for bound in finding.bounds],
                points=[point_json(point) for point in finding.points],
            )
            for position, finding in enumerate(outcome.findings)
        )
