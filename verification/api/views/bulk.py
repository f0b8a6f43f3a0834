"""One act on many claims, and taking it back."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.base import StetView, caller, idempotent, read_input
from claims.api.schema import schema_of
from claims.vocabulary import Scope
from verification.api.inputs import BulkActInput, BulkUndoInput
from verification.api.shapes.bulk import BulkShape
from verification.api.views.review import claim_at
from verification.services import bulk


class BulkAct(StetView):
    scopes = {"POST": Scope.CLAIMS_WRITE}

    @extend_schema(operation_id="act_on_claims", request=BulkActInput, responses={200: schema_of(BulkShape)})
    @idempotent
    def post(self, request: Request) -> Response:
        """Does one act to up to 1,000 claims, each by the rules of a single one and for itself: a refusal stops none of
        the others, and is the `error` of its result, as a problem. With `preview` nothing is changed, and the results
        say what would be.

        `assign` takes `to` (null: everyone) and `reason`, `prioritise` takes `priority`, `tag` takes `add_tags` and
        `remove_tags`, `drop` takes `reason`, `duplicate` takes `of` and `reason`. What somebody else holds a review of
        is neither dropped nor marked as a duplicate: `lease_held`. A claim that is not the caller's to see is
        `not_found`. `undo` is good for ten minutes.
        """
        said = read_input(BulkActInput, request)
        act, names, preview = said.pop("act"), said.pop("claims"), said.pop("preview")
        if "of" in said:
            said["of"] = claim_at(request, said["of"], "/of")
        arguments = bulk.Arguments(**said)
        return self.told(
            bulk.do_in_bulk(names, actor=caller(request), act=act, arguments=arguments, preview=preview),
            preview=preview,
        )

    def told(self, done: bulk.Bulk, *, preview: bool = False) -> Response:
        return Response(
            {
                "act": done.act.value,
                "preview": preview,
                "results": [self._result(done, one) for one in done.results],
                "done": done.done,
                "refused": done.refused,
                "undo": str(done.kept.pk) if done.kept else None,
            }
        )

    def _result(self, done: bulk.Bulk, one: bulk.BulkResult) -> dict[str, Any]:
        problem = self.get_exception_handler()(one.error, {}) if one.error else None
        return {
            "name": one.name,
            "claim": str(one.before.pk) if one.before else None,
            "ref": one.before.ref if one.before else None,
            "done": one.error is None,
            "was": bulk.shown(done.act, one.before) if one.before else None,
            "now": bulk.shown(done.act, one.after) if one.after else None,
            "error": problem.data if problem else None,
        }


class BulkUndo(BulkAct):
    @extend_schema(
        operation_id="undo_act_on_claims", request=BulkUndoInput, responses={200: schema_of(BulkShape)}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Takes an act on many claims back, within ten minutes, by whoever did it: assignees, priorities and tags are
        again what they were, dropped claims and duplicates are reopened. A claim that somebody changed since stays as
        it is: its result is `stale`.
        """
        token = read_input(BulkUndoInput, request)["undo"]
        return self.told(bulk.undo_bulk(token, actor=caller(request)))
