"""What an audit entry says, in the words that people use."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from claims.models import Person
from verification.desk.words import label
from verification.models import AuditEntry

ACTS: dict[str, str] = {
    "file": "Filed the claim",
    "edit": "Changed the claim",
    "queue": "Queued the draft",
    "add-media": "Added a media item",
    "recapture": "Had a media item fetched again",
    "recheck": "Had a media item examined again",
    "judge-match": "Judged whether two pictures are the same",
    "captured": "Archived an original",
    "capture-failed": "Could not fetch a media item",
    "examined": "Examined a media item",
    "copied": "Made a working copy of a film that browsers play",
    "copy-failed": "Could not make a working copy of a film that browsers play",
    "examination-failed": "Could not examine a media item",
    "note": "Wrote a note",
    "add-bound": "Entered a bound",
    "contact": "Recorded a contact with an uploader",
    "set-permission": "Recorded a permission",
    "record-verdict": "Recorded a verdict",
    "submit": "Submitted the review",
    "hand-over": "Handed the review over",
    "invite": "Asked a colleague into the review",
    "break-lease": "Took the review away from its holder",
    "ask": "Asked for a dimension by an hour",
    "unask": "Took back what was asked for",
    "assign": "Assigned the claim",
    "drop": "Dropped the claim",
    "skip": "Skipped the review",
    "duplicate": "Marked it as a duplicate",
    "reopen": "Reopened the claim",
    "request-recheck": "Asked for a re-check",
    "request-second-review": "Asked for a second review",
    "cancel-review": "Cancelled the review",
    "publish": "Published",
    "amend": "Amended what is published",
    "correct": "Corrected what is published",
    "hold": "Held",
    "release": "Released",
    "withdraw": "Withdrew",
    "redact": "Erased a text or an original",
    "legal-hold": "Placed a legal hold",
    "make-desk": "Made the desk",
    "seed-demo": "Laid out the demo case",
    "issue-account": "Issued an account from the command line",
    "add-person": "Added a new person",
    "add-member": "Added somebody who had an account",
    "change-role": "Changed a role",
    "say-what-they-bring": "Said what somebody brings",
    "remove-member": "Took somebody off the desk",
    "new-password": "Set a new password",
    "deactivate": "Deactivated an account",
    "reactivate": "Reactivated an account",
    "issue-key": "Issued a key",
    "rotate-key": "Replaced a key",
    "revoke-key": "Revoked a key",
    "change-policy": "Changed the policy",
    "lock-login": "Turned log-ins away for a while: too many had failed",
    "retry-message": "Had a message sent again that had been given up",
    "restore": "Restored everything from a backup",
}
_OTHERWISE = {
    "note": ("struck", "Struck a note"),
    "add-media": ("merged", "Took in the media of a duplicate"),
    "duplicate": ("taken", "Merged it into another claim as a duplicate"),
    "invite": ("ended", "Took an invitation into the review back"),
    "add-bound": ("evidence_struck", "Struck a bound"),
    "contact": ("closed", "Closed a contact with an uploader"),
    "record-verdict": ("undoes", "Undid a verdict"),
    "legal-hold": ("lifted", "Lifted the legal hold"),
}


def people_in(entries: Iterable[AuditEntry]) -> dict[str, str]:
    """The names of all people whom the entries speak of, by id; one query."""
    ids = {entry.data[key] for entry in entries for key in ("person", "to") if _is_id(entry.data.get(key))}
    return {str(pk): person.display_name for pk, person in Person.objects.in_bulk(ids).items()}


def did(action: str) -> str:
    """What was done, without who or to what."""
    return ACTS.get(action) or label(action)


def say(entry: AuditEntry, names: Mapping[str, str], *, withheld: bool = False) -> str:
    """One sentence of what was done; where its details are kept from who reads, only what kind of act it was."""
    data = {} if withheld else entry.data
    act = did(entry.action)
    undone, words = _OTHERWISE.get(entry.action, ("", ""))
    if undone and (data.get(undone) or any(one.get(undone) for one in data.get("verdicts", ()))):
        act = words
    details = ", ".join(_details(data, names))
    return f"{act}: {details}" if details else act


def _details(data: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    if "person" in data:
        yield names.get(data["person"], "somebody")
    if role := data.get("role"):
        yield (
            f"from {_said(role['from'])} to {_said(role['to'])}"
            if isinstance(role, dict)
            else f"as {_said(role)}"
        )
    if "to" in data:
        yield f"to {names.get(data['to'], 'somebody')}" if data["to"] else "to nobody"
    # One verdict a media item: what is the same for several is said once.
    decided = Counter((one["dimension"], one["status"]) for one in data.get("verdicts", ()))
    for (dimension, status), number in decided.items():
        yield f"{_said(dimension)} {_said(status)}" + (f" of {number} items" if number > 1 else "")
    yield from map(_said, data.get("fields", ()))
    yield from map(_said, data.get("changes", ()))
    if moved := data.get("stage"):
        yield f"from {_said(moved['from'])} to {_said(moved['to'])}"
    for key in ("cause", "code", "permission", "closed"):
        if data.get(key):
            yield _said(data[key])


def _said(word: str) -> str:
    return label(word).lower()


def _is_id(value: Any) -> bool:
    try:
        uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return True
