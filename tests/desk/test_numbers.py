"""The page of a desk's numbers: plots, the table of the same figures, and filters that are the address."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from claims.models import Desk
from tests.conftest import Caller, file_claim, published
from verification.desk import plots
from verification.domain.days import Days
from verification.services.numbers import DayFigures, Figures, Numbers

Pages = Callable[[Caller], Client]


def numbers(*filed: int) -> Numbers:
    """Some days on which so many claims were filed and nothing else happened."""
    nothing: Any = {name: None if "seconds" in name else 0 for name in Figures.__annotations__}
    first = datetime(2024, 3, 1, tzinfo=UTC)
    days = Days(first.date(), first.replace(day=len(filed)).date(), "UTC")
    by_day = [
        DayFigures(**{**nothing, "filed": number, "day": str(day)})
        for number, day in zip(filed, days, strict=True)
    ]
    return Numbers(Desk(slug="a"), days, first, by_day, Figures(**{**nothing, "filed": sum(filed)}))


FILED = next(measure for _, group in plots.SECTIONS for measure in group if measure.slug == "filed")


def test_bars_are_as_tall_as_their_share_of_the_tallest_and_the_last_stands_apart() -> None:
    plot = plots.draw(FILED, numbers(2, 0, 8, 4))
    assert plot.bars == "M0 100V75H8V100ZM20 100V0H28V100Z"
    assert plot.last_bar == "M30 100V50H38V100Z"
    assert (plot.latest, plot.whole, plot.most) == ("4", "14 in all", "8")
    assert plot.description == (
        "Bars a day from 1 Mar 2024 to 4 Mar 2024. The most is 8, on 3 Mar 2024; the last day has 4."
    )


def test_what_has_no_value_is_not_drawn_as_nothing() -> None:
    found = numbers(1, 0)
    empty = plots.draw(FILED, numbers(0, 0))
    assert (empty.bars, empty.last_bar, empty.latest) == ("", "", "0")
    for _, group in plots.SECTIONS:
        for measure in group:
            if "seconds" in measure.slug or measure.slug == "agreement":
                plot = plots.draw(measure, found)
                assert (plot.latest, plot.bars, plot.whole) == ("none", "", ""), measure.slug


def test_agreement_is_drawn_against_all_that_could_agree_and_says_of_how_many() -> None:
    found = numbers(0, 0)
    for figures, compared, agreeing in (
        (found.by_day[0], 4, 2),
        (found.by_day[1], 4, 3),
        (found.total, 8, 5),
    ):
        figures["dimensions_compared"], figures["dimensions_agreeing"] = compared, agreeing
    agreement = next(one for _, group in plots.SECTIONS for one in group if one.slug == "agreement")
    plot = plots.draw(agreement, found)
    assert (plot.bars, plot.last_bar) == ("M0 100V50H8V100Z", "M10 100V25H18V100Z")
    assert (plot.latest, plot.behind_latest) == ("75%", "4 dimensions")
    assert plot.whole == "62% over all days, 8 dimensions"


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=31))
def test_no_bar_leaves_the_drawing(filed: list[int]) -> None:
    plot = plots.draw(FILED, numbers(*filed))
    drawn = re.findall(r"M(\d+) 100V(\d+)H(\d+)V100Z", plot.bars + plot.last_bar)
    assert len(drawn) == sum(number > 0 for number in filed)
    for left, top, right in drawn:
        assert 0 <= int(left) < int(right) <= plot.width
        assert 0 <= int(top) < 100


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (3_600, "1 h"), (11_130, "3 h 5 min"),
        (86_399, "23 h 59 min"), (86_400, "1 d"), (187_200, "2 d 4 h"), (100_000_000, "1,157 d 9 h"),
    ],
)  # fmt: skip
def test_a_length_of_time_is_said_in_two_units(seconds: int, said: str) -> None:
    assert plots.say_span(seconds) == said


@pytest.mark.django_db
def test_the_page_shows_each_figure_as_a_plot_and_in_the_table(
    checker: Caller, editor: Caller, pages: Pages
) -> None:
    published(checker, editor)
    file_claim(checker)
    page = pages(checker).get("/numbers/")
    text = page.content.decode()
    drawn = [plot for _, group in page.context["sections"] for plot in group]
    assert text.count('role="img"') == len(drawn) == 16
    assert {plot.slug: plot.latest for plot in drawn} | {"filed": "2", "published": "1", "backlog": "1"} == {
        plot.slug: plot.latest for plot in drawn
    }
    for plot in drawn:
        for part in ("t", "d"):
            assert text.count(f'id="{part}-{plot.slug}"') == 1
    table = text[text.index("<tbody>") :]
    assert table.count("<tr") == 29
    assert table.index("All days") < table.index(f'datetime="{timezone.now():%Y-%m-%d}"')
    assert "style=" not in text
    assert "olena" not in text[text.index("<main") :]


@pytest.mark.django_db
def test_every_day_of_the_address_is_shown_and_the_table_to_download_is_of_the_same_days(
    checker: Caller, pages: Pages
) -> None:
    file_claim(checker)
    visitor, today = pages(checker), f"{timezone.now():%Y-%m-%d}"
    page = visitor.get(f"/numbers/?from={today}&to={today}&timezone=UTC")
    text = page.content.decode()
    link = f"/api/v1/desks/conflict/numbers/?from={today}&amp;to={today}&amp;timezone=UTC&amp;format=csv"
    assert f'href="{link}" download' in text
    answer = visitor.get(link.replace("&amp;", "&"))
    assert answer["Content-Type"].startswith("text/csv")
    assert answer.content.decode().splitlines()[1].startswith(f"{today},1,0,")
    assert f'value="{today}"' in text and 'value="UTC"' in text


@pytest.mark.django_db
def test_what_a_form_leaves_empty_is_no_part_of_the_address(checker: Caller, pages: Pages) -> None:
    answer = pages(checker).get("/numbers/?from=&to=&timezone=Europe/Kyiv")
    assert (answer.status_code, answer["Location"]) == (302, "/numbers/?timezone=Europe%2FKyiv")


@pytest.mark.django_db
def test_what_can_not_be_read_is_named_and_stays_in_its_field(checker: Caller, pages: Pages) -> None:
    answer = pages(checker).get("/numbers/?from=yesterday&to=2001-01-01&timezone=Kyiv&desk=a")
    text = answer.content.decode()
    assert answer.status_code == 400
    assert "desk: There is no such filter." in text
    answer = pages(checker).get("/numbers/?from=yesterday&to=2001-01-01&timezone=Kyiv")
    text = answer.content.decode()
    assert "From: Give a day as YYYY-MM-DD" in text and "Time zone: Write the time zone" in text
    # A date field would show what it can't read as empty.
    assert 'name="from"  value="yesterday"' in text
    assert 'name="to" type="date" value="2001-01-01"' in text
    assert 'value="Kyiv"' in text and 'class="bars"' not in text


@pytest.mark.django_db
def test_a_stretch_in_which_nothing_happened_says_so(checker: Caller, pages: Pages) -> None:
    file_claim(checker)
    text = pages(checker).get("/numbers/?from=2001-01-01&to=2001-01-07").content.decode()
    assert "Nothing happened in these days" in text and 'class="bars"' not in text
