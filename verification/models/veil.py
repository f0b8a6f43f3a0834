"""The veil of a blind second review: from whom what was decided of a claim is kept, until that is submitted."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from claims.models import Membership, Person
from claims.vocabulary import ReviewKind, Stage
from verification.domain.transitions import EDITORS
from verification.models.queue import CANCELLED, LEASED, WAITING, QueueEntry, QueueEntryQuerySet


def blind_second_reviews(claim: str = "pk") -> QueueEntryQuerySet:
    """The blind second reviews of a claim that are open, or would be again if it were taken back that the claim was
    dropped or marked as a duplicate; `claim` is the column that holds its id.
    """
    entries = QueueEntry.objects.filter(
        claim=OuterRef(claim), review_kind=ReviewKind.SECOND.value, desk__policy__blind_second_review=True
    )
    newer = QueueEntry.objects.filter(claim=OuterRef("claim"), created_at__gt=OuterRef("created_at"))
    may_come_back = Q(state=CANCELLED, claim__stage__in=[Stage.DROPPED, Stage.DUPLICATE]) & ~Exists(newer)
    return entries.filter(Q(state__in=[WAITING, LEASED]) | may_come_back)


def veiled_from(person: Person, claim: str = "pk") -> Exists:
    """Whether what others decided of a claim is kept from the person; `claim` is the column that holds its id.

    It is while a blind second review of it is open, and from whoever might do that: all but those who decided
    something in the pass that it looks at, and editors who have not begun it themselves.
    """
    edits = Membership.objects.filter(person_id=person.pk, role__in=EDITORS).values("desk_id")
    might = blind_second_reviews(claim).not_barred_to(person)
    begun = Q(reviews__reviewer_id=person.pk) | Q(reviews__invitations__person_id=person.pk)
    return Exists(might.filter(~Q(desk__in=edits) | begun))
