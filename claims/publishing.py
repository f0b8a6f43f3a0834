"""Publications: rendered once, numbered per claim, each with its place in the change log.

Every function here runs inside the transaction of the act that publishes, and takes the change position last,
so that no reader can see a later one before an earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F

from claims.dates import ClaimedDate, relate
from claims.delivery import written
from claims.models import Body, Claim, MediaItem, Publication, PublicClaim, Source
from claims.places import Place, relate_places
from claims.projection import PublicFace, PublicTarget
from claims.vocabulary import Cause, ChangeKind, Dimension, Permission, PubStatus, Relation, Status

SUPPRESSING = frozenset({Cause.SAFETY, Cause.PRIVACY, Cause.LEGAL})
USAGE_TERMS = (
    "The line may be printed as it stands, with this version named; follow the change log for corrections. "
    "Media are not covered: what may be shown of each stands under its delivery."
)


def publish_face(
    face: PublicFace,
    *,
    kind: ChangeKind,
    line: str | None,
    line_long: str | None,
    at: datetime,
    reason: str = "",
    cause: Cause | None = None,
) -> Publication:
    """Publishes a face: `published`, `amended` or `corrected`."""
    before = standing_publication(face.claim)
    rendered = render_face(
        face,
        kind=kind,
        version=next_version(face.claim),
        before=before.rendered if before else None,
        line=line,
        line_long=line_long,
        at=at,
        reason=reason,
    )
    return _append(face.claim, rendered, kind=kind, pubstatus=PubStatus.USABLE, at=at, cause=cause)


def render_face(
    face: PublicFace,
    *,
    kind: ChangeKind,
    version: int,
    before: Mapping[str, Any] | None,
    line: str | None,
    line_long: str | None,
    at: datetime,
    reason: str = "",
) -> dict[str, Any]:
    """A face as outsiders get it; what is stored on publishing, and what a preview shows before.

    `before` is what the claim showed last, as it was rendered then. Changes nothing.
    """
    rendered = {
        **_frame(face.claim, kind, PubStatus.USABLE, version=version, at=at, reason=reason),
        "headline": face.claim.headline or None,
        "statement": face.claim.statement.content,
        "source": _public_source(face.claim.source),
        "house": face.house,
        "line": line,
        "line_long": line_long,
        "statuses": {
            dimension.value: {
                "status": status.value,
                "counts": {word.value: number for word, number in face.counts[dimension].items()},
            }
            for dimension, status in face.statuses.items()
        },
        "claim_statuses": _statuses(face.itself),
        "claimed_date": _json(face.itself.claimed_date),
        "claimed_location": _json(face.itself.claimed_place),
        "values": _values(face.itself),
        "media": [_media(target) for target in face.items],
    }
    return rendered | {"changes": _changes(before, rendered)}


def notice(claim: Claim, *, kind: ChangeKind, at: datetime, reason: str, cause: Cause | None) -> Publication:
    """Takes a claim off show: `held` or `withdrawn`. The notice says why and nothing of the claim.

    A withdrawal for safety, privacy or a legal cause suppresses every earlier version.
    """
    pubstatus = PubStatus.WITHHELD if kind == ChangeKind.HELD else PubStatus.CANCELED
    rendered = {
        **_frame(claim, kind, pubstatus, version=next_version(claim), at=at, reason=reason),
        "headline": None,
        "statement": None,
        "source": None,
        "house": claim.desk.house_name,
        "line": None,
        "line_long": None,
        "statuses": {},
        "claim_statuses": {},
        "claimed_date": None,
        "claimed_location": None,
        "values": {},
        "media": [],
        "changes": [],
    }
    publication = _append(claim, rendered, kind=kind, pubstatus=pubstatus, at=at, cause=cause)
    if kind == ChangeKind.WITHDRAWN and cause in SUPPRESSING:
        PublicClaim.objects.filter(claim=claim).update(suppressed_through=publication.version - 1)
    return publication


def show_again(claim: Claim, *, at: datetime, reason: str) -> Publication:
    """Puts what was held back on show, as it stood: `released`."""
    before = standing_publication(claim)
    if before is None or before.rendered is None:
        raise LookupError("nothing of this claim was ever on show")
    rendered = _shown_anew(claim, before.rendered, kind=ChangeKind.RELEASED, at=at, reason=reason)
    return _append(claim, rendered, kind=ChangeKind.RELEASED, pubstatus=PubStatus.USABLE, at=at, cause=None)


def show_terms(claim: Claim, *, at: datetime, reason: str) -> Publication | None:
    """Publishes what is on show anew, as it stands but for the terms that its media are under now: `amended`.

    None where nothing is on show, or where the terms are those that were published.
    """
    before = standing_publication(claim)
    if before is None or before.rendered is None or claim.public.pubstatus != PubStatus.USABLE:
        return None
    kind = ChangeKind.AMENDED
    rendered = _shown_anew(claim, before.rendered, kind=kind, at=at, reason=reason)
    if list(map(_terms_told, rendered["media"])) == list(map(_terms_told, before.rendered["media"])):
        return None
    return _append(claim, rendered, kind=kind, pubstatus=PubStatus.USABLE, at=at, cause=Cause.RIGHTS)


def _shown_anew(
    claim: Claim, before: Mapping[str, Any], *, kind: ChangeKind, at: datetime, reason: str
) -> dict[str, Any]:
    """What was rendered before, under a new number and with the terms that its media are under now."""
    items = {str(item.pk): item for item in MediaItem.objects.filter(claim=claim)}
    return {
        **before,
        **_frame(claim, kind, PubStatus.USABLE, version=next_version(claim), at=at, reason=reason),
        "media": [
            {**said, **_terms(items[said["id"]])} if said["id"] in items else said for said in before["media"]
        ],
        "changes": [],
    }


def standing_publication(claim: Claim) -> Publication | None:
    """The newest publication that showed something of the claim and is not suppressed."""
    return (
        claim.publications.filter(
            pubstatus=PubStatus.USABLE, version__gt=F("claim__public__suppressed_through")
        )
        .select_related("body")
        .order_by("-version")
        .first()
    )


def next_version(claim: Claim) -> int:
    """The number that the claim's next publication has."""
    latest = claim.publications.order_by("-version").values_list("version", flat=True).first()
    return (latest or 0) + 1


