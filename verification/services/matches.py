"""Which media of a desk look alike: found when they are examined, told to both sides, and judged by people."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from claims.errors import FieldError, IllegalState, InvalidInput, Missing
from claims.models import Asset, Body, Capture, MediaItem, Person
from claims.vocabulary import (
    CaptureState,
    Examination,
    JobKind,
    JobState,
    MatchState,
    MediaKind,
)
from verification.checks.base import NearCopy
from verification.checks.recycled_media import RecycledMedia
from verification.domain.decoded import FrameHash
from verification.domain.likeness import LEAST_QUALITY, SAME, Turn
from verification.domain.transitions import Action
from verification.models import CheckRun, Job, MatchDecision, MediaMatch
from verification.services import jobs, similar
from verification.services.acting import acting
from verification.services.veil import hidden_people_of

MOST_MATCHES = 50
"""How many files that look like one are kept beside it, the nearest first."""

BATCH = 50
"""How many older media items are examined in one go for want of a hash, and only where no other job waits."""

JUDGEMENTS = frozenset({MatchState.CONFIRMED, MatchState.DISMISSED})
_PICTURES = (MediaKind.PHOTO.value, MediaKind.VIDEO.value)


@dataclass(frozen=True)
class Appearance:
    """Another media item whose picture is like one's own, and the match that says so."""

    match: MediaMatch
    item: MediaItem
    near: NearCopy

    @property
    def likeness(self) -> str:
        """`identical` bytes, the `same` picture by its look, or `possible`, where a person should look."""
        if self.match.state == MatchState.IDENTICAL:
            return "identical"
        return "same" if self.match.distance <= SAME else "possible"

    def is_before(self, item: MediaItem) -> bool:
        """Whether it is known to have been there before the item."""
        known = known_at(item)
        return known is None or self.near.known_at < known


def known_at(item: MediaItem) -> datetime | None:
    """When the item's original is first known to have been there; None before it was captured."""
    captured = [capture.finished_at for capture in item.captures.all() if capture.asset_id == item.asset_id]
    posted = [item.posted_at] if item.posted_at else []
    return min([*captured, *posted], default=None)


def link(item: MediaItem, hashes: Sequence[FrameHash]) -> None:
    """Keeps an original's hashes and finds what looks like it in the desk's other claims.

    Committed before the checks run: of two that are examined at once, the later one to search sees the other.
    """
    asset = item.asset
    if asset is None:
        return
    similar.keep_hashes(asset, hashes)
    desk = item.claim.desk
    found: dict[uuid.UUID, tuple[similar.Similar, int | None]] = {}
    for one in hashes:
        if one.quality < LEAST_QUALITY:
            continue
        for near in similar.find_similar(one.turns, desk=desk):
            known = found.get(near.asset_id)
            if near.asset_id != asset.pk and (known is None or near.distance < known[0].distance):
                found[near.asset_id] = (near, one.at_ms)
    nearest = sorted(found.values(), key=lambda pair: (pair[0].distance, str(pair[0].asset_id)))
    others = Asset.objects.in_bulk([near.asset_id for near, _ in nearest[:MOST_MATCHES]])
    rows = [
        _pair(item, others[near.asset_id], near, own_ms)
        for near, own_ms in nearest[:MOST_MATCHES]
        if near.asset_id in others
    ]
    elsewhere = MediaItem.objects.filter(asset=asset, claim__desk=desk).exclude(claim=item.claim)
    if elsewhere.exists():
        rows.append(
            MediaMatch(
                desk=desk,
                older=asset,
                newer=asset,
                distance=0,
                turn=Turn.NONE.value,
                state=MatchState.IDENTICAL.value,
                found_at=timezone.now(),
            )
        )
    # In one order, whoever writes them: two at once then wait for each other and never crosswise.
    rows.sort(key=lambda row: (str(row.older_id), str(row.newer_id)))
    with transaction.atomic():
        MediaMatch.objects.bulk_create(rows, ignore_conflicts=True)
        if not CheckRun.objects.filter(media=item, check_slug=RecycledMedia.slug).exists():
            for match in matches_of(item):
                other = match.newer_id if match.older_id == asset.pk else match.older_id
                MediaMatch.objects.filter(pk=match.pk).update(to_tell=other)


