"""The copy job: of a film that browsers don't play, a working copy that they do. The original is kept untouched."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from claims.media import archive, working
from claims.models import Asset, MediaItem
from claims.vocabulary import JobKind, JobState, MediaKind
from verification import sandbox
from verification.domain.decoded import Decoded
from verification.domain.playing import plays_in_browsers
from verification.models import Job
from verification.services import jobs

STORAGE_WAIT_SECONDS = 60.0


def is_wanted(asset: Asset, facts: Decoded) -> bool:
    """Whether browsers don't play it, as far as its container and codecs say."""
    may_play = asset.kind in {MediaKind.VIDEO, MediaKind.AUDIO}
    return may_play and not plays_in_browsers(asset.media_type, facts.streams)


def work(job: Job) -> jobs.Outcome:
    """Makes the copy, unless there is one. That none can be made says nothing against the original.

    Raises jobs.NotYet while the archive is away.
    """
    item = MediaItem.objects.select_related("claim", "asset").get(pk=job.subject_id)
    asset = item.asset
    try:
        if asset is None or asset.redacted_at is not None:
            return _made(item, skipped="no original")
        if of(working.listed(asset.sha256)) is not None:
            return _made(item, skipped="there already")
        with archive.local_copy(asset.sha256) as path:
            played = sandbox.play(path, media_type=asset.media_type)
        first_seconds = None if played.is_whole else int(played.seconds)
        working.keep(
            working.WorkingCopy(asset.sha256, None, is_playable=True, first_seconds=first_seconds),
            played.webm,
        )
    except sandbox.DecodeFailed as failure:
        return _not_made(item, failure, jobs.failed_state(job, retriable=failure.retriable))
    except FileNotFoundError:
        missing = sandbox.DecodeFailed("undecodable", "The archive does not hold this original.")
        return _not_made(item, missing, JobState.FAILED)
    except OSError as away:
        raise jobs.NotYet(STORAGE_WAIT_SECONDS) from away
    return _made(item, seconds=first_seconds)


def give_up(job: Job) -> jobs.Outcome:
    """Quarantines a copy whose workers died of it."""
    item = MediaItem.objects.select_related("claim").get(pk=job.subject_id)
    died = sandbox.DecodeFailed("quarantined", "The workers that made the copy died each time.")
    return _not_made(item, died, JobState.QUARANTINED)


def of(copies: list[working.WorkingCopy]) -> working.WorkingCopy | None:
    """The one among an original's working copies that browsers play."""
    return next((copy for copy in copies if copy.is_playable), None)


def enqueue(item: MediaItem) -> None:
    """Has the copy made, within the caller's transaction."""
    jobs.enqueue(JobKind.COPY, item.pk)


def jobs_of(items: Sequence[MediaItem]) -> dict[uuid.UUID, Job]:
    """The newest copy job of each media item that has any, in one query."""
    found = Job.objects.filter(kind=JobKind.COPY, subject_id__in=[item.pk for item in items])
    return {job.subject_id: job for job in found.order_by("pk")}


def _made(item: MediaItem, **said: str | int | None) -> jobs.Outcome:
    return jobs.Outcome(
        claim=item.claim, effect=lambda: None, action="copied", data={"media": item.pk, **said}
    )


def _not_made(item: MediaItem, failure: sandbox.DecodeFailed, state: JobState) -> jobs.Outcome:
    return jobs.Outcome(
        claim=item.claim,
        effect=lambda: None,
        action="copy-failed",
        data={"media": item.pk, "code": failure.code},
        state=state,
        error={"code": failure.code, "detail": failure.detail, "retriable": failure.retriable},
    )
