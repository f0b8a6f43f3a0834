"""The records of one claim as a bundle holds them: plain JSON, texts apart under their ids.

What the desk's staff sees is in it, and no more: a confidential source is its pseudonym, drafts stay where they are,
and so do the reasons of erasures and legal holds, which are for admins and may quote what was erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from claims.models import Asset, Body, Capture, Claim, MediaItem, Person, Source
from verification.domain.transitions import Action
from verification.models import (
    AuditEntry,
    Checkpoint,
    CheckRun,
    FindingRow,
    FixityCheck,
    Note,
    Stamp,
    Verdict,
)
from verification.services.audit import chain_of
from verification.services.bundles.rights import contacts_of, permissions_of
from verification.services.bundles.writing import at, id_of
from verification.services.chains import said_by

Rows = list[dict[str, Any]]

_EXTENSIONS = {
    "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "image/avif": "avif",
    "image/heic": "heic", "image/tiff": "tiff", "video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm",
    "video/3gpp": "3gp", "audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/wav": "wav", "audio/flac": "flac",
    "audio/ogg": "ogg", "video/ogg": "ogv", "application/pdf": "pdf", "application/warc": "warc", "text/plain": "txt",
    "text/html": "html.txt",
}  # fmt: skip
"""By what an original may be opened with a double click. A page is opened as text: it may hold scripts."""


@dataclass(frozen=True)
class Gathered:
    """Everything that a bundle says of a claim, and the originals that it is to hold."""

    claim: Claim
    chain: dict[str, Any]
    records: dict[str, Any]
    assets: list[Asset]

    @property
    def held(self) -> list[Asset]:
        """The originals whose bytes go along."""
        return [asset for asset in self.assets if asset.redacted_at is None]


def gather(claim: Claim, checkpoint: Checkpoint) -> Gathered:
    """Reads the claim's records; to be called where the database stands still."""
    entries = list(AuditEntry.objects.filter(chain_id=chain_of(claim)).order_by("seq"))
    items = list(claim.media.select_related("asset").order_by("position"))
    captures = list(
        Capture.objects.filter(media__claim=claim)
        .select_related("asset", "page", "page_text", "warc")
        .order_by("started_at", "pk")
    )
    assets = _assets_of(items, captures)
    stamps = Stamp.objects.filter(Q(checkpoint=checkpoint) | Q(asset__in=assets)).exclude(token=None)
    records: dict[str, Any] = {
        "claim": _claim(claim),
        "media": [_item(item) for item in items],
        "captures": [_capture(one) for one in captures],
        "originals": [_original(asset) for asset in assets],
        "metadata": {asset.sha256: asset.facts for asset in assets if asset.facts is not None},
        "findings": list(_check_runs(claim)),
        "reviews": _reviews(claim),
        "verdicts": [_verdict(one) for one in claim.verdicts.order_by("seq")],
        "notes": [_note(one) for one in Note.objects.filter(claim=claim).select_related("strike")],
        "contacts": contacts_of(claim),
        "permissions": permissions_of(claim),
        "publications": _publications(claim),
        "redactions": _redactions(claim),
        "legal_holds": _legal_holds(claim),
        "fixity": _fixity(assets),
        "stamps": [_stamp(one) for one in stamps.order_by("pk")],
        "texts": _texts(entries),
        "people": _people(claim, entries),
    }
    last = entries[-1] if entries else None
    chain = {
        "name": chain_of(claim),
        "seq": last.seq if last else 0,
        "head": last.hash if last else "0" * 64,
        "entries": [said_by(entry) | {"hash": entry.hash} for entry in entries],
    }
    return Gathered(claim=claim, chain=chain, records=records, assets=assets)


def file_of(asset: Asset) -> str:
    """Where an original lies in the bag."""
    return f"data/originals/{asset.sha256}.{_EXTENSIONS.get(asset.media_type, 'bin')}"


def token_of(stamp: Stamp) -> str:
    """Where a time-stamp lies in the bag."""
    return f"data/stamps/{stamp.pk}.tsr"


def _assets_of(items: Iterable[MediaItem], captures: Iterable[Capture]) -> list[Asset]:
    found = {item.asset.pk: item.asset for item in items if item.asset}
    for capture in captures:
        for asset in (capture.asset, capture.page, capture.page_text, capture.warc):
            if asset is not None:
                found.setdefault(asset.pk, asset)
    return sorted(found.values(), key=lambda asset: asset.sha256)