def _pair(item: MediaItem, other: Asset, near: similar.Similar, own_ms: int | None) -> MediaMatch:
    asset = item.asset
    assert asset is not None  # noqa: S101 - its caller has looked
    first, second = sorted((asset, other), key=lambda one: (one.archived_at, str(one.pk)))
    frames = {asset.pk: own_ms, other.pk: near.at_ms}
    return MediaMatch(
        desk=item.claim.desk,
        older=first,
        newer=second,
        distance=near.distance,
        turn=near.turn.value,
        older_ms=frames[first.pk],
        newer_ms=frames[second.pk],
        found_at=timezone.now(),
    )


def matches_of(item: MediaItem) -> QuerySet[MediaMatch]:
    """The matches of an item's original within its desk, the nearest first; none with what was erased."""
    return _matches_of({item.asset_id}, item.claim.desk_id)


def _matches_of(assets: Collection[uuid.UUID | None], desk_id: uuid.UUID) -> QuerySet[MediaMatch]:
    return (
        MediaMatch.objects.filter(
            Q(older__in=assets) | Q(newer__in=assets),
            desk=desk_id,
            older__redacted_at=None,
            newer__redacted_at=None,
        )
        .select_related("older", "newer")
        .order_by("distance", "id")
    )


def appearances(item: MediaItem, *, viewer: Person | None = None) -> list[Appearance]:
    """Where else in the desk the item's picture stands: other claims' media that are it or look like it.

    Decisions that a veil keeps from the viewer are left out; what they made of a match is not.
    """
    return appearances_of([item], viewer=viewer)[item.pk]


def appearances_of(
    items: Sequence[MediaItem], *, viewer: Person | None = None
) -> dict[uuid.UUID, list[Appearance]]:
    """The same of all items of a claim at once, by the item, the first known first."""
    found: dict[uuid.UUID, list[Appearance]] = {item.pk: [] for item in items}
    own = {item.asset_id for item in items if item.asset_id is not None}
    if not own:
        return found
    prefetch_related_objects(items, "captures")
    claim = items[0].claim
    matches = list(_matches_of(own, claim.desk_id)[: (MOST_MATCHES + 1) * len(own)])
    captures = Capture.objects.filter(media=OuterRef("pk"), asset=OuterRef("asset"))
    sides = {side for match in matches for side in (match.older_id, match.newer_id)}
    others: dict[uuid.UUID | None, list[MediaItem]] = {}
    for other in (
        MediaItem.objects.filter(Exists(captures), asset__in=sides, claim__desk=claim.desk_id)
        .exclude(claim=claim.pk)
        .select_related("claim", "asset")
        .prefetch_related("captures")
        .order_by("created_at", "id")[: 4 * MOST_MATCHES * len(own)]
    ):
        others.setdefault(other.asset_id, []).append(other)
    # A match is judged for all claims that it stands in: what a veil keeps back in one must not show in another.
    concerned = {claim.pk, *(other.claim_id for there in others.values() for other in there)}
    hidden = hidden_people_of(concerned, viewer) if viewer else set()
    shown = MatchDecision.objects.exclude(by__in=hidden).select_related("reason", "by")
    prefetch_related_objects(matches, Prefetch("decisions", shown))
    for item in items:
        for match in matches:
            if item.asset_id in {match.older_id, match.newer_id}:
                there = match.newer_id if match.older_id == item.asset_id else match.older_id
                found[item.pk] += [
                    Appearance(match, other, _near_copy(item, other, match))
                    for other in others.get(there, ())
                ]
        found[item.pk].sort(key=lambda one: (one.near.known_at, one.near.distance, one.near.media))
    return found


