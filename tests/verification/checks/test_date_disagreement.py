from datetime import UTC, datetime

import pytest

from claims.vocabulary import Dimension, MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media, NotApplicable
from verification.checks.date_disagreement import DateDisagreement
from verification.decoding.tags import found_date
from verification.domain.decoded import Decoded, ReaderError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TAKEN = "2022:10:04 14:07:00"


def run(*dates, errors=()):
    found = tuple(found_date(field, value, "exifread", offset) for field, value, offset in dates)
    facts = Decoded("image/jpeg", dates=found, errors=errors, readers={"exifread": "3.5.1"})
    return DateDisagreement().run(Media("0" * 64, "image/jpeg", MediaKind.PHOTO, facts), Context(now=NOW))


def test_dates_that_agree_are_said_to():
    (finding,) = run(("DateTimeOriginal", TAKEN, None), ("DateTimeDigitized", TAKEN, None))
    assert finding.sentence == "The 2 dates in the file agree: 14:07 on 4 October 2022."
    assert (finding.dimension, finding.stance) == (Dimension.DATE, Stance.NEUTRAL)


def test_a_scan_is_digitised_later_and_accused_of_nothing():
    (finding,) = run(("DateTimeOriginal", "1994:05:01 12:00:00", None), ("DateTimeDigitized", TAKEN, None))
    assert (finding.dimension, finding.stance) == (Dimension.DATE, Stance.NEUTRAL)
    assert "28 years after the date of taking; a scan of an older picture looks like that" in finding.sentence


def test_an_honest_edit_changes_the_last_date_only():
    (finding,) = run(
        ("DateTimeOriginal", TAKEN, None),
        ("DateTimeDigitized", TAKEN, None),
        ("DateTime", "2022:10:06 09:00:00", None),
    )
    assert (finding.dimension, finding.stance) == (Dimension.AUTHENTICITY, Stance.NEUTRAL)
    assert "it was saved again then, as an honest edit also does" in finding.sentence
    assert finding.data["first"]["field"] == "DateTimeOriginal"
    assert finding.data["second"] == {
        "field": "DateTime",
        "value": "2022:10:06 09:00:00",
        "reader": "exifread 3.5.1",
    }


def test_what_was_changed_before_it_was_taken_is_remarkable():
    (finding,) = run(("DateTimeOriginal", TAKEN, None), ("DateTime", "2020:10:06 09:00:00", None))
    assert finding.stance is Stance.NEUTRAL
    assert "before the date of taking; nothing is changed or copied before it is made" in finding.sentence


@pytest.mark.parametrize(
    ("field", "value", "offset"),
    [
        ("XMP xmp:CreateDate", "2022-10-04T14:07:00+03:00", None),  # the same clock with its zone
        ("XMP photoshop:DateCreated", "2022-10-04T11:07:00Z", None),  # the same in UTC
        ("IPTC DateCreated", "2022-10-04", None),  # a day only
        ("IPTC DateCreated", "2022-10-05", None),  # the day in another zone
        ("XMP photoshop:DateCreated", "2022-10", None),
        ("DateTime", "2022:10:04 14:08:30", None),  # a card takes its time
        ("DateTime", "0000:00:00 00:00:00", None),  # no date
    ],
)
def test_zones_precision_and_unset_clocks_are_no_disagreement(field, value, offset):
    found = run(("DateTimeOriginal", TAKEN, None), ("DateTimeDigitized", TAKEN, None), (field, value, offset))
    assert [finding.sentence[-39:] for finding in found] == [
        "in the file agree: 14:07 on 4 October 2022."[-39:]
    ]


def test_two_dates_with_zones_are_compared_as_instants():
    (finding,) = run(
        ("DateTimeOriginal", TAKEN, "+03:00"), ("XMP xmp:ModifyDate", "2022-10-04T14:07:00Z", None)
    )
    assert finding.sentence.endswith("agree: 14:07 on 4 October 2022.")
    (finding,) = run(
        ("DateTimeOriginal", TAKEN, "+03:00"), ("XMP xmp:ModifyDate", "2022-10-04T20:17:00Z", None)
    )
    assert finding.data["apart_seconds"] == 9 * 3600 + 600


def test_what_exif_and_xmp_both_say_is_said_once():
    found = run(
        ("DateTimeOriginal", TAKEN, None),
        ("DateTime", "2022:10:06 09:00:00", None),
        ("XMP xmp:ModifyDate", "2022-10-06T09:00:00+03:00", None),
    )
    assert len(found) == 1


def test_one_date_is_nothing_to_compare_and_unreadable_tags_are_no_absence():
    with pytest.raises(NotApplicable):
        run(("DateTimeOriginal", TAKEN, None))
    with pytest.raises(CheckFailed):
        run(("DateTimeOriginal", TAKEN, None), errors=(ReaderError("xmp", "packets", "broken"),))
