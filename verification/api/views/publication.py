"""What editors do: publish, amend, correct, hold, release, withdraw; and what admins erase."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, StrictSerializer, caller, idempotent, read_input
from claims.api.schema import schema_of
from claims.api.shapes import PublicationShape
from claims.errors import FieldError, InvalidInput, Missing
from claims.models import Claim, Person, Publication
from claims.published import shown
from claims.vocabulary import Scope
from verification.api.inputs import (
    AmendInput,
    CausedInput,
    ChangeInput,
    CorrectInput,
    PublishInput,
    ReasonInput,
    RedactInput,
)
from verification.api.shapes.claims import NotPublishedShape
from verification.models import Evidence, HandOver, Note, Redaction, ScheduledPublication
from verification.services import erasure, publication
from verification.services.reading import claim_named, media_named
from verification.services.sayings import Saying, saying_named


class PublicationAction(StetView):
    """One of the six acts that change a claim's public face."""

    scopes = {"POST": Scope.PUBLISH}
    takes: type[StrictSerializer]
    act: Callable[..., Publication | ScheduledPublication | None]

    def change(self, request: Request, name: str) -> Response:
        claim = claim_named(caller(request), name)
        said = {key: value for key, value in read_input(self.takes, request).items() if value is not None}
        made = type(self).act(claim, actor=caller(request), **said)
        if isinstance(made, Publication):
            return Response(shown(made, now=timezone.now()))
        claim.refresh_from_db(fields=["stage"])
        unpublished: NotPublishedShape = {
            "claim": str(claim.pk),
            "stage": claim.stage,
            "version": None,
            "embargo_until": made.due_at if made else None,
        }
        return Response(unpublished)


def _view(name: str, takes: type[StrictSerializer], act: Any, says: str) -> type[PublicationAction]:
    @idempotent
    def post(self: PublicationAction, request: Request, name: str) -> Response:
        return self.change(request, name)

    post.__doc__ = says
    # Under an embargo, or around a hold of what was never public, there is no publication to give.
    gives = (
        PublicationShape | NotPublishedShape if name in {"publish", "hold", "release"} else PublicationShape
    )
    described = extend_schema(
        operation_id=name, description=says, request=takes, responses={200: schema_of(gives)}
    )(post)
    members = {"takes": takes, "act": staticmethod(act), "post": described, "__doc__": says}
    return type(f"{name.title()}View", (PublicationAction,), members)


VIEWS = {
    name: _view(name, takes, act, says)
    for name, takes, act, says in (
        (
            "publish",
            PublishInput,
            publication.publish,
            "Signs the claim off: it is published, or scheduled where `embargo_until` is given.",
        ),
        (
            "amend",
            AmendInput,
            publication.amend,
            "Publishes anew where nothing was wrong. 409 `must_correct` where something published is taken back.",
        ),
        ("correct", CorrectInput, publication.correct, "Publishes anew and says what was."),
        (
            "hold",
            ChangeInput,
            publication.hold,
            "Takes the claim off show, or stops what was to be published.",
        ),
        (
            "release",
            ChangeInput,
            publication.release,
            "Ends a hold: what was public is on show again as it stood.",
        ),
        (
            "withdraw",
            CausedInput,
            publication.withdraw,
            "Takes the publication back. For safety, privacy or law every earlier version is suppressed.",
        ),
    )
}


class Redact(StetView):
    scopes = {"POST": Scope.ADMIN}

    @extend_schema(operation_id="redact", request=RedactInput, responses={200: schema_of(dict[str, Any])})
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Erases a claim's text, a note, what was said at a hand-over or with an act, a bound, an original, or what is
        kept of who put a media item up, for a court or a person's right. It can't be undone.
        """
        claim, person = claim_named(caller(request), name), caller(request)
        said = read_input(RedactInput, request)
        why = {"reason": said["reason"], "legal_ground": said["legal_ground"]}
        if said["target"] == "statement":
            redaction = erasure.redact_statement(claim, actor=person, **why)
        elif said["target"] == "note":
            redaction = erasure.redact_note(_note(claim, said), actor=person, **why)
        elif said["target"] == "hand_over":
            redaction = erasure.redact_hand_over(_hand_over(claim, said), actor=person, **why)
        elif said["target"] == "said":
            redaction = erasure.redact_saying(claim, _saying(claim, person, said), actor=person, **why)
        elif said["target"] == "evidence":
            redaction = erasure.redact_evidence(_evidence(claim, said), actor=person, **why)
        else:
            item = media_named(caller(request), _id(said))
            if item.claim_id != claim.pk:
                raise Missing("This claim has no such media item.")
            redact = erasure.redact_uploader if said["target"] == "uploader" else erasure.redact_original
            redaction = redact(item, actor=person, **why)
        return Response(_shape(redaction))


class LegalHolds(StetView):
    scopes = {"POST": Scope.ADMIN, "DELETE": Scope.ADMIN}

    @extend_schema(
        operation_id="place_legal_hold", request=ReasonInput, responses={201: schema_of(dict[str, Any])}
    )
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Keeps everything of the claim from being erased."""
        reason = read_input(ReasonInput, request)["reason"]
        hold = erasure.place_legal_hold(
            claim_named(caller(request), name), actor=caller(request), reason=reason
        )
        return Response({"id": str(hold.pk), "reason": hold.reason, "placed_at": hold.placed_at}, status=201)

    @extend_schema(operation_id="lift_legal_hold", responses={200: schema_of(dict[str, Any])})
    def delete(self, request: Request, name: str) -> Response:
        """Lifts the legal hold in force."""
        hold = erasure.lift_legal_hold(claim_named(caller(request), name), actor=caller(request))
        return Response({"id": str(hold.pk), "reason": hold.reason, "lifted_at": hold.lifted_at})


def _id(said: dict[str, Any]) -> Any:
    if "id" not in said:
        raise InvalidInput(
            FieldError("/id", "Name the note, the bound, or the media item, by its id.", "required")
        )
    return said["id"]


def _note(claim: Claim, said: dict[str, Any]) -> Note:
    note = Note.objects.filter(claim=claim, pk=_id(said)).first()
    if note is None:
        raise InvalidInput(FieldError("/id", "This claim has no note of this id.", "unknown"))
    return note


def _hand_over(claim: Claim, said: dict[str, Any]) -> HandOver:
    handed = HandOver.objects.filter(entry__claim=claim, pk=_id(said)).first()
    if handed is None:
        raise InvalidInput(FieldError("/id", "This claim has no hand-over of this id.", "unknown"))
    return handed


def _saying(claim: Claim, person: Person, said: dict[str, Any]) -> Saying:
    saying = saying_named(claim, _id(said), viewer=person)
    if saying is None:
        raise InvalidInput(FieldError("/id", "Nothing of this id was said of this claim.", "unknown"))
    return saying


def _evidence(claim: Claim, said: dict[str, Any]) -> Evidence:
    evidence = Evidence.objects.filter(claim=claim, pk=_id(said)).first()
    if evidence is None:
        raise InvalidInput(FieldError("/id", "This claim has no bound of this id.", "unknown"))
    return evidence


def _shape(redaction: Redaction) -> dict[str, Any]:
    return {
        "id": str(redaction.pk),
        "target": redaction.target,
        "target_id": str(redaction.target_id),
        "legal_ground": redaction.legal_ground,
        "at": redaction.at,
    }
