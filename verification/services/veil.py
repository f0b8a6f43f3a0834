"""What a blind second review keeps from one person of one claim. Rows are kept by their own `visible_to`."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from claims.errors import IllegalState
from claims.models import Claim, Person
from verification.models import Invitation, Review, Verdict
from verification.models.veil import veiled_from

WHY = "A second review of this claim is blind: what others decided is shown to you once that is submitted or cancelled."


def is_veiled(claim: Claim, person: Person) -> bool:
    """Whether what others decided of the claim is kept from the person now."""
    if not claim.desk.policy.blind_second_review:
        return False
    return Claim.objects.filter(pk=claim.pk).filter(veiled_from(person)).exists()


def check_unveiled(claim: Claim, person: Person) -> None:
    """Raises IllegalState `blind` before something is given that can't be told without what was decided."""
    if is_veiled(claim, person):
        raise IllegalState(WHY, code="blind")


def hidden_people(claim: Claim, person: Person) -> set[uuid.UUID]:
    """Whose acts on the claim are kept from the person: everybody's else who took part in a review of it; nobody's
    without a veil.
    """
    return hidden_people_of([claim.pk], person) if is_veiled(claim, person) else set()


def hidden_people_of(claims: Collection[uuid.UUID], person: Person) -> set[uuid.UUID]:
    """The same of what is of several claims at once: everybody else who took part in a review of one behind a veil."""
    veiled = list(
        Claim.objects.filter(pk__in=claims).filter(veiled_from(person)).values_list("pk", flat=True)
    )
    if not veiled:
        return set()
    reviews = Review.objects.filter(claim__in=veiled)
    took_part = {
        *reviews.values_list("reviewer_id", flat=True),
        *Verdict.objects.filter(claim__in=veiled).values_list("by_id", flat=True),
        *Invitation.objects.filter(review__in=reviews).values_list("person_id", flat=True),
    }
    return took_part - {person.pk}
