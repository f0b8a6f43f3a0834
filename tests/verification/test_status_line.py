"""The status line: what PRODUCT.md prints, and what is refused."""

from __future__ import annotations

import pytest

from claims.errors import InvalidInput
from claims.places import Place
from claims.vocabulary import Dimension, Status
from tests.verification.lines import (
    BORIVSKA,
    INTERIM,
    IZIUM,
    KHERSON,
    MARIUPOL,
    NOT_APPLICABLE,
    NOT_CHECKED,
    TUESDAY,
    C,
    U,
    V,
    audio,
    blockers,
    claim,
    line,
    photo,
    so,
    video,
)
from verification.domain.status_line import Decision, LineRefused

COPY = "a copy was online by Oct. 13, 2020"
NO_ORDER = "the ministry issued no such order"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            [video(BORIVSKA, TUESDAY, location=V, date=U), video(KHERSON, TUESDAY, location=V, date=U)],
            "Reuters has verified the locations in the videos, but could not independently verify the date.",
        ),
        (
            [video(location=V, date=V, authenticity=V)],
            "Reuters has verified the location, date and authenticity of the video.",
        ),
        (
            [photo(location=U, date=U)],
            "Reuters could not independently verify the location or date of the photo.",
        ),
        (
            [
                video(KHERSON, "2022-10-04", location=V, date=U),
                video(KHERSON, "2022-10-05", location=V, date=U),
            ],
            "Reuters has verified the location in the videos, but could not independently verify the dates.",
        ),
        (
            [
                video(BORIVSKA, TUESDAY, location=V, date=U),
                video(KHERSON, TUESDAY, location=V, date=U),
                video(IZIUM, TUESDAY, location=U, date=U),
            ],
            "Reuters has verified the locations in two of the three videos, but could not independently verify the location in the other or the date of any of them.",
        ),
        (
            [video(KHERSON, location=V), video(KHERSON, location=so(IZIUM))],
            "Reuters has verified the location in one of the two videos. The other shows Izium, not Kherson as claimed.",
        ),
        (
            [video(KHERSON, TUESDAY, location=so(MARIUPOL), date=U)],
            "Reuters has established that the video shows Mariupol, not Kherson as claimed, but could not independently verify the date.",
        ),
        (
            [video(KHERSON, "2022-03-03", location=V, date=so("a copy was online by Oct. 13, 2020"))],
            "Reuters has verified the location in the video. The video was not filmed on March 3, 2022, as claimed: a copy was online by Oct. 13, 2020.",
        ),
        (
            [video(location=V, date=U, authenticity=so("its sound comes from another recording"))],
            "Reuters has verified the location in the video, but could not independently verify the date. The video has been altered: its sound comes from another recording.",
        ),
        (
            [video(KHERSON, TUESDAY, location=V, date=U), photo(KHERSON, TUESDAY, location=V, date=U)],
            "Reuters has verified the location in the video and the photo, but could not independently verify the date.",
        ),
        (
            [audio(authenticity=U, date=U)],
            "Reuters could not independently verify the authenticity or date of the recording.",
        ),
        ([claim(statement=U)], "Reuters could not independently verify the claim."),
        (
            [claim(statement=so("the ministry issued no such order"))],
            "Evidence reviewed by Reuters contradicts the claim: the ministry issued no such order.",
        ),
        (
            [video(provenance=V, source=U)],
            "Reuters has traced the video to its original post, but could not independently verify who filmed it.",
        ),
        (
            [video(location=INTERIM, date=INTERIM)],
            "Reuters could not immediately verify the location or date of the video.",
        ),
    ],
    ids=[str(row) for row in range(1, 17) if row != 7],
)
def test_the_table_of_the_product(given, sentence):
    assert line(*given) == sentence


def test_row_7_a_needed_date_that_was_not_checked():
    assert blockers(video(location=V), required=[Dimension.LOCATION, Dimension.DATE]) == [
        ("dimension_undecided", "The date of the video has not been checked.")
    ]


def test_the_two_videos_of_4_october_2022():
    """The places are established, one by a pin; the date is claimed for both."""
    pin = Place("Borivska Andriivka", 49.68, 37.65, 50.0)
    given = [
        video(location=Decision(V, value=pin), date=U, authenticity=NOT_CHECKED),
        video(location=Decision(V, value=KHERSON), date=U),
        claim(Place("Ukraine"), TUESDAY),
    ]
    assert line(*given, required=[Dimension.LOCATION, Dimension.DATE]) == (
        "Reuters has verified the locations in the videos, but could not independently verify the date."
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([video(location=V)], "The BBC has verified the location in the video."),
        ([claim(statement=U)], "The BBC could not independently verify the claim."),
        ([claim(statement=so(NO_ORDER))], f"Evidence reviewed by the BBC contradicts the claim: {NO_ORDER}."),
    ],
)
def test_the_house_is_capitalised_where_a_sentence_begins(given, sentence):
    assert line(*given, house="the BBC") == sentence


