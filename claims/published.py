"""What the public may read of a claim: the publication it asks for, what came before it, and what each changed.

Everything comes from publications as they were rendered; nothing here looks behind them. Only what may be shown of
media is reckoned anew at each reading, from the terms that were published: a permission ends by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from claims.delivery import Delivery, delivery_of
from claims.errors import FieldError, Gone, InvalidInput, Missing
from claims.models import Person, Publication, PublicClaim
from claims.vocabulary import ChangeKind, Permission, PubStatus, Status


def may_read(person: Person | AnonymousUser) -> bool:
    """Whoever is logged in or has a key; everybody where the house says so (STET_PUBLIC_READ)."""
    return bool(settings.PUBLIC_READ or person.is_authenticated)


def read_version(given: str) -> int:
    """A version as it is asked for. Raises InvalidInput."""
    if not (given.isascii() and given.isdecimal() and len(given) < 10):
        raise InvalidInput(FieldError("version", "Give a whole number.", "version"))
    return int(given)


def publication_of(
    claim_id: uuid.UUID, *, version: int | None = None, as_of: datetime | None = None
) -> Publication:
    """A claim's latest publication, that of a version, or the one that stood at a time.

    Raises Missing where there is none, Gone (with the notice) where it was withdrawn.
    """
    public = PublicClaim.objects.select_related("latest__body").filter(claim=claim_id).first()
    if public is None:
        raise Missing("Nothing of this claim is published.")
    wanted = _wanted(public, version, as_of)
    if wanted is None:
        raise Missing("There was no such publication of this claim.")
    if wanted.version <= public.suppressed_through or wanted.rendered is None:
        raise Gone(
            "This version was withdrawn and is not shown any more.",
            notice=bare(wanted) | {"suppressed": True},
        )
    if wanted.kind == ChangeKind.WITHDRAWN:
        raise Gone("This was withdrawn.", notice=wanted.rendered)
    return wanted


def shown(publication: Publication, *, now: datetime) -> dict[str, Any] | None:
    """A publication as it is read at `now` (aware): as rendered, with what may be shown of each media item.

    None once redacted.
    """
    rendered = publication.rendered
    if rendered is None:
        return None
    media = [
        {**said, "terms": terms_of(said), "delivery": delivery_in(said, now=now).as_json()}
        for said in rendered["media"]
    ]
    return {**rendered, "media": media}


def delivery_in(said: Mapping[str, Any], *, now: datetime) -> Delivery:
    """What may be shown at `now` (aware) of a media item, by the terms that a publication tells of it."""
    until = terms_of(said)["until"]
    return delivery_of(
        Permission(said["permission"]),
        until=datetime.fromisoformat(until) if until else None,
        has_address=bool(said["url"]),
        now=now,
    )


def terms_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """The terms that a publication tells of a media item; of one that was made before terms were kept, none."""
    terms: dict[str, Any] = said.get("terms") or {"scope": None, "territory": None, "until": None}
    return terms


def _wanted(public: PublicClaim, version: int | None, as_of: datetime | None) -> Publication | None:
    versions = Publication.objects.filter(claim=public.claim_id).select_related("body").order_by("-version")
    if version is not None:
        return versions.filter(version=version).first()
    if as_of is not None:
        return versions.filter(at__lte=as_of).first()
    return public.latest


def bare(publication: Publication) -> dict[str, Any]:
    """What is said even of a suppressed publication: that there was one."""
    return {
        "position": publication.position,
        "kind": publication.kind,
        "claim": str(publication.claim_id),
        "version": publication.version,
        "at": publication.at,
    }


@dataclass(frozen=True)
class Alteration:
    """One thing that a publication says otherwise than what was shown before: a status, a value, the line."""

    what: str
    media: str | None
    dimension: str
    before: Any
    after: Any


STATUS, VALUE, LINE = "status", "value", "line"


@dataclass(frozen=True)
class Step:
    """One publication in a claim's history. `rendered` is None once it is suppressed or erased."""

    version: int
    position: int
    at: datetime
    kind: str
    cause: str
    rendered: Mapping[str, Any] | None
    alterations: tuple[Alteration, ...] = ()

    @property
    def reason(self) -> str | None:
        reason: str | None = self.rendered["editor_note"] if self.rendered else None
        return reason


def history_of(claim_id: uuid.UUID) -> list[Step]:
    """Every publication of a claim, the newest first, with what it changed; of suppressed ones, that they were."""
    public = PublicClaim.objects.filter(claim=claim_id).first()
    steps: list[Step] = []
    shown: Mapping[str, Any] | None = None
    for row in Publication.objects.filter(claim=claim_id).select_related("body").order_by("version"):
        hidden = public is None or row.version <= public.suppressed_through
        rendered = None if hidden else row.rendered
        is_face = rendered is not None and row.pubstatus == PubStatus.USABLE
        changed = tuple(alterations(shown, rendered)) if shown and rendered and is_face else ()
        steps.append(Step(row.version, row.position, row.at, row.kind, row.cause, rendered, changed))
        shown = rendered if is_face else shown
    return steps[::-1]


def alterations(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Alteration]:
    """What one rendered face says otherwise than another."""
    old, new = dict(_decisions(before)), dict(_decisions(now))
    for (media, dimension), (status, value) in new.items():
        was, valued = old.get((media, dimension), (Status.NOT_CHECKED.value, None))
        if was != status:
            yield Alteration(STATUS, media, dimension, was, status)
        if valued != value and (valued or value):
            yield Alteration(VALUE, media, dimension, valued, value)
    for (media, dimension), (status, _) in old.items():
        if (media, dimension) not in new and status != Status.NOT_CHECKED:
            yield Alteration(STATUS, media, dimension, status, Status.NOT_CHECKED.value)
    if before.get("line") != now.get("line"):
        yield Alteration(LINE, None, "", before.get("line"), now.get("line"))


def _decisions(rendered: Mapping[str, Any]) -> Iterator[tuple[tuple[str | None, str], tuple[str, Any]]]:
    for dimension, status in rendered["claim_statuses"].items():
        yield (None, dimension), (status, rendered["values"].get(dimension))
    for item in rendered["media"]:
        for dimension, status in item["statuses"].items():
            yield (item["id"], dimension), (status, item["values"].get(dimension))
