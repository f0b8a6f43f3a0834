"""The capture job: from a media item's URL to an asset in the archive, or to a failure that says why."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from claims.addresses import OutboundError
from claims.media import archive
from claims.media.capture import Captured, CaptureFailed, fetch_original, hop_as_json, versions
from claims.models import Asset, Capture, MediaItem
from claims.vocabulary import CaptureState, Examination, JobKind, JobState
from verification.models import Job
from verification.services import jobs


def work(job: Job) -> jobs.Outcome:
    """Fetches the item's URL. Whatever goes wrong outside is an outcome, not an error."""
    item = MediaItem.objects.select_related("claim").get(pk=job.subject_id)
    MediaItem.objects.filter(pk=item.pk).exclude(state=CaptureState.CAPTURED).update(
        state=CaptureState.CAPTURING
    )
    started_at = timezone.now()
    try:
        captured = fetch_original(item.url)
    except (OutboundError, CaptureFailed) as error:
        hops = tuple(hop_as_json(hop) for hop in getattr(error, "hops", ()))
        failure = {"code": error.code, "detail": error.detail, "retriable": error.retriable}
        capture = Capture(
            media=item,
            requested_url=item.url,
            hops=list(hops),
            versions=versions(),
            failure=failure,
            started_at=started_at,
            finished_at=timezone.now(),
        )
        return _failed(job, item, failure, capture)

    def effect() -> None:
        keep(item, captured)

    return jobs.Outcome(
        claim=item.claim,
        effect=effect,
        action="captured",
        data={"media": item.pk, "sha256": captured.stored.sha256, "size_bytes": captured.stored.size_bytes},
    )


def give_up(job: Job) -> jobs.Outcome:
    """Quarantines a capture whose workers died of it."""
    item = MediaItem.objects.select_related("claim").get(pk=job.subject_id)
    failure = {
        "code": "quarantined",
        "detail": "The workers that fetched it died each time. Look at the address before you try again.",
        "retriable": True,
    }
    return _failed(job, item, failure, None, state=JobState.QUARANTINED)


def keep(item: MediaItem, captured: Captured) -> Asset:
    """Makes captured bytes the item's asset and has them examined; called within the transaction of the act."""
    asset, _ = Asset.objects.get_or_create(
        sha256=captured.stored.sha256,
        defaults={
            "size_bytes": captured.stored.size_bytes,
            "media_type": captured.sniffed.media_type,
            "kind": captured.sniffed.kind.value,
            "archived_at": captured.finished_at,
        },
    )
    Capture.objects.create(
        media=item,
        asset=asset,
        requested_url=item.url,
        final_url=captured.final_url,
        hops=list(captured.hops),
        versions=versions(),
        started_at=captured.started_at,
        finished_at=captured.finished_at,
    )
    if asset.redacted_at is not None:
        # The bytes were erased for good before; that they turn up again does not undo it.
        transaction.on_commit(lambda: archive.erase(asset.sha256))
        item.state = CaptureState.FAILED.value
        item.failure = {
            "code": "redacted",
            "detail": "These bytes were erased here on legal grounds and are not kept again.",
            "retriable": False,
        }
        item.save(update_fields=["state", "failure"])
        return asset
    item.asset = asset
    item.kind = asset.kind
    item.state = CaptureState.CAPTURED.value
    item.failure = None
    item.examination = Examination.WAITING.value
    item.save(update_fields=["asset", "kind", "state", "failure", "examination"])
    jobs.enqueue(JobKind.EXAMINE, item.pk)
    return asset


def _failed(
    job: Job,
    item: MediaItem,
    failure: dict[str, Any],
    capture: Capture | None,
    state: JobState | None = None,
) -> jobs.Outcome:
    goes_to = state or jobs.failed_state(job, retriable=bool(failure["retriable"]))
    # A failed re-capture takes nothing away from what was captured before.
    shown = CaptureState.PENDING if goes_to == JobState.QUEUED else CaptureState.FAILED

    def effect() -> None:
        if capture is not None:
            capture.save(force_insert=True)
        state_now = CaptureState.CAPTURED if item.asset_id else shown
        MediaItem.objects.filter(pk=item.pk).update(state=state_now, failure=failure)

    return jobs.Outcome(
        claim=item.claim,
        effect=effect,
        action="capture-failed",
        data={"media": item.pk, "code": failure["code"]},
        state=goes_to,
        error=failure,
    )
