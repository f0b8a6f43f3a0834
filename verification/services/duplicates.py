"""What is here already that may be the same claim: by words, by media, by the look of media; and what was published of it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from claims.claim_texts import worded_alike
from claims.intake import alike, key_of, url_key_of
from claims.models import Asset, Claim, MediaItem, PublicClaim
from claims.vocabulary import MatchState
from verification.domain.likeness import SAME
from verification.models import MediaMatch
from verification.models.likeness import HASH_BITS

MOST = 10
"""So many are shown: first what is the same, then what looks alike, then what is worded alike."""

LONGEST_CHAIN = 20
"""A claim that is a duplicate of a duplicate is followed so far."""


@dataclass(frozen=True)
class Original:
    """The claim that speaks for another one: itself, or what it is a duplicate of in the end.

    `line` is the published status line and `version` its publication's; None where nothing of it is on show.
    """

    claim: Claim
    line: str | None
    version: int | None


@dataclass(frozen=True)
class Candidate:
    """A claim that may be the same. `why` is `same_statement`, `same_bytes`, `same_media_url`, `similar_media` or
    `similar_statement`; the last two have a `score`, up to 1 for no difference."""

    claim: Claim
    why: str
    score: float | None
    original: Original


def duplicates_of(claim: Claim) -> list[Candidate]:
    """The other claims of its desk that may be the same as this one."""
    media = list(claim.media.all())
    return find_duplicates(
        claim.desk_id,
        statement=claim.statement.content or "",
        urls=[item.url for item in media],
        assets=[item.asset_id for item in media if item.asset_id],
        but=claim,
    )


def find_duplicates(
    desk_id: uuid.UUID,
    *,
    statement: str = "",
    urls: Iterable[str] = (),
    assets: Collection[uuid.UUID] = (),
    but: Claim | None = None,
) -> list[Candidate]:
    """The desk's claims that may be the same as one that says this, with this media; it need not be filed.

    Drafts are among them, claims whose statement was erased are not. At most `MOST`.
    """
    url_keys = [url_key_of(url) for url in urls if url]
    exact = alike(
        desk_id,
        statement_key=key_of(statement) if statement.strip() else "",
        url_keys=url_keys,
        asset_ids=assets,
        but=but,
        limit=MOST,
    )
    claims: dict[uuid.UUID, Claim] = {one.claim.pk: one.claim for one in exact}
    found: dict[uuid.UUID, tuple[str, float | None]] = {one.claim.pk: (one.why, None) for one in exact}
    for claim_id, score in _looking_alike(desk_id, url_keys, assets, but).items():
        found.setdefault(claim_id, ("similar_media", score))
    for one in worded_alike(statement, desk_id=desk_id, but=but):
        found.setdefault(one.claim_id, ("similar_statement", round(one.likeness, 3)))
    kept = dict(list(found.items())[:MOST])
    wanting = set(kept) - set(claims)
    if wanting:
        claims |= Claim.objects.select_related("statement").in_bulk(wanting)
    originals = originals_of([claims[pk] for pk in kept])
    return [
        Candidate(claims[pk], why, score, originals[pk])
        for pk, (why, score) in kept.items()
        # What was marked as a duplicate of it is settled.
        if but is None or originals[pk].claim.pk != but.pk
    ]


def _looking_alike(
    desk_id: uuid.UUID, url_keys: Sequence[str], assets: Collection[uuid.UUID], but: Claim | None
) -> dict[uuid.UUID, float]:
    """The desk's claims with a picture that passes for one of these, by how much of their hashes is the same."""
    own = set(assets)
    if url_keys:
        own |= set(
            MediaItem.objects.filter(url_key__in=url_keys, claim__desk=desk_id)
            .exclude(asset=None)
            .values_list("asset_id", flat=True)
        )
    if not own:
        return {}
    nearest: dict[uuid.UUID, int] = {}
    passing = Q(distance__lte=SAME) & ~Q(state=MatchState.DISMISSED.value)
    for older, newer, distance in (
        MediaMatch.objects.filter(Q(older__in=own) | Q(newer__in=own), desk=desk_id)
        .filter(passing | Q(state=MatchState.CONFIRMED.value))
        .values_list("older_id", "newer_id", "distance")
        .order_by("distance")[: 10 * MOST]
    ):
        for side in {older, newer} - own:
            nearest.setdefault(side, distance)
    items = MediaItem.objects.filter(
        asset__in=Asset.objects.filter(pk__in=nearest, redacted_at=None),
        claim__desk=desk_id,
        claim__statement__redacted_at=None,
    )
    if but is not None:
        items = items.exclude(claim=but)
    pairs = sorted(
        (nearest[asset], claim) for claim, asset in items.values_list("claim_id", "asset_id") if asset
    )
    scores: dict[uuid.UUID, float] = {}
    for distance, claim in pairs:
        scores.setdefault(claim, round(1 - distance / HASH_BITS, 3))
    return scores


def original_of(claim: Claim) -> Original | None:
    """What a duplicate is a duplicate of in the end, with its published line; None for a claim that is none."""
    return originals_of([claim])[claim.pk] if claim.duplicate_of_id else None


def originals_of(claims: Sequence[Claim]) -> Mapping[uuid.UUID, Original]:
    """The claim that speaks for each of these, by the id of each; in a fixed number of queries."""
    speaks = {claim.pk: claim for claim in claims}
    for _ in range(LONGEST_CHAIN):
        pointed = {claim.duplicate_of_id for claim in speaks.values() if claim.duplicate_of_id}
        if not pointed:
            break
        known = Claim.objects.select_related("statement").in_bulk(pointed)
        speaks = {
            pk: known[claim.duplicate_of_id] if claim.duplicate_of_id else claim
            for pk, claim in speaks.items()
        }
    shown = PublicClaim.objects.on_show().filter(claim__in={claim.pk for claim in speaks.values()})
    lines = {
        row.claim_id: ((row.latest.rendered or {}).get("line"), row.latest.version)
        for row in shown.select_related("latest__body")
    }
    return {pk: Original(claim, *lines.get(claim.pk, (None, None))) for pk, claim in speaks.items()}
