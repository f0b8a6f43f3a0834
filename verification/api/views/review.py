"""What fact-checkers do to a claim: verdicts, submission, notes; and the reading of what was done."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, caller, idempotent, read_input
from claims.api.lists import paged
from claims.api.schema import page_of, schema_of
from claims.errors import FieldError, IllegalState, InvalidInput, Missing
from claims.models import Claim, PublicClaim
from claims.publishing import standing_publication
from claims.vocabulary import PubStatus, Scope, Stage
from verification.api.examples import RECORD_VERDICT, THE_LINE
from verification.api.inputs import (
    AskInput,
    AssignInput,
    DuplicateInput,
    LeaseTokenInput,
    NoteInput,
    ReasonInput,
    TakeOverInput,
    UnaskInput,
    VerdictInput,
)
from verification.api.reading import new_verdict
from verification.api.shapes.claims import ClaimShape, GateShape, LineShape
from verification.api.shapes.records import (
    AuditShape,
    NoteShape,
    OfferShape,
    SayingShape,
    VerdictShape,
    audit_shape,
    note_shape,
    offer_shape,
    saying_shape,
    verdict_shape,
)
from verification.api.views.claims import claim_response
from verification.models import AuditEntry, Note, Verdict
from verification.services import casework, notes, offers, review, telling, verdicts
from verification.services.audit import chain_of
from verification.services.publication import gate
from verification.services.reading import claim_named, claim_to_act_on
from verification.services.sayings import sayings_of
from verification.services.standing import face_of, line_of
from verification.services.veil import hidden_people


class Verdicts(StetView):
    scopes = {"GET": Scope.INTERNAL_READ, "POST": Scope.VERDICTS_WRITE}

    @extend_schema(operation_id="list_verdicts", responses={200: schema_of(dict[str, list[VerdictShape]])})
    def get(self, request: Request, name: str) -> Response:
        """Every verdict ever recorded on the claim, the oldest first; those of others only once a blind second review
        that the caller might do, or does, is submitted.
        """
        claim = claim_named(caller(request), name)
        rows = Verdict.objects.visible_to(caller(request)).filter(claim=claim)
        rows = rows.select_related("review", "body", "by").order_by("seq")
        return Response({"verdicts": [verdict_shape(row) for row in rows]})

    @extend_schema(
        operation_id="record_verdict",
        request=VerdictInput,
        responses={201: schema_of(dict[str, list[VerdictShape]])},
        examples=[RECORD_VERDICT],
    )
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Records a verdict in the caller's open review; without `media`, one for each item."""
        claim = claim_to_act_on(caller(request), name)
        said = read_input(VerdictInput, request)
        recorded = verdicts.record_verdict(
            claim, actor=caller(request), lease_token=said["lease_token"], new=new_verdict(said)
        )
        return Response({"verdicts": [verdict_shape(one) for one in recorded]}, status=201)


class TakeOver(StetView):
    scopes = {"POST": Scope.VERDICTS_WRITE}

    @extend_schema(
        operation_id="take_over_verdict",
        request=TakeOverInput,
        responses={201: schema_of(dict[str, list[VerdictShape]])},
    )
    @idempotent
    def post(self, request: Request, name: str, verdict_id: Any) -> Response:
        """Settles a disagreement by one of the two verdicts: it is recorded anew in the caller's adjudication, with
        the caller's reason.
        """
        claim = claim_to_act_on(caller(request), name)
        verdict = Verdict.objects.visible_to(caller(request)).filter(claim=claim, pk=verdict_id).first()
        if verdict is None:
            raise Missing("There is no such verdict on this claim.")
        said = read_input(TakeOverInput, request)
        recorded = verdicts.take_over(claim, actor=caller(request), verdict=verdict, **said)
        return Response({"verdicts": [verdict_shape(one) for one in recorded]}, status=201)


