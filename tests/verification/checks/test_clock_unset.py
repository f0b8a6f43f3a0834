from datetime import UTC, datetime

import pytest

from claims.vocabulary import CheckRunState, MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media, NotApplicable, run_check
from verification.checks.clock_unset import ClockUnset
from verification.domain.clocks import read_clock
from verification.domain.decoded import Decoded, FoundDate, ReaderError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def date(text, field="DateTimeOriginal"):
    read = read_clock(text)
    zone = "written" if read.offset else None
    return FoundDate(text, field, "exifread", at=read.at, offset=read.offset, zone=zone, unset=read.unset)


def run(*dates, errors=()):
    facts = Decoded("image/jpeg", dates=dates, errors=errors, readers={"exifread": "3.5.1"})
    return ClockUnset().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), Context(now=NOW))


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("0000:00:00 00:00:00", "zeros"),
        ("    :  :     :  :  ", "blank"),
        ("", "blank"),
        ("1904-01-01T00:00:00Z", "QuickTime"),
        ("1970:01:01 00:00:00", "Unix"),
        ("1980:01:01 00:00:00", "DOS"),
        ("2000:01:01 00:00:00", "many cameras"),
        ("2015:01:01 00:00:00", "midnight of 1 January"),
        ("2038:01:19 03:14:07", "still to come"),
        ("2026:11:24 12:00:00", "still to come"),
        ("9999:12:31 23:59:59", "nothing was filmed"),
        ("0001:01:01 00:00:00", "nothing was filmed"),
    ],
)
def test_dates_that_are_none_are_named_with_their_reason(text, because):
    (finding,) = run(date(text))
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert because in finding.sentence
    assert finding.sentence.endswith("it is no date at all.")


@pytest.mark.parametrize(
    "text",
    ["2022:10:04 14:07:00", "2019:01:01 00:00:01", "2026:11:23 01:00:00", "1970:06:01 12:00:00", "2014"],
)
def test_dates_that_may_be_real_are_left_alone(text):
    (finding,) = run(date(text))
    assert finding.stance is Stance.NEUTRAL


def test_each_unset_date_is_named_apart():
    found = run(
        date("1904-01-01T00:00:00Z", "creation_time"), date("2022:10:04 14:07:00"), date("1970", "date")
    )
    assert [one.data["field"] for one in found] == ["creation_time", "date"]


def test_a_date_that_can_not_be_read_is_not_called_unset():
    (finding,) = run(date("2022:13:04 24:00:00"))
    assert finding.stance is Stance.NEUTRAL


def test_without_dates_it_does_not_apply():
    with pytest.raises(NotApplicable):
        run()


def test_tags_that_could_not_be_read_are_not_taken_for_absent():
    with pytest.raises(CheckFailed):
        run(errors=(ReaderError("exifread", "metadata", "broken"),))
    undecoded = run_check(ClockUnset(), Media("0" * 64, "image/jpeg", MediaKind.PHOTO), Context(now=NOW))
    assert undecoded.state is CheckRunState.FAILED