def lowered_or_altered(face: PublicFace, before: Publication) -> list[str]:
    """What keeps a change from being called an amendment: each a sentence."""
    said = before.rendered or {}
    now = {str(target.media.pk) if target.media else None: target.decisions for target in face.targets()}
    found = []
    for (media, dimension), status in _flat(said).items():
        decision = now.get(media, {}).get(Dimension(dimension))
        becomes = decision.status if decision else Status.NOT_CHECKED
        if status == Status.VERIFIED and becomes != Status.VERIFIED:
            found.append(f"The {dimension} was published as verified and is now {becomes.replace('_', ' ')}.")
    values = {(None, d): value for d, value in said.get("values", {}).items()}
    for item in said.get("media", ()):
        values |= {(item["id"], d): value for d, value in item["values"].items()}
    for (media, dimension), value in values.items():
        decision = now.get(media, {}).get(Dimension(dimension))
        if decision is None or not _narrows(decision.place or decision.date, value):
            found.append(f"The published value of the {dimension} changes other than by narrowing.")
    return found


def _narrows(new: Place | ClaimedDate | None, old: Mapping[str, Any]) -> bool:
    if new is None:
        return False
    relation = (
        relate_places(new, Place.from_json(old))
        if isinstance(new, Place)
        else relate(new, ClaimedDate.from_json(old))
    )
    return relation in {Relation.MATCHES, Relation.NARROWER}


def _append(
    claim: Claim,
    rendered: dict[str, Any],
    *,
    kind: ChangeKind,
    pubstatus: PubStatus,
    at: datetime,
    cause: Cause | None,
) -> Publication:
    statuses = {dimension: said["status"] for dimension, said in rendered["statuses"].items()}
    body = Body.objects.keep_json(rendered)
    publication = Publication(
        claim=claim,
        version=rendered["version"],
        kind=kind.value,
        pubstatus=pubstatus.value,
        cause=cause.value if cause else "",
        body=body,
        at=at,
    )
    publication.position = _next_position()
    publication.save(force_insert=True)
    words = set(statuses.values())
    PublicClaim.objects.update_or_create(
        claim=claim,
        defaults={
            "latest": publication,
            "position": publication.position,
            "pubstatus": pubstatus.value,
            "statuses": statuses,
            "has_verified": Status.VERIFIED in words,
            "has_contradicted": Status.CONTRADICTED in words,
        },
    )
    return publication


