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
    second_opinions,
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


def opinions(*rows, round_=1):
    """What second reviews agree on, of (target, dimension, kind, status), in the order recorded."""
    verdicts = [
        GivenVerdict(target, Dimension(dimension), kind, 1, True, seq, status)
        for seq, (target, dimension, kind, status) in enumerate(rows)
    ]
    return {word.value: agrees for word, agrees in second_opinions(verdicts, round_=round_).items()}


def test_a_second_opinion_agrees_where_it_says_the_same_of_everything_that_both_speak_of():
    assert opinions(
        ("a", "location", FIRST, VERIFIED), ("a", "location", SECOND, VERIFIED),
        ("b", "location", FIRST, VERIFIED), ("b", "location", SECOND, UNVERIFIED),
        ("a", "date", RECHECK, UNVERIFIED), ("a", "date", SECOND, UNVERIFIED),
        ("a", "source", FIRST, VERIFIED),
        ("a", "provenance", SECOND, VERIFIED),
        ("b", "date", SECOND, CONTRADICTED),
    ) == {"location": False, "date": True}  # fmt: skip


def test_the_last_word_of_each_review_counts_and_what_was_taken_back_does_not():
    assert opinions(
        ("a", "date", FIRST, UNVERIFIED), ("a", "date", SECOND, VERIFIED), ("a", "date", FIRST, VERIFIED),
        ("a", "location", FIRST, VERIFIED), ("a", "location", SECOND, CONTRADICTED),
        ("a", "location", SECOND, NOT_CHECKED),
    ) == {"date": True}  # fmt: skip


def test_settling_a_disagreement_does_not_make_it_an_agreement():
    rows = [("a", "date", FIRST, UNVERIFIED), ("a", "date", SECOND, VERIFIED), ("a", "date", ADJUDICATION, VERIFIED)]  # fmt: skip
    assert opinions(*rows) == {"date": False}
    assert opinions(*rows, round_=2) == {}


@given(VERDICTS)
def test_an_open_quarrel_of_the_latest_round_is_a_disagreement(verdicts):
    """The share that is reported and the blocker `disagreement` mean the same thing."""
    for _, dimension in disagreements(verdicts):
        said = [one for one in verdicts if one.submitted and one.status is not NOT_CHECKED]
        rounds = {one.round for one in said}
        assert any(second_opinions(verdicts, round_=round_).get(dimension) is False for round_ in rounds)
