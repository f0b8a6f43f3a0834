"""Media: adding, reading, delivering, capturing and examining again; the checks and what they found."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, caller, idempotent, read_input
from claims.api.files import ranged, working_copy
from claims.api.lists import paged
from claims.api.parsing import StrictJSONParser, UploadParser
from claims.api.schema import page_of, schema_of
from claims.errors import FieldError, InvalidInput, Missing
from claims.media import working
from claims.media.capture import Captured, CaptureFailed, take_upload
from claims.models import Asset
from claims.vocabulary import Scope, Stance
from verification.api.inputs import JudgeInput, MediaInput, NothingInput, RecheckInput, UploadInput
from verification.api.reading import new_media
from verification.api.shapes.media import (
    CheckShape,
    FindingShape,
    MediaDetailShape,
    MediaShape,
    SimilarShape,
    StillShape,
    SunShape,
    finding_shape,
    media_detail_shape,
    media_shape,
    similar_shape,
    still_shape,
    sun_shape,
)
from verification.checks import registry
from verification.models import FindingRow
from verification.services import matches, permissions, playable, stills, submissions
from verification.services.claim_lists import words
from verification.services.reading import claim_named, media_named
from verification.services.reasoning import reasoning_of, sun_at_chosen


class ClaimMedia(StetView):
    scopes = {"GET": Scope.INTERNAL_READ, "POST": Scope.CLAIMS_WRITE}
    parser_classes = [StrictJSONParser, UploadParser]
    uploaded: Captured | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and (request.content_type or "").startswith("multipart/"):
            claim = claim_named(caller(request), kwargs["name"])
            submissions.check_may_add_media(claim, actor=caller(request))
            # Before any transaction opens: what is uploaded may be large, and others wait for the database.
            self.uploaded = _take_file(request)

    @extend_schema(operation_id="list_media", responses={200: schema_of(dict[str, list[MediaShape]])})
    def get(self, request: Request, name: str) -> Response:
        """The claim's media items, in order."""
        return Response(
            {"results": [media_shape(item) for item in claim_named(caller(request), name).media.all()]}
        )

    @extend_schema(
        operation_id="add_media",
        request={"application/json": MediaInput, "multipart/form-data": UploadInput},
        responses={202: schema_of(MediaShape)},
    )
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Adds media by URL, or by multipart `file`; capture and examination follow by themselves."""
        claim = claim_named(caller(request), name)
        said = read_input(UploadInput if self.uploaded else MediaInput, request)
        item = submissions.add_media(
            claim, actor=caller(request), new=new_media(said), uploaded=self.uploaded
        )
        shown = media_named(caller(request), item.pk)
        return Response(media_shape(shown), status=202, headers={"Location": f"/api/v1/media/{item.pk}/"})


def _take_file(request: Request) -> Captured:
    file = request.FILES.get("file")
    if file is None:
        raise InvalidInput(
            FieldError("/file", "Send the media as the part 'file', or a URL as JSON.", "required")
        )
    try:
        return take_upload(file.chunks(), name=file.name or "")
    except CaptureFailed as error:
        raise InvalidInput(FieldError("/file", error.detail, error.code)) from error


class MediaDetail(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(operation_id="read_media", responses={200: schema_of(MediaDetailShape)})
    def get(self, request: Request, media_id: uuid.UUID) -> Response:
        """A media item with its capture log, what was read from it, and what the checks found."""
        return Response(media_detail_shape(media_named(caller(request), media_id), caller(request)))


class MediaFile(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(
        operation_id="read_media_file",
        parameters=[
            OpenApiParameter("copy", str, enum=["playable"], description="A working copy in its place"),
            OpenApiParameter(
                "for",
                str,
                enum=["delivery"],
                description="To be shown outside: 409 where that is not permitted now",
            ),
        ],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, media_id: uuid.UUID) -> HttpResponseBase:
        """The archived original, whole or in ranges; `?copy=playable`: the working copy of it that browsers play.

        It is evidence, for the desk's own eyes. `?for=delivery` is for what shows it outside: 409 `not_for_delivery`
        unless the permission for it is granted and has not ended.
        """
        item = media_named(caller(request), media_id)
        asset = item.asset
        if asset is None or asset.redacted_at is not None:
            raise Missing("There is no original of this media item: it was not captured, or it was erased.")
        purpose = request.query_params.get("for")
        if purpose not in {None, "delivery"}:
            raise InvalidInput(FieldError("for", "Say 'delivery', or leave it out.", "unknown_word"))
        if purpose == "delivery":
            permissions.check_deliverable(item)
        response = self._file(request, asset)
        if purpose == "delivery":
            # Kept on the way, it would outlast the permission.
            response["Cache-Control"] = "no-store"
        return response

    def _file(self, request: Request, asset: Asset) -> HttpResponseBase:
        wanted = request.query_params.get("copy")
        if wanted is None:
            return ranged(request, asset)
        if wanted != "playable":
            raise InvalidInput(FieldError("copy", "The only copy to be had here is 'playable'."))
        copy = playable.of(stills.of(asset))
        if copy is None:
            raise Missing(
                "There is no copy of this media item that browsers play: it needs none, or has none yet."
            )
        return working_copy(request, copy)


class MediaStills(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(operation_id="list_stills", responses={200: schema_of(dict[str, list[StillShape]])})
    def get(self, request: Request, media_id: uuid.UUID) -> Response:
        """Working copies to look at: stills of a film, or a JPEG of a photo that browsers don't draw."""
        item = media_named(caller(request), media_id)
        shown = stills.pictures_of(stills.of(item.asset))
        return Response({"results": [still_shape(item, copy) for copy in shown]})


