"""One act on many claims: each by the service that does it to a single one, in a transaction of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from claims.errors import FieldError, IllegalState, InvalidInput, Missing, StaleEdit, StetError
from claims.intake import MAX_TAGS
from claims.models import Claim, Person
from claims.vocabulary import Priority, Stage
from verification.domain.bulk import BulkAction, with_tags
from verification.domain.transitions import Action
from verification.models import AuditEntry, BulkAct
from verification.services import audit, casework, submissions

MAX_CLAIMS = 1000
UNDO_FOR = timedelta(minutes=10)
"""For so long the person who did it may take it back."""

TOO_LATE = (
    f"This can be taken back for {UNDO_FOR.seconds // 60} minutes, which have passed. Change the claims anew."
)


@dataclass(frozen=True)
class Arguments:
    """What an act needs beside the claims; each act reads its own."""

    to: str | None = None
    priority: Priority = Priority.NORMAL
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()
    of: Claim | None = None
    reason: str = ""


@dataclass(frozen=True)
class BulkResult:
    """What became of one claim, or would: as it was, and as it is now or why it is not.

    Both are None where nothing that the person may see has the name.
    """

    name: str
    before: Claim | None = None
    after: Claim | None = None
    error: StetError | None = None


@dataclass(frozen=True)
class Bulk:
    """Results in the order in which the claims were named. `kept` is there where it may be taken back."""

    act: BulkAction
    results: list[BulkResult]
    kept: BulkAct | None = None

    @property
    def done(self) -> int:
        return sum(result.error is None for result in self.results)

    @property
    def refused(self) -> int:
        return len(self.results) - self.done


Do = Callable[[Claim], Claim]


def do_in_bulk(
    names: Sequence[str], *, actor: Person, act: BulkAction, arguments: Arguments, preview: bool = False
) -> Bulk:
    """Does the act to each claim named by id or ref, each once; a refusal stops none of the others.

    A review that somebody else holds is left to them: such a claim is neither dropped nor marked as a duplicate.
    With `preview` each is tried and undone at once. Raises InvalidInput at /claims for more than MAX_CLAIMS.
    """
    check_number(names)

    def do(claim: Claim) -> Claim:
        return DO[act](claim, actor, arguments)

    named = _named(names, actor)
    # Two acts on the same claims take them in the same order, so that neither waits for the other for ever.
    done = {
        name: tried(name, named[name], do, actor=actor, preview=preview)
        for name in sorted(named, key=lambda name: str(named[name]))
    }
    bulk = Bulk(act, [done[name] for name in named])
    return bulk if preview or not bulk.done else replace(bulk, kept=_keep(bulk, actor))


def check_number(claims: Collection[Any]) -> None:
    """Raises InvalidInput at /claims for none, or for more than MAX_CLAIMS."""
    if not claims:
        raise InvalidInput(FieldError("/claims", "Choose a claim, or several.", "required"))
    if len(claims) > MAX_CLAIMS:
        raise InvalidInput(
            FieldError(
                "/claims", f"At most {MAX_CLAIMS:,} claims at once. Send the rest after them.", "max_length"
            )
        )


def undo_bulk(token: uuid.UUID, *, actor: Person) -> Bulk:
    """Takes an act on many claims back, for the person who did it, while they may: UNDO_FOR.

    Claims that somebody changed since stay as they are, and their results say so. Raises Missing, and IllegalState
    (`undone`, `too_late`).
    """
    now = timezone.now()
    mine = BulkAct.objects.filter(pk=token, person=actor)
    taken = mine.filter(undone_at=None, at__gt=now - UNDO_FOR).update(undone_at=now)
    kept = mine.first()
    if kept is None:
        raise Missing("There is nothing to take back here, or it was somebody else's.")
    if not taken:
        if kept.undone_at is not None:
            raise IllegalState("This was taken back already.", code="undone")
        raise IllegalState(TOO_LATE, code="too_late")
    act = BulkAction(kept.act)

    def undo(was: Mapping[str, Any]) -> Do:
        return lambda claim: UNDO[act](claim, actor, was)

    return Bulk(
        act,
        [
            tried(was["claim"], uuid.UUID(was["claim"]), undo(was), actor=actor, preview=False)
            for was in kept.results
        ],
    )


def shown(act: BulkAction, claim: Claim) -> dict[str, Any]:
    """What the act changes, as it stands on the claim, in the API's words."""
    if act == BulkAction.ASSIGN:
        return {"assignee": claim.assignee.username if claim.assignee else None}
    if act == BulkAction.PRIORITISE:
        return {"priority": claim.priority}
    if act == BulkAction.TAG:
        return {"tags": claim.tags}
    if act == BulkAction.DUPLICATE:
        return {
            "stage": claim.stage,
            "duplicate_of": claim.duplicate_of.ref if claim.duplicate_of else None,
        }
    return {"stage": claim.stage}


def tried(name: str, pk: uuid.UUID | None, do: Do, *, actor: Person, preview: bool) -> BulkResult:
    """What became of one claim; with `preview` it is undone at once."""
    claims = Claim.objects.visible_to(actor).select_related("desk", "statement", "assignee")
    claim = claims.filter(pk=pk).first() if pk else None
    if claim is None:
        return BulkResult(name, error=Missing("There is no such claim, or it is not yours to see."))
    try:
        # What is done opens a transaction itself; only what is to be undone at once needs one around it.
        with transaction.atomic() if preview else nullcontext():
            after = do(claim)
            if preview:
                transaction.set_rollback(True)
    except StetError as error:
        return BulkResult(name, claim, error=error)
    return BulkResult(name, claim, after)