def _claim(claim: Claim) -> dict[str, Any]:
    public = getattr(claim, "public", None)
    return {
        "id": str(claim.pk),
        "ref": claim.ref,
        "desk": claim.desk.slug,
        "house_name": claim.desk.house_name,
        "stage": claim.stage,
        "statement": str(claim.statement_id),
        "language": claim.language,
        "source": _source(claim.source),
        "sources": [
            {"role": link.role, "media": id_of(link.media_id), "source": _source(link.source)}
            for link in claim.source_links.select_related("source").order_by("pk")
        ],
        "claimed_date": claim.claimed_date,
        "claimed_location": claim.claimed_location,
        "external_id": claim.external_id,
        "tags": claim.tags,
        "skills": claim.skills,
        "topics": claim.topics,
        "headline": claim.headline,
        "public_radius_m": claim.public_radius_m,
        "duplicate_of": id_of(claim.duplicate_of_id),
        "filed_by": str(claim.filed_by_id),
        "created_at": at(claim.created_at),
        "statuses": {
            row.dimension: {"status": row.status, "counts": row.counts}
            for row in claim.dimension_statuses.order_by("dimension")
        },
        "pubstatus": public.pubstatus if public else None,
        "suppressed_through": public.suppressed_through if public else 0,
    }


def _source(source: Source) -> dict[str, Any]:
    """A source as the staff sees it."""
    return {
        "name": str(source),
        "kind": source.kind,
        "url": None if source.confidential else source.url or None,
        "reliability": source.reliability,
        "confidential": source.confidential,
    }


def _item(item: MediaItem) -> dict[str, Any]:
    plain = (
        "position", "kind", "url", "caption", "credit", "account", "language", "rights_holder", "permission",
        "permission_scope", "permission_territory", "content_flags", "posted_by_page", "claimed_date", "claimed_location", "state", "failure", "examination",
    )  # fmt: skip
    return {
        "id": str(item.pk),
        "sha256": item.asset.sha256 if item.asset else None,
        "posted_at": at(item.posted_at),
        "permission_until": at(item.permission_until),
        **{name: getattr(item, name) for name in plain},
    }


def _capture(one: Capture) -> dict[str, Any]:
    plain = (
        "file_name", "requested_url", "final_url", "hops", "page_url", "found_url", "found_by", "posted", "unchanged",
        "versions", "failure",
    )  # fmt: skip
    beside = {name: getattr(one, name) for name in Capture.KEPT_BESIDE}
    return {
        "id": str(one.pk),
        "media": str(one.media_id),
        "started_at": at(one.started_at),
        "finished_at": at(one.finished_at),
        "sha256": one.asset.sha256 if one.asset else None,
        **{name: asset.sha256 if asset else None for name, asset in beside.items()},
        **{name: getattr(one, name) for name in plain},
    }


def _original(asset: Asset) -> dict[str, Any]:
    return {
        "sha256": asset.sha256,
        "size_bytes": asset.size_bytes,
        "media_type": asset.media_type,
        "kind": asset.kind,
        "archived_at": at(asset.archived_at),
        "redacted_at": at(asset.redacted_at),
        "file": file_of(asset) if asset.redacted_at is None else None,
    }


def _check_runs(claim: Claim) -> Iterator[dict[str, Any]]:
    runs = CheckRun.objects.filter(media__claim=claim).prefetch_related("findings")
    for run in runs.order_by("media__position", "check_slug"):
        yield {
            "media": str(run.media_id),
            "check": run.check_slug,
            "version": run.version,
            "state": run.state,
            "error": run.error,
            "ran_at": at(run.ran_at),
            "findings": [_finding(row) for row in run.findings.all()],
        }


def _finding(row: FindingRow) -> dict[str, Any]:
    plain = ("dimension", "stance", "sentence", "data", "bounds", "points")
    return {"id": str(row.pk), **{name: getattr(row, name) for name in plain}}


def _reviews(claim: Claim) -> Rows:
    return [
        {
            "id": str(one.pk),
            "kind": one.kind,
            "round": one.round,
            "reviewer": str(one.reviewer_id),
            "state": one.state,
            "opened_at": at(one.opened_at),
            "submitted_at": at(one.submitted_at),
        }
        for one in claim.reviews.order_by("opened_at", "pk")
    ]