class MediaStill(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(operation_id="read_still", responses={(200, working.MEDIA_TYPE): OpenApiTypes.BINARY})
    def get(self, request: Request, media_id: uuid.UUID, still: str) -> HttpResponseBase:
        """One working copy. It is not the original, and no evidence."""
        asset = media_named(caller(request), media_id).asset
        copies = [copy for copy in stills.of(asset) if not copy.is_playable]
        copy = next((one for one in copies if one.name == still), None)
        if copy is None:
            raise Missing(
                "There is no such working copy of this media item. Its stills/ lists those there are."
            )
        return working_copy(request, copy)


class MediaSun(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}
    filters = frozenset({"at"})

    @extend_schema(
        operation_id="read_sun",
        parameters=[
            OpenApiParameter(
                "at",
                str,
                required=True,
                description="2022-10-04T14:00 by the clocks of the place, or with its offset: 2022-10-04T11:00Z",
            )
        ],
        responses={200: schema_of(SunShape)},
    )
    def get(self, request: Request, media_id: uuid.UUID) -> Response:
        """Where the sun stood at a chosen time, and how shadows fell: at the camera, else in the place that is shown."""
        standpoint = reasoning_of(media_named(caller(request), media_id), caller(request)).standpoint
        return Response(sun_shape(sun_at_chosen(standpoint, request.query_params.get("at", ""))))


class MediaSimilar(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(operation_id="list_similar", responses={200: schema_of(dict[str, list[SimilarShape]])})
    def get(self, request: Request, media_id: uuid.UUID) -> Response:
        """Media of other claims of the desk whose picture is or looks like the item's, the first known first."""
        item = media_named(caller(request), media_id)
        return Response(
            {
                "results": [
                    similar_shape(one, item) for one in matches.appearances(item, viewer=caller(request))
                ]
            }
        )


class MediaMatchJudged(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(
        operation_id="judge_match",
        request=JudgeInput,
        responses={200: schema_of(dict[str, list[SimilarShape]])},
    )
    @idempotent
    def post(self, request: Request, media_id: uuid.UUID, match_id: uuid.UUID) -> Response:
        """Confirms that two pictures are the same, or dismisses it; both are examined again with that in mind."""
        item = media_named(caller(request), media_id)
        said = read_input(JudgeInput, request)
        matches.judge_match(
            item,
            matches.match_named(item, match_id),
            actor=caller(request),
            state=said["state"],
            reason=said["reason"],
        )
        return Response(
            {
                "results": [
                    similar_shape(one, item) for one in matches.appearances(item, viewer=caller(request))
                ]
            }
        )


class MediaRecapture(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="recapture_media", request=None, responses={202: schema_of(MediaShape)})
    @idempotent
    def post(self, request: Request, media_id: uuid.UUID) -> Response:
        """Fetches the item's address again."""
        read_input(NothingInput, request)
        submissions.recapture(media_named(caller(request), media_id), actor=caller(request))
        return Response(media_shape(media_named(caller(request), media_id)), status=202)


class MediaRecheck(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="recheck_media", request=RecheckInput, responses={202: schema_of(MediaShape)})
    @idempotent
    def post(self, request: Request, media_id: uuid.UUID) -> Response:
        """Runs the checks on the item again; those named in `checks` must exist, and all run together."""
        item = media_named(caller(request), media_id)
        asked = read_input(RecheckInput, request).get("checks", ())
        if unknown := set(asked) - {check.slug for check in registry.all_checks()}:
            raise InvalidInput(
                FieldError("/checks", f"There is no check called {min(unknown)}. See checks/.", "unknown")
            )
        submissions.recheck_media(item, actor=caller(request))
        return Response(media_shape(media_named(caller(request), media_id)), status=202)


class Checks(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(operation_id="list_checks", responses={200: schema_of(dict[str, list[CheckShape]])})
    def get(self, request: Request) -> Response:  # noqa: ARG002  the framework's signature
        """The checks there are, what each looks at and what it means."""
        return Response({"results": [registry.describe(check) for check in registry.all_checks()]})


class Findings(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}
    filters = frozenset({"media", "check", "stance", "version"})

    @extend_schema(
        operation_id="list_findings",
        parameters=[OpenApiParameter(name, str) for name in ("media", "check", "stance", "version")],
        responses={200: page_of(FindingShape)},
    )
    def get(self, request: Request) -> Response:
        """What the checks found in the media of the caller's desks; of a `version`, also what is superseded."""
        rows = FindingRow.objects.visible_to(caller(request)).select_related("run")
        params = request.query_params
        rows = rows.filter(run__version=params["version"]) if "version" in params else rows.current()
        if "media" in params:
            try:
                rows = rows.filter(run__media=uuid.UUID(params["media"]))
            except ValueError as error:
                raise InvalidInput(FieldError("media", "Give the id of a media item.", "id")) from error
        if "check" in params:
            if params["check"] not in {check.slug for check in registry.all_checks()}:
                raise InvalidInput(FieldError("check", "There is no such check. See checks/.", "unknown"))
            rows = rows.filter(run__check_slug=params["check"])
        if "stance" in params:
            rows = rows.filter(stance__in=words("stance", params["stance"], Stance))
        return Response(paged(request, rows, by="position", shape=lambda row: dict(finding_shape(row))))
