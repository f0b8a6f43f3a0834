"""The capture job: from a media item's URL to an asset in the archive, or to a failure that says why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from claims.errors import StorageFailed
from claims.media import archive, warc
from claims.media.archive import Stored
from claims.media.capture import (
    NO_TRAIL,
    NOT_MODIFIED,
    Before,
    Captured,
    CaptureFailed,
    Trail,
    Unchanged,
    fetch_original,
    versions,
)
from claims.models import Asset, Capture, MediaItem
from claims.vocabulary import AssetKind, CaptureState, Examination, JobKind, JobState, MediaKind
from verification.models import Job
from verification.services import erasure, jobs, politeness, reliance

PATIENCE_SECONDS = 20.0
STORAGE_WAIT_SECONDS = 60.0


def work(job: Job) -> jobs.Outcome:
    """Fetches the item's URL. Whatever goes wrong outside is an outcome, not an error.

    Raises jobs.NotYet where it is not its turn at the host.
    """
    item = MediaItem.objects.select_related("claim").get(pk=job.subject_id)
    started_at = timezone.now()

    @contextmanager
    def turn(url: str) -> Iterator[None]:
        # What its page leads to is waited for: putting the job back would have the page fetched again.
        patience = 0.0 if url == item.url else PATIENCE_SECONDS
        with politeness.turn(url, job=job, patience_seconds=patience):
            MediaItem.objects.filter(pk=item.pk).exclude(state=CaptureState.CAPTURED).update(
                state=CaptureState.CAPTURING
            )
            yield

    try:
        with archive.storing():
            before = _before(item)
        captured = fetch_original(item.url, turn=turn, before=before)
    except StorageFailed as error:
        failure = {"code": error.code, "detail": error.detail, "retriable": True}
        return _failed(job, item, failure, _Attempt(started_at, timezone.now(), NO_TRAIL, failure))
    except CaptureFailed as error:
        failure = {"code": error.code, "detail": error.detail, "retriable": error.retriable}
        return _failed(job, item, failure, _Attempt(started_at, timezone.now(), error.trail, failure))

    if isinstance(captured, Unchanged):
        return _unchanged(item, captured)

    data = {
        "media": item.pk,
        "sha256": captured.stored.sha256,
        "size_bytes": captured.stored.size_bytes,
        **_kept_beside(captured.trail),
    }

    def effect() -> None:
        keep(item, captured)
        data.update(reliance.notice(item, at=captured.finished_at))

    return jobs.Outcome(claim=item.claim, effect=effect, action="captured", data=data)


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
    """Makes captured bytes the item's asset and has them examined; called within the transaction of the act.

    An item that has its asset keeps it, whatever its address gives by now: verdicts and findings rely on it. Other
    bytes are archived and logged, and the item then says that its source has changed.
    """
    asset = _asset(captured.stored, captured.sniffed.media_type, captured.sniffed.kind, captured.finished_at)
    last = _last(item)
    same = last is not None and last.asset_id == asset.pk
    attempt = _Attempt(captured.started_at, captured.finished_at, captured.trail, None)
    name = captured.file_name if asset.redacted_at is None else ""
    _log(item, attempt, asset, unchanged=same, file_name=name)
    if asset.redacted_at is not None:
        _erase_beside(asset, captured.finished_at)
        stands = item.asset_id is not None and item.asset_id != asset.pk
        item.state = (CaptureState.CAPTURED if stands else CaptureState.FAILED).value
        item.failure = {
            "code": "redacted",
            "detail": "These bytes were erased here on legal grounds and are not kept again.",
            "retriable": False,
        }
        item.save(update_fields=["state", "failure"])
        return asset
    if item.asset_id is not None:
        MediaItem.objects.filter(pk=item.pk).update(state=CaptureState.CAPTURED, failure=None)
        return asset
    item.asset = asset
    item.kind = asset.kind
    item.state = CaptureState.CAPTURED.value
    item.failure = None
    item.examination = Examination.WAITING.value
    item.save(update_fields=["asset", "kind", "state", "failure", "examination"])
    jobs.enqueue(JobKind.EXAMINE, item.pk)
    return asset


@dataclass(frozen=True)
class _Attempt:
    started_at: datetime
    finished_at: datetime
    trail: Trail
    failure: dict[str, Any] | None


def _last(item: MediaItem) -> Capture | None:
    """The newest capture that bytes came of, or that found them to be the same."""
    return item.captures.exclude(asset=None).select_related("asset").first()


def _before(item: MediaItem) -> Before | None:
    """What the server said of the bytes that the item's address gave last; None where they are not here any more."""
    last = _last(item)
    if last is None or last.asset is None or last.asset.redacted_at or not archive.holds(last.asset.sha256):
        return None
    for capture in item.captures.exclude(asset=None):
        if capture.asset_id != last.asset_id:
            break
        if not capture.hops or capture.hops[-1]["status"] == NOT_MODIFIED:
            continue
        said = {name.lower(): value for name, value in capture.hops[-1]["headers"]}
        marks = (said.get("etag", ""), said.get("last-modified", ""))
        return Before(capture.found_url or capture.requested_url, *marks) if any(marks) else None
    return None


