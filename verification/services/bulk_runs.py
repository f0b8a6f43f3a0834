"""One act on many claims in parts, each as long as somebody waits for a page: previewed, done, taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.utils import timezone

from claims.errors import IllegalState, InvalidInput, Missing, StetError
from claims.models import Claim, Desk, Person
from claims.vocabulary import Priority
from verification.domain.bulk import BulkAction, BulkPhase
from verification.models import AuditChain, BulkAct, BulkRun
from verification.services import bulk

PART_SECONDS = 1.0
"""After so long a part ends, with the claim that it is at. Nobody else writes to SQLite meanwhile."""

PART_CLAIMS = 100
"""So many claims are at most one part."""

KEPT_FOR = timedelta(days=1)


def begin(
    claims: Sequence[uuid.UUID],
    *,
    actor: Person,
    desk: Desk,
    act: BulkAction,
    arguments: bulk.Arguments,
    board: str = "",
) -> BulkRun:
    """Keeps what is to be done to which claims; nothing is tried yet.

    Raises InvalidInput at /claims for none, or for more than MAX_CLAIMS.
    """
    bulk.check_number(claims)
    said = {
        "to": arguments.to,
        "priority": arguments.priority.value,
        "add_tags": list(arguments.add_tags),
        "remove_tags": list(arguments.remove_tags),
        "of": str(arguments.of.pk) if arguments.of else None,
        "reason": arguments.reason,
    }
    # Two acts on the same claims take them in the same order, so that neither waits for the other for ever.
    waiting = sorted({str(pk) for pk in claims})
    return BulkRun.objects.create(
        person=actor,
        desk=desk,
        act=act.value,
        arguments=said,
        waiting=waiting,
        board=board,
        at=timezone.now(),
    )


def run_of(pk: uuid.UUID, *, actor: Person, desk: Desk) -> BulkRun:
    """The person's own. Raises Missing."""
    run = BulkRun.objects.filter(pk=pk, person=actor, desk=desk).first()
    if run is None:
        raise Missing("There is no such act on several claims. It is kept for a day, for who began it.")
    return run


def go_on(run: BulkRun, *, actor: Person) -> BulkRun:
    """Does the next part of the phase, if any is left: each claim for itself, and all that became of them is kept at once."""
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().get(pk=run.pk, person=actor)
        until = monotonic() + PART_SECONDS
        _hold(run)
        do = _doing(run, actor)
        left = list(run.waiting)
        while left and len(run.waiting) - len(left) < PART_CLAIMS and monotonic() < until:
            _one(run, left.pop(0), do, actor)
        run.waiting = left
        if run.phase == BulkPhase.ACT and not left:
            _forget_reason(run)
        run.save(update_fields=["waiting", "results", "arguments"])
    return run


def confirm(run: BulkRun, *, actor: Person) -> BulkRun:
    """From now on it is done: to the claims that the preview went well with. The others' results stand.

    Raises IllegalState (`previewing`, `confirmed`).
    """
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().get(pk=run.pk, person=actor)
        if run.phase != BulkPhase.PREVIEW:
            raise IllegalState("This was confirmed already.", code="confirmed")
        if run.waiting:
            raise IllegalState("The preview has not come to every claim yet.", code="previewing")
        run.waiting = [one["claim"] for one in run.results if one["error"] is None]
        run.results = [one for one in run.results if one["error"] is not None]
        run.phase, run.acted_at = BulkPhase.ACT.value, timezone.now()
        run.save(update_fields=["waiting", "results", "phase", "acted_at"])
    return run


def take_back(run: BulkRun, *, actor: Person) -> BulkRun:
    """From now on it is taken back, what is not done yet left. Raises IllegalState (`nothing_done`, `undone`, `too_late`)."""
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().get(pk=run.pk, person=actor)
        if run.phase == BulkPhase.UNDO:
            raise IllegalState("This was taken back already.", code="undone")
        if run.acted_at is None or not any(one.get("back") for one in run.results):
            raise IllegalState("Nothing was done here that could be taken back.", code="nothing_done")
        if not may_take_back(run):
            raise IllegalState(bulk.TOO_LATE, code="too_late")
        run.waiting = [one["claim"] for one in run.results if one.get("back")]
        run.phase = BulkPhase.UNDO.value
        _forget_reason(run)
        run.save(update_fields=["waiting", "phase", "arguments"])
    return run


def may_take_back(run: BulkRun) -> bool:
    """Whether something was done, and is not too long ago: UNDO_FOR since it was confirmed."""
    return (
        run.phase == BulkPhase.ACT
        and run.acted_at is not None
        and run.acted_at > timezone.now() - bulk.UNDO_FOR
        and any(one.get("back") for one in run.results)
    )


def forget_old() -> None:
    """Drops what was kept a day ago of anybody's acts on many claims, with what they typed and what stood before."""
    past = timezone.now() - KEPT_FOR
    BulkRun.objects.filter(at__lte=past).delete()
    BulkAct.objects.filter(at__lte=past).delete()


def _forget_reason(run: BulkRun) -> None:
    """What is done has its reason in each claim's audit: the copy here would outlive an erasure."""
    run.arguments["reason"] = ""


def _hold(run: BulkRun) -> None:
    """Locks what the part will, in one order: within one transaction two parts would else wait for each other."""
    ids = {*run.waiting[:PART_CLAIMS], run.arguments["of"]} - {None}
    heads = AuditChain.objects.filter(name__in=[f"claim:{pk}" for pk in ids])
    list(heads.order_by("name").select_for_update())


def _doing(run: BulkRun, actor: Person) -> Callable[[str], bulk.Do]:
    """What the phase does to a claim, by its id."""
    act = BulkAction(run.act)
    if run.phase == BulkPhase.UNDO:
        back = {one["claim"]: one["back"] for one in run.results if one.get("back")}
        return lambda pk: lambda claim: bulk.UNDO[act](claim, actor, back[pk])
    said = dict(run.arguments)
    said["priority"] = Priority(said["priority"])
    if said["of"]:
        said["of"] = Claim.objects.visible_to(actor).filter(pk=said["of"]).first()
    arguments = bulk.Arguments(**said)
    return lambda _: lambda claim: bulk.DO[act](claim, actor, arguments)


def _one(run: BulkRun, pk: str, do: Callable[[str], bulk.Do], actor: Person) -> None:
    act, preview = BulkAction(run.act), run.phase == BulkPhase.PREVIEW
    result = bulk.tried(pk, uuid.UUID(pk), do(pk), actor=actor, preview=preview)
    told = _told(act, result)
    if run.phase == BulkPhase.UNDO:
        kept = next(one for one in run.results if one["claim"] == pk)
        del kept["back"]
        kept |= {**told, "undone": result.error is None}
        return
    if not preview and result.before is not None and result.after is not None:
        told["back"] = bulk.kept_of(act, result.before, result.after)
    run.results.append({"claim": pk, **told})


def _told(act: BulkAction, result: bulk.BulkResult) -> dict[str, Any]:
    return {
        "was": bulk.shown(act, result.before) if result.before else None,
        "now": bulk.shown(act, result.after) if result.after else None,
        "error": _in_words(result.error) if result.error else None,
    }


def _in_words(error: StetError) -> str:
    if isinstance(error, InvalidInput):
        return " ".join(one.detail for one in error.errors)
    return error.detail