def _next_position() -> int:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE claims_changehead SET last = last + 1 WHERE id = 1 RETURNING last")
        row = cursor.fetchone()
    if row is None:
        raise LookupError("the change log has no head: run manage.py migrate")
    return int(row[0])


def _frame(
    claim: Claim, kind: ChangeKind, pubstatus: PubStatus, *, version: int, at: datetime, reason: str
) -> dict[str, Any]:
    return {
        "claim": str(claim.pk),
        "ref": claim.ref,
        "version": version,
        "kind": kind.value,
        "pubstatus": pubstatus.value,
        "as_of": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "editor_note": reason or None,
        "language": claim.language,
        "usage_terms": USAGE_TERMS,
        "permalink": f"{settings.PUBLIC_URL}/api/v1/published/{claim.pk}/?version={version}",
    }


def _public_source(source: Source) -> dict[str, Any]:
    if source.confidential:
        return {"name": source.pseudonym or None, "kind": source.kind, "url": None}
    return {"name": source.name, "kind": source.kind, "url": source.url or None}


def _media(target: PublicTarget) -> dict[str, Any]:
    item = target.media
    if item is None:
        raise TypeError("the claim itself is no media item")
    return {
        "id": str(item.pk),
        "kind": item.kind,
        "url": item.url or None,
        "caption": item.caption or None,
        **_terms(item),
        "content_flags": item.content_flags,
        "claimed_date": _json(target.claimed_date),
        "claimed_location": _json(target.claimed_place),
        "statuses": _statuses(target),
        "values": _values(target),
    }


def _terms(item: MediaItem) -> dict[str, Any]:
    """Under which terms a media item may be shown outside; what that comes to is reckoned when it is read."""
    return {
        "credit": item.credit or None,
        "permission": item.permission,
        "terms": {
            "scope": item.permission_scope or None,
            "territory": item.permission_territory or None,
            "until": written(item.permission_until),
        },
    }


def _terms_told(said: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a change of terms is told for: that somebody is being asked changes nothing for readers."""
    permission = Permission.UNKNOWN if said["permission"] == Permission.ASKED else said["permission"]
    terms = said.get("terms") or {}
    return (said["credit"], permission, terms.get("scope"), terms.get("territory"), terms.get("until"))


def _statuses(target: PublicTarget) -> dict[str, str]:
    return {dimension.value: decision.status.value for dimension, decision in target.decisions.items()}


def _values(target: PublicTarget) -> dict[str, Any]:
    return {
        dimension.value: decision.value
        for dimension, decision in target.decisions.items()
        if decision.value is not None
    }


def _json(value: Place | ClaimedDate | None) -> dict[str, Any] | None:
    return value.as_json() if value is not None else None


def _changes(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[dict[str, Any]]:
    old, new = _flat(before or {}), _flat(now)
    return [
        {"dimension": dimension, "media": media, "from": old.get((media, dimension)), "to": status}
        for (media, dimension), status in new.items()
        if old.get((media, dimension)) != status and before is not None
    ] + [
        {"dimension": dimension, "media": media, "from": status, "to": Status.NOT_CHECKED.value}
        for (media, dimension), status in old.items()
        if (media, dimension) not in new and status != Status.NOT_CHECKED
    ]


def _flat(rendered: Mapping[str, Any]) -> dict[tuple[str | None, str], str]:
    """Statuses by media item (None = the claim itself) and dimension."""
    flat: dict[tuple[str | None, str], str] = {}
    for item in rendered.get("media", ()):
        flat |= {(item["id"], dimension): status for dimension, status in item["statuses"].items()}
    own: Mapping[str, str] = rendered.get("claim_statuses", {})
    return flat | {(None, dimension): status for dimension, status in own.items()}
