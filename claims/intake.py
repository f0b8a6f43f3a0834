"""Filing: a claim with its source and media, and what is here already that looks like it."""

from __future__ import annotations

import hashlib
import unicodedata
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from django.db.models import F, Q

from claims import claim_texts
from claims.dates import ClaimedDate, parse_date
from claims.errors import FieldError, InvalidInput
from claims.models import Body, Claim, Desk, MediaItem, Person, RefCounter, Source, SourceLink
from claims.models.claims import Claimed
from claims.places import Place, timezone_at
from claims.vocabulary import MediaKind, Priority, SourceKind, SourceRole, Stage

MAX_MEDIA = 100
MAX_TEXT, MAX_MEDIA_URL = 20_000, 4000
MAX_SOURCE_NAME, MAX_SOURCE_URL = 200, 2000
MAX_TAGS, MAX_TAG = 50, 60


@dataclass(frozen=True)
class NewSource:
    name: str
    kind: SourceKind = SourceKind.UNKNOWN
    url: str = ""


@dataclass(frozen=True)
class NewMedia:
    """Media as it is filed: by URL (already strictly parsed), or, where `url` is empty, by upload."""

    url: str = ""
    kind: MediaKind | None = None
    caption: str = ""
    credit: str = ""
    account: str = ""
    claimed_date: ClaimedDate | None = None
    claimed_location: Place | None = None
    posted_at: datetime | None = None
    content_flags: Sequence[str] = ()


@dataclass(frozen=True)
class NewClaim:
    statement: str
    language: str
    source: NewSource | uuid.UUID
    claimed_date: ClaimedDate | None = None
    claimed_location: Place | None = None
    media: Sequence[NewMedia] = ()
    external_id: str | None = None
    priority: Priority = Priority.NORMAL
    tags: Sequence[str] = field(default_factory=tuple)
    skills: Sequence[str] = field(default_factory=tuple)
    topics: Sequence[str] = field(default_factory=tuple)
    draft: bool = False


@dataclass(frozen=True)
class PossibleDuplicate:
    """A claim of the same desk that may be the same, and why."""

    claim: Claim
    why: str


def key_of(text: str) -> str:
    """A digest under which equal texts meet, whatever their case, spacing or Unicode form."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.sha256(folded.encode()).hexdigest()


def url_key_of(url: str) -> str:
    """A digest of a strictly parsed URL, to meet it again by."""
    return hashlib.sha256(url.encode()).hexdigest() if url else ""


def next_refs(year: int, count: int = 1) -> list[str]:
    """Draws `count` fresh refs of a year, such as 2026-00042."""
    counter, _ = RefCounter.objects.get_or_create(year=year)
    RefCounter.objects.filter(year=year).update(last=F("last") + count)
    counter.refresh_from_db()
    return [f"{year}-{number:05d}" for number in range(counter.last - count + 1, counter.last + 1)]


def already_filed(desk: Desk, external_id: str | None) -> Claim | None:
    """The claim that the desk has under this outside id."""
    return Claim.objects.filter(desk=desk, external_id=external_id).first() if external_id else None


def file_claim(new: NewClaim, *, desk: Desk, by: Person, at: datetime) -> Claim:
    """Creates a claim with its source and media rows. Raises InvalidInput for a source that is not the desk's."""
    claim = Claim(
        ref=next_refs(at.year)[0],
        desk=desk,
        statement=Body.objects.keep(new.statement),
        statement_key=key_of(new.statement),
        language=new.language,
        source=_source(new.source, desk),
        external_id=new.external_id,
        priority=new.priority.value,
        tags=list(new.tags),
        skills=list(new.skills),
        topics=list(new.topics),
        stage=(Stage.DRAFT if new.draft else Stage.QUEUED).value,
        filed_by=by,
    )
    say_when_and_where(claim, date=new.claimed_date, place=new.claimed_location)
    claim.save(force_insert=True)
    claim_texts.keep_text(claim, new.statement)
    SourceLink.objects.create(source=claim.source, claim=claim, role=SourceRole.CLAIMANT.value)
    for position, media in enumerate(new.media, start=1):
        _media_item(claim, media, position)
    return claim


def attach_media(claim: Claim, new: NewMedia) -> MediaItem:
    """Adds one media item. Raises InvalidInput when the claim has as many as it may."""
    positions = list(claim.media.values_list("position", flat=True))
    if len(positions) >= MAX_MEDIA:
        raise InvalidInput(
            FieldError(
                "/media", f"A claim has at most {MAX_MEDIA} media items. File another claim for the rest."
            )
        )
    return _media_item(claim, new, max(positions, default=0) + 1)


