"""Which verdict speaks, where reviewers disagree, and what statuses add up to."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.vocabulary import Dimension, ReviewKind, Status
from verification.domain.rollup import (
    GivenVerdict,
    applies_to,
    counts,
    disagreements,
    effective,
    roll_up,
)

NOT_CHECKED, VERIFIED, UNVERIFIED = Status.NOT_CHECKED, Status.VERIFIED, Status.UNVERIFIED
CONTRADICTED, NOT_APPLICABLE, PARTLY = Status.CONTRADICTED, Status.NOT_APPLICABLE, Status.PARTLY_VERIFIED
FIRST, SECOND = ReviewKind.FIRST, ReviewKind.SECOND
RECHECK, ADJUDICATION = ReviewKind.RECHECK, ReviewKind.ADJUDICATION

RECORDED = [status for status in Status if status is not PARTLY]
MATTER = ("video", Dimension.DATE)


def given_(*rows):
    """Verdicts of one matter in the order recorded: (round, kind, status) and, if open, False."""
    return [
        GivenVerdict(*MATTER, kind, round_, (*rest, True)[0], seq, status)
        for seq, (round_, kind, status, *rest) in enumerate(rows)
    ]


def spoken(verdicts, **how):
    verdict = effective(verdicts, **how).get(MATTER)
    return verdict and verdict.status


@pytest.mark.parametrize(
    ("statuses", "rolled"),
    [
        ([], NOT_APPLICABLE),
        ([NOT_APPLICABLE, NOT_APPLICABLE], NOT_APPLICABLE),
        ([VERIFIED, NOT_APPLICABLE], VERIFIED),
        ([VERIFIED, VERIFIED], VERIFIED),
        ([UNVERIFIED], UNVERIFIED),
        ([VERIFIED, UNVERIFIED], PARTLY),
        ([VERIFIED, NOT_CHECKED], NOT_CHECKED),
        ([UNVERIFIED, NOT_CHECKED], NOT_CHECKED),
        ([NOT_CHECKED, CONTRADICTED], CONTRADICTED),
        ([VERIFIED, CONTRADICTED, UNVERIFIED], CONTRADICTED),
        ([VERIFIED, UNVERIFIED, NOT_APPLICABLE], PARTLY),
    ],
)
def test_statuses_add_up(statuses, rolled):
    assert roll_up(statuses) is rolled


@given(st.lists(st.sampled_from(RECORDED), max_size=6))
def test_adding_up_does_not_depend_on_order_and_counts_go_with_it(statuses):
    assert len({roll_up(order) for order in itertools.islice(itertools.permutations(statuses), 24)}) == 1
    assert sum(counts(statuses).values()) == len(statuses)
    assert (roll_up(statuses) is CONTRADICTED) is (CONTRADICTED in counts(statuses))


def test_counts_leave_out_what_does_not_occur():
    assert counts([UNVERIFIED, VERIFIED, UNVERIFIED]) == {VERIFIED: 1, UNVERIFIED: 2}
    assert list(counts([UNVERIFIED, VERIFIED])) == [VERIFIED, UNVERIFIED]


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([], None),
        ([(1, FIRST, VERIFIED)], VERIFIED),
        ([(1, FIRST, VERIFIED), (1, FIRST, UNVERIFIED)], UNVERIFIED),
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED)], UNVERIFIED),
        ([(1, SECOND, UNVERIFIED), (1, FIRST, VERIFIED)], UNVERIFIED),
        ([(1, ADJUDICATION, VERIFIED), (1, SECOND, UNVERIFIED), (1, FIRST, UNVERIFIED)], VERIFIED),
        ([(1, ADJUDICATION, VERIFIED), (2, RECHECK, UNVERIFIED)], UNVERIFIED),
        ([(2, RECHECK, UNVERIFIED), (1, ADJUDICATION, VERIFIED)], UNVERIFIED),
        # Taken back: within the review, so that the others stand.
        ([(1, FIRST, VERIFIED), (1, FIRST, NOT_CHECKED)], None),
        ([(1, FIRST, NOT_CHECKED), (1, FIRST, VERIFIED)], VERIFIED),
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED), (1, SECOND, NOT_CHECKED)], VERIFIED),
        ([(1, FIRST, VERIFIED), (2, RECHECK, CONTRADICTED), (2, RECHECK, NOT_CHECKED)], VERIFIED),
        ([(1, SECOND, UNVERIFIED), (1, ADJUDICATION, NOT_CHECKED), (1, FIRST, VERIFIED)], UNVERIFIED),
        # Open: unheard.
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED, False)], VERIFIED),
        ([(1, FIRST, VERIFIED, False)], None),
    ],
)
def test_one_verdict_speaks(rows, status):
    assert spoken(given_(*rows)) is status


def test_the_draft_hears_the_open_review_too():
    verdicts = given_((1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED, False))
    assert spoken(verdicts, draft=True) is UNVERIFIED
    taken_back = given_((1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED, False), (1, SECOND, NOT_CHECKED, False))
    assert spoken(taken_back, draft=True) is VERIFIED


def test_each_target_and_dimension_is_its_own_matter():
    verdicts = [
        GivenVerdict(None, Dimension.STATEMENT, FIRST, 1, True, 1, VERIFIED, id="a"),
        GivenVerdict(7, Dimension.STATEMENT, FIRST, 1, True, 2, UNVERIFIED, id="b"),
        GivenVerdict(7, Dimension.DATE, FIRST, 1, True, 3, CONTRADICTED, id="c"),
    ]
    assert {matter: verdict.id for matter, verdict in effective(verdicts).items()} == {
        (None, Dimension.STATEMENT): "a",
        (7, Dimension.STATEMENT): "b",
        (7, Dimension.DATE): "c",
    }


@pytest.mark.parametrize(
    ("rows", "disagree"),
    [
        ([(1, FIRST, VERIFIED), (1, SECOND, VERIFIED)], False),
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED)], True),
        ([(1, FIRST, VERIFIED), (1, SECOND, NOT_APPLICABLE)], True),
        ([(2, RECHECK, VERIFIED), (2, SECOND, CONTRADICTED)], True),
        ([(1, FIRST, VERIFIED)], False),
        ([(1, SECOND, VERIFIED)], False),
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED, False)], False),
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED), (1, SECOND, VERIFIED)], False),
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED), (1, SECOND, NOT_CHECKED)], False),
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED), (1, ADJUDICATION, UNVERIFIED)], False),
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED), (1, ADJUDICATION, UNVERIFIED, False)], True),
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED), (1, ADJUDICATION, NOT_CHECKED)], True),
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED), (2, RECHECK, VERIFIED)], False),
        ([(1, FIRST, VERIFIED), (1, SECOND, UNVERIFIED), (2, RECHECK, NOT_CHECKED)], True),
        ([(1, FIRST, VERIFIED), (2, SECOND, UNVERIFIED)], False),
    ],
)
def test_reviewers_disagree_until_it_is_adjudicated(rows, disagree):
    assert disagreements(given_(*rows)) == ([MATTER] if disagree else [])


@pytest.mark.parametrize(
    ("dimension", "has_media", "whose"),
    [
        *((dimension, False, "claim") for dimension in Dimension),
        (Dimension.MOTIVATION, True, "claim"),
        (Dimension.STATEMENT, True, "claim"),
        (Dimension.PROVENANCE, True, "media"),
        (Dimension.SOURCE, True, "media"),
        (Dimension.DATE, True, "media"),
        (Dimension.LOCATION, True, "media"),
        (Dimension.AUTHENTICITY, True, "media"),
    ],
)
def test_whose_a_dimension_is(dimension, has_media, whose):
    assert applies_to(dimension, has_media) == whose


VERDICTS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(ReviewKind), st.sampled_from(RECORDED), st.booleans()),
    max_size=8,
).map(lambda rows: given_(*rows))


@given(VERDICTS, st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=150)
def test_who_speaks_does_not_depend_on_the_order_of_reading(verdicts, random, draft):
    shuffled = random.sample(verdicts, len(verdicts))
    assert effective(shuffled, draft=draft) == effective(verdicts, draft=draft)
    assert disagreements(shuffled) == disagreements(verdicts)


@given(VERDICTS)
def test_who_speaks_was_heard_and_took_nothing_back(verdicts):
    for matter, verdict in effective(verdicts).items():
        assert matter == MATTER
        assert verdict.submitted
        assert verdict.status is not NOT_CHECKED
        later = [other for other in verdicts if other.submitted and other.round > verdict.round]
        assert effective(later) == {}


@given(VERDICTS)
def test_an_adjudication_of_the_latest_round_ends_every_quarrel(verdicts):
    settled = GivenVerdict(*MATTER, ADJUDICATION, 3, True, len(verdicts), VERIFIED)
    assert disagreements([*verdicts, settled]) == []
    assert effective([*verdicts, settled])[MATTER] == settled
