"""Erasing for a court or a person's right: a recorded act that leaves a tombstone, blocked by a legal hold."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial, reduce
from operator import or_

import structlog
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from claims import claim_texts
from claims.errors import IllegalState, Missing, StorageFailed
from claims.media import archive, working
from claims.models import Asset, Body, Capture, Claim, MediaItem, Person, Publication, PublicClaim
from claims.published import terms_of
from claims.publishing import notice
from claims.vocabulary import Cause, ChangeKind, ContactOutcome, Stage
from verification.domain.transitions import Action
from verification.models import (
    AuditEntry,
    Contact,
    ContactMessage,
    Evidence,
    EvidenceStrike,
    FindingRow,
    HandOver,
    ImageHash,
    LegalHold,
    Note,
    PermissionRecord,
    Redaction,
    Skip,
)
from verification.services.acting import Act, acting
from verification.services.bundles import keeping
from verification.services.entries import cancel_queue_entry
from verification.services.permissions import tell_clients
from verification.services.sayings import Saying

log = structlog.get_logger(__name__)

NAMES = ("account", "credit", "rights_holder", "permission_scope", "permission_territory")
"""What of a media item may name who put it up."""


def redact_note(note: Note, *, actor: Person, reason: str, legal_ground: str) -> Redaction:
    """Erases what a note says; that it was there, whose and when, stays."""
    with _redacting(note.claim, actor, "note", note.pk, reason, legal_ground) as (act, redaction):
        erase_note(act, note)
    return redaction


def redact_hand_over(handed: HandOver, *, actor: Person, reason: str, legal_ground: str) -> Redaction:
    """Erases what was said when a review was given on; that it was, by whom, to whom and when, stays."""
    with _redacting(handed.entry.claim, actor, "hand_over", handed.pk, reason, legal_ground) as (
        act,
        redaction,
    ):
        erase_hand_over(act, handed)
    return redaction


def redact_saying(
    claim: Claim, saying: Saying, *, actor: Person, reason: str, legal_ground: str
) -> Redaction:
    """Erases what was said with an act on the claim, or why somebody skipped it; the act stays on record."""
    with _redacting(claim, actor, "said", saying.id, reason, legal_ground) as (act, redaction):
        erase_saying(act, saying.subject)
    return redaction


def redact_evidence(evidence: Evidence, *, actor: Person, reason: str, legal_ground: str) -> Redaction:
    """Erases what a person entered as a bound, and why it was struck; that it was there, whose and when, stays."""
    with _redacting(evidence.claim, actor, "evidence", evidence.pk, reason, legal_ground) as (act, redaction):
        erase_evidence(act, evidence)
    return redaction


def redact_statement(claim: Claim, *, actor: Person, reason: str, legal_ground: str) -> Redaction:
    """Erases a claim's text, every earlier wording of it, and every publication that carries it.

    What is public is withdrawn first, for a legal cause, so that clients are told.
    """
    with _redacting(claim, actor, "statement", claim.pk, reason, legal_ground) as (act, redaction):
        erase_statement(act)
    return redaction


def redact_original(item: MediaItem, *, actor: Person, reason: str, legal_ground: str) -> Redaction:
    """Erases an original, what was kept beside it and what was read out of it, for every claim that it serves."""
    asset = item.asset
    if asset is None:
        raise IllegalState(
            "Nothing was captured of this media item: there is no original to erase.", code="no_original"
        )
    kept = Asset.objects.kept_with(asset)
    relying = Q(asset__in=kept) | reduce(or_, (Q(**{f"{name}__in": kept}) for name in Capture.KEPT_BESIDE))
    claims = Capture.objects.filter(relying).values("media__claim")
    held = LegalHold.objects.filter(claim__in=claims, lifted_at=None).exists()
    if held:
        raise _held()
    with _redacting(item.claim, actor, "original", asset.pk, reason, legal_ground) as (act, redaction):
        erase_original(act, asset)
    return redaction


def redact_uploader(item: MediaItem, *, actor: Person, reason: str, legal_ground: str) -> Redaction:
    """Erases who put a media item up, as far as people wrote it down: account, credit, rights holder, the terms and
    proofs of permissions, and every contact about it. What is allowed, and until when, stays.

    A published credit goes too: the claim is published anew without it, and earlier versions are suppressed. Addresses
    stay, for they say where the evidence is from, though some hold the name of an account.
    """
    with transaction.atomic():
        with acting(item.claim, actor=actor, action=Action.SET_PERMISSION) as act:
            named_in = take_names_off(act, item)
        with _redacting(item.claim, actor, "uploader", item.pk, reason, legal_ground) as (act, redaction):
            erase_uploader(act, item, named_in)
    return redaction


def erase_note(act: Act, note: Note) -> None:
    """The effect of redacting a note, within the act that records it."""
    _erase(act, [note.body_id])


def erase_hand_over(act: Act, handed: HandOver) -> None:
    """The effect of redacting what was said at a hand-over, within the act that records it."""
    _erase(act, [handed.body_id])


def erase_saying(act: Act, said: Body | Skip) -> None:
    """The effect of redacting what was said with an act, within the act that records it."""
    if isinstance(said, Skip):
        Skip.objects.filter(pk=said.pk).update(reason="")
    else:
        _erase(act, [said.pk])


def erase_evidence(act: Act, evidence: Evidence) -> None:
    """The effect of redacting evidence, within the act that records it."""
    strike = EvidenceStrike.objects.filter(evidence=evidence).first()
    _erase(act, [evidence.body_id] + ([strike.body_id] if strike else []))


def erase_statement(act: Act) -> None:
    """The effect of redacting the statement of the act's claim, within the act that records it."""
    wordings = {act.claim.statement_id, *_earlier_wordings(act.claim)}
    shown = act.claim.publications.exclude(pubstatus="canceled").values_list("body_id", flat=True)
    wordings |= set(shown)
    if act.claim.stage in {Stage.PUBLISHED, Stage.HELD} and act.claim.publications.exists():
        cancel_queue_entry(act.claim, at=act.at)
        act.data["content"] = notice(
            act.claim,
            kind=ChangeKind.WITHDRAWN,
            at=act.at,
            reason="Withdrawn on legal grounds.",
            cause=Cause.LEGAL,
        ).body
        act.move_to(Stage.WITHDRAWN)
    last = act.claim.publications.exclude(pubstatus="canceled").aggregate(last=Max("version"))["last"]
    PublicClaim.objects.filter(claim=act.claim).update(suppressed_through=last or 0)
    Claim.objects.filter(pk=act.claim.pk).update(statement_key="", headline="", external_id=None, tags=[])
    claim_texts.forget_text(act.claim)
    _erase(act, sorted(wordings))


