"""What a desk asks before it prints: its house name and its policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from claims.errors import FieldError, InvalidInput
from claims.models import Desk, Person
from claims.needs import parse_words
from claims.vocabulary import Dimension, Priority
from verification.models import AuditEntry, Policy
from verification.services import audit
from verification.services.accounts import administering

CHANGED = "change-policy"


@dataclass(frozen=True)
class Between:
    """A number that a policy may hold, and how its bounds are said."""

    least: int
    most: int
    said: str


BOUNDS: dict[str, Between] = {
    "lease_seconds": Between(5 * 60, 24 * 3600, "5 minutes to 24 hours"),
    "lease_limit": Between(1, 20, "1 to 20"),
    "skip_seconds": Between(0, 7 * 24 * 3600, "0 to 168 hours"),
    "aging_seconds": Between(3600, 30 * 24 * 3600, "1 to 720 hours"),
}
SWITCHES = ("second_review", "second_review_on_contradiction", "blind_second_review", "distinct_approver")
WORDS: dict[str, type[StrEnum]] = {
    "required_dimensions": Dimension,
    "second_review_priorities": Priority,
    "second_review_dimensions": Dimension,
}
GOAL = Between(15 * 60, 30 * 24 * 3600, "15 minutes to 720 hours")


def change_policy(desk: Desk, *, actor: Person, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes house name and policy; what is not named stays, whoever changed it meanwhile.

    Returns what really changed, as the audit says it. Raises InvalidInput naming each bad field.
    """
    with administering(desk, actor=actor, action=CHANGED) as act:
        wanted = _checked(changes)
        subject = Desk.objects.select_for_update().get(pk=desk.pk)
        policy = Policy.objects.select_for_update().get(desk=desk)
        changed: dict[str, Any] = {}
        if "goals" in wanted:
            wanted["goals"] = policy.goals | wanted["goals"]
        for name, value in wanted.items():
            holder: Desk | Policy = subject if name == "house_name" else policy
            before = getattr(holder, name)
            if before != value:
                setattr(holder, name, value)
                changed[name] = {"from": before, "to": value}
        if not changed:
            raise InvalidInput(
                FieldError("", "Nothing is different from what the policy says already.", "same")
            )
        subject.save(update_fields=["house_name"])
        policy.save()
        # Settings of a house, printed anyway: no text of the kind that may have to be erased one day.
        act.data["changes"] = changed
    return changed


def last_change(desk: Desk) -> AuditEntry | None:
    """The entry that says who changed the policy last, and when."""
    entries = AuditEntry.objects.filter(chain_id=audit.chain_of(desk), action=CHANGED)
    return entries.select_related("actor").order_by("-seq").first()


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    wanted = dict(changes)
    errors = []
    if unknown := set(wanted) - {"house_name", "second_review_topics", "goals", *WORDS, *SWITCHES, *BOUNDS}:
        raise TypeError(f"no policy has {unknown}")
    if "house_name" in wanted:
        wanted["house_name"] = name = " ".join(str(wanted["house_name"]).split())
        if not name or len(name) > 120 or not name.isprintable():
            errors.append(FieldError("/house_name", "Give a name of at most 120 characters.", "required"))
    if "second_review_topics" in wanted:
        try:
            wanted["second_review_topics"] = parse_words(
                wanted["second_review_topics"], pointer="/second_review_topics"
            )
        except InvalidInput as error:
            errors += error.errors
    for name, known in WORDS.items():
        if name in wanted:
            named = {known(word) for word in wanted[name]}
            wanted[name] = [word.value for word in known if word in named]
    for name, bounds in BOUNDS.items():
        if name in wanted and not bounds.least <= wanted[name] <= bounds.most:
            errors.append(FieldError(f"/{name}", f"Give {bounds.said}.", "range"))
    errors += [
        FieldError(f"/goal_{word}", f"Give {GOAL.said}.", "range")
        for word, seconds in wanted.get("goals", {}).items()
        if not GOAL.least <= seconds <= GOAL.most
    ]
    if errors:
        raise InvalidInput(errors)
    return wanted
