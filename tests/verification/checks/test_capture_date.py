from datetime import UTC, datetime

import pytest

from claims.dates import parse_date
from claims.vocabulary import Dimension, MediaKind, Stance
from tests.media import make
from verification.checks.base import CheckFailed, Context, Media
from verification.checks.capture_date import CaptureDate
from verification.domain.clocks import read_clock
from verification.domain.decoded import Decoded, FoundDate, ReaderError
from verification.domain.findings import Side
from verification.sandbox import decode

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGINAL, DIGITISED, CHANGED = "DateTimeOriginal", "DateTimeDigitized", "DateTime"


def date(text, offset=None, field=ORIGINAL):
    read = read_clock(text, offset)
    zone = "written" if read.offset else None
    return FoundDate(text, field, "exifread", at=read.at, offset=read.offset, zone=zone, unset=read.unset)


def run(*dates, claimed=None, zone="Europe/Kyiv", captured_at=None, errors=()):
    facts = Decoded("image/jpeg", dates=dates, errors=errors, readers={"exifread": "3.5.1"})
    context = Context(
        now=NOW, claimed_date=parse_date(claimed, zone) if claimed else None, captured_at=captured_at
    )
    (finding,) = CaptureDate().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), context)
    assert finding.dimension is Dimension.DATE
    return finding


def test_a_clock_without_zone_is_compared_in_every_zone_and_said_to_have_none():
    finding = run(date("2022:10:04 14:07:00"), claimed="2022-10-04")
    assert finding.stance is Stance.SUPPORTS
    assert finding.sentence == (
        "The camera's clock says 14:07 on 4 October 2022, without a time zone; that is within the claimed day in Kyiv "
        "unless the clock was set to UTC\N{MINUS SIGN}7 or further west."
    )


def test_a_clock_without_zone_is_never_printed_as_utc():
    finding = run(date("2022:10:04 14:07:00"))
    assert "UTC" not in finding.sentence
    assert all("UTC" not in bound.reason for bound in finding.bounds)


def test_its_bounds_are_fourteen_hours_either_way_and_soft():
    first, last = run(date("2022:10:04 14:07:00")).bounds
    assert (first.side, first.at) == (Side.NOT_BEFORE, datetime(2022, 10, 4, 0, 7, tzinfo=UTC))
    assert (last.side, last.at) == (Side.NOT_AFTER, datetime(2022, 10, 5, 4, 7, tzinfo=UTC))
    assert (first.hard, last.hard) == (False, False)


def test_a_recorded_offset_makes_it_an_instant():
    finding = run(date("2022:10:04 14:07:00", "+03:00"), claimed="2022-10-04")
    assert finding.sentence == (
        "The camera's clock says 14:07 on 4 October 2022 at UTC+3; that is within the claimed day in Kyiv."
    )
    assert {bound.at for bound in finding.bounds} == {datetime(2022, 10, 4, 11, 7, tzinfo=UTC)}
    assert not any(bound.hard for bound in finding.bounds)


@pytest.mark.parametrize(
    ("text", "offset", "stance"),
    [
        ("2022:10:02 14:07:00", None, Stance.CONTRADICTS),
        ("2022:10:06 14:07:00", None, Stance.CONTRADICTS),
        # Within 14 hours of the day, so that some zone makes it fit.
        ("2022:10:05 09:00:00", None, Stance.INCONCLUSIVE),
        ("2022:10:03 15:00:00", None, Stance.INCONCLUSIVE),
        # The same clock with its zone leaves no doubt.
        ("2022:10:05 09:00:00", "+03:00", Stance.CONTRADICTS),
        ("2022:10:05 09:00:00", "+14:00", Stance.SUPPORTS),
    ],
)
def test_dates_off_the_claimed_day(text, offset, stance):
    assert run(date(text, offset), claimed="2022-10-04").stance is stance


@pytest.mark.parametrize("field", [DIGITISED, CHANGED, "Creation Time"])
def test_dates_of_later_steps_bound_the_end_alone(field):
    finding = run(date("2022:10:20 14:07:00", field=field), claimed="2022-10-04")
    assert finding.stance is Stance.INCONCLUSIVE
    assert "an older picture was saved again then" in finding.sentence
    assert [bound.side for bound in finding.bounds] == [Side.NOT_AFTER]


def test_the_cameras_own_date_stands_before_those_of_later_steps():
    found = run(date("2023:01:05 10:00:00", field=CHANGED), date("2022:10:04 14:07:00"), claimed="2022-10-04")
    assert found.data["field"] == ORIGINAL


def test_an_unset_date_is_passed_over_for_one_that_is_set():
    found = run(date("0000:00:00 00:00:00"), date("2022:10:04 14:07:00", field=DIGITISED))
    assert found.data["field"] == DIGITISED


@pytest.mark.parametrize(
    "text",
    [
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "2000:01:01 00:00:00",
        "1970:01:01 00:00:00",
        "1904:01:01 00:00:00",
    ],
)
def test_a_clock_that_was_never_set_dates_nothing(text):
    finding = run(date(text), claimed="2022-10-04")
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert "never set" in finding.sentence


@pytest.mark.parametrize(
    "text", ["2022:13:04 14:07:00", "2022:10:04 24:00:00", "2022:02:30 10:00:00", "yesterday"]
)
def test_what_can_not_be_a_date_is_quoted_and_dates_nothing(text):
    finding = run(date(text), claimed="2022-10-04")
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert text in finding.sentence


@pytest.mark.parametrize("text", ["2038:01:19 03:14:08", "2026:11:24 12:00:00"])
def test_a_clock_that_is_ahead_of_the_files_arrival_was_wrong(text):
    finding = run(date(text), claimed="2022-10-04")
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert "the clock was wrong" in finding.sentence


def test_a_clock_may_be_ahead_by_what_its_zone_may_be():
    assert run(date("2026:11:23 01:00:00")).bounds


def test_arrival_counts_and_not_the_time_of_looking():
    finding = run(date("2024:05:01 10:00:00"), captured_at=datetime(2022, 10, 6, tzinfo=UTC))
    assert finding.data["impossible"] is True


def test_no_date_is_no_evidence():
    finding = run(claimed="2022-10-04")
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    assert "nothing follows" in finding.sentence


def test_tags_that_could_not_be_read_are_not_taken_for_absent():
    with pytest.raises(CheckFailed):
        run(errors=(ReaderError("exifread", "metadata", "broken"),))


def test_a_real_file_from_end_to_end(tmp_path):
    path = make.exif_jpeg(tmp_path / "x.jpg", dates={0x9003: "2022:10:04 14:07:00", 0x9011: "+03:00"})
    (date_read,) = decode(path, media_type="image/jpeg").dates
    assert run(date_read, claimed="2022-10-04").stance is Stance.SUPPORTS