def knows_uploader(item: MediaItem) -> bool:
    """Whether anything is left that `redact_uploader` would erase."""
    if any(getattr(item, name) for name in NAMES):
        return True
    contacts = Contact.objects.filter(media=item, uploader__redacted_at=None)
    return contacts.exists() or PermissionRecord.objects.filter(media=item, body__redacted_at=None).exists()


def take_names_off(act: Act, item: MediaItem) -> list[Publication]:
    """What comes before an uploader is erased, in an act of its own: the item names nobody any more, and where it is on
    show it is shown so. The publications that named somebody until now.
    """
    named_in = _publications_that_name(item)
    MediaItem.objects.filter(pk=item.pk).update(**dict.fromkeys(NAMES, ""))
    act.data["media"] = item.pk
    tell_clients(act)
    return named_in


def erase_uploader(act: Act, item: MediaItem, named_in: Sequence[Publication]) -> None:
    """The effect of redacting an uploader, within the act that records it, after `take_names_off`."""
    contacts = Contact.objects.filter(media=item)
    contacts.open().update(
        closed_at=act.at, closed_by=act.actor, outcome=ContactOutcome.NO_ANSWER, call_again_at=None
    )
    contacts.update(uploader_key="")
    texts = [
        *contacts.values_list("uploader_id", flat=True),
        *ContactMessage.objects.filter(contact__media=item).values_list("body_id", flat=True),
        *PermissionRecord.objects.filter(media=item).values_list("body_id", flat=True),
        *_reasons_of_closing(contacts),
    ]
    if named_in:
        # What was made before is shown no more, whether or not it names them: a version that is gone is not picked out.
        latest = max(one.version for one in named_in)
        PublicClaim.objects.filter(claim=act.claim, suppressed_through__lt=latest).update(
            suppressed_through=latest
        )
    _erase(act, [*texts, *(one.body_id for one in named_in)])


def _publications_that_name(item: MediaItem) -> list[Publication]:
    """The claim's publications that say of the item whom to credit, or for which use it may be shown."""
    found = []
    for publication in item.claim.publications.select_related("body"):
        media = (publication.rendered or {}).get("media", ())
        said = next((one for one in media if one["id"] == str(item.pk)), None)
        if said and (said["credit"] or any(map(terms_of(said).get, ("scope", "territory")))):
            found.append(publication)
    return found


def _reasons_of_closing(contacts: QuerySet[Contact]) -> list[uuid.UUID]:
    """What was said on closing contacts stands in the audit alone."""
    ids = {str(contact) for contact in contacts.values_list("pk", flat=True)}
    claims = {f"claim:{claim}" for claim in contacts.values_list("claim_id", flat=True)}
    entries = AuditEntry.objects.filter(chain_id__in=claims, action=Action.CONTACT.value)
    return [
        uuid.UUID(data["reason"]["body"])
        for data in entries.values_list("data", flat=True)
        if "reason" in data and data.get("contact") in ids
    ]