def _near_copy(item: MediaItem, other: MediaItem, match: MediaMatch) -> NearCopy:
    own_is_older = match.older_id == item.asset_id
    return NearCopy(
        match=str(match.pk),
        claim=other.claim.ref,
        media=str(other.pk),
        distance=match.distance,
        turn=Turn(match.turn),
        state=MatchState(match.state),
        archived_at=min(
            capture.finished_at for capture in other.captures.all() if capture.asset_id == other.asset_id
        ),
        posted_at=other.posted_at,
        posted_by_page=bool(other.posted_by_page),
        url=other.url or None,
        account=other.account or None,
        at_ms=match.older_ms if own_is_older else match.newer_ms,
        there_ms=match.newer_ms if own_is_older else match.older_ms,
    )


def near_files(item: MediaItem) -> int:
    """How many other files look like the item's and were not judged to be another picture."""
    return matches_of(item).exclude(state__in=[MatchState.IDENTICAL, MatchState.DISMISSED]).count()


# --- people ---------------------------------------------------------------------------------------------------


def match_named(item: MediaItem, match_id: uuid.UUID) -> MediaMatch:
    """The match of this id that the item stands in. Raises Missing."""
    match = matches_of(item).filter(pk=match_id).first()
    if match is None:
        raise Missing("There is no such match of this media item.")
    return match


def judge_match(
    item: MediaItem, match: MediaMatch, *, actor: Person, state: MatchState, reason: str
) -> MatchDecision:
    """Records that two pictures are the same, or are not; all media items that they stand in are examined again.

    Confirmed, the bound of the earlier copy is hard; dismissed, it is gone. A later judgement takes its place.
    """
    if state not in JUDGEMENTS:
        raise InvalidInput(FieldError("/state", "Say confirmed or dismissed.", "unknown"))
    with acting(item.claim, actor=actor, action=Action.JUDGE_MATCH) as act:
        current = MediaMatch.objects.select_for_update().get(pk=match.pk)
        if current.state == MatchState.IDENTICAL:
            raise IllegalState("These are the same bytes: there is nothing to judge.", code="identical")
        if current.state == state:
            raise IllegalState(f"This match is {state} already.", code="already_so")
        decision = MatchDecision.objects.create(
            match=current, state=state.value, reason=Body.objects.keep(reason), by=actor, at=act.at
        )
        MediaMatch.objects.filter(pk=match.pk).update(state=state.value)
        for concerned in _items_of(current, current.older_id, current.newer_id):
            examine_again(concerned)
        act.data |= {
            "media": item.pk,
            "match": match.pk,
            "state": state.value,
            "decision": decision.pk,
            "reason": decision.reason,
        }
    return decision


# --- the loop -------------------------------------------------------------------------------------------------


def tell_what_turned_up() -> int:
    """Has the media on the other side of new matches examined again; how many. One under way is waited for."""
    told = 0
    for match in MediaMatch.objects.exclude(to_tell=None).order_by("found_at")[:BATCH]:
        items = list(_items_of(match, match.to_tell_id))
        under_way = Job.objects.filter(
            kind=JobKind.EXAMINE,
            subject_id__in=[item.pk for item in items],
            state__in=[JobState.QUEUED, JobState.RUNNING],
        )
        if under_way.exists():
            continue
        with transaction.atomic():
            if MediaMatch.objects.filter(pk=match.pk, to_tell=match.to_tell_id).update(to_tell=None):
                for item in items:
                    examine_again(item)
                told += len(items)
    return told


def _items_of(match: MediaMatch, *assets: uuid.UUID | None) -> QuerySet[MediaItem]:
    return MediaItem.objects.filter(
        asset__in=assets, claim__desk=match.desk_id, state=CaptureState.CAPTURED
    ).order_by("id")


def examine_again(item: MediaItem) -> None:
    """Has a media item examined anew, within the act that gave the reason."""
    MediaItem.objects.filter(pk=item.pk).update(examination=Examination.WAITING)
    jobs.enqueue(JobKind.EXAMINE, item.pk)
