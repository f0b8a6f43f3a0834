from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.domain.clocks import offset_hours, read_clock, span_of


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2022:10:04 14:07:00", "2022-10-04T14:07:00"),
        ("2022-10-04T14:07:00+0300", "2022-10-04T14:07:00+03:00"),
        ("2022-10-04T11:07:00.000000Z", "2022-10-04T11:07:00+00:00"),
        ("2022-10-04 14:07", "2022-10-04T14:07:00"),
        ("2014", "2014"),
        ("2014-5", "2014-05"),
        ("2014-05-03", "2014-05-03"),
        ("2016:12:31 23:59:60", "2016-12-31T23:59:59"),
        ("2022:10:04 14:07:00\x00", "2022-10-04T14:07:00"),
    ],
)
def test_dates_are_read_as_precisely_as_they_are_written(text, at):
    reading = read_clock(text)
    assert (reading.at, reading.unset) == (at, None)


@pytest.mark.parametrize(
    "text",
    [
        "junk",
        "2022:13:01 00:00:00",
        "20221004",
        "04/10/2022",
        "2022:10:04 25:00:00",
        "2022:10:04 24:00:00",
        "2022:10:04 23:60:00",
        "2022:10:32 10:00:00",
        "2022:02:30 10:00:00",
        "2023:02:29 10:00:00",
        "-001:10:04 10:00:00",
        "20222:10:04 10:00:00",
        "\uff12\uff10\uff12\uff12:10:04 10:00:00",
    ],
)
def test_what_is_no_date_is_not_guessed(text):
    assert read_clock(text).at is None


@pytest.mark.parametrize(
    "text",
    [
        "0000:00:00 00:00:00",
        "0000:05:04 10:00:00",
        "2022:00:04 10:00:00",
        "2022:10:00 10:00:00",
        "0001:01:01 00:00:00",
        "9999:12:31 23:59:59",
        "",
        "    :  :     :  :  ",
        "\x00\x00\x00",
        "1904-01-01T00:00:00Z",
        "1904:05:02 10:00:00",
        "1970:01:01 03:00:00",
        "1969-12-31T16:00:00-0800",
        "1970",
        "1980:01:01 00:00:12",
        "2000:01:01 00:03:00",
        "2019:01:01 00:00:00",
        "2019-01-01",
    ],
)
def test_clocks_that_were_never_set_are_known(text):
    assert read_clock(text).unset


@pytest.mark.parametrize(
    "text",
    ["2019:01:01 00:00:01", "2019-01", "2000:01:02 10:00:00", "1999-12-31 23:59:00", "1970:06:01 12:00:00"],
)
def test_dates_near_those_may_be_real(text):
    assert read_clock(text).unset is None


def test_an_offset_recorded_in_its_own_field_counts_and_a_blank_one_does_not():
    assert read_clock("2022:10:04 14:07:00", "+03:00").at == "2022-10-04T14:07:00+03:00"
    assert read_clock("2022:10:04 14:07:00", "   :  ").offset is None
    assert read_clock("2022:10:04 14:07:00", "+99:00").offset is None


def test_a_time_without_zone_may_be_fourteen_hours_either_way():
    span = span_of("2022-10-04T14:07:00")
    assert span.not_before == datetime(2022, 10, 4, 0, 7, tzinfo=UTC)
    assert span.not_after == datetime(2022, 10, 5, 4, 7, tzinfo=UTC)


def test_a_time_with_its_zone_is_one_instant_unless_that_is_not_trusted():
    assert span_of("2022-10-04T14:07:00+03:00").not_before == datetime(2022, 10, 4, 11, 7, tzinfo=UTC)
    untrusted = span_of("2022-10-04T14:07:00+00:00", trust_offset=False)
    assert untrusted.not_after - untrusted.not_before == timedelta(hours=28)


@pytest.mark.parametrize("text", ["2038:01:19 03:14:08", "2106:02:07 06:28:16", "2022:10:04 23:59:60"])
def test_dates_beyond_a_counters_end_are_read_as_they_stand(text):
    """Whether they are still to come is for who knows the time."""
    reading = read_clock(text)
    assert reading.unset is None
    assert reading.at.startswith(text[:4])


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00", "9999-12-31T23:59:59", "0001", "9999"])
def test_a_span_at_the_calendars_end_stays_within_it(at):
    span = span_of(at)
    assert span.not_before <= span.not_after


def test_a_year_is_all_its_days():
    assert span_of("2014").not_before == datetime(2013, 12, 31, 10, tzinfo=UTC)
    assert span_of("2014").not_after.date() == datetime(2015, 1, 1, tzinfo=UTC).date()


@given(
    st.one_of(
        st.text(max_size=30),
        st.from_regex(r"[0-9]{4}[-:][0-9]{2}[-:][0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{4})?"),
    )
)
def test_any_text_is_read_or_not_and_what_is_read_has_a_span(text):
    reading = read_clock(text)
    if reading.at is not None:
        span = span_of(reading.at)
        assert span.not_before <= span.not_after


def test_offsets_are_written_as_people_do():
    written = [offset_hours(timedelta(minutes=minutes)) for minutes in (0, 180, -420, 345)]
    assert written == ["UTC", "UTC+3", "UTC\N{MINUS SIGN}7", "UTC+5:45"]
