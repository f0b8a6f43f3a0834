"""Why a claim's policy asks for a second review, and whether the latest pass still lacks one."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from claims.models import Claim
from claims.vocabulary import Dimension, Priority, ReviewKind, Stance
from verification.domain import rollup
from verification.domain.second_look import Case, is_decision, reasons, stands_against
from verification.models import FindingRow, Policy, Review
from verification.services.standing import Record, given_verdicts


@dataclass(frozen=True)
class SecondLook:
    """What the policy says of a second review as things stand now.

    `is_lacking`: it asks for one, and the latest pass that anything was submitted in has none.
    """

    reasons: tuple[str, ...] = ()
    is_lacking: bool = False


def second_look_of(claim: Claim, *, is_veiled: bool = False, record: Record | None = None) -> SecondLook:
    policy = claim.desk.policy
    return second_looks_of(
        [claim],
        {policy.pk: policy},
        veiled={claim.pk} if is_veiled else (),
        given={claim.pk: record.submitted} if record else None,
    )[claim.pk]


def second_looks_of(
    claims: Collection[Claim],
    policies: Mapping[uuid.UUID, Policy],
    *,
    veiled: Collection[uuid.UUID] = (),
    given: Given | None = None,
) -> dict[uuid.UUID, SecondLook]:
    """The same of many claims, in a fixed number of queries, by the policies of their desks.

    `given` is what submitted reviews say of them, where it has been read already.

    By what holds now, not when the review was submitted: a priority that was raised, a finding that turned or a
    policy that was changed asks for a second review as well. Of veiled claims no reason tells what was decided.
    """
    conditions = {claim.pk: policies[claim.desk_id].second_look for claim in claims}
    judged = [pk for pk, of in conditions.items() if of.depends_on_verdicts and pk not in veiled]
    said = given_verdicts(judged) if given is None else {claim: given[claim] for claim in judged}
    spoken = {claim: rollup.effective(verdicts).values() for claim, verdicts in said.items() if verdicts}
    stances = _stances([claim for claim in spoken if conditions[claim].on_contradiction])
    why = {
        claim.pk: tuple(
            reasons(conditions[claim.pk], _case(claim, spoken.get(claim.pk, ()), stances.get(claim.pk, {})))
        )
        for claim in claims
    }
    lacking = _lacking([claim for claim, said in why.items() if said])
    return {claim: SecondLook(said, claim in lacking) for claim, said in why.items()}


Given = Mapping[uuid.UUID, Sequence[rollup.GivenVerdict]]
Stances = dict[rollup.Subject, set[Stance]]
"""What findings say, by media item and dimension; under None of all items together."""


def _case(claim: Claim, spoken: Iterable[rollup.GivenVerdict], stances: Stances) -> Case:
    decided = [verdict for verdict in spoken if is_decision(verdict.status)]
    return Case(
        topics=claim.topics,
        priority=Priority(claim.priority),
        decided={verdict.dimension for verdict in decided},
        against={
            verdict.dimension
            for verdict in decided
            if stands_against(verdict.status, stances.get((verdict.target, verdict.dimension), ()))
        },
    )


def _stances(claims: Collection[uuid.UUID]) -> dict[uuid.UUID, Stances]:
    if not claims:
        return {}
    rows = (
        FindingRow.objects.current()
        .filter(run__media__claim__in=claims, stance__in=[Stance.CONTRADICTS, Stance.SUPPORTS])
        .values_list("run__media__claim_id", "run__media_id", "dimension", "stance")
    )
    found: dict[uuid.UUID, Stances] = {}
    for claim, media, dimension, stance in rows:
        for target in (media, None):
            of_claim = found.setdefault(claim, {})
            of_claim.setdefault((target, Dimension(dimension)), set()).add(Stance(stance))
    return found


def _lacking(claims: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """The claims whose latest pass anything was submitted in has no second review."""
    if not claims:
        return set()
    latest: dict[uuid.UUID, tuple[int, set[str]]] = {}
    rows = Review.objects.filter(claim__in=claims, state=Review.SUBMITTED)
    for claim, number, kind in rows.order_by("round").values_list("claim_id", "round", "kind"):
        if claim not in latest or latest[claim][0] < number:
            latest[claim] = (number, set())
        latest[claim][1].add(kind)
    return {claim for claim, (_, kinds) in latest.items() if ReviewKind.SECOND not in kinds}
