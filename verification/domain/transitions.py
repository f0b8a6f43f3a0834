"""The one table: which action is allowed in which stage, to which roles, and whether it needs the lease.

API, pages and gate ask here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from claims.errors import IllegalState, NotAllowed
from claims.vocabulary import Role, Stage


class Action(StrEnum):
    """What may be done to a claim; the values are the API's words."""

    EDIT = "edit"
    QUEUE = "queue"
    ADD_MEDIA = "add-media"
    RECAPTURE = "recapture"
    RECHECK_MEDIA = "recheck"
    JUDGE_MATCH = "judge-match"
    NOTE = "note"
    ADD_BOUND = "add-bound"
    CONTACT = "contact"
    SET_PERMISSION = "set-permission"
    LEASE = "lease"
    GIVE_BACK = "give-back"
    SKIP = "skip"
    HAND_OVER = "hand-over"
    INVITE = "invite"
    BREAK_LEASE = "break-lease"
    RECORD_VERDICT = "record-verdict"
    SUBMIT = "submit"
    ASK = "ask"
    UNASK = "unask"
    ASSIGN = "assign"
    DROP = "drop"
    DUPLICATE = "duplicate"
    REOPEN = "reopen"
    REQUEST_RECHECK = "request-recheck"
    REQUEST_SECOND_REVIEW = "request-second-review"
    CANCEL_REVIEW = "cancel-review"
    PUBLISH = "publish"
    AMEND = "amend"
    CORRECT = "correct"
    HOLD = "hold"
    RELEASE = "release"
    WITHDRAW = "withdraw"
    REDACT = "redact"
    LEGAL_HOLD = "legal-hold"


STAFF = frozenset({Role.FACT_CHECKER, Role.EDITOR, Role.ADMIN})
EDITORS = frozenset({Role.EDITOR, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})

ANY = frozenset(Stage)
UNDECIDED = frozenset({Stage.DRAFT, Stage.QUEUED, Stage.IN_REVIEW, Stage.AWAITING_SIGNOFF})
LIVE = UNDECIDED | {Stage.SCHEDULED, Stage.PUBLISHED, Stage.HELD}
REVIEWED = frozenset({Stage.AWAITING_SIGNOFF, Stage.PUBLISHED, Stage.HELD})
UNDER_REVIEW = frozenset({Stage.QUEUED, Stage.IN_REVIEW, Stage.PUBLISHED, Stage.HELD})


@dataclass(frozen=True)
class Rule:
    """Where an action is allowed and to whom. `to` is the stage it leads to, None where it stays or depends.

    With `colleagues`, whom the holder of the lease asked in may do it too. `needs_request` is an open review that nobody
    holds and that is theirs to cancel: somebody asked for it, and it was they or they are an editor.
    """

    stages: frozenset[Stage]
    roles: frozenset[Role]
    to: Stage | None = None
    needs_lease: bool = False
    colleagues: bool = False
    needs_others_lease: bool = False
    needs_entry: bool = False
    needs_publication: bool = False
    needs_ask: bool = False
    needs_request: bool = False
    needs_no_review: bool = False


