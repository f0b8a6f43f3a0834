"""What a desk that was put back from a backup needs before anybody may work on it again.

A backup is a moment of the past: its leases and running jobs have lost those who held them, clients know a change
log that went on without it, and it still holds what was erased since.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from claims.models import Asset, Body, ChangeHead, Claim, MediaItem, Publication
from verification.domain.transitions import Action
from verification.models import (
    AuditEntry,
    Evidence,
    HandOver,
    Heartbeat,
    Note,
    Redaction,
    ScheduledPublication,
)
from verification.services import audit, erasure, jobs, leases
from verification.services.acting import acting_by_itself
from verification.services.sayings import left_to_erase

STATEMENT, NOTE, EVIDENCE, ORIGINAL, UPLOADER = "statement", "note", "evidence", "original", "uploader"
HAND_OVER = "hand_over"
SAID = "said"


@dataclass(frozen=True)
class KnownErasure:
    """An erasure that was recorded somewhere: by id what was erased, never what it said.

    `said` is why: `legal_ground`, `reason`, `by` (a person's id or None) and `at` (RFC 3339, UTC).
    """

    redaction: str
    target: str
    target_id: str
    sha256: str | None
    said: Mapping[str, Any]


def known_erasures() -> list[KnownErasure]:
    """Every erasure that this database has recorded, those that were repeated after a restore included."""
    grounds = dict(Redaction.objects.values_list("pk", "legal_ground"))
    found = []
    for entry in AuditEntry.objects.filter(action=Action.REDACT.value).order_by("at"):
        data = entry.data
        reason = Body.objects.get(pk=data["reason"]["body"])
        redaction = uuid.UUID(data["redaction"])
        if redaction in grounds:
            said = {
                "legal_ground": grounds[redaction],
                "reason": reason.content,
                "by": str(entry.actor_id) if entry.actor_id else None,
                "at": entry.at.isoformat(),
            }
        else:
            said = reason.value
        found.append(
            KnownErasure(str(redaction), data["target"], data["target_id"], data.get("sha256"), said)
        )
    return found


def repeat_erasure(known: KnownErasure) -> bool:
    """Erases again what had been erased; False where it is erased already, or nothing of it is here.

    No legal hold stands against it: whichever was in force had been lifted when it was erased first. The audit
    entry is the system's own and keeps what was said of the first; a row of its own it does not get, for whoever
    ordered it may not be known to the older database.
    """
    claim = _claim_of(known)
    if claim is None:
        return False
    with transaction.atomic():
        _erase_again(known, claim)
    return True


def _erase_again(known: KnownErasure, claim: Claim) -> None:
    named_in: list[Publication] = []
    if known.target == UPLOADER:
        with acting_by_itself(claim, action=Action.SET_PERMISSION) as act:
            named_in = erasure.take_names_off(act, MediaItem.objects.get(pk=known.target_id))
    with acting_by_itself(claim, action=Action.REDACT) as act:
        act.data |= {
            "redaction": known.redaction,
            "target": known.target,
            "target_id": known.target_id,
            "reason": Body.objects.keep_json(dict(known.said)),
            "repeated": True,
        }
        if known.target == NOTE:
            erasure.erase_note(act, Note.objects.get(pk=known.target_id))
        elif known.target == HAND_OVER:
            erasure.erase_hand_over(act, HandOver.objects.get(pk=known.target_id))
        elif known.target == SAID:
            left = left_to_erase(uuid.UUID(known.target_id))
            if left is not None:
                erasure.erase_saying(act, left[1])
        elif known.target == EVIDENCE:
            erasure.erase_evidence(act, Evidence.objects.get(pk=known.target_id))
        elif known.target == ORIGINAL:
            erasure.erase_original(act, Asset.objects.get(pk=known.target_id))
        elif known.target == UPLOADER:
            erasure.erase_uploader(act, MediaItem.objects.get(pk=known.target_id), named_in)
        else:
            erasure.erase_statement(act)


def _claim_of(known: KnownErasure) -> Claim | None:
    """The claim on whose chain the erasure is to be repeated, if there is anything left to erase."""
    if rows := {NOTE: "notes", EVIDENCE: "evidence"}.get(known.target):
        there = {f"{rows}__pk": known.target_id, f"{rows}__body__redacted_at": None}
        return Claim.objects.filter(**there).first()
    if known.target == HAND_OVER:
        handed = HandOver.objects.filter(pk=known.target_id, body__redacted_at=None)
        return Claim.objects.filter(queue_entries__hand_overs__in=handed).first()
    if known.target == SAID:
        said = left_to_erase(uuid.UUID(known.target_id))
        return said[0] if said else None
    if known.target == ORIGINAL:
        left = Claim.objects.filter(media__asset__pk=known.target_id, media__asset__redacted_at=None)
        return left.order_by("pk").first()
    if known.target == UPLOADER:
        item = MediaItem.objects.filter(pk=known.target_id).select_related("claim").first()
        return item.claim if item and erasure.knows_uploader(item) else None
    return Claim.objects.filter(pk=known.target_id, statement__redacted_at=None).first()


@dataclass(frozen=True)
class TakenUp:
    """What was done to take up the work. `embargoes` will end by themselves once the reconcile loop runs."""

    log_before: str
    log: str
    position: int
    leases_ended: int
    jobs_queued: int
    sessions_ended: int
    embargoes: int


def take_up_restored(*, backup: str, made_at: str, erasures_repeated: int) -> TakenUp:
    """Gives the change log a new identity, ends leases and sessions, queues running jobs; one entry says so.

    Clients that hold the log's old identity are told to take a snapshot (409 `log_changed`): the positions that
    were given out after the backup will be given out again. `backup` is the id in the backup's manifest.
    """
    with transaction.atomic():
        chain = audit.hold(audit.SYSTEM)
        head = ChangeHead.objects.select_for_update().get(pk=1)
        before, head.log = head.log, uuid.uuid4()
        head.save(update_fields=["log"])
        sessions, _ = Session.objects.all().delete()
        # Nobody is alive yet, whatever the backup remembers.
        Heartbeat.objects.all().delete()
        taken_up = TakenUp(
            log_before=str(before),
            log=str(head.log),
            position=head.last,
            leases_ended=leases.end_leases(),
            jobs_queued=jobs.queue_running_again(),
            sessions_ended=sessions,
            embargoes=ScheduledPublication.objects.filter(state=ScheduledPublication.WAITING).count(),
        )
        said = {
            "backup": backup,
            "made_at": made_at,
            "log": {"from": taken_up.log_before, "to": taken_up.log},
            "position": taken_up.position,
            "leases_ended": taken_up.leases_ended,
            "jobs_queued": taken_up.jobs_queued,
            "erasures_repeated": erasures_repeated,
        }
        audit.record(chain, action="restore", actor=None, data=said, at=timezone.now())
    return taken_up