def in_zone_of(date: ClaimedDate | None, place: Place | None) -> ClaimedDate | None:
    """A date that names no zone, read in the zone of the place; as wide as it was where that is not known."""
    if date is None or date.timezone or place is None or place.latitude is None or place.longitude is None:
        return date
    zone = timezone_at(place.latitude, place.longitude)
    return parse_date(date.edtf, zone) if zone else date


def say_when_and_where(subject: Claimed, *, date: ClaimedDate | None, place: Place | None) -> None:
    """Sets what is claimed of date and place, and the columns that it is searched by."""
    date = in_zone_of(date, place)
    subject.claimed_date = date.as_json() if date else None
    subject.claimed_not_before = date.not_before if date else None
    subject.claimed_not_after = date.not_after if date else None
    subject.claimed_location = place.as_json() if place else None
    subject.latitude = place.latitude if place else None
    subject.longitude = place.longitude if place else None


def alike(
    desk_id: uuid.UUID,
    *,
    statement_key: str = "",
    url_keys: Collection[str] = (),
    asset_ids: Collection[uuid.UUID] = (),
    but: Claim | None = None,
    limit: int = 5,
) -> list[PossibleDuplicate]:
    """The desk's claims with this statement, one of these media URLs or these bytes, the newest first.

    Digests as `key_of` and `url_key_of` make them; a claim need not be filed to be looked for. None whose statement
    was erased.
    """
    in_media = MediaItem.objects.filter(Q(url_key__in=url_keys) | Q(asset__in=asset_ids))
    looks_alike = Q(pk__in=in_media.values("claim_id"))
    if statement_key:
        looks_alike |= Q(statement_key=statement_key)
    others = Claim.objects.filter(looks_alike, desk=desk_id, statement__redacted_at=None)
    if but is not None:
        others = others.exclude(pk=but.pk)
    found = []
    for other in others.select_related("statement").prefetch_related("media").order_by("-created_at")[:limit]:
        if statement_key and other.statement_key == statement_key:
            why = "same_statement"
        elif any(item.asset_id in asset_ids for item in other.media.all() if item.asset_id):
            why = "same_bytes"
        else:
            why = "same_media_url"
        found.append(PossibleDuplicate(other, why))
    return found


def _source(given: NewSource | uuid.UUID, desk: Desk) -> Source:
    if isinstance(given, NewSource):
        source, _ = Source.objects.get_or_create(
            desk=desk, kind=given.kind.value, name=given.name, url=given.url
        )
        return source
    known = Source.objects.filter(desk=desk, pk=given).first()
    if known is None:
        raise InvalidInput(
            FieldError(
                "/source", "The desk has no source of this id. Give its name and kind instead.", "unknown"
            )
        )
    return known


_KIND_OF_SUFFIX = {
    MediaKind.PHOTO: {"jpg", "jpeg", "png", "webp", "gif", "heic", "heif", "avif", "tif", "tiff"},
    MediaKind.AUDIO: {"mp3", "m4a", "wav", "ogg", "oga", "opus", "flac", "aac"},
    MediaKind.DOCUMENT: {"pdf"},
}


def guessed_kind(url: str) -> MediaKind:
    """What a URL probably leads to; the bytes decide once they are here."""
    suffix = PurePosixPath(urlsplit(url).path).suffix.lstrip(".").lower()
    return next((kind for kind, suffixes in _KIND_OF_SUFFIX.items() if suffix in suffixes), MediaKind.VIDEO)


def _media_item(claim: Claim, new: NewMedia, position: int) -> MediaItem:
    item = MediaItem(
        claim=claim,
        position=position,
        url=new.url,
        url_key=url_key_of(new.url),
        kind=(new.kind or guessed_kind(new.url)).value,
        caption=new.caption,
        credit=new.credit,
        account=new.account,
        posted_at=new.posted_at,
        content_flags=list(new.content_flags),
    )
    of_claim = Place.from_json(claim.claimed_location) if claim.claimed_location else None
    date = in_zone_of(new.claimed_date, new.claimed_location or of_claim)
    say_when_and_where(item, date=date, place=new.claimed_location)
    item.save(force_insert=True)
    return item