def test_motivation_and_what_was_not_checked_go_unmentioned():
    given = [claim(motivation=V), video(location=V, date=U), video(location=V, date=NOT_CHECKED)]
    assert line(*given) == "Reuters has verified the location in the videos."


@pytest.mark.parametrize(
    ("given", "required", "expected"),
    [
        ([claim()], [], [("nothing_decided", "Nothing that can be printed has been decided yet.")]),
        (
            [claim(motivation=V)],
            [],
            [("nothing_decided", "Nothing that can be printed has been decided yet.")],
        ),
        (
            [video(location=NOT_APPLICABLE)],
            [],
            [("nothing_decided", "Nothing that can be printed has been decided yet.")],
        ),
        (
            [video(location=V), video(), video(location=U)],
            ["location"],
            [("dimension_undecided", "The location in one of the three videos has not been checked.")],
        ),
        (
            [video(location=V), photo(location=V)],
            ["statement", "provenance", "motivation"],
            [
                ("dimension_undecided", "The claim has not been checked."),
                ("dimension_undecided", "The provenance of the video and the photo has not been checked."),
                ("dimension_undecided", "The motivation of the claim has not been checked."),
            ],
        ),
        ([claim(statement=V)], ["date"], [("dimension_undecided", "The date has not been checked.")]),
        (
            [video(location=C, authenticity=C)],
            [],
            [
                (
                    "value_missing",
                    "The location in the video is contradicted: say what it is instead or make a phrase of the basis public.",
                ),
                (
                    "value_missing",
                    "The authenticity of the video is contradicted: make a phrase of the basis public that says why.",
                ),
            ],
        ),
        (
            [claim(statement=C)],
            [],
            [
                (
                    "value_missing",
                    "The claim is contradicted: make a phrase of the basis public that says why.",
                )
            ],
        ),
    ],
)
def test_what_does_not_carry_a_line_is_refused_by_name(given, required, expected):
    assert blockers(*given, required=[Dimension(each) for each in required]) == expected


def test_a_blocker_names_its_dimension():
    with pytest.raises(LineRefused) as refused:
        line(video(location=V), required=[Dimension.DATE])
    assert refused.value.code == "line_refused"
    assert refused.value.detail == "The date of the video has not been checked."
    assert [blocker.as_json()["dimension"] for blocker in refused.value.blockers] == ["date"]


@pytest.mark.parametrize("value", [KHERSON, Place("KHERSON ", 40.0, 20.0, 5.0)])
def test_a_place_of_the_same_name_says_nothing_of_what_is_so_instead(value):
    assert blockers(video(KHERSON, location=so(value)))[0][0] == "value_missing"
    reason = Decision(C, value=value, phrases=("it lies in Illinois",))
    assert line(video(KHERSON, location=reason)) == (
        "Reuters has established that the video does not show Kherson as claimed: it lies in Illinois."
    )


def test_a_needed_statement_is_decided_of_the_claim_or_of_every_item():
    assert line(video(statement=V), required=[Dimension.STATEMENT])
    assert blockers(video(statement=V), video(), required=[Dimension.STATEMENT])


def test_a_needed_dimension_that_does_not_apply_is_not_missed():
    assert line(video(location=V, date=NOT_APPLICABLE), required=[Dimension.DATE])


def test_the_long_form_adds_what_the_basis_says_in_public():
    given = [
        video(
            KHERSON,
            location=Decision(
                V, phrases=("the church matches satellite imagery", " the river bends\nthe same way.")
            ),
            date=Decision(U, phrases=("no shadow could be read",)),
            authenticity=Decision(NOT_CHECKED, phrases=("never printed",)),
        )
    ]
    assert line(*given, form="long") == (
        "Reuters has verified the location in the video, but could not independently verify the date. The location: the church matches satellite imagery; the river bends the same way. The date: no shadow could be read."
    )


def test_the_long_form_does_not_say_a_reason_twice():
    given = [
        video(
            KHERSON,
            TUESDAY,
            location=Decision(C, value=MARIUPOL, phrases=("the theatre was destroyed in March",)),
            date=Decision(C, phrases=(COPY, "its first poster is known")),
        )
    ]
    assert line(*given, form="long") == (
        f"{line(*given)} The location: the theatre was destroyed in March. The date: its first poster is known."
    )
    assert line(*given).count(COPY) == 1


@pytest.mark.parametrize(
    ("how", "pointer"),
    [({"language": "tlh"}, "language"), ({"language": "../en"}, "language"), ({"form": "epic"}, "form")],
)
def test_an_unknown_language_or_form_is_refused(how, pointer):
    with pytest.raises(InvalidInput) as refused:
        line(video(location=V), **how)
    assert refused.value.errors[0].pointer == pointer


def test_a_rolled_up_status_is_no_decision():
    with pytest.raises(ValueError, match="rolled up"):
        Decision(Status.PARTLY_VERIFIED)
