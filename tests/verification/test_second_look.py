"""When a policy asks for a second look: a table, and that no condition ever takes back what another asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.vocabulary import Dimension, Priority, Stance, Status
from verification.domain.second_look import Case, Conditions, reasons, stands_against

DATE, LOCATION = Dimension.DATE, Dimension.LOCATION
CASE = Case(
    topics=["elections", "floods"], priority=Priority.BREAKING, decided={LOCATION}, against={LOCATION}
)
ASKED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"always": True}, ["every claim"]),
    ({"topics": ["elections"]}, ["claims about “elections”"]),
    ({"topics": ["floods", "elections", "war"]}, ["claims about “elections”", "claims about “floods”"]),
    ({"topics": ["war"]}, []),
    ({"priorities": [Priority.BREAKING]}, ["breaking news"]),
    ({"priorities": [Priority.LOW, Priority.HIGH]}, []),
    ({"dimensions": [LOCATION, DATE]}, ["every claim whose location is decided"]),
    ({"dimensions": [DATE]}, []),
    ({"on_contradiction": True}, ["every verdict that stands against a finding, as the one on the location does"]),
    ({"always": True, "priorities": [Priority.BREAKING]}, ["every claim", "breaking news"]),
]  # fmt: skip


@pytest.mark.parametrize(("conditions", "asked"), ASKED)
def test_what_a_policy_asks_for_is_said_in_a_sentence_each(
    conditions: dict[str, Any], asked: list[str]
) -> None:
    said = [f"The policy asks for a second look at {what}." for what in asked]
    assert reasons(Conditions(**conditions), CASE) == said


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("stance", list(Stance))
def test_a_verdict_stands_against_a_finding_that_says_the_opposite(status: Status, stance: Stance) -> None:
    opposite = {(Status.VERIFIED, Stance.CONTRADICTS), (Status.CONTRADICTED, Stance.SUPPORTS)}
    assert stands_against(status, {stance}) == ((status, stance) in opposite)


TOPICS = st.sets(st.sampled_from(["elections", "floods", "war"]))
CONDITIONS = st.builds(
    Conditions,
    always=st.booleans(),
    topics=TOPICS,
    priorities=st.sets(st.sampled_from(Priority)),
    dimensions=st.sets(st.sampled_from(Dimension)),
    on_contradiction=st.booleans(),
)
CASES = st.builds(
    Case,
    topics=TOPICS,
    priority=st.sampled_from(Priority),
    decided=st.sets(st.sampled_from(Dimension)),
    against=st.sets(st.sampled_from(Dimension)),
)


@settings(deadline=None)
@given(CONDITIONS, CONDITIONS, CASES)
def test_a_condition_more_never_takes_a_need_away(one: Conditions, other: Conditions, case: Case) -> None:
    both = Conditions(
        always=one.always or other.always,
        topics={*one.topics, *other.topics},
        priorities={*one.priorities, *other.priorities},
        dimensions={*one.dimensions, *other.dimensions},
        on_contradiction=one.on_contradiction or other.on_contradiction,
    )
    assert set(reasons(both, case)) == {*reasons(one, case), *reasons(other, case)}


@settings(deadline=None)
@given(CONDITIONS, CASES, st.sets(st.sampled_from(Dimension)))
def test_who_knows_less_of_the_verdicts_is_told_no_more(
    conditions: Conditions, case: Case, known: set[Dimension]
) -> None:
    less = replace(case, decided=known & {*case.decided}, against=known & {*case.against})
    assert set(reasons(conditions, less)) <= set(reasons(conditions, case))
    assert len(reasons(conditions, case)) == len(set(reasons(conditions, case)))