class Offers(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(operation_id="list_offers", responses={200: schema_of(dict[str, list[OfferShape]])})
    def get(self, request: Request, name: str) -> Response:
        """What other claims of the desk have decided of the same file (`likeness` `identical`), or of a copy that a
        person confirmed to be the same picture (`confirmed`): where the same is claimed first, then the newest. Nothing
        is taken over by itself.

        `as_said` is what recording it here would say: send it to `verdicts/` with a lease token. It has no `status`
        where something else is claimed here (`claims_the_same` is false). `version` is the other claim's that is on
        show. Whoever is kept from others' verdicts by a blind second review is offered none.
        """
        person = caller(request)
        found = offers.offers_of(claim_named(person, name), viewer=person)
        return Response({"offers": [offer_shape(offer) for offer in found]})


class Undo(StetView):
    scopes = {"POST": Scope.VERDICTS_WRITE}

    @extend_schema(
        operation_id="undo_verdict",
        request=LeaseTokenInput,
        responses={201: schema_of(dict[str, list[VerdictShape]])},
    )
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Takes back what the caller decided last in their open review; what they had said before speaks again."""
        claim = claim_to_act_on(caller(request), name)
        token = read_input(LeaseTokenInput, request)["lease_token"]
        recorded = verdicts.undo_verdict(claim, actor=caller(request), lease_token=token)
        return Response({"verdicts": [verdict_shape(one) for one in recorded]}, status=201)


class Submit(StetView):
    scopes = {"POST": Scope.VERDICTS_WRITE}

    @extend_schema(
        operation_id="submit_review", request=LeaseTokenInput, responses={200: schema_of(ClaimShape)}
    )
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Ends the caller's review; its verdicts count from now on."""
        claim = claim_to_act_on(caller(request), name)
        token = read_input(LeaseTokenInput, request)["lease_token"]
        review.submit_review(claim, actor=caller(request), lease_token=token)
        return claim_response(request, claim_named(caller(request), str(claim.pk)))


class Notes(StetView):
    scopes = {"GET": Scope.INTERNAL_READ, "POST": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="list_notes", responses={200: page_of(NoteShape)})
    def get(self, request: Request, name: str) -> Response:
        """The remarks on a claim, the oldest first."""
        claim = claim_named(caller(request), name)
        rows = Note.objects.visible_to(caller(request)).filter(claim=claim)
        rows = rows.select_related("body", "by", "strike")
        mentions = telling.mentions_on(claim)
        return Response(paged(request, rows, by="at", shape=lambda note: dict(note_shape(note, mentions))))

    @extend_schema(operation_id="add_note", request=NoteInput, responses={201: schema_of(NoteShape)})
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Leaves a remark on the claim, one of its media items or a dimension. `@` and a user name mentions somebody;
        `mentions` names whom that reached: who works on the claim's desk."""
        claim = claim_to_act_on(caller(request), name)
        said = read_input(NoteInput, request)
        note = notes.add_note(claim, actor=caller(request), **said)
        return Response(note_shape(note, telling.mentions_on(claim)), status=201)


class NoteStrikes(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="strike_note", request=None, responses={200: schema_of(NoteShape)})
    @idempotent
    def post(self, request: Request, name: str, note_id: Any) -> Response:
        """Strikes a note out, for its author or an editor."""
        claim = claim_to_act_on(caller(request), name)
        note = Note.objects.visible_to(caller(request)).filter(claim=claim, pk=note_id).first()
        if note is None:
            raise Missing("There is no such note on this claim.")
        struck = notes.strike_note(note, actor=caller(request))
        return Response(note_shape(struck, telling.mentions_on(claim)))


class CaseAction(StetView):
    """An act beside the verdicts, with a reason."""

    scopes = {"POST": Scope.CLAIMS_WRITE}

    def done(self, request: Request, claim: Claim) -> Response:
        return claim_response(request, claim_named(caller(request), str(claim.pk)))


class Drop(CaseAction):
    @extend_schema(operation_id="drop_claim", request=ReasonInput, responses={200: schema_of(ClaimShape)})
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Leaves a claim: not worth checking, or not to be checked."""
        reason = read_input(ReasonInput, request)["reason"]
        return self.done(
            request, casework.drop(claim_named(caller(request), name), actor=caller(request), reason=reason)
        )


class Reopen(CaseAction):
    @extend_schema(operation_id="reopen_claim", request=ReasonInput, responses={200: schema_of(ClaimShape)})
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Puts a dropped, duplicate or withdrawn claim back into the queue."""
        reason = read_input(ReasonInput, request)["reason"]
        return self.done(
            request, casework.reopen(claim_named(caller(request), name), actor=caller(request), reason=reason)
        )


class RequestRecheck(CaseAction):
    @extend_schema(
        operation_id="request_recheck", request=ReasonInput, responses={200: schema_of(ClaimShape)}
    )
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Asks for another pass. A published claim stays published meanwhile."""
        reason = read_input(ReasonInput, request)["reason"]
        claim = casework.request_recheck(
            claim_named(caller(request), name), actor=caller(request), reason=reason
        )
        return self.done(request, claim)


class RequestSecondReview(CaseAction):
    @extend_schema(
        operation_id="request_second_review", request=ReasonInput, responses={200: schema_of(ClaimShape)}
    )
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Asks for a second review of what was reviewed last. A published claim stays published meanwhile."""
        reason = read_input(ReasonInput, request)["reason"]
        claim = casework.request_second_review(
            claim_named(caller(request), name), actor=caller(request), reason=reason
        )
        return self.done(request, claim)


class CancelReview(CaseAction):
    @extend_schema(operation_id="cancel_review", request=ReasonInput, responses={200: schema_of(ClaimShape)})
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Cancels the open review that was asked for, for who asked or an editor, while nobody holds it. What the earlier
        reviews decided stands.

        423 `lease_held` while somebody else holds it, 409 while the caller does; 409 `not_asked` where it follows from the
        policy or from what changed, and for who is no editor where another asked for it, an editor asks for a dimension in
        it, or media came later; 409 `no_review` where none is open.
        """
        reason = read_input(ReasonInput, request)["reason"]
        claim = casework.cancel_review(
            claim_named(caller(request), name), actor=caller(request), reason=reason
        )
        return self.done(request, claim)


class Duplicate(CaseAction):
    @extend_schema(
        operation_id="mark_duplicate", request=DuplicateInput, responses={200: schema_of(ClaimShape)}
    )
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Says that the claim is the same as another one of its desk. With `merge` its media are taken into that one:
        as new items, not checked yet, that say what they were made of. `original` of the claim then has the other
        one's published line.
        """
        said = read_input(DuplicateInput, request)
        claim = casework.mark_duplicate(
            claim_named(caller(request), name),
            actor=caller(request),
            of=claim_at(request, said["of"], "/of"),
            reason=said["reason"],
            merge=said["merge"],
        )
        return self.done(request, claim)


class Assign(CaseAction):
    @extend_schema(operation_id="assign_claim", request=AssignInput, responses={200: schema_of(ClaimShape)})
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Says whose work the claim is; `to` null gives it back to everyone."""
        claim = claim_named(caller(request), name)
        said = read_input(AssignInput, request)
        to = casework.staff_named(claim, said["to"]) if said["to"] else None
        if said["to"] and to is None:
            raise InvalidInput(FieldError("/to", "Nobody of this name works on the claim's desk.", "unknown"))
        casework.assign(claim, actor=caller(request), to=to, reason=said["reason"])
        return self.done(request, claim)


class Ask(CaseAction):
    @extend_schema(operation_id="ask_for_dimension", request=AskInput, responses={200: schema_of(ClaimShape)})
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Asks for a dimension to be decided by an hour; where no review is open, one is opened for it."""
        claim = claim_named(caller(request), name)
        said = read_input(AskInput, request)
        casework.ask(claim, actor=caller(request), **said)
        return self.done(request, claim)


class Unask(CaseAction):
    @extend_schema(
        operation_id="unask_for_dimension", request=UnaskInput, responses={200: schema_of(ClaimShape)}
    )
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Takes back what is asked for of a dimension. The review goes on; `cancel-review` ends one that was asked for."""
        claim = claim_named(caller(request), name)
        said = read_input(UnaskInput, request)
        casework.unask(claim, actor=caller(request), **said)
        return self.done(request, claim)


CASE_VIEWS: dict[str, type[CaseAction]] = {
    "drop": Drop,
    "reopen": Reopen,
    "request-recheck": RequestRecheck,
    "request-second-review": RequestSecondReview,
    "cancel-review": CancelReview,
    "duplicate": Duplicate,
    "assign": Assign,
    "ask": Ask,
    "unask": Unask,
}


def claim_at(request: Request, name: str, pointer: str) -> Claim:
    try:
        return claim_named(caller(request), name)
    except Missing as error:
        raise InvalidInput(
            FieldError(pointer, "There is no such claim, or it is not yours to see.", "unknown")
        ) from error


class Gate(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(operation_id="read_gate", responses={200: schema_of(GateShape)})
    def get(self, request: Request, name: str) -> Response:
        """Whether the caller may publish the claim, and what stands in the way. The `code` of a blocker is one of
        `review_open`, `nothing_decided`, `dimension_undecided`, `second_review_missing`, `disagreement`,
        `same_person`, `recheck_needed`, `held`, `erased`.
        """
        claim = claim_named(caller(request), name)
        blockers = gate(claim, caller(request))
        line = line_of(face_of(claim, viewer=caller(request)))
        return Response(
            {
                "can_publish": not blockers,
                "blockers": [blocker.as_json() for blocker in blockers],
                "line": line.text,
                "line_blockers": [blocker.as_json() for blocker in line.blockers],
            }
        )


class StatusLine(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}
    filters = frozenset({"of", "form", "language"})

    @extend_schema(
        operation_id="read_status_line",
        parameters=[
            OpenApiParameter("of", str, enum=["published", "draft"]),
            OpenApiParameter("form", str, enum=["short", "long"], default="short"),
            OpenApiParameter("language", str, default="en"),
        ],
        responses={200: schema_of(LineShape)},
        examples=[THE_LINE],
    )
    def get(self, request: Request, name: str) -> Response:
        """The sentence that may be printed. 409 with what stands in the way where it can't be said."""
        claim = claim_named(caller(request), name)
        form, language = self._wanted(request, "form", "short"), self._wanted(request, "language", "en")
        published = standing_publication(claim)
        in_public = PublicClaim.objects.filter(claim=claim).values_list("pubstatus", flat=True).first()
        # A claim that was reopened after its withdrawal is on its way to a line of its own.
        is_draft = in_public is None or (in_public == PubStatus.CANCELED and claim.stage != Stage.WITHDRAWN)
        of = self._wanted(request, "of", "draft" if is_draft else "published")
        if of == "published":
            if in_public == PubStatus.CANCELED:
                raise IllegalState(
                    "The publication was withdrawn: its line may not be used.", code="withdrawn"
                )
            if published is None or published.rendered is None:
                raise IllegalState("Nothing of this claim is published.", code="not_published")
            if in_public == PubStatus.WITHHELD:
                raise IllegalState("The publication is held: its line may not be used now.", code="held")
            text = published.rendered["line" if form == "short" else "line_long"]
            if text is None:
                blockers = line_of(face_of(claim, viewer=caller(request))).blockers
                raise IllegalState("The publication carries no line.", code="line_refused", blockers=blockers)
            return self._said(text, published.version, language, form)
        face = face_of(claim, draft=True, viewer=caller(request))
        line = line_of(face, form=form, language=language)  # type: ignore[arg-type]
        if line.text is None:
            detail = " ".join(blocker.detail for blocker in line.blockers)
            raise IllegalState(detail, code="line_refused", blockers=line.blockers)
        return self._said(line.text, None, language, form)

    @staticmethod
    def _wanted(request: Request, name: str, default: str) -> str:
        known = {"of": ("published", "draft"), "form": ("short", "long"), "language": ("en",)}[name]
        given = request.query_params.get(name, default)
        if given not in known:
            raise InvalidInput(FieldError(name, f"Use one of: {', '.join(known)}.", "unknown_word"))
        return given

    @staticmethod
    def _said(text: str, version: int | None, language: str, form: str) -> Response:
        return Response({"text": text, "version": version, "language": language, "form": form})


class History(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(operation_id="read_history", responses={200: page_of(AuditShape)})
    def get(self, request: Request, name: str) -> Response:
        """Who did what to the claim: its audit chain, the oldest first. While a blind second review keeps from the
        caller what others decided, the entries of its reviewers come without `data` (`withheld`).
        """
        claim = claim_named(caller(request), name)
        hidden = hidden_people(claim, caller(request))
        rows = AuditEntry.objects.filter(chain_id=chain_of(claim)).select_related("actor")
        return Response(paged(request, rows, by="seq", shape=lambda entry: dict(audit_shape(entry, hidden))))


class Said(StetView):
    scopes = {"GET": Scope.INTERNAL_READ}

    @extend_schema(operation_id="list_said", responses={200: schema_of(dict[str, list[SayingShape]])})
    def get(self, request: Request, name: str) -> Response:
        """What people said with their acts on the claim, the latest first: why it was dropped, assigned, asked for,
        reopened, taken away or skipped, and what was tried and is next where it was handed over. `text` is null once it
        is erased. Behind a veil, only what the caller may read. In one piece, for a claim's acts are few.
        """
        claim = claim_named(caller(request), name)
        said = sayings_of(claim, viewer=caller(request))
        return Response({"results": [saying_shape(one) for one in said]})