def _verdict(one: Verdict) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "seq": one.seq,
        "review": str(one.review_id),
        "media": id_of(one.media_id),
        "dimension": one.dimension,
        "status": one.status,
        "interim": one.interim,
        "relation": one.relation,
        "credibility": one.credibility,
        "text": str(one.body_id),
        "by": str(one.by_id),
        "at": at(one.at),
        "undoes": id_of(one.undoes_id),
    }


def _note(one: Note) -> dict[str, Any]:
    strike = getattr(one, "strike", None)
    return {
        "id": str(one.pk),
        "media": id_of(one.media_id),
        "dimension": one.dimension or None,
        "text": str(one.body_id),
        "by": str(one.by_id),
        "at": at(one.at),
        "struck": {"by": str(strike.by_id), "at": at(strike.at)} if strike else None,
    }


def _publications(claim: Claim) -> Rows:
    return [
        {
            "id": str(one.pk),
            "position": one.position,
            "version": one.version,
            "kind": one.kind,
            "pubstatus": one.pubstatus,
            "cause": one.cause or None,
            "text": str(one.body_id),
            "at": at(one.at),
        }
        for one in claim.publications.order_by("position")
    ]


def _redactions(claim: Claim) -> Rows:
    return [
        {
            "id": str(one.pk),
            "target": one.target,
            "target_id": str(one.target_id),
            "legal_ground": one.legal_ground,
            "reason": str(one.reason_id),
            "by": str(one.by_id),
            "at": at(one.at),
        }
        for one in claim.redactions.order_by("at", "pk")
    ]


def _legal_holds(claim: Claim) -> Rows:
    return [
        {
            "id": str(one.pk),
            "placed_by": str(one.placed_by_id),
            "placed_at": at(one.placed_at),
            "lifted_by": id_of(one.lifted_by_id),
            "lifted_at": at(one.lifted_at),
        }
        for one in claim.legal_holds.order_by("placed_at", "pk")
    ]


def _fixity(assets: list[Asset]) -> Rows:
    looks = FixityCheck.objects.filter(asset__in=assets).select_related("asset").order_by("at", "pk")
    return [{"sha256": one.asset.sha256, "outcome": one.outcome, "at": at(one.at)} for one in looks]


def _stamp(one: Stamp) -> dict[str, Any]:
    return {
        "file": token_of(one),
        "of": "checkpoint" if one.checkpoint_id else "original",
        "sha256": one.sha256,
        "authority": one.authority,
        "stamped_at": at(one.stamped_at),
    }


def _texts(entries: Iterable[AuditEntry]) -> Rows:
    """Every text that the chain speaks of, with its salt; of one that is withheld, the commitment alone."""
    ids = {body for entry in entries for body in _bodies_in(entry.data)}
    withheld = {entry.data["reason"]["body"] for entry in entries if entry.action == Action.REDACT}
    return [
        {
            "id": str(one.pk),
            "commitment": one.commitment,
            "withheld": str(one.pk) in withheld,
            "salt": None if str(one.pk) in withheld else one.salt,
            "content": None if str(one.pk) in withheld else one.content,
            "created_at": at(one.created_at),
            "redacted_at": at(one.redacted_at),
        }
        for one in Body.objects.filter(pk__in=ids).order_by("pk")
    ]


def _bodies_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "commitment" in value:
            yield value["body"]
        for part in value.values():
            yield from _bodies_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _bodies_in(part)


def _people(claim: Claim, entries: Iterable[AuditEntry]) -> dict[str, Any]:
    """By their ids, the people whom the records name: those who acted, and those who were given the claim."""
    ids = {str(entry.actor_id) for entry in entries if entry.actor_id}
    for entry in entries:
        ids |= {str(entry.data[name]) for name in ("to", "approved_by") if entry.data.get(name)}
    ids |= {str(one) for one in claim.reviews.values_list("reviewer_id", flat=True)}
    ids |= {str(claim.filed_by_id)}
    return {
        str(pk): {"username": person.username, "name": person.display_name}
        for pk, person in sorted(Person.objects.in_bulk(ids).items(), key=lambda found: str(found[0]))
    }
