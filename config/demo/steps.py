"""Acts on a filed claim: the road that a claim of the demo has come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from claims.models import Claim, Person
from claims.vocabulary import ContactChannel, Dimension
from verification.models import QueueEntry
from verification.services import casework, contacts, notes, publication, queue, review, verdicts
from verification.services.jobs import after
from verification.services.leases import Lease
from verification.services.verdicts import NewVerdict

TAG = "demo"
SHOWN_LEASE = timedelta(days=1)
"""How long the demo person's review stays theirs: the board should show one under way for longer than a lease."""


@dataclass(frozen=True)
class Crew:
    """Who did the demo's work: nobody can log in as them, so that it bars no newcomer from signing it off."""

    checker: Person
    second: Person
    editor: Person


Step = Callable[[Claim, Crew], object]
"""One act on a filed claim."""


def noted(text: str, dimension: Dimension | None = None) -> Step:
    return lambda claim, crew: notes.add_note(claim, actor=crew.checker, body=text, dimension=dimension)


def drafted(*verdicts: NewVerdict) -> Step:
    """A review under way."""

    def step(claim: Claim, crew: Crew) -> None:
        lease = _lease(claim, crew.checker)
        _record(claim, lease, crew.checker, verdicts)
        QueueEntry.objects.filter(pk=lease.entry.pk, fence=lease.entry.fence).update(
            lease_until=after(SHOWN_LEASE.total_seconds())
        )

    return step


def reviewed(*verdicts: NewVerdict) -> Step:
    """A review from lease to submission."""

    def step(claim: Claim, crew: Crew) -> None:
        lease = _lease(claim, crew.checker)
        _record(claim, lease, crew.checker, verdicts)
        review.submit_review(claim, actor=crew.checker, lease_token=lease.token)

    return step


def published(headline: str, *, embargo: timedelta | None = None, radius_m: float | None = None) -> Step:
    return lambda claim, crew: publication.publish(
        claim,
        actor=crew.editor,
        embargo_until=timezone.now() + embargo if embargo else None,
        public_location_radius_m=radius_m,
        headline=f"Demo: {headline}",
    )


def recheck_asked(reason: str) -> Step:
    return lambda claim, crew: casework.request_recheck(claim, actor=crew.editor, reason=reason)


def corrected(reason: str) -> Step:
    return lambda claim, crew: publication.correct(claim, actor=crew.editor, reason=reason)


def held(reason: str) -> Step:
    return lambda claim, crew: publication.hold(claim, actor=crew.editor, reason=reason)


def withdrawn(reason: str) -> Step:
    return lambda claim, crew: publication.withdraw(claim, actor=crew.editor, reason=reason)


def asked(text: str) -> Step:
    """The uploader of the claim's first media item was written to, and has not answered."""
    said = contacts.Said(text, ContactChannel.MESSAGE)
    return lambda claim, crew: contacts.open_contact(claim.media.all()[0], actor=crew.checker, said=said)


def dropped(reason: str) -> Step:
    return lambda claim, crew: casework.drop(claim, actor=crew.checker, reason=reason)


def duplicate_of(name: str, reason: str) -> Step:
    def step(claim: Claim, crew: Crew) -> None:
        other = Claim.objects.get(desk_id=claim.desk_id, external_id=f"{TAG}:{name}")
        casework.mark_duplicate(claim, actor=crew.checker, of=other, reason=reason)

    return step


def _lease(claim: Claim, person: Person) -> Lease:
    return queue.lease_entry(claim.queue_entries.open().get(), person)


def _record(claim: Claim, lease: Lease, person: Person, given: Sequence[NewVerdict]) -> None:
    for new in given:
        verdicts.record_verdict(claim, actor=person, lease_token=lease.token, new=new)
