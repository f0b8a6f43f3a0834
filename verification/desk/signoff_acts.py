"""The acts that a sign-off page offers: what each asks for, what it does, and what that means in words.

Which of them a person may do is the transition table's to say, not this module's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from claims.models import Claim
from claims.vocabulary import PubStatus, Stage
from verification.desk.forms.signoff import (
    ActForm,
    AmendForm,
    AskForm,
    AssignForm,
    CausedForm,
    CorrectForm,
    DuplicateForm,
    PublicReasonForm,
    PublishForm,
    ReasonForm,
    UnaskForm,
)
from verification.domain.transitions import Action
from verification.services import casework, publication


@dataclass(frozen=True)
class Act:
    """One act on a claim as the page offers it."""

    action: Action
    title: str
    button: str
    form: type[ActForm]
    do: Callable[..., Any]
    means: str
    done: str
    through_gate: bool = False
    is_danger: bool = False


_ACTS = (
    Act(
        Action.PUBLISH, "Publish", "Publish", PublishForm, publication.publish,
        "It stands in the change log at once, and everybody who follows the log is told. Under an embargo it waits"
        " until that ends; then the gate is asked again.",
        "Published.", through_gate=True,
    ),
    Act(
        Action.AMEND, "Amend", "Publish the amendment", AmendForm, publication.amend,
        "A new version where nothing was wrong: something was added or narrowed.",
        "Amended.", through_gate=True,
    ),
    Act(
        Action.CORRECT, "Correct", "Publish the correction", CorrectForm, publication.correct,
        "A new version that says what was wrong. The reason and what changed stand on the public page for good.",
        "Corrected.", through_gate=True,
    ),
    Act(
        Action.RELEASE, "Release", "Release", PublicReasonForm, publication.release,
        "What was public is on show again as it stood.",
        "Released.",
    ),
    Act(
        Action.REQUEST_RECHECK, "Ask for a re-check", "Ask for a re-check", ReasonForm, casework.request_recheck,
        "Another review is put into the queue. What is published stays published meanwhile.",
        "A re-check is asked for.",
    ),
    Act(
        Action.REQUEST_SECOND_REVIEW, "Ask for a second review", "Ask for a second review", ReasonForm,
        casework.request_second_review,
        "Somebody who has not reviewed it does so, before anything new of it can be published.",
        "A second review is asked for.",
    ),
    Act(
        Action.ASK, "Ask for a dimension by an hour", "Ask for it", AskForm, casework.ask,
        "The review moves to where that hour puts it, and whoever works on it is told. Where none is open, a re-check"
        " is put into the queue. What is published stays published meanwhile.",
        "Asked for.",
    ),
    Act(
        Action.UNASK, "Take back what is asked for", "Ask for it no more", UnaskForm, casework.unask,
        "The hour no longer counts; whoever works on the review and whoever asked are told. The review itself goes on.",
        "No longer asked for.",
    ),
    Act(
        Action.CANCEL_REVIEW, "Cancel the review that was asked for", "Cancel the review", ReasonForm,
        casework.cancel_review,
        "It leaves the queue, and what earlier reviews decided stands. What was recorded in it is kept in the history"
        " and counts for nothing. Whoever asked for it, and whoever it was assigned to, is told.",
        "The review is cancelled.",
    ),
    Act(
        Action.BREAK_LEASE, "Take the review away", "Take it away", ReasonForm, casework.break_lease,
        "Whoever holds the review loses it at once and is told. What they recorded and typed is kept.",
        "Back in the queue.", is_danger=True,
    ),
    Act(
        Action.ASSIGN, "Assign", "Assign", AssignForm, casework.assign,
        "Says whose work the claim is. A review of it that waits is offered to nobody else.",
        "Assigned.",
    ),
    Act(
        Action.HOLD, "Hold", "Hold", PublicReasonForm, publication.hold,
        "Takes it off show until it is released. Clients are told that it is withheld, and why.",
        "Held.", is_danger=True,
    ),
    Act(
        Action.WITHDRAW, "Withdraw", "Withdraw for good", CausedForm, publication.withdraw,
        "Takes the publication back for good: its page answers with a notice and your reason. Earlier versions can"
        " still be read by their number, unless the cause is safety, privacy or legal: then every earlier version is"
        " suppressed everywhere, and only its position, number and time are left. This can't be undone.",
        "Withdrawn.", is_danger=True,
    ),
    Act(
        Action.DUPLICATE, "Mark as a duplicate", "Mark as a duplicate", DuplicateForm, casework.mark_duplicate,
        "It leaves the queue and points to the other claim. It can be reopened.",
        "Marked as a duplicate.", is_danger=True,
    ),
    Act(
        Action.DROP, "Drop", "Drop", ReasonForm, casework.drop,
        "Not worth checking, or not to be checked: it leaves the queue unpublished. It can be reopened.",
        "Dropped.", is_danger=True,
    ),
    Act(
        Action.REOPEN, "Reopen", "Reopen", ReasonForm, casework.reopen,
        "It goes back into the queue for a fresh review.",
        "Back in the queue.",
    ),
)  # fmt: skip
ACTS: dict[str, Act] = {act.action.value: act for act in _ACTS}


def form_class(act: Act, claim: Claim) -> type[ActForm]:
    """What the act asks for in the claim's stage: no public reason where nothing is public."""
    is_inside = act.action in {Action.HOLD, Action.RELEASE} and not _was_public(claim)
    return ReasonForm if is_inside else act.form


def meaning(act: Act, claim: Claim) -> str:
    """What the act does to this claim, in words."""
    if act.action == Action.PUBLISH and claim.stage == Stage.SCHEDULED:
        return f"Lifts the embargo: it is published now, or at the new time that you give. {act.means}"
    if act.action == Action.HOLD and claim.stage == Stage.SCHEDULED:
        return "Stops the embargo: nothing is published until it is released and signed off again."
    if act.action == Action.HOLD and not _was_public(claim):
        return "Keeps it from being published until it is released. Nothing of it is public."
    if act.action == Action.RELEASE and not _was_public(claim):
        return "Ends the hold: it awaits sign-off again, or its open review goes on."
    return act.means


def _was_public(claim: Claim) -> bool:
    """Whether something of the claim is on show, or would be if it were not held."""
    if claim.stage == Stage.HELD:
        public = getattr(claim, "public", None)
        return public is not None and public.pubstatus == PubStatus.WITHHELD
    return claim.stage == Stage.PUBLISHED
