"""Dates: what EDTF says, what it refuses, and the instants it lies between."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import edtf as the_library
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.dates import ClaimedDate, known_zones, parse_date, relate, same_date, say_date, say_when
from claims.errors import InvalidInput
from claims.vocabulary import Relation


def bounds(text, timezone=None):
    shown = parse_date(text, timezone).as_json()
    return shown["not_before"], shown["not_after"]


def refusal(text, timezone=None):
    with pytest.raises(InvalidInput) as refused:
        parse_date(text, timezone)
    [error] = refused.value.errors
    return error


@pytest.mark.parametrize(
    ("text", "not_before", "not_after"),
    [
        ("2022", "2022-01-01T00:00:00Z", "2022-12-31T23:59:59.999999Z"),
        ("2022-02", "2022-02-01T00:00:00Z", "2022-02-28T23:59:59.999999Z"),
        ("2024-02", "2024-02-01T00:00:00Z", "2024-02-29T23:59:59.999999Z"),
        ("2022-10-04", "2022-10-04T00:00:00Z", "2022-10-04T23:59:59.999999Z"),
        ("2022-10-04?", "2022-10-04T00:00:00Z", "2022-10-04T23:59:59.999999Z"),
        ("2022-10~", "2022-10-01T00:00:00Z", "2022-10-31T23:59:59.999999Z"),
        ("2022%", "2022-01-01T00:00:00Z", "2022-12-31T23:59:59.999999Z"),
        ("201X", "2010-01-01T00:00:00Z", "2019-12-31T23:59:59.999999Z"),
        ("20XX", "2000-01-01T00:00:00Z", "2099-12-31T23:59:59.999999Z"),
        ("201X?", "2010-01-01T00:00:00Z", "2019-12-31T23:59:59.999999Z"),
        ("000X", "0001-01-01T00:00:00Z", "0009-12-31T23:59:59.999999Z"),
        ("00XX", "0001-01-01T00:00:00Z", "0099-12-31T23:59:59.999999Z"),
        ("2004-XX", "2004-01-01T00:00:00Z", "2004-12-31T23:59:59.999999Z"),
        ("2004-XX-XX", "2004-01-01T00:00:00Z", "2004-12-31T23:59:59.999999Z"),
        ("2004-06-XX", "2004-06-01T00:00:00Z", "2004-06-30T23:59:59.999999Z"),
        ("2022-21", "2022-03-01T00:00:00Z", "2022-12-31T23:59:59.999999Z"),
        ("2022-22", "2021-12-01T00:00:00Z", "2023-03-31T23:59:59.999999Z"),
        ("2022-23", "2022-03-01T00:00:00Z", "2022-12-31T23:59:59.999999Z"),
        ("2022-24~", "2021-12-01T00:00:00Z", "2023-03-31T23:59:59.999999Z"),
        ("2022-10-03/2022-10-05", "2022-10-03T00:00:00Z", "2022-10-05T23:59:59.999999Z"),
        ("2022-10-03~/2022-10?", "2022-10-03T00:00:00Z", "2022-10-31T23:59:59.999999Z"),
        ("2022/2022", "2022-01-01T00:00:00Z", "2022-12-31T23:59:59.999999Z"),
        ("2022-10-03/..", "2022-10-03T00:00:00Z", None),
        ("2022-10-03/", "2022-10-03T00:00:00Z", None),
        ("../2022-10-03", None, "2022-10-03T23:59:59.999999Z"),
        ("/2022-10-03", None, "2022-10-03T23:59:59.999999Z"),
        ("2022-10-04T10:20:30", "2022-10-04T10:20:30Z", "2022-10-04T10:20:30.999999Z"),
        ("0001", "0001-01-01T00:00:00Z", "0001-12-31T23:59:59.999999Z"),
        ("9999-24", "9998-12-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_an_expression_lies_between_two_instants(text, not_before, not_after):
    assert bounds(text, "UTC") == (not_before, not_after)


@pytest.mark.parametrize(
    ("text", "timezone", "not_before", "not_after"),
    [
        ("2022-10-04", None, "2022-10-03T10:00:00Z", "2022-10-05T11:59:59.999999Z"),
        ("2022-10-04T10:20:30", None, "2022-10-03T20:20:30Z", "2022-10-04T22:20:30.999999Z"),
        ("2022-10-04", "Europe/Kyiv", "2022-10-03T21:00:00Z", "2022-10-04T20:59:59.999999Z"),
        ("2022-10-04T10:20:30Z", None, "2022-10-04T10:20:30Z", "2022-10-04T10:20:30.999999Z"),
        ("2022-10-04T10:20:30+03:00", None, "2022-10-04T07:20:30Z", "2022-10-04T07:20:30.999999Z"),
        ("2022-10-04T10:20:30-04", None, "2022-10-04T14:20:30Z", "2022-10-04T14:20:30.999999Z"),
        ("2022-10-04T10:20:30+05:45", "Europe/Kyiv", "2022-10-04T04:35:30Z", "2022-10-04T04:35:30.999999Z"),
        # The clocks go back: that day has 25 hours, and half past three comes twice.
        ("2022-10-30", "Europe/Kyiv", "2022-10-29T21:00:00Z", "2022-10-30T21:59:59.999999Z"),
        ("2022-10-30T03:30:00", "Europe/Kyiv", "2022-10-30T00:30:00Z", "2022-10-30T01:30:00.999999Z"),
        # They go forward at midnight, at one minute past, and in the last hour of the day.
        ("2022-03-27", "Asia/Beirut", "2022-03-26T22:00:00Z", "2022-03-27T20:59:59.999999Z"),
        ("2025-03-29", "America/Scoresbysund", "2025-03-29T02:00:00Z", "2025-03-30T00:59:59.999999Z"),
        # St. John's went back at 00:01, so that the last hour of the day before came twice.
        ("2006-10-28", "America/St_Johns", "2006-10-28T02:30:00Z", "2006-10-29T03:29:59.999999Z"),
        ("0001-01-01", None, "0001-01-01T00:00:00Z", "0001-01-02T11:59:59.999999Z"),
        ("9999-12-31", None, "9999-12-30T10:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ("9999-12-31", "America/New_York", "9999-12-31T05:00:00Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_the_zone_decides_when_a_day_begins(text, timezone, not_before, not_after):
    assert bounds(text, timezone) == (not_before, not_after)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "edtf_syntax"),
        (" 2022", "edtf_syntax"),
        ("2022\n", "edtf_syntax"),
        ("yesterday", "edtf_syntax"),
        ("4 October 2022", "edtf_syntax"),
        ("20221004", "edtf_syntax"),
        ("2022-1-4", "edtf_syntax"),
        ("2022/10/04", "edtf_syntax"),
        ("04/10/2022", "edtf_syntax"),
        ("open", "edtf_syntax"),
        ("unknown/2022", "edtf_syntax"),
        ("..", "edtf_syntax"),
        ("../..", "edtf_syntax"),
        ("/", "edtf_syntax"),
        ("../", "edtf_syntax"),
        ("2022/2023/2024", "edtf_syntax"),
        ("201x", "edtf_syntax"),
        ("٢٠٢٢-١٠-٠٤", "edtf_syntax"),  # noqa: RUF001
        ("2022-10-04 10:20:30", "edtf_syntax"),
        ("2022-10-04T10:20", "edtf_syntax"),
        ("2022-10-04T10:20Z", "edtf_syntax"),
        ("2022-10-04T10:20:30.5Z", "edtf_syntax"),
        ("2022-10-04T10:20:30Z?", "edtf_syntax"),
        ("2022-10-04T10:20:30z", "edtf_syntax"),
        ("2022-10-04T10:00:00Z/2022-10-04T12:00:00Z", "edtf_syntax"),
        ("2022-10-04??", "edtf_syntax"),
        ("\x00", "edtf_syntax"),
        (None, "edtf_syntax"),
        (2022, "edtf_syntax"),
        (["2022"], "edtf_syntax"),
        ("2" * 65, "too_long"),
        ("2022-02-30", "date_impossible"),
        ("2023-02-29", "date_impossible"),
        ("2022-00", "date_impossible"),
        ("2022-00-01", "date_impossible"),
        ("2022-10-00", "date_impossible"),
        ("2022-13", "date_impossible"),
        ("2022-20", "date_impossible"),
        ("2022-42", "date_impossible"),
        ("2022-21-01", "date_impossible"),
        ("2022-10-04T24:00:00Z", "date_impossible"),
        ("2022-10-04T10:60:00Z", "date_impossible"),
        ("2016-12-31T23:59:60Z", "date_impossible"),
        ("2022-10-04T10:20:30+14:01", "date_impossible"),
        ("2022-10-04T10:20:30-13:00", "date_impossible"),
        ("2022-10-04T10:20:30-00:00", "date_impossible"),
        ("2022-10-04T10:20:30+01:60", "date_impossible"),
        ("0000", "year_out_of_range"),
        ("0000-01-01", "year_out_of_range"),
        ("-0044", "year_out_of_range"),
        ("-0044-03-15", "year_out_of_range"),
        ("Y17000", "year_out_of_range"),
        ("Y-17000", "year_out_of_range"),
        ("2022-10-05/2022-10-04", "interval_reversed"),
        ("2022/2021", "interval_reversed"),
        ("2022-05/2022-04-30", "interval_reversed"),
        ("Y-17E7", "edtf_level_2"),
        ("1950S2", "edtf_level_2"),
        ("[1667,1668]", "edtf_level_2"),
        ("{1960..1970}", "edtf_level_2"),
        ("2022-25", "edtf_level_2"),
        ("2022-41", "edtf_level_2"),
        ("2004-06~-11", "edtf_level_2"),
        ("?2004-06-11", "edtf_level_2"),
        ("2004?-06", "edtf_level_2"),
        ("156X-12-25", "edtf_level_2"),
        ("1XXX", "edtf_level_2"),
        ("XXXX", "edtf_level_2"),
        ("1XXX-XX", "edtf_level_2"),
        ("XXXX-12-XX", "edtf_level_2"),
        ("1984-1X", "edtf_level_2"),
        ("1984-XX-12", "edtf_level_2"),
        ("2004-06-XX/2004-07-03", "edtf_level_2"),
    ],
)
def test_what_is_no_level_1_date_is_refused_with_a_remedy(text, code):
    error = refusal(text)
    assert (error.pointer, error.code) == ("", code)
    assert any(character.isdigit() for character in error.detail), "an example shows the remedy"


@pytest.mark.parametrize(
    "zone", ["Kyiv", "", "localtime", "../etc/passwd", "America", "\0", "EUROPE/KYIV", 3, "+03:00"]
)
def test_an_unknown_zone_is_refused(zone):
    error = refusal("2022-10-04", zone)
    assert (error.pointer, error.code) == ("/timezone", "unknown_timezone")
    assert "Europe/Kyiv" in error.detail


@pytest.mark.parametrize(
    ("text", "zone"), [("2022-03-27T03:30:00", "Europe/Kyiv"), ("2011-12-30", "Pacific/Apia")]
)
def test_a_time_that_the_clocks_skipped_is_refused(text, zone):
    assert refusal(text, zone).code == "date_impossible"


@pytest.mark.parametrize(
    ("established", "claimed", "relation"),
    [
        ("2022-10-04", "2022-10-04", Relation.MATCHES),
        ("2022-10", "2022-10-01/2022-10-31", Relation.MATCHES),
        ("2022-10-04~", "2022-10-04", Relation.MATCHES),
        ("2022-10-04", "2022-10", Relation.NARROWER),
        ("2022-10-04T10:20:30Z", "2022-10-04", Relation.NARROWER),
        ("2022-10-04", "../2022-10-05", Relation.NARROWER),
        ("2022-10-04", "2022-10-04/..", Relation.NARROWER),
        ("2022", "2022-10-04", Relation.BROADER),
        ("../2022-10-05", "../2022-10-04", Relation.BROADER),
        ("2022-10-05", "2022-10-04", Relation.DIFFERS),
        ("2022-10-04/2022-10-06", "2022-10-03/2022-10-05", Relation.DIFFERS),
        ("2022-10-04/..", "../2022-10-05", Relation.DIFFERS),
    ],
)
def test_how_an_established_date_stands_to_the_claimed_one(established, claimed, relation):
    assert relate(parse_date(established, "UTC"), parse_date(claimed, "UTC")) is relation


def test_with_nothing_claimed_there_is_nothing_to_relate_to():
    assert relate(parse_date("2022"), None) is Relation.NOTHING_CLAIMED


def test_the_same_day_in_a_known_zone_is_narrower_than_anywhere():
    assert relate(parse_date("2022-10-04", "Europe/Kyiv"), parse_date("2022-10-04")) is Relation.NARROWER


def test_dates_are_the_same_when_the_interval_is():
    assert same_date(parse_date("2022-10"), parse_date("2022-10-01/2022-10-31"))
    assert not same_date(parse_date("2022-10"), parse_date("2022-10", "UTC"))


@pytest.mark.parametrize(
    ("text", "bare", "when"),
    [
        ("2022-03-03", "March 3, 2022", "on March 3, 2022"),
        ("2020-10-13", "Oct. 13, 2020", "on Oct. 13, 2020"),
        ("2022-09-01", "Sept. 1, 2022", "on Sept. 1, 2022"),
        ("2022-05-31", "May 31, 2022", "on May 31, 2022"),
        ("2020-10", "October 2020", "in October 2020"),
        ("2020-10-XX", "October 2020", "in October 2020"),
        ("2020", "2020", "in 2020"),
        ("2020-XX", "2020", "in 2020"),
        ("201X", "the 2010s", "in the 2010s"),
        ("200X", "2000 to 2009", "between 2000 and 2009"),
        ("19XX", "1900 to 1999", "between 1900 and 1999"),
        ("2022-21", "spring 2022", "in spring 2022"),
        ("2022-24", "winter 2022", "in winter 2022"),
        ("2020?", "possibly 2020", "possibly in 2020"),
        ("2020-10~", "about October 2020", "around October 2020"),
        ("2020-10-13%", "possibly about Oct. 13, 2020", "possibly around Oct. 13, 2020"),
        ("2022-10-04T10:20:00Z", "10:20 a.m. UTC on Oct. 4, 2022", "at 10:20 a.m. UTC on Oct. 4, 2022"),
        ("2022-10-04T00:00:07", "12:00:07 a.m. local time on Oct. 4, 2022", None),
        ("2022-10-04T15:00:00+03:00", "3 p.m. UTC+3 on Oct. 4, 2022", None),
        ("2022-10-04T15:00:00-03:30", "3 p.m. UTC-3:30 on Oct. 4, 2022", None),
        ("2022-03-03/2022-03-05", "March 3 to March 5, 2022", "between March 3 and March 5, 2022"),
        (
            "2021-12-30/2022-01-02",
            "Dec. 30, 2021, to Jan. 2, 2022",
            "between Dec. 30, 2021, and Jan. 2, 2022",
        ),
        ("2021-03/2021-05", "March to May 2021", "between March and May 2021"),
        ("2019/2021", "2019 to 2021", "between 2019 and 2021"),
        ("2022-03-03/..", "on or after March 3, 2022", "on or after March 3, 2022"),
        ("/2020-10", "in or before October 2020", "in or before October 2020"),
    ],
)
def test_dates_are_said_as_the_ap_does(text, bare, when):
    date = parse_date(text)
    assert say_date(date) == bare
    assert when is None or say_when(date) == when


def test_a_language_without_words_is_refused():
    with pytest.raises(InvalidInput, match="en"):
        say_date(parse_date("2022"), "tlh")


def test_the_json_form_comes_back_whole():
    date = parse_date("2022-10-04", "Europe/Kyiv")
    assert ClaimedDate.from_json(json.loads(json.dumps(date.as_json()))) == date


@pytest.mark.parametrize(
    "data", [{}, {"edtf": "2022", "not_before": "soon"}, {"edtf": "2022", "not_before": 3}, None]
)
def test_a_stored_date_that_is_none_is_refused(data):
    with pytest.raises(InvalidInput):
        ClaimedDate.from_json(data)


_ALPHABET = st.text(alphabet="0123456789-/.?~%XTZ:+YES[]{}, u\n", max_size=30)


@given(_ALPHABET | st.text(max_size=70))
@settings(max_examples=600)
def test_any_text_is_read_or_refused(text):
    try:
        date = parse_date(text)
    except InvalidInput as refused:
        assert refused.errors[0].detail
    else:
        assert date.not_before is None or date.not_before.tzinfo is UTC
        assert date.not_before or date.not_after
        assert say_date(date)
        assert say_when(date)
        assert ClaimedDate.from_json(date.as_json()) == date


_DAYS = st.dates()


@given(_DAYS, st.sampled_from(sorted(known_zones())))
@settings(max_examples=300)
def test_a_day_in_a_zone_lies_within_the_day_anywhere(day, zone):
    text = day.isoformat()
    try:
        there = parse_date(text, zone)
    except InvalidInput as refused:
        assert refused.errors[0].code == "date_impossible"
        return
    anywhere = parse_date(text)
    # Before standard time Manila kept the date of America and Alaska that of Asia, beyond today's extremes.
    if day.year > 1900:
        assert anywhere.not_before <= there.not_before <= there.not_after <= anywhere.not_after
        assert timedelta(hours=20) < there.not_after - there.not_before < timedelta(hours=28)


@given(_DAYS, _DAYS, st.sampled_from([None, "Europe/Kyiv", "America/New_York"]))
@settings(max_examples=200)
def test_relations_mirror_each_other(one, other, zone):
    first, last = sorted([one, other])
    try:
        day = parse_date(first.isoformat(), zone)
        span = parse_date(f"{first.isoformat()}/{last.isoformat()}", zone)
    except InvalidInput:
        return
    mirrored = {Relation.NARROWER: Relation.BROADER, Relation.MATCHES: Relation.MATCHES}
    assert relate(span, day) is mirrored[relate(day, span)]


@given(
    _DAYS.filter(lambda day: day.year > 1),
    st.sampled_from(["{d}", "{m}", "{y}", "{d}?", "{m}~", "{d}/..", "../{m}"]),
)
@settings(max_examples=150)
def test_the_library_reads_the_same_days(day, form):
    text = form.format(d=day.isoformat(), m=day.isoformat()[:7], y=day.isoformat()[:4])
    ours = parse_date(text, "UTC")
    theirs = the_library.parse_edtf(text)
    if ours.not_before:
        assert datetime(*theirs.lower_strict()[:3], tzinfo=UTC) == ours.not_before
    if ours.not_after:
        assert datetime(*theirs.upper_strict()[:3], tzinfo=UTC).date() == ours.not_after.date()
