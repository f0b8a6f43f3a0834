"""Makes the demo case. Each claim is one transaction under an external id of its own, so that a seed that was cut off
goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from claims.media.capture import take_upload
from claims.models import Desk, Person
from claims.vocabulary import Dimension, Role
from config.demo.cases import Case, cases
from config.demo.steps import TAG, Crew, noted
from verification.models import AuditEntry
from verification.services import audit, submissions
from verification.services.accounts import ensure_desk, issue_account

SLUG = TAG
SEEDED = "seed-demo"
"""What the desk's audit chain says once the whole case is there."""

DEMO_NOTE = "Demo data. The media are drawn by Stet and show nothing real; people and findings around them are made up."


def demo_desk() -> Desk:
    """The desk that the case is for, made if it is not there."""
    return ensure_desk(
        "Demo desk",
        slug=SLUG,
        house_name="Reuters",
        required=frozenset({Dimension.LOCATION, Dimension.DATE}),
    )


def seed(desk: Desk) -> bool:
    """Makes the case, or what is left to make of it. False where it is there, or the desk has its own claims."""
    there = set(desk.claims.values_list("external_id", flat=True))
    wanted = cases()
    if _is_seeded(desk) or (there and there.isdisjoint(case.external_id for case in wanted)):
        return False
    crew = _crew(desk)
    for case in wanted:
        if case.external_id not in there:
            _make(case, desk, crew)
    with transaction.atomic():
        chain = audit.hold(audit.chain_of(desk))
        if not _is_seeded(desk):
            audit.record(chain, action=SEEDED, actor=None, data={"claims": len(wanted)}, at=timezone.now())
    return True


def _is_seeded(desk: Desk) -> bool:
    return AuditEntry.objects.filter(chain_id=audit.chain_of(desk), action=SEEDED).exists()


def _crew(desk: Desk) -> Crew:
    return Crew(
        checker=_person("demo-checker", Role.FACT_CHECKER, desk),
        second=_person("demo-checker-2", Role.FACT_CHECKER, desk),
        editor=_person("demo-editor", Role.EDITOR, desk),
    )


def _person(name: str, role: Role, desk: Desk) -> Person:
    members = Person.objects.filter(username=name, memberships__desk=desk, memberships__role=role.value)
    if not members.exists():
        issue_account(name, role=role, desk=desk, service=True)  # no password, and nobody is told the key
    return members.get()


def _make(case: Case, desk: Desk, crew: Crew) -> None:
    uploads = [take_upload([medium.drawn()]) for medium in case.media]
    with transaction.atomic():
        new = replace(case.claim, external_id=case.external_id, tags=(TAG, *case.claim.tags))
        filed = submissions.file_claim(new, desk=desk, actor=crew.second)
        if not filed.created:  # by another seed, at this moment
            return
        for medium, uploaded in zip(case.media, uploads, strict=True):
            submissions.add_media(filed.claim, actor=crew.second, new=medium.said, uploaded=uploaded)
        for step in (noted(DEMO_NOTE), *case.road):
            step(filed.claim, crew)