TABLE: dict[Action, Rule] = {
    Action.EDIT: Rule(LIVE, STAFF),
    Action.QUEUE: Rule(frozenset({Stage.DRAFT}), STAFF, to=Stage.QUEUED),
    Action.ADD_MEDIA: Rule(LIVE - {Stage.SCHEDULED}, STAFF),
    Action.RECAPTURE: Rule(LIVE, STAFF),
    Action.RECHECK_MEDIA: Rule(LIVE, STAFF),
    Action.JUDGE_MATCH: Rule(LIVE, STAFF),
    Action.NOTE: Rule(ANY, STAFF),
    Action.ADD_BOUND: Rule(ANY, STAFF),
    Action.CONTACT: Rule(ANY, STAFF),
    Action.SET_PERMISSION: Rule(ANY, STAFF),
    Action.LEASE: Rule(UNDER_REVIEW, STAFF, needs_entry=True),
    Action.GIVE_BACK: Rule(UNDER_REVIEW, STAFF, needs_lease=True),
    Action.SKIP: Rule(UNDER_REVIEW, STAFF, needs_lease=True),
    Action.HAND_OVER: Rule(UNDER_REVIEW, STAFF, needs_lease=True),
    Action.INVITE: Rule(UNDER_REVIEW, STAFF, needs_lease=True),
    Action.BREAK_LEASE: Rule(UNDER_REVIEW, EDITORS, needs_others_lease=True),
    Action.RECORD_VERDICT: Rule(UNDER_REVIEW, STAFF, needs_lease=True, colleagues=True),
    Action.SUBMIT: Rule(UNDER_REVIEW, STAFF, needs_lease=True),
    Action.ASK: Rule(
        frozenset({Stage.QUEUED, Stage.IN_REVIEW, Stage.AWAITING_SIGNOFF, Stage.PUBLISHED, Stage.HELD}),
        EDITORS,
    ),
    Action.UNASK: Rule(UNDER_REVIEW, EDITORS, needs_ask=True),
    Action.ASSIGN: Rule(UNDECIDED | {Stage.PUBLISHED, Stage.HELD}, EDITORS),
    Action.DROP: Rule(UNDECIDED, STAFF, to=Stage.DROPPED),
    Action.DUPLICATE: Rule(UNDECIDED, STAFF, to=Stage.DUPLICATE),
    Action.REOPEN: Rule(frozenset({Stage.DROPPED, Stage.DUPLICATE, Stage.WITHDRAWN}), STAFF, to=Stage.QUEUED),
    Action.REQUEST_RECHECK: Rule(REVIEWED, STAFF, needs_no_review=True),
    Action.REQUEST_SECOND_REVIEW: Rule(REVIEWED, STAFF, needs_no_review=True),
    Action.CANCEL_REVIEW: Rule(UNDER_REVIEW, STAFF, needs_request=True),
    Action.PUBLISH: Rule(frozenset({Stage.AWAITING_SIGNOFF, Stage.SCHEDULED}), EDITORS, to=Stage.PUBLISHED),
    Action.AMEND: Rule(frozenset({Stage.PUBLISHED}), EDITORS, needs_no_review=True),
    Action.CORRECT: Rule(frozenset({Stage.PUBLISHED}), EDITORS, needs_no_review=True),
    Action.HOLD: Rule(
        frozenset({Stage.AWAITING_SIGNOFF, Stage.SCHEDULED, Stage.PUBLISHED}), EDITORS, to=Stage.HELD
    ),
    Action.RELEASE: Rule(frozenset({Stage.HELD}), EDITORS),
    Action.WITHDRAW: Rule(
        frozenset({Stage.PUBLISHED, Stage.HELD}), EDITORS, to=Stage.WITHDRAWN, needs_publication=True
    ),
    Action.REDACT: Rule(ANY, ADMINS),
    Action.LEGAL_HOLD: Rule(ANY, ADMINS),
}


@dataclass(frozen=True)
class Situation:
    """What the table needs to know of a claim and of who asks."""

    stage: Stage
    roles: frozenset[Role]
    holds_lease: bool = False
    is_invited: bool = False
    others_hold_it: bool = False
    review_is_open: bool = False
    entry_is_free: bool = False
    may_cancel: bool = False
    is_asked: bool = False
    is_public: bool = False


def _fits(rule: Rule, situation: Situation) -> bool:
    return (
        situation.stage in rule.stages
        and (not rule.needs_lease or situation.holds_lease or (rule.colleagues and situation.is_invited))
        and (not rule.needs_others_lease or situation.others_hold_it)
        and (situation.entry_is_free or not rule.needs_entry)
        and (situation.is_public or not rule.needs_publication)
        and (situation.is_asked or not rule.needs_ask)
        and (situation.may_cancel or not rule.needs_request)
        and not (situation.review_is_open and rule.needs_no_review)
    )


def allowed_actions(situation: Situation) -> list[Action]:
    """What this person may do to this claim now, in the table's order."""
    return [
        action for action, rule in TABLE.items() if rule.roles & situation.roles and _fits(rule, situation)
    ]


def permit_role(action: Action, roles: frozenset[Role]) -> None:
    """Raises NotAllowed where none of the roles carries the action."""
    if not TABLE[action].roles & roles:
        raise NotAllowed(
            f"'{action}' is for {_either(TABLE[action].roles)}; your role on this desk is another."
        )


def permit(action: Action, situation: Situation) -> Rule:
    """The rule of an allowed action.

    Raises NotAllowed where the role does not carry it, IllegalState (with what is allowed instead) where the
    stage does not. Whether a lease is held is checked where the lease is used, with its fence; what stands of an open
    review, where the act has read it.
    """
    permit_role(action, situation.roles)
    rule = TABLE[action]
    elsewhere = replace(
        situation,
        review_is_open=False,
        holds_lease=True,
        others_hold_it=True,
        entry_is_free=True,
        may_cancel=True,
        is_asked=True,
    )
    if not _fits(rule, elsewhere):
        raise IllegalState(
            f"'{action}' is not possible while the claim is {situation.stage.replace('_', ' ')}.",
            allowed_actions=allowed_actions(situation),
        )
    return rule


def _either(roles: Collection[Role]) -> str:
    return " or ".join(f"{role.replace('_', ' ')}s" for role in Role if role in roles)
