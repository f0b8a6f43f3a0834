"""Whatever was decided, a line is refused or well formed."""

from __future__ import annotations

import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from claims.dates import parse_date
from claims.places import Place
from claims.vocabulary import Dimension, MediaKind
from tests.verification.lines import (
    IZIUM,
    KHERSON,
    NOT_APPLICABLE,
    NOT_CHECKED,
    TUESDAY,
    C,
    U,
    V,
)
from verification.domain.status_line import Decision, LineItem, LineRefused, compile_line

PLACES = st.sampled_from(
    [None, KHERSON, IZIUM, Place("Washington, D.C."), Place("Kherson, Ukraine", 46.6, 32.6, 5.0)]
)
DATES = st.sampled_from(
    [None, *map(parse_date, [TUESDAY, "2020", "2020-10~", "../2020-10-13", "2022-03-03/2022-03-05"])]
)
DECISIONS = st.builds(
    Decision,
    st.sampled_from([V, V, U, U, C, NOT_APPLICABLE, NOT_CHECKED]),
    st.booleans(),
    PLACES | DATES,
    st.lists(st.sampled_from(["one reason.", "another one", "seen in D.C."]), max_size=2).map(tuple),
)
DECIDED = st.dictionaries(st.sampled_from(Dimension), DECISIONS, max_size=7)
CLAIMS = st.builds(LineItem, st.none(), st.just(0), PLACES, DATES, DECIDED)


@st.composite
def media(draw):
    """Items that mostly agree in which dimensions were decided at all, since else little can be printed."""
    dimensions = draw(st.sets(st.sampled_from(Dimension), min_size=1))
    item = st.builds(
        LineItem,
        st.sampled_from(MediaKind),
        st.integers(0, 2),
        PLACES,
        DATES,
        st.fixed_dictionaries(dict.fromkeys(dimensions, DECISIONS)),
    )
    return draw(st.lists(item, max_size=5))


def compiled(items, claimed, form="short", house="Reuters"):
    try:
        return compile_line(house=house, items=items, claim=claimed, required=set(), form=form)
    except LineRefused as refused:
        assert refused.blockers
        assert all(blocker.code and blocker.detail.endswith(".") for blocker in refused.blockers)
        return None


@given(media(), CLAIMS, st.sampled_from(["Reuters", "the BBC"]))
@settings(max_examples=150, deadline=None)
def test_a_line_is_refused_or_well_formed(items, claimed, house):
    text = compiled(items, claimed, house=house)
    assume(text is not None)
    assert text.endswith(".")
    assert not re.search(r"  | [,.;:]|\.\.|,,|[{}]|\bNone\b|\bfalse\b|motivation", text)
    assert text[0].isupper()
    assert all(text.count(bracket) == 0 for bracket in "[]{}")
    assert house in text or house[0].upper() + house[1:] in text


NOUNS = {
    Dimension.LOCATION: r"\blocations?\b",
    Dimension.DATE: r"\bdates?\b|\b(filmed|taken) (on|in|between)\b",
    Dimension.AUTHENTICITY: r"\bauthenticity\b|altered",
    Dimension.PROVENANCE: r"\borigin|traced",
    Dimension.SOURCE: r"\bwho\b|the source",
}


@given(media(), CLAIMS)
@settings(max_examples=120, deadline=None)
def test_what_is_not_wholly_decided_goes_unmentioned(items, claimed):
    text = compiled(items, claimed)
    assume(text is not None)
    for dimension, noun in NOUNS.items():
        statuses = {each.decision(dimension).status for each in items or [claimed]}
        if NOT_CHECKED in statuses:
            assert not re.search(noun, text.replace("as claimed", ""))
        elif U in statuses:
            assert re.search(noun, text)


@given(media(), CLAIMS, st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None)
def test_the_order_of_the_items_does_not_matter_and_the_long_form_goes_on_from_the_short(
    items, claimed, random
):
    text = compiled(items, claimed)
    assert compiled(random.sample(items, len(items)), claimed) == text
    longer = compiled(items, claimed, form="long")
    assert longer == text or longer.startswith(f"{text} ")