def _unchanged(item: MediaItem, found: Unchanged) -> jobs.Outcome:
    last = _last(item)
    assert last is not None  # noqa: S101  for the type checker: nothing else is compared with
    assert last.asset is not None  # noqa: S101
    asset = last.asset

    def effect() -> None:
        attempt = _Attempt(found.started_at, found.finished_at, found.trail, None)
        _log(item, attempt, asset, unchanged=True)
        MediaItem.objects.filter(pk=item.pk).update(state=CaptureState.CAPTURED, failure=None)

    return jobs.Outcome(
        claim=item.claim,
        effect=effect,
        action="captured",
        data={
            "media": item.pk,
            "sha256": asset.sha256,
            "size_bytes": asset.size_bytes,
            "unchanged": True,
            **_kept_beside(found.trail),
        },
    )


def _log(
    item: MediaItem, attempt: _Attempt, asset: Asset | None, *, unchanged: bool = False, file_name: str = ""
) -> None:
    """Writes the capture log, and the posted time where the page states one and nobody else did."""
    trail, page = attempt.trail, attempt.trail.page
    posted = page.posted if page else None
    Capture.objects.create(
        media=item,
        asset=asset,
        file_name=file_name,
        requested_url=item.url,
        final_url=trail.final_url,
        hops=list(trail.hops),
        page=_asset(page.original, "text/html", AssetKind.PAGE, attempt.finished_at) if page else None,
        page_text=_asset(page.text, "text/plain", AssetKind.PAGE_TEXT, attempt.finished_at)
        if page and page.text
        else None,
        page_url=page.url if page else "",
        found_url=trail.found_url,
        found_by=trail.found_by,
        posted=posted.as_json() if posted else None,
        warc=_asset(trail.warc, warc.MEDIA_TYPE, AssetKind.EXCHANGE, attempt.finished_at)
        if trail.warc
        else None,
        versions=versions() | ({"extractor": trail.extracted_by} if trail.extracted_by else {}),
        unchanged=unchanged,
        failure=attempt.failure,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
    )
    if posted:
        # What a person said is never replaced, not even by what the same page says later.
        MediaItem.objects.filter(pk=item.pk, posted_at=None).update(
            posted_at=posted.at, posted_by_page=posted.found_by
        )


def _asset(stored: Stored, media_type: str, kind: MediaKind | AssetKind, archived_at: datetime) -> Asset:
    """The row of what is in the archive. Bytes that were erased for good do not come back by turning up again."""
    asset, _ = Asset.objects.get_or_create(
        sha256=stored.sha256,
        defaults={
            "size_bytes": stored.size_bytes,
            "media_type": media_type,
            "kind": kind.value,
            "archived_at": archived_at,
        },
    )
    if asset.redacted_at is not None:
        transaction.on_commit(partial(erasure.erase_files, asset.sha256))
    return asset


def _erase_beside(erased: Asset, at: datetime) -> None:
    """What was kept beside bytes that were erased for good goes too: the exchange has them in it."""
    for beside in Asset.objects.kept_with(erased).filter(redacted_at=None):
        Asset.objects.filter(pk=beside.pk).update(redacted_at=at)
        transaction.on_commit(partial(erasure.erase_files, beside.sha256))


def _kept_beside(trail: Trail) -> dict[str, str]:
    """What else was archived, for the audit entry."""
    kept = {"page": trail.page.original if trail.page else None, "warc": trail.warc}
    return {name: stored.sha256 for name, stored in kept.items() if stored}


def _failed(
    job: Job,
    item: MediaItem,
    failure: dict[str, Any],
    attempt: _Attempt | None,
    state: JobState | None = None,
) -> jobs.Outcome:
    goes_to = state or jobs.failed_state(job, retriable=bool(failure["retriable"]))
    # A failed re-capture takes nothing away from what was captured before.
    shown = CaptureState.PENDING if goes_to == JobState.QUEUED else CaptureState.FAILED

    data = {"media": item.pk, "code": failure["code"], **(_kept_beside(attempt.trail) if attempt else {})}

    def effect() -> None:
        if attempt is not None:
            _log(item, attempt, None)
            data.update(reliance.notice(item, at=attempt.finished_at))
        state_now = CaptureState.CAPTURED if item.asset_id else shown
        MediaItem.objects.filter(pk=item.pk).update(state=state_now, failure=failure)

    return jobs.Outcome(
        claim=item.claim,
        effect=effect,
        action="capture-failed",
        data=data,
        state=goes_to,
        error=failure,
        # A disk is not emptied within seconds.
        wait_seconds=STORAGE_WAIT_SECONDS if failure["code"] == StorageFailed.code else None,
    )