def erase_original(act: Act, asset: Asset) -> None:
    """The effect of redacting an original and what was kept beside it, within the act that records it."""
    FindingRow.objects.filter(run__media__asset=asset).delete()
    ImageHash.objects.filter(asset=asset).delete()
    erased = dict(Asset.objects.kept_with(asset).values_list("pk", "sha256"))
    Asset.objects.filter(pk__in=erased).update(facts=None, redacted_at=act.at)
    Capture.objects.filter(asset=asset).update(file_name="")
    act.data |= {"sha256": asset.sha256, "beside": sorted(set(erased.values()) - {asset.sha256})}
    bundled = keeping.claims_with(Asset.objects.filter(pk__in=erased))
    transaction.on_commit(partial(keeping.erase_of, bundled))
    # After commit: a file that is gone can't come back with a rolled-back transaction. Where the archive is away
    # just then the loop does it later.
    for sha256 in erased.values():
        transaction.on_commit(partial(erase_files, sha256))


def finish_erasures(*, since: datetime | None = None) -> int:
    """Removes originals and working copies whose redaction was committed and that outlived it: a crash, a late job,
    an archive that was away. Only of redactions since then, if one is named. How many."""
    erased = Asset.objects.exclude(redacted_at=None)
    if since is not None:
        erased = erased.filter(redacted_at__gte=since)
    finished = 0
    for sha256 in erased.values_list("sha256", flat=True):
        outlived = erase_files(sha256)
        if outlived is None:
            break  # the rest is as far away
        finished += outlived
    return finished


def erase_files(sha256: str) -> bool | None:
    """Removes an original that was erased on record, and its working copies. Whether there were any; None where the
    archive is away: the loop comes back to it."""
    try:
        if not archive.holds(sha256) and not working.holds(sha256):
            return False
        working.erase(sha256)
        archive.erase(sha256)
    except (OSError, StorageFailed) as error:
        log.warning("erasure.not_finished", reason=str(error))
        return None
    return True


def place_legal_hold(claim: Claim, *, actor: Person, reason: str) -> LegalHold:
    """Keeps everything of a claim from being erased until the hold is lifted."""
    with acting(claim, actor=actor, action=Action.LEGAL_HOLD) as act:
        if act.claim.legal_holds.filter(lifted_at=None).exists():
            raise IllegalState("A legal hold is in force already.", code="legal_hold")
        hold = LegalHold.objects.create(claim=act.claim, reason=reason, placed_by=actor, placed_at=act.at)
        act.data["legal_hold"] = hold.pk
    return hold


def lift_legal_hold(claim: Claim, *, actor: Person) -> LegalHold:
    """Ends the legal hold in force."""
    with acting(claim, actor=actor, action=Action.LEGAL_HOLD) as act:
        hold = act.claim.legal_holds.filter(lifted_at=None).first()
        if hold is None:
            raise Missing("No legal hold is in force on this claim.")
        hold.lifted_by, hold.lifted_at = actor, act.at
        hold.save(update_fields=["lifted_by", "lifted_at"])
        act.data |= {"legal_hold": hold.pk, "lifted": True}
    return hold


@contextmanager
def _redacting(  # noqa: PLR0917  each of its callers names them in this order
    claim: Claim, actor: Person, target: str, target_id: uuid.UUID, reason: str, legal_ground: str
) -> Iterator[tuple[Act, Redaction]]:
    with acting(claim, actor=actor, action=Action.REDACT) as act:
        if act.claim.legal_holds.filter(lifted_at=None).exists():
            raise _held()
        redaction = Redaction.objects.create(
            claim=act.claim,
            target=target,
            target_id=target_id,
            legal_ground=legal_ground,
            reason=Body.objects.keep(reason),
            by=actor,
            at=act.at,
        )
        act.data |= {
            "redaction": redaction.pk,
            "target": target,
            "target_id": target_id,
            "reason": redaction.reason,
        }
        yield act, redaction
        # Bundles hold what was there before.
        transaction.on_commit(partial(keeping.erase_of, [act.claim.pk]))


def _held() -> IllegalState:
    return IllegalState(
        "A legal hold keeps this from being erased. It has to be lifted first.", code="legal_hold"
    )


def _erase(act: Act, bodies: list[uuid.UUID]) -> None:
    erased = Body.objects.filter(pk__in=bodies, redacted_at=None)
    erased.update(content=None, salt=None, redacted_at=act.at)
    act.data["erased"] = [str(body) for body in bodies]


def _earlier_wordings(claim: Claim) -> list[uuid.UUID]:
    said = AuditEntry.objects.filter(chain_id=f"claim:{claim.pk}", action__in=["file", "edit"])
    return [
        uuid.UUID(data["statement"]["body"])
        for data in said.values_list("data", flat=True)
        if "statement" in data
    ]