def _assign(claim: Claim, actor: Person, said: Arguments) -> Claim:
    to = casework.staff_named(claim, said.to) if said.to else None
    if said.to and to is None:
        raise InvalidInput(FieldError("/to", "Nobody of this name works on the claim's desk.", "unknown"))
    return casework.assign(claim, actor=actor, to=to, reason=said.reason, revision=claim.revision)


def _prioritise(claim: Claim, actor: Person, said: Arguments) -> Claim:
    changes = {"priority": said.priority}
    return submissions.edit_claim(claim, actor=actor, revision=claim.revision, changes=changes)


def _tag(claim: Claim, actor: Person, said: Arguments) -> Claim:
    tags = with_tags(claim.tags, add=said.add_tags, remove=said.remove_tags)
    if len(tags) > MAX_TAGS:
        raise InvalidInput(
            FieldError(
                "/add_tags",
                f"A claim has at most {MAX_TAGS} tags. Take some of this one's away.",
                "max_length",
            )
        )
    return submissions.edit_claim(claim, actor=actor, revision=claim.revision, changes={"tags": tags})


def _drop(claim: Claim, actor: Person, said: Arguments) -> Claim:
    return casework.drop(claim, actor=actor, reason=said.reason, spare_others=True)


def _duplicate(claim: Claim, actor: Person, said: Arguments) -> Claim:
    if said.of is None:
        raise InvalidInput(FieldError("/of", "Name the claim that these are the same as.", "required"))
    return casework.mark_duplicate(claim, actor=actor, of=said.of, reason=said.reason, spare_others=True)


DO: dict[BulkAction, Callable[[Claim, Person, Arguments], Claim]] = {
    BulkAction.ASSIGN: _assign,
    BulkAction.PRIORITISE: _prioritise,
    BulkAction.TAG: _tag,
    BulkAction.DROP: _drop,
    BulkAction.DUPLICATE: _duplicate,
}


_BESIDE = frozenset({Action.NOTE, Action.CONTACT})
"""Acts that touch nothing of what an act on many claims changes."""


def _revision_to_undo(claim: Claim, was: Mapping[str, Any]) -> int:
    """The revision at which it may be taken back: of then, or of now where nothing but remarks came since.

    Raises StaleEdit.
    """
    current = Claim.objects.get(pk=claim.pk).revision
    # What raises the revision by itself has no actor: then the newest reach back to the act itself.
    entries = AuditEntry.objects.filter(chain_id=audit.chain_of(claim), actor__isnull=False)
    newest = entries.order_by("-seq").values_list("action", flat=True)[: current - was["revision"]]
    if not _BESIDE.issuperset(newest):
        raise StaleEdit("The claim was changed since. It is left as it is; its history says by whom.")
    return current


def _assign_back(claim: Claim, actor: Person, was: Mapping[str, Any]) -> Claim:
    to = Person.objects.get(pk=was["assignee"]) if was["assignee"] else None
    return casework.assign(claim, actor=actor, to=to, reason="", revision=_revision_to_undo(claim, was))


def _edit_back(claim: Claim, actor: Person, was: Mapping[str, Any]) -> Claim:
    changes = {name: was[name] for name in ("priority", "tags") if name in was}
    return submissions.edit_claim(claim, actor=actor, revision=_revision_to_undo(claim, was), changes=changes)


def _come_back(claim: Claim, actor: Person, was: Mapping[str, Any]) -> Claim:
    revision = _revision_to_undo(claim, was)
    return casework.undo_leaving(claim, actor=actor, stage=Stage(was["stage"]), revision=revision)


UNDO: dict[BulkAction, Callable[[Claim, Person, Mapping[str, Any]], Claim]] = {
    BulkAction.ASSIGN: _assign_back,
    BulkAction.PRIORITISE: _edit_back,
    BulkAction.TAG: _edit_back,
    BulkAction.DROP: _come_back,
    BulkAction.DUPLICATE: _come_back,
}


def _keep(bulk: Bulk, actor: Person) -> BulkAct:
    """Keeps what it takes to go back; what the person did so long ago that they can't any more goes."""
    now = timezone.now()
    BulkAct.objects.filter(person=actor, at__lte=now - UNDO_FOR).delete()
    return BulkAct.objects.create(
        person=actor,
        act=bulk.act.value,
        at=now,
        results=[
            kept_of(bulk.act, one.before, one.after)
            for one in bulk.results
            if one.before is not None and one.after is not None
        ],
    )


def kept_of(act: BulkAction, before: Claim, after: Claim) -> dict[str, Any]:
    """What taking it back takes."""
    was: dict[str, Any] = {}
    if act == BulkAction.ASSIGN:
        was = {"assignee": str(before.assignee_id) if before.assignee_id else None}
    elif act in {BulkAction.PRIORITISE, BulkAction.TAG}:
        was = shown(act, before)
    else:
        was = {"stage": before.stage}
    return {"claim": str(before.pk), "revision": after.revision, **was}


def _named(names: Sequence[str], actor: Person) -> dict[str, uuid.UUID | None]:
    """The claims by the first name that each was given, in the order given; None for what the actor can't see."""
    ids = {name: found for name in names if (found := _as_id(name))}
    refs = {name for name in names if name not in ids}
    seen = Claim.objects.visible_to(actor).filter(Q(pk__in=ids.values()) | Q(ref__in=refs))
    pairs = list(seen.values_list("pk", "ref"))
    by_id, by_ref = {pk: pk for pk, _ in pairs}, {ref: pk for pk, ref in pairs}
    named: dict[str, uuid.UUID | None] = {}
    there: set[uuid.UUID] = set()
    for name in names:
        pk = by_id.get(ids[name]) if name in ids else by_ref.get(name)
        if pk not in there:
            named[name] = pk
        if pk is not None:
            there.add(pk)
    return named


def _as_id(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(name) if len(name) >= 32 else None
    except ValueError:
        return None
