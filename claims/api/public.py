"""The public side: what is published, and the change log that clients follow."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Sum
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from claims.api.base import StetView, read_time
from claims.api.lists import paged
from claims.api.rendering import dumps
from claims.api.schema import page_of, schema_of
from claims.api.shapes import ChangesShape, PublicationShape
from claims.errors import FieldError, IllegalState, InvalidInput
from claims.models import ChangeHead, MediaItem, Publication, PublicClaim
from claims.models.publications import PublicClaimQuerySet
from claims.published import bare, may_read, publication_of, read_version, shown
from claims.vocabulary import Dimension, PubStatus, Scope, Status

POLL_SECONDS = 5
MAX_CHANGES = 500


class MayReadPublished(BasePermission):
    """Whoever is logged in or has a key; everybody where the house says so (STET_PUBLIC_READ)."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002  the framework's signature
        return may_read(request.user)


class PublicView(StetView):
    scopes = {"GET": Scope.VERIFIED_READ}
    permission_classes = [MayReadPublished]


class PublishedList(PublicView):
    """Everything published; with `verified_only`, what has a dimension verified and none contradicted."""

    filters = frozenset({"q", "language", "published_after", *Dimension})
    verified_only = False

    @extend_schema(
        parameters=[OpenApiParameter(name, str) for name in sorted(filters)],
        responses={200: page_of(PublicationShape)},
    )
    def get(self, request: Request) -> Response:
        """The latest publication of each claim on show, the newest first."""
        rows = PublicClaim.objects.verified() if self.verified_only else PublicClaim.objects.on_show()
        rows = _narrowed(rows, request).select_related("latest__body")
        return Response(paged(request, rows, by="-position", shape=_shown))


def _shown(row: PublicClaim) -> dict[str, Any]:
    return shown(row.latest, now=timezone.now()) or {
        "claim": str(row.claim_id),
        "version": row.latest.version,
        "suppressed": True,
    }


def _narrowed(rows: PublicClaimQuerySet, request: Request) -> PublicClaimQuerySet:
    for name, value in request.query_params.dict().items():
        if "\x00" in value:
            raise InvalidInput(FieldError(name, "Text can't hold the character U+0000.", "nul"))
        if name in set(Dimension):
            wanted = value.split(",")
            if unknown := [word for word in wanted if word not in set(Status)]:
                raise InvalidInput(FieldError(name, f"'{unknown[0]}' is no status.", "unknown_word"))
            rows = rows.filter(**{f"statuses__{name}__in": wanted})
        elif name == "language":
            rows = rows.filter(claim__language__in=value.split(","))
        elif name == "q":
            rows = rows.filter(latest__body__content__icontains=value)
        elif name == "published_after":
            rows = rows.filter(latest__at__gt=read_time(name, value))
    return rows


class PublishedDetail(PublicView):
    filters = frozenset({"version", "as_of"})

    @extend_schema(
        operation_id="read_published",
        parameters=[OpenApiParameter("version", int), OpenApiParameter("as_of", datetime)],
        responses={200: schema_of(PublicationShape)},
    )
    def get(self, request: Request, claim_id: uuid.UUID) -> Response:
        """The latest publication; by `version`, or as it was at a time. 410 with the notice once withdrawn."""
        asked = request.query_params
        wanted = publication_of(
            claim_id,
            version=read_version(asked["version"]) if "version" in asked else None,
            as_of=read_time("as_of", asked["as_of"]) if "as_of" in asked else None,
        )
        said = shown(wanted, now=timezone.now()) or {}
        # What may be shown of its media changes when a permission ends, without a new publication.
        may = "".join(item["delivery"]["may"][0] for item in said["media"])
        return Response(said, headers={"ETag": f'"{wanted.position}{may and f"-{may}"}"'})


class Snapshot(PublicView):
    filters = frozenset({"after"})

    @extend_schema(operation_id="read_snapshot", responses={(200, "application/x-ndjson"): schema_of(str)})
    def get(self, request: Request) -> StreamingHttpResponse:
        """The whole public set, a publication a line, after a line with the log's identity and position.

        Cut off on the way? Ask again with `after` = the position of the last line you have.
        """
        after = _position(request, "after")
        head = ChangeHead.objects.get(pk=1)

        def lines() -> Iterator[bytes]:
            yield dumps({"log": str(head.log), "position": head.last}) + b"\n"
            rows = (
                PublicClaim.objects.on_show()
                .filter(position__gt=after, position__lte=head.last)
                .select_related("latest__body")
                .order_by("position")
            )
            for row in rows.iterator(chunk_size=200):
                yield dumps({"position": row.position, **_shown(row)}) + b"\n"

        return StreamingHttpResponse(lines(), content_type="application/x-ndjson")


class Changes(PublicView):
    filters = frozenset({"after", "limit", "log"})

    @extend_schema(
        operation_id="read_changes",
        parameters=[
            OpenApiParameter("after", int, default=0),
            OpenApiParameter("limit", int, default=100),
            OpenApiParameter("log", uuid.UUID),
        ],
        responses={200: schema_of(ChangesShape), 304: None},
    )
    def get(self, request: Request) -> HttpResponse:
        """What changed after a position, in order, nothing left out and nothing twice.

        Ask again with `last_position`. 409 `log_changed` where the position is of another log.
        """
        after = _position(request, "after")
        limit = min(_position(request, "limit", default=100) or 1, MAX_CHANGES)
        head = ChangeHead.objects.get(pk=1)
        if after > head.last or request.query_params.get("log", str(head.log)).lower() != str(head.log):
            raise IllegalState(
                "This position is of another log. Take published/snapshot/ and follow from its position.",
                code="log_changed",
            )
        # Suppression changes old entries without a new position, so the tag has to know of it.
        suppressed = PublicClaim.objects.aggregate(sum=Sum("suppressed_through"))["sum"] or 0
        # So does a permission that ended.
        ended = MediaItem.objects.filter(permission_until__lte=timezone.now()).count()
        tag = f'"{head.log}-{head.last}-{after}-{limit}-{suppressed}-{ended}"'
        headers = {"ETag": tag, "X-Poll-Interval": str(POLL_SECONDS), "Cache-Control": "private, no-cache"}
        known = parse_etags(request.headers.get("If-None-Match", ""))
        if "*" in known or tag in {one.removeprefix("W/") for one in known}:
            return HttpResponse(status=304, headers=headers)
        rows = list(
            Publication.objects.filter(position__gt=after, position__lte=head.last)
            .select_related("body", "claim__public")
            .order_by("position")[:limit]
        )
        last = rows[-1].position if rows else after
        return Response(
            {
                "log": str(head.log),
                "changes": [_change(row) for row in rows],
                "last_position": last,
                "more": last < head.last,
            },
            headers=headers,
        )


def _change(row: Publication) -> dict[str, Any]:
    rendered = shown(row, now=timezone.now())
    if row.version <= row.claim.public.suppressed_through or rendered is None:
        return {**bare(row), "reason": None, "cause": None, "publication": None, "suppressed": True}
    return {
        **bare(row),
        "reason": rendered["editor_note"],
        "cause": row.cause or None,
        "publication": rendered if row.pubstatus == PubStatus.USABLE else None,
    }


def _position(request: Request, name: str, *, default: int = 0) -> int:
    given = request.query_params.get(name, str(default))
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise InvalidInput(FieldError(name, "Give a whole number that is not negative.", "number"))
    return int(given)
