"""Drafts: what a reviewer has typed and not yet recorded. They outlive the lease that they were typed under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from claims.errors import FieldError, IllegalState, InvalidInput
from claims.models import Claim, Person
from claims.models.bodies import canonical
from claims.vocabulary import Dimension
from verification.models import Draft, Review

MAX_BYTES = 200_000


def save_draft(
    claim: Claim, *, actor: Person, dimension: Dimension, fields: Mapping[str, list[str]]
) -> Draft:
    """Keeps what was typed for one dimension in the last review of the claim that is the actor's, or that they were
    asked into, and that was not submitted.

    A lost lease is no reason to lose a text, so none is asked for. Raises IllegalState where the actor never
    began a review, InvalidInput for more than `MAX_BYTES` in all.
    """
    with transaction.atomic():
        review = _review(claim, actor)
        if review is None:
            raise IllegalState("You have no review of this claim to keep a draft in. Take the claim first.")
        content = {**_content(review, actor), dimension.value: dict(fields)}
        if len(canonical(content).encode()) > MAX_BYTES:
            raise InvalidInput(
                FieldError("", "The draft is too long to be kept. Record or shorten some of it.")
            )
        draft, _ = Draft.objects.update_or_create(
            review=review, person=actor, defaults={"content": content, "saved_at": timezone.now()}
        )
    return draft


def typed_by(claim: Claim, person: Person) -> dict[str, dict[str, list[str]]]:
    """What the person has typed for the claim and not recorded, by dimension; of several reviews the newest.

    A review that was submitted without it is no reason to lose it: it is there again in the next one.
    """
    typed: dict[str, dict[str, list[str]]] = {}
    for draft in _drafts(claim, person).order_by("saved_at"):
        typed |= draft.content
    return typed


def forget(claim: Claim, person: Person, dimension: Dimension) -> None:
    """Drops what the person typed for a dimension that is recorded now; within the act that records it."""
    for draft in _drafts(claim, person).select_for_update():
        if draft.content.pop(dimension.value, None) is not None:
            draft.save(update_fields=["content"])


def discard(claim: Claim, *, actor: Person, dimension: Dimension) -> None:
    """Throws away what the actor typed for one dimension and did not record."""
    with transaction.atomic():
        forget(claim, actor, dimension)


def _drafts(claim: Claim, person: Person) -> QuerySet[Draft]:
    return Draft.objects.filter(review__claim=claim, person=person)


def _content(review: Review, person: Person) -> dict[str, Any]:
    """What is kept so far, of all dimensions; nobody else writes it until the transaction ends."""
    Review.objects.select_for_update().get(pk=review.pk)
    kept: dict[str, Any] | None = (
        Draft.objects.filter(review=review, person=person).values_list("content", flat=True).first()
    )
    return kept or {}


def _review(claim: Claim, person: Person) -> Review | None:
    mine = claim.reviews.filter(Q(reviewer=person) | Q(state=Review.OPEN, invitations__person=person))
    return mine.exclude(state=Review.SUBMITTED).distinct().order_by("-opened_at", "-pk").first()
